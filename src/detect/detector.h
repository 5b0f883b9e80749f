// detect/detector.h — the parts of a detector for one series: what judges a value, and what remembers.
//
// A Scorer (one file a member of the family, see detector_types.h) says of each value how far it is from
// what it should be, and in which zone that is:
//
//   clear  |  hold  |  breach      hold is between the two thresholds of the hysteresis
//
// The DetectorMachine turns zones over time into a state: a breach must last `hold_for` ("for") to fire,
// and a firing detector must be clear for `clear_for` to be normal again. The DetectorInstance joins
// the two and decides what the scorer may learn: never what it fires on, until `relearn_after`.
//
// Pure: the time is the sample's. The same samples give the same outputs.
// Thread-safety: none.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "series/sample.h"

namespace midwatch {

enum class AnomalyState : std::uint8_t { kNormal, kPending, kFiring, kNoData };
[[nodiscard]] std::string_view to_string(AnomalyState state);  // "normal", "pending", "firing", "no_data"

enum class Zone : std::uint8_t {
  kUnknown,  // not enough was seen to judge
  kClear,
  kHold,
  kBreach
};

struct Judgement {
  Zone zone = Zone::kUnknown;
  double score = 0;  // positive is worse; 0 while unknown
  std::optional<double> expected_low;
  std::optional<double> expected_high;
};

class Scorer {
 public:
  virtual ~Scorer() = default;
  [[nodiscard]] virtual Judgement judge(Sample sample) const = 0;
  // The sample becomes part of what is normal.
  virtual void learn(Sample /*sample*/) {}
  // Time in which nothing was learned does not count: what was learned does not age by it.
  virtual void skip(Duration /*span*/) {}
  // Forget all and start anew from these.
  virtual void relearn(const std::vector<Sample>& /*samples*/) {}
};

struct DetectorTimes {
  Duration hold_for{};  // "for"
  Duration clear_for{};
  Duration relearn_after = std::chrono::hours(1);
};

// State and zone to state: the table is in detector.cc.
class DetectorMachine {
 public:
  explicit DetectorMachine(DetectorTimes times) : times_(times) {}
  // True when the state changed.
  bool step(Instant at, Zone zone);
  bool lose(Instant at);  // no data

  [[nodiscard]] AnomalyState state() const { return state_; }
  // When what the state says began: the first breach, the first clear value, the first absence.
  [[nodiscard]] Instant since() const { return since_; }

 private:
  bool enter(AnomalyState state, Instant since);

  DetectorTimes times_;
  AnomalyState state_ = AnomalyState::kNormal;
  Instant since_{};
  bool started_ = false;
  std::optional<Instant> clear_since_;
};

struct DetectorOutput {
  AnomalyState state = AnomalyState::kNormal;
  AnomalyState previous = AnomalyState::kNormal;
  bool changed = false;
  double value = 0;
  Judgement judgement;
  Instant since{};
};

class DetectorInstance {
 public:
  static constexpr std::size_t kHeldSamplesMax = 20'000;
  static constexpr std::size_t kEvidenceSamplesMax = 30;

  DetectorInstance(std::unique_ptr<Scorer> scorer, DetectorTimes times)
      : scorer_(std::move(scorer)), times_(times), machine_(times) {}

  // In order of time. A value that is not a number is no data: call absent() instead.
  DetectorOutput update(Sample sample);
  // Nothing at this time, for so long that it counts.
  DetectorOutput absent(Instant at);
  // Nothing at this time, and that is what normal looks like.
  DetectorOutput clear(Instant at);

  [[nodiscard]] AnomalyState state() const { return machine_.state(); }
  [[nodiscard]] Instant last_seen() const { return last_seen_; }
  [[nodiscard]] std::vector<Sample> evidence() const;  // oldest first

 private:
  void settle(Sample sample, Zone zone, AnomalyState previous);
  DetectorOutput output(AnomalyState previous, bool changed) const;

  std::unique_ptr<Scorer> scorer_;
  DetectorTimes times_;
  DetectorMachine machine_;
  Judgement judgement_;
  double value_ = 0;
  Instant last_seen_{};
  Instant relearned_at_{};
  std::vector<Sample> held_;      // not learned (yet)
  std::vector<Sample> evidence_;  // a ring
  std::size_t evidence_next_ = 0;
};

}  // namespace midwatch
