// model/incident.h — the record of one outage: what was seen, decided and done, and who was woken.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/object_id.h"
#include "base/result.h"
#include "base/time.h"
#include "value/value.h"

namespace midwatch {

struct Incident {
  enum class State : std::uint8_t {
    kOpen,        // an anomaly is there, nothing was decided yet
    kRepairing,   // an execution that a rule started is running
    kVerifying,   // the repair says that it succeeded; the symptom is watched
    kRemediated,  // verified gone, by automation alone: closed
    kResolved,    // gone without a repair of ours, or after a person came: closed
    kEscalated,   // a person is engaged
  };
  enum class Event : std::uint8_t {
    kDetected,
    kDecided,
    kDenied,
    kStarted,
    kFinished,
    kVerified,
    kStillThere,
    kEscalated,
    kPaged,
    kPageFailed,
    kCleared,
    kClosed
  };
  struct Entry {
    Instant at;
    Event event;
    std::string text;  // a sentence for a person
    Value data;        // references: execution, rule, score …
  };

  ObjectId id;
  std::string key;       // detector and labels: one open incident a key
  std::string detector;  // reference
  Value labels;          // object
  State state = State::kOpen;
  Instant since;  // when the symptom began, as the detector sees it
  Instant opened_at;
  std::optional<Instant> closed_at;
  std::optional<Instant> deadline;  // of the state it is in: verify or escalate by then
  bool symptom = true;              // what the detector said last
  std::uint32_t repairs = 0;        // executions that rules started for it
  std::uint32_t running = 0;        // of those, how many have not finished
  std::uint32_t people_woken = 0;
  std::uint32_t page_attempts = 0;
  Value evidence;               // the anomaly as it was detected
  std::vector<Entry> timeline;  // in order of time

  [[nodiscard]] bool closed() const { return state == State::kRemediated || state == State::kResolved; }
};
[[nodiscard]] std::string_view to_string(Incident::State state);
[[nodiscard]] std::string_view to_string(Incident::Event event);

[[nodiscard]] Value to_value(const Incident& incident);
[[nodiscard]] Result<Incident> incident_from_value(const Value& value);

}  // namespace midwatch
