// Incidents: from a detector's transition to a repair, its verification, or a page.
#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "codec/json.h"
#include "engine/state.h"

namespace midwatch {
namespace {

constexpr std::size_t kDiagnosticsBytesMax = 64 << 10;

// One open incident for a detector and a set of labels, in whatever order they come.
std::string incident_key(const AnomalyReported& anomaly) {
  std::map<std::string, std::string> sorted;
  for (const Value::Member& label : anomaly.labels.members()) sorted[std::string(label.name())] = to_json(label.value);
  std::string key = anomaly.detector;
  for (const auto& [name, value] : sorted) key += fmt::format(";{}={}", name, value);
  return key;
}

Value bound(const std::optional<double>& value) { return value ? Value(*value) : Value(); }

Value anomaly_payload(const AnomalyReported& anomaly) {
  return Value::object({{"detector", anomaly.detector},
                        {"state", anomaly.firing ? "firing" : "normal"},
                        {"labels", anomaly.labels},
                        {"value", anomaly.value},
                        {"expected_low", bound(anomaly.expected_low)},
                        {"expected_high", bound(anomaly.expected_high)},
                        {"score", anomaly.score},
                        {"since", to_iso8601(anomaly.since)},
                        {"evidence", anomaly.evidence}});
}

std::string expectation(const AnomalyReported& anomaly) {
  if (anomaly.expected_low && anomaly.expected_high) {
    return fmt::format("expected {:.4g} to {:.4g}", *anomaly.expected_low, *anomaly.expected_high);
  }
  if (anomaly.expected_low) return fmt::format("expected at least {:.4g}", *anomaly.expected_low);
  if (anomaly.expected_high) return fmt::format("expected at most {:.4g}", *anomaly.expected_high);
  return "nothing of the kind was expected";
}

std::string anomaly_text(const AnomalyReported& anomaly) {
  return fmt::format("{} fires: {:.4g}, {} (score {:.1f})", anomaly.detector, anomaly.value, expectation(anomaly),
                     anomaly.score);
}

}  // namespace

void Engine::State::touch(Incident& incident) {
  changed_incidents_.insert(incident.id);
  if (incident.deadline) timers_.set(*incident.deadline, {Timer::Kind::kIncidentDeadline, incident.id});
}

Incident* Engine::State::find_incident(ObjectId id) {
  const auto entry = incidents_.find(id);
  return entry == incidents_.end() ? nullptr : &entry->second;
}

void Engine::State::on(AnomalyReported& input) {
  const std::string key = incident_key(input);
  const auto known = incident_by_key_.find(key);
  if (known != incident_by_key_.end()) {
    Incident& incident = incidents_.at(known->second);
    if (incident.symptom == input.firing) return;
    const IncidentNeed need = machine_.symptom_changed(incident, input.firing, now_);
    if (incident.state == Incident::State::kRemediated) ++counts_.incidents_remediated;
    if (incident.closed()) withdraw_page(incident.id);
    touch(incident);
    return meet(incident, need);
  }
  if (!input.firing) return;
  const ObjectId id = ids_.next(now_);
  Incident& incident = incidents_[id];
  incident.id = id;
  incident_by_key_[key] = id;
  const IncidentNeed need = machine_.open(incident,
                                          {.key = key,
                                           .detector = input.detector,
                                           .labels = input.labels,
                                           .since = input.since,
                                           .evidence = anomaly_payload(input),
                                           .text = anomaly_text(input)},
                                          now_);
  touch(incident);
  meet(incident, need);
}

// Ends: a dispatch asks for another only after a repair has ended, and a page asks for nothing.
void Engine::State::meet(Incident& incident, IncidentNeed need) {
  if (need == IncidentNeed::kDispatch) {
    dispatch(incident);
    need = machine_.dispatched(incident, now_);
    touch(incident);
  }
  if (need == IncidentNeed::kPage) {
    if (incident.page_attempts == 1) ++counts_.incidents_escalated;
    out_->effects.emplace_back(PageRequest{incident.id, incident.page_attempts, page_body(incident)});
    touch(incident);
  }
}

// Nobody is woken for what is over: a page that was decided in the same batch has not left yet.
void Engine::State::withdraw_page(ObjectId incident) {
  std::erase_if(out_->effects, [incident](const Effect& effect) {
    const auto* page = std::get_if<PageRequest>(&effect);
    return page != nullptr && page->incident == incident;
  });
}

void Engine::State::dispatch(Incident& incident) {
  ObjectBuilder payload(incident.evidence);
  payload.set("incident_id", incident.id.hex());
  payload.set("attempt", incident.repairs + 1);
  TriggerInstance instance =
      occur("midwatch.anomaly", Value(), std::move(payload).build(), "incident-" + incident.id.hex());
  enforce(instance, &incident);
  out_->changes.trigger_instances.push_back(std::move(instance));
}

void Engine::State::do_work(RepairDone& done) {
  Incident* incident = find_incident(done.incident);
  if (incident == nullptr) return;
  const bool succeeded = done.status == ExecutionStatus::kSucceeded;
  const bool small = to_json(done.result).size() <= kDiagnosticsBytesMax;
  const Value data = Value::object({{"execution", done.execution.hex()},
                                    {"action", done.action},
                                    {"status", to_string(done.status)},
                                    {"result", small ? done.result : Value("larger than 64 KiB: see the execution")}});
  const IncidentNeed need = machine_.repair_finished(
      *incident, succeeded, fmt::format("{} {} after {}", done.action, to_string(done.status), to_human(done.took)),
      data, now_);
  if (incident->state == Incident::State::kRemediated) ++counts_.incidents_remediated;
  touch(*incident);
  meet(*incident, need);
}

void Engine::State::on(PageOutcome& input) {
  Incident* incident = find_incident(input.incident);
  if (incident == nullptr || incident->page_attempts != input.attempt) {
    ++counts_.outcomes_ignored;
    return;
  }
  const IncidentNeed need =
      input.delivered ? machine_.page_delivered(*incident, now_) : machine_.page_failed(*incident, input.error, now_);
  touch(*incident);
  meet(*incident, need);
}

}  // namespace midwatch
