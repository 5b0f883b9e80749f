#include "incident/incident_machine.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/assert.h"

namespace midwatch {

using State = Incident::State;
using Event = Incident::Event;

void IncidentMachine::note(Incident& incident, Instant at, Event event, std::string text, Value data) const {
  if (incident.timeline.size() + 1 == options_.timeline_entries_max)
    text = "the timeline is full; later entries are not kept";
  if (incident.timeline.size() >= options_.timeline_entries_max) return;
  incident.timeline.push_back({at, event, std::move(text), std::move(data)});
}

IncidentNeed IncidentMachine::open(Incident& incident, const AnomalySeen& seen, Instant now) const {
  incident.key = seen.key;
  incident.detector = seen.detector;
  incident.labels = seen.labels;
  incident.evidence = seen.evidence;
  incident.since = std::min(seen.since, now);
  incident.opened_at = now;
  incident.symptom = true;
  incident.state = State::kOpen;
  note(incident, now, Event::kDetected, seen.text, seen.evidence);
  return IncidentNeed::kDispatch;
}

IncidentNeed IncidentMachine::symptom_changed(Incident& incident, bool firing, Instant now) const {
  if (incident.closed() || incident.symptom == firing) return IncidentNeed::kNothing;
  incident.symptom = firing;
  if (firing) {
    note(incident, now, Event::kStillThere, "the symptom is back");
    return IncidentNeed::kNothing;
  }
  switch (incident.state) {
    case State::kVerifying:
      note(incident, now, Event::kVerified, "the detector sees the symptom gone");
      close(incident, State::kRemediated, "remediated: nobody was woken", now);
      break;
    case State::kEscalated:
      note(incident, now, Event::kCleared, "the detector sees the symptom gone");
      close(incident, State::kResolved, "resolved after a person was engaged", now);
      break;
    case State::kOpen:
      note(incident, now, Event::kCleared, "the symptom went by itself");
      close(incident, State::kResolved, "resolved: nothing was done", now);
      break;
    case State::kRepairing:
      note(incident, now, Event::kCleared, "the detector sees the symptom gone; the repair is still running");
      break;
    case State::kRemediated:
    case State::kResolved: break;
  }
  return IncidentNeed::kNothing;
}

void IncidentMachine::started(Incident& incident, const std::string& rule, const std::string& action,
                              const Value& execution, Instant now) const {
  if (incident.closed()) return;
  incident.state = State::kRepairing;
  incident.deadline.reset();
  ++incident.running;
  note(incident, now, Event::kDecided, fmt::format("rule {} starts {}", rule, action),
       Value::object({{"rule", rule}, {"action", action}, {"execution", execution}}));
}

void IncidentMachine::denied(Incident& incident, const std::string& rule, const std::string& reason,
                             Instant now) const {
  if (incident.closed()) return;
  note(incident, now, Event::kDenied, fmt::format("rule {} may not act: {}", rule, reason),
       Value::object({{"rule", rule}}));
}

IncidentNeed IncidentMachine::dispatched(Incident& incident, Instant now) const {
  ++incident.repairs;
  if (incident.closed() || incident.state == State::kEscalated || incident.running > 0) return IncidentNeed::kNothing;
  return escalate(incident, "no rule may act on it", now);
}

IncidentNeed IncidentMachine::repair_finished(Incident& incident, bool succeeded, const std::string& text,
                                              const Value& data, Instant now) const {
  MW_ASSERT(incident.running > 0 || incident.closed(), "a repair that ends was running");
  if (incident.running > 0) --incident.running;
  note(incident, now, Event::kFinished, text, with_member(data, "succeeded", succeeded));
  if (incident.state != State::kRepairing || incident.running > 0) return IncidentNeed::kNothing;
  if (!succeeded) {
    if (!incident.symptom) {
      close(incident, State::kResolved, "resolved: the symptom is gone although the repair failed", now);
      return IncidentNeed::kNothing;
    }
    return try_again(incident, "the repair failed and the symptom is still there", now);
  }
  if (!incident.symptom) {
    note(incident, now, Event::kVerified, "the detector sees the symptom gone");
    close(incident, State::kRemediated, "remediated: nobody was woken", now);
    return IncidentNeed::kNothing;
  }
  incident.state = State::kVerifying;
  incident.deadline = now + options_.verify_within;
  return IncidentNeed::kNothing;
}

IncidentNeed IncidentMachine::try_again(Incident& incident, std::string why, Instant now) const {
  note(incident, now, Event::kStillThere, std::move(why));
  if (incident.repairs >= options_.repair_attempts_max) {
    return escalate(incident, fmt::format("{} repairs did not help", incident.repairs), now);
  }
  incident.state = State::kOpen;
  incident.deadline.reset();
  return IncidentNeed::kDispatch;
}

IncidentNeed IncidentMachine::escalate(Incident& incident, std::string why, Instant now) const {
  incident.state = State::kEscalated;
  incident.deadline.reset();
  incident.page_attempts = 1;
  note(incident, now, Event::kEscalated, fmt::format("escalated to a person: {}", why));
  return IncidentNeed::kPage;
}

IncidentNeed IncidentMachine::page_delivered(Incident& incident, Instant now) const {
  incident.deadline.reset();
  ++incident.people_woken;
  note(incident, now, Event::kPaged, "the page was delivered");
  return IncidentNeed::kNothing;
}

IncidentNeed IncidentMachine::page_failed(Incident& incident, const std::string& error, Instant now) const {
  note(incident, now, Event::kPageFailed, fmt::format("page {} was not delivered: {}", incident.page_attempts, error));
  if (incident.closed() || incident.page_attempts >= options_.page_attempts_max) {
    incident.deadline.reset();
    return IncidentNeed::kNothing;
  }
  Duration wait = options_.page_retry;
  for (std::uint32_t i = 1; i < incident.page_attempts && wait < options_.page_retry_max; ++i) wait *= 2;
  incident.deadline = now + std::min(wait, options_.page_retry_max);
  return IncidentNeed::kNothing;
}

IncidentNeed IncidentMachine::deadline_reached(Incident& incident, Instant now) const {
  incident.deadline.reset();
  if (incident.state == State::kVerifying) {
    return try_again(
        incident,
        fmt::format("the repair succeeded, but the symptom is still there after {}", to_human(options_.verify_within)),
        now);
  }
  if (incident.state == State::kEscalated && incident.people_woken == 0) {
    ++incident.page_attempts;
    return IncidentNeed::kPage;
  }
  return IncidentNeed::kNothing;
}

void IncidentMachine::close(Incident& incident, State state, std::string text, Instant now) const {
  incident.state = state;
  incident.closed_at = now;
  incident.deadline.reset();
  note(incident, now, Event::kClosed, std::move(text));
}

namespace {

const Incident::Entry* first(const Incident& incident, Event event) {
  const auto found = std::ranges::find(incident.timeline, event, &Incident::Entry::event);
  return found == incident.timeline.end() ? nullptr : &*found;
}

const Incident::Entry* last(const Incident& incident, Event event) {
  const auto found =
      std::ranges::find(incident.timeline.rbegin(), incident.timeline.rend(), event, &Incident::Entry::event);
  return found == incident.timeline.rend() ? nullptr : &*found;
}

Value span_between(const Incident::Entry* from, const Incident::Entry* to) {
  if (from == nullptr || to == nullptr || to->at < from->at) return nullptr;
  return seconds(to->at - from->at);
}

}  // namespace

Value page_body(const Incident& incident) {
  std::vector<Value> timeline;
  std::vector<Value> diagnostics;
  for (const Incident::Entry& entry : incident.timeline) {
    timeline.push_back(
        Value::object({{"at", to_iso8601(entry.at)}, {"event", to_string(entry.event)}, {"text", entry.text}}));
    if (entry.event == Event::kFinished) diagnostics.push_back(entry.data);
  }
  const Incident::Entry* why = last(incident, Event::kEscalated);
  return Value::object({
      {"incident", incident.id.hex()},
      {"summary", incident.timeline.empty() ? incident.detector : incident.timeline.front().text},
      {"reason", why == nullptr ? "" : why->text},
      {"detector", incident.detector},
      {"labels", incident.labels},
      {"since", to_iso8601(incident.since)},
      {"opened_at", to_iso8601(incident.opened_at)},
      {"evidence", incident.evidence},
      {"diagnostics", Value::array(std::move(diagnostics))},
      {"timeline", Value::array(std::move(timeline))},
  });
}

Value incident_figures(const Incident& incident) {
  const Incident::Entry* detected = first(incident, Event::kDetected);
  const Incident::Entry* decided = first(incident, Event::kDecided);
  const Incident::Entry* finished = last(incident, Event::kFinished);
  const Incident::Entry* verified = last(incident, Event::kVerified);
  const bool remediated = incident.state == State::kRemediated;
  return Value::object({
      {"detected_after", detected == nullptr ? Value() : Value(seconds(detected->at - incident.since))},
      {"decided_in", span_between(detected, decided)},
      {"repaired_in", remediated ? span_between(decided, finished) : Value()},
      {"verified_in", remediated ? span_between(finished, verified) : Value()},
      {"total", incident.closed_at ? Value(seconds(*incident.closed_at - incident.since)) : Value()},
      {"people_woken", incident.people_woken},
  });
}

}  // namespace midwatch
