// workflow/conductor_machines.cc — names events for the state machines (spec 5.9) and applies what they say.
#include <string>

#include "workflow/conductor_impl.h"
#include "workflow/state_machine.h"

namespace midwatch {
namespace {

Error invalid_event(const std::string& name) {
  return Error(Code::kInvalid, "InvalidEvent: Event \"" + name + "\" is not valid.");
}

bool is_pause_or_cancel(FlowStatus status) {
  return status == FlowStatus::kPausing || status == FlowStatus::kPaused || status == FlowStatus::kCanceling ||
         status == FlowStatus::kCanceled;
}

// "(for items + _task_active|_task_dormant + _items_…, computed over the *other* items)"
std::string_view items_suffix(const StagedTask& task, std::uint32_t item) {
  StatusCounts others = task.item_counts;
  if (item < task.items.size()) others.remove(task.items[item]);
  const std::uint32_t incomplete = static_cast<std::uint32_t>(task.items.size()) - (item < task.items.size() ? 1 : 0) -
                                   others.in(kCompletedStatuses);
  if (others.in(kActiveStatuses) != 0) {
    return incomplete != 0 ? "_task_active_items_incomplete" : "_task_active_items_completed";
  }
  if (others.of(FlowStatus::kPending) + others.of(FlowStatus::kPaused) != 0) return "_task_dormant_items_paused";
  if (others.of(FlowStatus::kCanceled) != 0) return "_task_dormant_items_canceled";
  if (others.in(kAbendedStatuses) != 0) return "_task_dormant_items_failed";
  return incomplete != 0 ? "_task_dormant_items_incomplete" : "_task_dormant_items_completed";
}

bool depends_on_items(FlowStatus status) {
  return status == FlowStatus::kResuming || status == FlowStatus::kPending || status == FlowStatus::kPaused ||
         is_completed(status);
}

}  // namespace

Status Conductor::Impl::step_task(std::uint32_t index, const TaskEvent& event) {
  const FlowRun& run = state.runs()[index];
  std::string name(event.command);
  if (event.kind != TaskEvent::Kind::kCommand) {
    name = "action_" + std::string(to_string(event.status));
    if (!is_action_event(event.status)) return invalid_event(name);
  }
  if (event.kind == TaskEvent::Kind::kItem && depends_on_items(event.status)) {
    const std::optional<StagedRef> staged = find_staged(run.node, run.route);
    if (!staged || !staged->task->has_items) {
      return Error(Code::kConflict, "TypeError: task \"" + graph().node(run.node).name + "\" has no items running");
    }
    name += items_suffix(*staged->task, event.item);
  }
  if (!task_takes_events(run.status)) {
    return Error(Code::kConflict, "InvalidTaskStatusTransition: Unable to process event \"" + name +
                                      "\" for task in \"" + std::string(to_string(run.status)) + "\" status.");
  }
  const std::optional<FlowStatus> next = next_status(FlowMachine::kTask, run.status, name);
  if (next && *next != run.status) commit({.kind = DeltaKind::kRunStatus, .status = *next, .run = index});
  return {};
}

Status Conductor::Impl::step_task_for_workflow(std::uint32_t index, FlowStatus requested) {
  const FlowRun& run = state.runs()[index];
  std::string name = "workflow_" + std::string(to_string(requested));
  const std::optional<StagedRef> staged = find_staged(run.node, run.route);
  if (staged && staged->task->has_items) {
    const StagedTask& task = *staged->task;
    name += task.item_counts.in(kActiveStatuses) != 0 ? "_task_active" : "_task_dormant";
    name += task.item_counts.in(kCompletedStatuses) < task.items.size() ? "_items_incomplete" : "_items_completed";
  }
  const std::optional<FlowStatus> next = next_status(FlowMachine::kTask, run.status, name);
  if (next && *next != run.status) commit({.kind = DeltaKind::kRunStatus, .status = *next, .run = index});
  return {};
}

Status Conductor::Impl::step_workflow(FlowStatus requested) {
  std::string name = "workflow_" + std::string(to_string(requested));
  if (!is_workflow_event(requested)) return invalid_event(name);
  const bool active = !state.active_runs().empty();
  if (is_pause_or_cancel(requested)) name += active ? "_workflow_active" : "_workflow_dormant";
  const bool resumes = requested == FlowStatus::kRunning || requested == FlowStatus::kResuming;
  const bool paused = state.run_counts().of(FlowStatus::kPaused) + state.run_counts().of(FlowStatus::kPending) != 0;
  if (state.status() == FlowStatus::kPaused && resumes && !active && state.offerable().empty() && !paused) {
    name += "_workflow_completed";
  }
  const std::optional<FlowStatus> next = next_status(FlowMachine::kWorkflow, state.status(), name);
  if (next && *next != state.status()) commit({.kind = DeltaKind::kWorkflow, .status = *next});
  return {};
}

Status Conductor::Impl::step_workflow_for_task(std::uint32_t index) {
  const FlowStatus status = state.runs()[index].status;
  const bool leads = leads_on(index);
  const bool remediated = is_abended(status) && (leads || leads_to_barrier(index));
  std::string name = remediated ? "task_remediated" : "task_" + std::string(to_string(status));
  if (!remediated && !is_task_event(status)) return invalid_event(name);

  const StatusCounts& counts = state.run_counts();
  const bool ended = remediated || status == FlowStatus::kSucceeded;
  if (ended || status == FlowStatus::kPending || status == FlowStatus::kPaused || status == FlowStatus::kFailed ||
      status == FlowStatus::kCanceled || status == FlowStatus::kRetrying) {
    name += state.active_runs().empty() ? "_workflow_dormant" : "_workflow_active";
  }
  if (ended) {
    if (counts.of(FlowStatus::kCanceling) + counts.of(FlowStatus::kCanceled) != 0) {
      name += "_canceled";
    } else if (counts.of(FlowStatus::kPausing) + counts.of(FlowStatus::kPaused) + counts.of(FlowStatus::kPending) !=
               0) {
      name += "_paused";
    } else {
      name += !state.offerable().empty() || leads ? "_incomplete" : "_completed";
    }
  }
  const std::optional<FlowStatus> next = next_status(FlowMachine::kWorkflow, state.status(), name);
  if (!next) return {};
  if (*next != state.status()) commit({.kind = DeltaKind::kWorkflow, .status = *next});
  if (is_completed(state.status())) fail_unreachable_joins();
  return {};
}

Conductor::Impl::Inbound Conductor::Impl::inbound(NodeIndex index, std::uint32_t route) const {
  const GraphNode& node = graph().node(index);
  const FlowState::Inbound arrived = state.inbound(index, route);
  if (arrived.satisfied >= node.requirement()) return Inbound::kSatisfied;
  const bool open = arrived.present < node.sources && (!state.active_runs().empty() || !state.offerable().empty());
  return open ? Inbound::kOpen : Inbound::kNotSatisfied;
}

// Whether something other than `continue` follows a completed run.
bool Conductor::Impl::leads_on(std::uint32_t index) const {
  const FlowRun& run = state.runs()[index];
  if (!is_completed(run.status)) return false;
  for (const auto& [edge, fired] : run.next) {
    const NodeIndex target = graph().edge(edge).to;
    if (!fired || graph().node(target).command == EngineCommand::kContinue) continue;
    if (graph().node(target).barrier && inbound(target, run.route) == Inbound::kNotSatisfied) continue;
    return true;
  }
  return false;
}

bool Conductor::Impl::leads_to_barrier(std::uint32_t index) const {
  for (const auto& [edge, fired] : state.runs()[index].next) {
    if (fired && graph().node(graph().edge(edge).to).barrier) return true;
  }
  return false;
}

void Conductor::Impl::fail_unreachable_joins() {
  std::vector<std::pair<NodeIndex, std::uint32_t>> unreachable;
  for (const auto& [index, task] : state.staged()) {
    const GraphNode& node = graph().node(task.node);
    if (!node.barrier || *node.barrier == 0 || task.ready) continue;
    if (inbound(task.node, task.route) == Inbound::kNotSatisfied) unreachable.emplace_back(task.node, task.route);
  }
  if (unreachable.empty()) return;
  if (state.status() != FlowStatus::kFailed) commit({.kind = DeltaKind::kWorkflow, .status = FlowStatus::kFailed});
  for (const auto& [node, route] : unreachable) {
    const std::string& name = graph().node(node).name;
    log_error("UnreachableJoinError: The join task|route \"" + name + "|" + std::to_string(route) +
                  "\" is partially satisfied but unreachable.",
              {.task = name, .route = route});
  }
}

}  // namespace midwatch
