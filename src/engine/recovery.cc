// Going on after a stop: what was committed is what is true.
#include <algorithm>

#include <fmt/core.h>

#include "engine/state.h"

namespace midwatch {

void Engine::State::recover(OpenState& state) {
  for (KeyValue& key : state.keys) keys_[key.name] = std::move(key);
  for (const GuardedRun& run : state.guarded_runs) ledger_.record(run.guard, run.key, run.at);
  std::vector<Value> rules;
  for (const Rule* rule : content()->rules()) rules.push_back(to_value(*rule));
  out_->changes.contents.push_back({content()->version(), Value::array(std::move(rules))});

  std::ranges::sort(state.executions, {}, &Execution::id);
  std::vector<Execution> ended;  // children whose results their workflow still needs
  for (Execution& record : state.executions) {
    if (is_completed(record.status)) ended.push_back(std::move(record));
    else recover_execution(std::move(record));
  }
  for (const Execution& record : ended) recovered_results_[record.id.hex()] = record.result;
  std::map<ObjectId, std::vector<Value>> journals;
  for (WorkflowDelta& delta : state.deltas) journals[delta.execution].push_back(std::move(delta.delta));
  for (const auto& [id, journal] : journals) {
    OpenExecution* open = find(id);
    if (open == nullptr || open->workflow == nullptr) continue;
    open->workflow->repeats = open->record.attempt == 0;
    if (Status restored = restore_workflow(*open, journal); !restored) {
      finish(*open, ExecutionStatus::kFailed,
             Value::object({{"errors", Value::array({std::move(restored).error().within("recovery").to_string()})},
                            {"output", nullptr}}));
    }
  }
  recovered_results_.clear();
  for (const Execution& record : ended) {
    OpenExecution* parent = record.parent ? find(*record.parent) : nullptr;
    if (parent == nullptr || parent->workflow == nullptr || !record.place || !record.place->item) continue;
    parent->workflow->items_of(*record.place)
        .finished(*record.place->item, record.result, record.status == ExecutionStatus::kSucceeded);
  }
  for (Incident& incident : state.incidents) {
    const ObjectId id = incident.id;
    incident_by_key_[incident.key] = id;
    incidents_[id] = std::move(incident);
  }

  std::vector<ObjectId> in_order;
  for (const auto& [id, open] : open_) in_order.push_back(id);
  std::ranges::sort(in_order);
  for (const ObjectId id : in_order) {
    OpenExecution* open = find(id);
    if (open != nullptr && !is_completed(open->record.status)) go_on(*open);
  }
  for (auto& [id, incident] : incidents_) {
    const bool page_was_on_its_way =
        incident.state == Incident::State::kEscalated && incident.people_woken == 0 && !incident.deadline;
    if (page_was_on_its_way) {
      ++incident.page_attempts;
      meet(incident, IncidentNeed::kPage);
    } else if (incident.deadline) {
      timers_.set(*incident.deadline, {Timer::Kind::kIncidentDeadline, id});
    }
  }
}

void Engine::State::recover_execution(Execution record) {
  auto open = std::make_unique<OpenExecution>();
  open->content = content_;
  open->plan = content_->action(record.action);
  const RunnerType* runner = find_runner_type(record.runner_type);
  if (runner != nullptr && runner->is_workflow) {
    open->workflow = std::make_unique<WorkflowRun>();
    open->workflow->held = record.context.find("paused_by") != nullptr;
    // Ids sort by time, so parents come before their children.
    if (OpenExecution* parent = record.parent ? find(*record.parent) : nullptr; parent != nullptr && parent->workflow) {
      open->workflow->depth = parent->workflow->depth + 1;
    }
  }
  open->root = record.id;
  if (OpenExecution* parent = record.parent ? find(*record.parent) : nullptr; parent != nullptr) {
    open->root = parent->root;
    parent->children.insert(record.id);
    if (parent->workflow && record.place && record.place->item) {
      parent->workflow->items[{record.place->task, record.place->route}].started();
    }
  }
  open->record = std::move(record);
  const ObjectId id = open->record.id;
  open_.emplace(id, std::move(open));
}

void Engine::State::go_on(OpenExecution& open) {
  const Execution& record = open.record;
  const auto error = [](std::string text) { return Value::object({{"error", std::move(text)}, {"traceback", ""}}); };
  if (record.status == ExecutionStatus::kDelayed) {
    timers_.set(record.due.value_or(now_), {Timer::Kind::kDelayedStart, record.id});
    return;
  }
  if (open.workflow != nullptr && open.workflow->is_under_way() && record.attempt != 0) {
    work_.emplace_back(Advance{record.id});
    return;
  }
  if (record.status == ExecutionStatus::kPending) return wait_for_answer(open);
  if (open.plan == nullptr) {
    const auto status = record.attempt == 0 ? ExecutionStatus::kFailed : ExecutionStatus::kAbandoned;
    return finish(open, status, error(fmt::format("Action \"{}\" cannot be found.", record.action)));
  }
  if (record.status == ExecutionStatus::kCanceling) {
    return finish(open, ExecutionStatus::kCanceled, error("canceled; the engine stopped meanwhile"));
  }
  if (record.attempt == 0) return schedule(open);
  if (open.plan->action->idempotent || open.workflow != nullptr) return schedule(open);
  // It may have run, in part or whole: never again on our own account.
  finish(open, ExecutionStatus::kAbandoned,
         error("the engine stopped while the action ran; it is not idempotent and was not started again"));
}

}  // namespace midwatch
