// incident/incident_machine.h — what an incident does next.
//
//              anomaly fires                    repair succeeds              symptom gone
//   (none) ──────────────────▶ open ──▶ repairing ──────────────▶ verifying ──────────────▶ remediated
//                               │           │ repair fails            │ still there in time
//                               │           ▼                         ▼
//                               │       next attempt ◀────────────────┘
//                               │           │ nothing was started (no rule, a guard said no, attempts used up)
//                               ▼           ▼
//                            resolved    escalated ──▶ a page goes out ──▶ resolved when the symptom goes
//
// Pure: each function takes the incident and the time, changes the incident, and returns what is to be
// done. The caller commits the incident with whatever else it decided, then acts.
//
// A repair counts as done only when the detector too says that the symptom is gone: an action's own
// word is not a proof. Source: architecture.md, "The life of an event", 6.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "model/incident.h"
#include "value/value.h"

namespace midwatch {

struct IncidentOptions {
  Duration verify_within = std::chrono::seconds(20);  // after a repair: the symptom must be gone by then
  std::uint32_t repair_attempts_max = 3;              // dispatches of one incident before a person is engaged
  std::uint32_t page_attempts_max = 10;
  Duration page_retry = std::chrono::seconds(5);  // doubled each time, at most page_retry_max
  Duration page_retry_max = std::chrono::minutes(5);
  std::size_t timeline_entries_max = 500;
};

struct AnomalySeen {
  std::string key;
  std::string detector;
  Value labels;
  Instant since;
  Value evidence;    // what goes to the record and to the rules
  std::string text;  // a sentence: what is abnormal
};

// What the engine has to do for the incident. At most one of these at a time.
enum class IncidentNeed : std::uint8_t {
  kNothing,
  kDispatch,  // let the rules decide on the anomaly (again): started() or nothing_started() follows
  kPage,      // engage a person: page_delivered() or page_failed() follows
};

class IncidentMachine {
 public:
  explicit IncidentMachine(IncidentOptions options) : options_(options) {}

  // A detector fired and no incident is open for the key.
  IncidentNeed open(Incident& incident, const AnomalySeen& seen, Instant now) const;
  // The detector of an open incident fired again, or said that the symptom is gone.
  IncidentNeed symptom_changed(Incident& incident, bool firing, Instant now) const;

  // The rules decided on a dispatch.
  void started(Incident& incident, const std::string& rule, const std::string& action, const Value& execution,
               Instant now) const;
  void denied(Incident& incident, const std::string& rule, const std::string& reason, Instant now) const;
  // After all rules of a dispatch: if none started anything, a person is needed.
  IncidentNeed dispatched(Incident& incident, Instant now) const;

  // An execution that a rule started for the incident has ended.
  IncidentNeed repair_finished(Incident& incident, bool succeeded, const std::string& text, const Value& data,
                               Instant now) const;

  IncidentNeed page_delivered(Incident& incident, Instant now) const;
  IncidentNeed page_failed(Incident& incident, const std::string& error, Instant now) const;

  // The incident's deadline has come.
  IncidentNeed deadline_reached(Incident& incident, Instant now) const;

  [[nodiscard]] const IncidentOptions& options() const { return options_; }

 private:
  void note(Incident& incident, Instant at, Incident::Event event, std::string text, Value data = {}) const;
  IncidentNeed escalate(Incident& incident, std::string why, Instant now) const;
  IncidentNeed try_again(Incident& incident, std::string why, Instant now) const;
  void close(Incident& incident, Incident::State state, std::string text, Instant now) const;
  IncidentOptions options_;
};

// The page that a person gets: summary, what was tried and what it said, the whole timeline.
[[nodiscard]] Value page_body(const Incident& incident);
// "detected after", "decided in", "repaired in", "verified in", "people woken": spans in seconds, with
// null for what did not happen. Shape: {detected_after, decided_in, repaired_in, verified_in, total, people_woken}.
[[nodiscard]] Value incident_figures(const Incident& incident);

}  // namespace midwatch
