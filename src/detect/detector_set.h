// detect/detector_set.h — all detectors at work: evaluates what is due and tells who changed its mind.
//
//   DetectorSet set;
//   set.replace(specs);                                      // what did not change keeps what it learned
//   set.warm({start, now}, head);                            // after a restart
//   for (AnomalyTransition& t : set.evaluate(now, head).transitions) ...
//   next_timer = set.next_due();
//
// A detector is evaluated at multiples of its `every`, each series of its query's answer by an instance
// of its own. Evaluation is a function of the samples and the times: warm() over stored samples leaves
// the set as it was when these samples were new.
//
// Limits: kInstancesMax a detector; series beyond it are not watched and are reported as a problem. An
// instance whose series is gone for kForgetAfter is forgotten.
// Thread-safety: none.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "detect/detector_spec.h"
#include "promql/prom_eval.h"
#include "series/labels.h"

namespace midwatch {

struct AnomalyTransition {
  std::string detector;  // ref
  Labels labels;
  AnomalyState previous = AnomalyState::kNormal;
  AnomalyState state = AnomalyState::kNormal;
  Instant at{};
  Instant since{};  // when what the state says began
  double value = 0;
  double score = 0;
  std::optional<double> expected_low;
  std::optional<double> expected_high;
  std::vector<Sample> evidence;  // the last values, oldest first
};

// {detector, state, previous, labels, value, expected_low, expected_high, score, since, at, evidence}: times
// as ISO 8601, evidence as [[time, value], …].
[[nodiscard]] Value to_value(const AnomalyTransition& transition);

struct DetectorProblem {
  std::string detector;
  Error error;
};

struct DetectorReport {
  std::vector<AnomalyTransition> transitions;  // by time, then detector, then labels
  std::vector<DetectorProblem> problems;
};

struct AnomalyStatus {
  std::string detector;
  Labels labels;
  AnomalyState state = AnomalyState::kNormal;
  double value = 0;
  double score = 0;
  Instant since{};
};

class DetectorSet {
 public:
  static constexpr std::size_t kInstancesMax = 1'000;  // of one detector
  static constexpr Duration kForgetAfter = std::chrono::hours(1);

  explicit DetectorSet(PromOptions options = {}) : options_(options) {}

  // A detector whose definition is the same keeps its instances; `definition` tells that.
  struct Item {
    DetectorSpec spec;
    Value definition;
  };
  void replace(std::vector<Item> items);

  // Evaluates every enabled detector whose time has come, once, at the latest multiple of its `every`
  // that is not after `now`.
  DetectorReport evaluate(Instant now, const SampleSource& source);
  // Evaluates every step after range.from up to range.to.
  DetectorReport warm(TimeRange range, const SampleSource& source);

  // Nothing when no detector is enabled. The epoch, when some was never evaluated.
  [[nodiscard]] std::optional<Instant> next_due() const;
  [[nodiscard]] std::vector<AnomalyStatus> status() const;

 private:
  struct Watched {
    DetectorInstance instance;
    DetectorOutput last;
    std::optional<Instant> absent_since;
  };
  struct Active {
    DetectorSpec spec;
    Value definition;
    std::optional<Instant> evaluated;
    std::map<Labels, Watched> instances;
    bool told_of_instances_max = false;
  };
  using Step = std::vector<std::pair<const Labels*, double>>;

  void take_step(Active& active, Instant at, const Step& step, DetectorReport& report) const;
  void take_absences(Active& active, Instant at, DetectorReport& report) const;
  void warm_one(Active& active, TimeRange range, const SampleSource& source, DetectorReport& report) const;
  static void tell(const Active& active, const Labels& labels, const Watched& watched, Instant at,
                   DetectorReport& report);

  PromOptions options_;
  std::map<std::string, Active> active_;  // by ref
};

}  // namespace midwatch
