// workflow/conductor_events.cc — spec 5.5, "on a task event": the steps are numbered as there.
#include <algorithm>
#include <string>

#include "workflow/conductor_impl.h"

namespace midwatch {
namespace {

Error refused(std::string text) { return Error(Code::kConflict, std::move(text)); }

// Python's isinstance(value, int).
bool is_integer(const Value& value) { return value.is_int() || value.is_bigint() || value.is_bool(); }

double number_of(const Value& value) { return value.is_bool() ? (value.as_bool() ? 1.0 : 0.0) : value.double_or(0.0); }

std::string_view command_event(EngineCommand command) {
  switch (command) {
    case EngineCommand::kContinue: return "task_continue_requested";
    case EngineCommand::kNoop: return "task_noop_requested";
    case EngineCommand::kFail: return "task_fail_requested";
    case EngineCommand::kNone: break;
  }
  return "";
}

}  // namespace

void Conductor::Impl::remove_staged(NodeIndex node, std::uint32_t route) {
  const std::optional<StagedRef> staged = find_staged(node, route);
  if (!staged || staged->task->item_counts.in(kActiveStatuses) != 0) return;
  rendered_items.erase(staged->index);
  commit({.kind = DeltaKind::kUnstage, .staged = staged->index});
}

Status Conductor::Impl::update(NodeIndex node, std::uint32_t route, const TaskEvent& event) {
  const std::optional<StagedRef> staged = find_staged(node, route);
  if (!staged && !state.current_run(node, route)) {
    return refused("InvalidTaskStateEntry: Task \"" + graph().node(node).name +
                   "\" is not staged or has not started yet.");
  }
  // 1. "create a sequence entry when …; unstage (unless with-items)". A second end of a run that is over says nothing
  // about the visit that is staged: the reference unstages that too, and the workflow never goes on.
  MW_TRY(const std::uint32_t run, run_for(node, route, event));
  const bool keeps_items = staged && staged->task->has_items;
  const bool is_late = event.kind == TaskEvent::Kind::kAction && is_completed(state.runs()[run].status);
  if (staged && !keeps_items && !is_late) remove_staged(node, route);
  if (event.kind == TaskEvent::Kind::kItem && staged) {
    if (!keeps_items) return refused("KeyError: task \"" + graph().node(node).name + "\" has no items running");
    MW_CHECK(record_item(staged, event));
  }
  // 2. "status failed → error log"
  if (event.status == FlowStatus::kFailed) {
    log_error("Execution failed. See result for details.", {.task = graph().node(node).name}, event.result);
  }
  // 3. "task state machine"
  const FlowStatus before = state.runs()[run].status;
  MW_CHECK(step_task(run, event));
  // 4. "status became `retrying` → tally+1, re-stage with the retry spec"
  if (state.runs()[run].status == FlowStatus::kRetrying) {
    commit({.kind = DeltaKind::kRetried, .run = run});
    remove_staged(node, route);
    commit({.kind = DeltaKind::kStageAgain, .flag = true, .run = run});
  }
  // 5. and 6.
  std::vector<Command> commands;
  if (is_completed(state.runs()[run].status)) {
    bool retried = false;
    MW_CHECK(complete(run, before, event, commands, retried));
    if (retried) return {};
  }
  // 7. "workflow state machine with the task event; then queued engine commands are processed as task events"
  if (state.runs()[run].status == FlowStatus::kUnset) {
    return refused("KeyError: task \"" + graph().node(node).name + "\" has not started yet");
  }
  MW_CHECK(step_workflow_for_task(run));
  for (const Command& command : commands) {
    const GraphNode& target = graph().node(command.node);
    const FlowStatus status = target.command == EngineCommand::kFail ? FlowStatus::kFailed : FlowStatus::kSucceeded;
    MW_CHECK(update(command.node, command.route,
                    {.kind = TaskEvent::Kind::kCommand, .status = status, .command = command_event(target.command)}));
  }
  // 8. "If the workflow is now completed, this entry is marked `term`."
  if (is_completed(state.status()) && !state.runs()[run].end) {
    commit({.kind = DeltaKind::kRunEnd, .flag = true, .run = run});
  }
  state.release(state.runs()[run].path);
  return {};
}

Result<std::uint32_t> Conductor::Impl::run_for(NodeIndex node, std::uint32_t route, const TaskEvent& event) {
  std::optional<std::uint32_t> run = state.current_run(node, route);
  if (!run || event.kind == TaskEvent::Kind::kCommand) {
    const bool retries = run && graph().node(node).command == EngineCommand::kNone;
    if (!retries) {
      MW_TRY(run, add_run(node, route));
    }
  }
  // "the last one is complete and the new status is a starting status": a cycle, or a join that comes again.
  if (is_completed(state.runs()[*run].status) && is_starting(event.status)) {
    MW_TRY(run, add_run(node, route));
  }
  return *run;
}

Result<std::uint32_t> Conductor::Impl::add_run(NodeIndex index, std::uint32_t route) {
  const std::optional<StagedRef> staged = find_staged(index, route);
  const GraphNode& node = graph().node(index);
  if (!staged) return refused("TypeError: task \"" + node.name + "\" is completed and not staged again");
  if (state.runs().size() >= kWorkflowSequenceMax) {
    return Error(Code::kLimit, "the workflow ran " + std::to_string(kWorkflowSequenceMax) +
                                   " tasks, which is the most allowed: does a loop in it never end?");
  }
  MW_TRY(Value retry, retry_for_run(node, staged->task->path));
  commit({.kind = DeltaKind::kRun, .staged = staged->index, .value = std::move(retry)});
  return static_cast<std::uint32_t>(state.runs().size() - 1);
}

// "Retry count and delay are evaluated when the task starts (errors escape to the caller)."
Result<Value> Conductor::Impl::retry_for_run(const GraphNode& node, std::uint32_t path) {
  if (!node.retry) return Value();
  const RetryPolicy& policy = *node.retry;
  const MapScope scope(variables_at(path));
  const TaskFunctions functions(state, graph(), records);
  ObjectBuilder retry;
  retry.set("when", policy.when ? policy.when->source() : Value());
  const auto resolve = [&](const Expression& expression, std::string_view what) -> Result<Value> {
    if (!expression.source().is_string()) return expression.source();
    Evaluated<Value> value = evaluate(expression, scope, functions);
    if (!value) return refused(value.error().text());
    if (is_integer(*value)) return std::move(*value);
    return refused("ValueError: The retry " + std::string(what) + " for task \"" + node.name + "\" is not an integer.");
  };
  Value delay;
  if (policy.delay) {
    MW_TRY(delay, resolve(*policy.delay, "delay"));
  }
  MW_TRY(Value count, resolve(policy.count, "count"));
  retry.set("count", std::move(count));
  if (!policy.of_transition) retry.set("delay", std::move(delay));
  return std::move(retry).build();
}

Status Conductor::Impl::record_item(std::optional<StagedRef> staged, const TaskEvent& event) {
  if (event.item >= staged->task->items.size()) {
    return Error(Code::kInvalid, "IndexError: there is no item " + std::to_string(event.item) + "; the task has " +
                                     std::to_string(staged->task->items.size()));
  }
  commit({.kind = DeltaKind::kItem, .status = event.status, .staged = staged->index, .item = event.item});
  return {};
}

Status Conductor::Impl::complete(std::uint32_t index, FlowStatus before, const TaskEvent& event,
                                 std::vector<Command>& commands, bool& retried) {
  const NodeIndex node = state.runs()[index].node;
  const std::uint32_t route = state.runs()[index].route;
  const FlowStatus status = state.runs()[index].status;
  const TaskSpec* const spec = graph().node(node).spec;
  const bool has_items = spec != nullptr && spec->with.has_value();
  // 5. "keep the staged entry of an abended with-items task flagged `completed` (for rerun), else remove"
  if (has_items && is_abended(status)) {
    const std::optional<StagedRef> staged = find_staged(node, route);
    if (!staged) return refused("TypeError: task \"" + graph().node(node).name + "\" has no items running");
    if (!staged->task->held) commit({.kind = DeltaKind::kHold, .flag = true, .staged = staged->index});
  } else if (status != before) {
    remove_staged(node, route);  // else it was over before, and what is staged is another visit
  }
  // "Result := action result (with-items: list)."
  Value result = event.kind == TaskEvent::Kind::kItem && has_items ? event.accumulated : event.result;
  if (has_items && !result.truthy()) result = Value::array(std::vector<Value>{});

  const MapScope scope(variables_at(state.runs()[index].path));
  const TaskFunctions functions(state, graph(), records, node, route, std::move(result));
  if (is_active(state.status())) {
    MW_TRY(const bool again, wants_retry(state.runs()[index], scope, functions));
    if (again) {
      retried = true;
      return update(
          node, route,
          {.kind = TaskEvent::Kind::kCommand, .status = FlowStatus::kRetrying, .command = "task_retry_requested"});
    }
  }
  if (status == before) return {};
  return take_transitions(index, scope, functions, commands);
}

Result<bool> Conductor::Impl::wants_retry(const FlowRun& run, const Scope& scope,
                                          const TaskFunctions& functions) const {
  if (run.retry.is_null()) return false;
  if (static_cast<double>(run.tally) >= number_of(run.retry.get("count"))) return false;
  const std::optional<Expression>& when = graph().node(run.node).retry->when;
  if (!when) return is_abended(run.status);
  Evaluated<Value> wanted = evaluate(*when, scope, functions);
  if (!wanted) return refused(wanted.error().text());
  return wanted->truthy();
}

// 6. "for each outbound transition in order: evaluate criteria (error → log, workflow failed, continue) …"
Status Conductor::Impl::take_transitions(std::uint32_t index, const Scope& scope, const TaskFunctions& functions,
                                         std::vector<Command>& commands) {
  const GraphNode& node = graph().node(state.runs()[index].node);
  const std::uint32_t route = state.runs()[index].route;
  if (node.out.empty() && !state.runs()[index].end) {
    commit({.kind = DeltaKind::kRunEnd, .flag = true, .run = index});
  }
  bool fails = false;
  std::vector<std::uint32_t> ready;
  for (const EdgeIndex edge_index : node.out) {
    const GraphEdge& edge = graph().edge(edge_index);
    bool fired = true;
    if (const std::optional<Expression>& when = node.spec->next[edge.ref].when) {
      Evaluated<Value> met = evaluate(*when, scope, functions);
      if (!met) {
        log_error(met.error().text(), {.task = node.name, .route = route, .transition = edge.id});
        MW_CHECK(fail_workflow());
        continue;
      }
      fired = met->truthy();
    }
    commit({.kind = DeltaKind::kRunNext, .flag = fired, .run = index, .edge = edge_index});
    if (!fired) continue;
    MW_TRY(const std::optional<std::uint32_t> path, publish(index, edge_index, scope, functions));
    if (!path) continue;
    const std::uint32_t staged = stage_target(index, edge_index, *path);
    const StagedTask& target = state.staged().at(staged);
    if (graph().node(edge.to).command != EngineCommand::kNone) {
      commands.push_back({edge.to, target.route});
      fails |= graph().node(edge.to).command == EngineCommand::kFail;
    } else if (target.ready) {
      ready.push_back(staged);
    }
  }
  // "If a `fail` command is among satisfied targets, all other ready staged targets get run_on_fail."
  if (!fails) return {};
  std::ranges::sort(ready);
  ready.erase(std::ranges::unique(ready).begin(), ready.end());
  for (const std::uint32_t staged : ready) commit({.kind = DeltaKind::kRunOnFail, .staged = staged});
  return {};
}

// "publish in order with a rolling context; errors → log, fail; new context appended if anything was published".
// The path that the target gets, or nothing when the transition is not to be followed.
Result<std::optional<std::uint32_t>> Conductor::Impl::publish(std::uint32_t index, EdgeIndex edge_index,
                                                              const Scope& scope, const TaskFunctions& functions) {
  const GraphEdge& edge = graph().edge(edge_index);
  const GraphNode& source = graph().node(edge.from);
  const std::vector<Assignment>& assignments = source.spec->next[edge.ref].publish;
  const std::uint32_t before = state.runs()[index].path;
  if (assignments.empty()) return std::optional(before);
  MapScope rolling(Value(), &scope);
  ObjectBuilder published;
  bool failed = false;
  for (const Assignment& assignment : assignments) {
    Evaluated<Value> value = evaluate(assignment.value, rolling, functions);
    if (!value) {
      log_error(value.error().text(), {.task = source.name, .route = state.runs()[index].route, .transition = edge.id});
      failed = true;
      continue;
    }
    rolling.set(assignment.name, *value);
    published.set(assignment.name, std::move(*value));
  }
  if (failed) {
    MW_CHECK(fail_workflow());
    return std::optional<std::uint32_t>();
  }
  const auto context = static_cast<std::uint32_t>(state.contexts().size());
  const auto path = static_cast<std::uint32_t>(state.path_count());
  commit({.kind = DeltaKind::kContext, .value = std::move(published).build()});
  commit({.kind = DeltaKind::kExtendPath, .path = before, .context = context});
  commit({.kind = DeltaKind::kRunOut, .run = index, .edge = edge_index, .context = context});
  return std::optional(path);
}

// The staged entry of the transition's target: a new one, or one that another branch made before.
std::uint32_t Conductor::Impl::stage_target(std::uint32_t index, EdgeIndex edge_index, std::uint32_t path) {
  const GraphEdge& edge = graph().edge(edge_index);
  const std::uint32_t from_route = state.runs()[index].route;
  const std::uint32_t route = route_into(edge, edge_index, from_route);
  // "Must use the original route to identify the inbound transitions": a barrier opens no route.
  const bool ready = !graph().node(edge.to).barrier || inbound(edge.to, from_route) == Inbound::kSatisfied;
  const std::optional<StagedRef> staged = find_staged(edge.to, route);
  if (!staged) {
    commit({.kind = DeltaKind::kStage,
            .flag = ready,
            .node = edge.to,
            .run = index,
            .route = route,
            .path = path,
            .edge = edge_index});
    const std::optional<StagedRef> made = find_staged(edge.to, route);
    (void)state.merged(path);  // from its predecessor, which is at hand now
    return made->index;
  }
  std::uint32_t joined = staged->task->path;
  if (path != 0) {
    commit({.kind = DeltaKind::kJoinPath, .path = staged->task->path, .other = path});
    joined = static_cast<std::uint32_t>(state.path_count() - 1);
    (void)state.merged(joined);
  }
  commit({.kind = DeltaKind::kArrive,
          .flag = ready,
          .run = index,
          .staged = staged->index,
          .path = joined,
          .edge = edge_index});
  rendered_items.erase(staged->index);
  return staged->index;
}

// "Every time a split task is entered through a new transition, a new route is created."
std::uint32_t Conductor::Impl::route_into(const GraphEdge& edge, EdgeIndex index, std::uint32_t route) {
  if (!graph().node(edge.to).split) return route;
  const std::vector<std::string_view> taken = state.route_details(route);
  if (std::ranges::find(taken, edge.back) != taken.end()) return route;
  commit({.kind = DeltaKind::kRoute, .route = route, .edge = index});
  return static_cast<std::uint32_t>(state.route_count() - 1);
}

}  // namespace midwatch
