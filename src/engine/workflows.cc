// What conductors offer is run; what ends is told to them (spec 5.10).
#include <algorithm>

#include <fmt/core.h>

#include "engine/state.h"

namespace midwatch {
namespace {

// The statuses that an execution and a workflow have in common carry the same names.
FlowStatus flow_status(ExecutionStatus status) {
  return parse_flow_status(to_string(status)).value_or(FlowStatus::kFailed);
}

ExecutionStatus execution_status_of(FlowStatus status) {
  return execution_status(to_string(status)).value_or(ExecutionStatus::kFailed);
}

Value workflow_result(const Conductor& conductor, const Value& refusal) {
  const Value output = conductor.output();
  ObjectBuilder result;
  result.set("output", output.size() == 0 ? Value() : output);  // an empty output is null
  if (is_abended(conductor.status())) {
    result.set("errors", refusal.is_null() ? conductor.errors() : with_element(conductor.errors(), refusal));
  }
  return std::move(result).build();
}

Value error_list(const Error& error, const TaskPlace& place) {
  return Value::object(
      {{"errors",
        Value::array({Value::object(
            {{"type", "error"}, {"message", error.to_string()}, {"task_id", place.task}, {"route", place.route}})})}});
}

}  // namespace

// The journal's first entry is the definition itself: a workflow goes on with the text that it was
// started with, whatever has become of the pack.
void Engine::State::start_workflow(OpenExecution& open, const Value& inputs, const Value& runner_parameters) {
  const ActionPlan& plan = *open.plan;
  if (plan.chain != nullptr) {
    return start_chain(open, inputs, runner_parameters.get("display_published").bool_or(true));
  }
  const SourceText* source = plan.pack->workflow_of(*plan.action);
  const Value st2 = Value::object({{"action_execution_id", open.record.id.hex()},
                                   {"workflow_execution_id", open.record.id.hex()},
                                   {"api_url", options_.api_url},
                                   {"user", open.record.context.get("user")},
                                   {"pack", plan.action->pack},
                                   {"action", open.record.action},
                                   {"runner", plan.action->runner_type}});
  const Value context = Value::object({{"st2", st2}, {"parent", open.record.context}});
  auto conductor = Conductor::create(plan.workflow, inputs, context);
  if (!conductor) {
    return finish(open, ExecutionStatus::kFailed,
                  Value::object({{"errors", Value::array({conductor.error().to_string()})}, {"output", nullptr}}));
  }
  open.workflow->conductor.emplace(std::move(*conductor));
  open.workflow->conductor->set_datastore(this);
  out_->changes.deltas.push_back({open.record.id, ++open.workflow->deltas,
                                  Value::object({{"definition", source == nullptr ? "" : source->text},
                                                 {"file", source == nullptr ? "" : source->path}})});
  if (Status started = open.workflow->conductor->request_status(FlowStatus::kRunning); !started) {
    journal(open);
    return finish(open, ExecutionStatus::kFailed,
                  Value::object({{"errors", Value::array({started.error().to_string()})}, {"output", nullptr}}));
  }
  work_.emplace_back(Advance{open.record.id});
}

void Engine::State::do_work(Advance& work) {
  OpenExecution* open = find(work.workflow);
  if (open == nullptr || open->workflow == nullptr || is_completed(open->record.status)) return;
  if (open->workflow->chain) return advance_chain(*open);
  if (open->workflow->conductor) advance(*open);
}

// Tasks without an action succeed at once and may make others ready: asked until nothing is offered.
void Engine::State::advance(OpenExecution& open) {
  while (open.workflow->refusal.is_null()) {
    const std::vector<OfferedTask> offered = open.workflow->conductor->next_tasks();
    if (offered.empty()) break;
    for (const OfferedTask& task : offered) start_task(open, task);
  }
  settle(open);
  journal(open);
  show_status(open);
  complete_workflow_if_done(open);
}

void Engine::State::tell(OpenExecution& open, const TaskPlace& place, FlowStatus status, const Value& result) {
  Conductor& conductor = *open.workflow->conductor;
  Status told;
  if (place.item) {
    ItemResults& items = open.workflow->items[{place.task, place.route}];
    if (is_completed(status)) items.finished(*place.item, result, status == FlowStatus::kSucceeded);
    const bool may_end = is_completed(status) && items.may_end(conductor.status() == FlowStatus::kRunning);
    told = conductor.on_item(place.task, place.route, *place.item, status, result,
                             may_end ? Value::array(items.results) : Value());
  } else {
    told = conductor.on_task(place.task, place.route, status, result);
  }
  if (told) return;
  // Spec 5.10: "Any unexpected exception while handling: workflow failed with that error". Left alone, the
  // task would be offered for ever.
  open.workflow->refusal = Value::object(
      {{"type", "error"}, {"message", told.error().to_string()}, {"task_id", place.task}, {"route", place.route}});
  if (!is_completed(conductor.status())) (void)conductor.request_status(FlowStatus::kFailed);
}

void Engine::State::start_task(OpenExecution& open, const OfferedTask& task) {
  if (task.items_count && *task.items_count == 0) {
    tell(open, {task.id, task.route, {}}, FlowStatus::kRunning, nullptr);
    return tell(open, {task.id, task.route, {}}, FlowStatus::kSucceeded, Value::array({}));
  }
  if (task.items_count) {
    ItemResults& items = open.workflow->items[{task.id, task.route}];
    if (items.over()) items = {};  // a loop or a retry brought the task back
    items.count = *task.items_count;
  }
  for (const OfferedAction& action : task.actions) start_child(open, task, action);
}

void Engine::State::start_child(OpenExecution& open, const OfferedTask& task, const OfferedAction& action) {
  TaskPlace place{task.id, task.route, action.item};
  if (action.item) open.workflow->items[{task.id, task.route}].started();
  tell(open, place, FlowStatus::kRunning, nullptr);
  if (!open.workflow->refusal.is_null()) return;
  if (!action.action.is_string()) return tell(open, place, FlowStatus::kSucceeded, nullptr);
  ObjectBuilder orquesta;
  orquesta.set("workflow_execution_id", open.record.id.hex());
  orquesta.set("task_name", task.id);
  orquesta.set("task_id", task.id);
  orquesta.set("task_route", task.route);
  if (action.item) orquesta.set("item_id", *action.item);
  ObjectBuilder parent(open.record.context);
  parent.set("execution_id", open.record.id.hex());
  Origin origin;
  origin.supplied = action.input.is_object() ? action.input : Value::object({});
  origin.context = Value::object({{"user", open.record.context.get("user")},
                                  {"parent", std::move(parent).build()},
                                  {"orquesta", std::move(orquesta).build()}});
  origin.parent = &open;
  origin.place = place;
  origin.delay = std::chrono::seconds(task.delay_seconds.int_or(0));
  const auto child = create(action.action.to_text(), std::move(origin));
  if (!child) tell(open, place, FlowStatus::kFailed, error_list(child.error(), place));
}

void Engine::State::do_work(ChildChanged& change) {
  OpenExecution* open = find(change.parent);
  if (open == nullptr || open->workflow == nullptr || is_completed(open->record.status)) return;
  if (open->workflow->chain) return chain_task_changed(*open, change);
  if (!open->workflow->conductor) return;
  Conductor& conductor = *open->workflow->conductor;
  const bool waited = change.before == ExecutionStatus::kPending || change.before == ExecutionStatus::kPaused ||
                      change.before == ExecutionStatus::kPausing;
  if (waited && is_completed(change.status) && (change.place.item || change.before != ExecutionStatus::kPending)) {
    // A task that is paused ignores the end of its action (spec 5.9): it runs first.
    if (change.before != ExecutionStatus::kPaused) tell(*open, change.place, FlowStatus::kResuming, nullptr);
    tell(*open, change.place, FlowStatus::kRunning, nullptr);
  }
  if (change.status == ExecutionStatus::kResuming) {
    tell(*open, change.place, FlowStatus::kResuming, nullptr);
    tell(*open, change.place, FlowStatus::kRunning, nullptr);
  } else {
    tell(*open, change.place, flow_status(change.status), change.result);
  }
  const bool is_paused = conductor.status() == FlowStatus::kPaused || conductor.status() == FlowStatus::kPausing;
  if (waited && is_paused && !open->workflow->held) (void)conductor.request_status(FlowStatus::kResuming);
  // What ran on below has made it run as well (spec 5.9); a person said that it must not.
  if (open->workflow->held && is_running(conductor.status())) (void)conductor.request_status(FlowStatus::kPausing);
  advance(*open);
}

void Engine::State::journal(OpenExecution& open) {
  for (Value& delta : open.workflow->conductor->take_deltas()) {
    out_->changes.deltas.push_back({open.record.id, ++open.workflow->deltas, std::move(delta)});
  }
}

void Engine::State::complete_workflow_if_done(OpenExecution& open) {
  Conductor& conductor = *open.workflow->conductor;
  if (!is_completed(conductor.status())) return;
  if (Status rendered = conductor.render_output(); !rendered) {
    journal(open);
    return finish(open, ExecutionStatus::kFailed,
                  Value::object({{"errors", Value::array({rendered.error().to_string()})}, {"output", nullptr}}));
  }
  journal(open);
  finish(open, execution_status_of(conductor.status()), workflow_result(conductor, open.workflow->refusal));
}

Status Engine::State::restore_workflow(OpenExecution& open, std::span<const Value> journal) {
  if (journal.empty()) return Error(Code::kInvalid, "the journal of the workflow is empty");
  const Value& head = journal.front();
  if (head.find("chain") != nullptr) return restore_chain(open, journal);
  MW_TRY(auto definition, compile_workflow(head.get("definition").text_or(""), head.get("file").text_or("")));
  std::vector<Value> deltas;
  deltas.reserve(journal.size());
  for (const Value& entry : journal.subspan(1)) {
    if (entry.is_object()) keep_items(*open.workflow, entry);
    else deltas.push_back(entry);
  }
  MW_TRY(Conductor conductor, Conductor::restore(std::move(definition), deltas));
  open.workflow->conductor.emplace(std::move(conductor));
  open.workflow->conductor->set_datastore(this);
  open.workflow->deltas = journal.size();
  return {};
}

}  // namespace midwatch
