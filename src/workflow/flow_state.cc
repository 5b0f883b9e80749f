#include "workflow/flow_state.h"

#include <algorithm>
#include <string>

#include "workflow/conductor.h"

namespace midwatch {

bool FlowRun::fired(EdgeIndex edge) const {
  return std::ranges::any_of(next, [&](const auto& taken) { return taken.first == edge && taken.second; });
}

FlowState::FlowState(const Graph& graph) : graph_(&graph) {
  // Path 0 is the root context alone; route 0 is no split.
  paths_.push_back({kNoIndex, 0, kNoIndex, 1});
  routes_.push_back({});
}

Status FlowState::check(const Delta& delta) const {
  const auto within = [&](std::uint32_t index, std::size_t size) { return index < size; };
  bool good = true;
  switch (delta.kind) {
    case DeltaKind::kExtendPath:
      good = within(delta.path, paths_.size()) && within(delta.context, contexts_.size());
      break;
    case DeltaKind::kJoinPath: good = within(delta.path, paths_.size()) && within(delta.other, paths_.size()); break;
    case DeltaKind::kPrepare: good = within(delta.path, paths_.size()) && !contexts_.empty(); break;
    case DeltaKind::kRoute:
      good = within(delta.route, routes_.size()) && within(delta.edge, graph_->edge_count());
      break;
    case DeltaKind::kStart: good = !contexts_.empty(); break;
    case DeltaKind::kStage:
      good = within(delta.route, routes_.size()) && within(delta.path, paths_.size()) &&
             within(delta.edge, graph_->edge_count()) && within(delta.run, runs_.size());
      break;
    case DeltaKind::kArrive:
      good = staged_.contains(delta.staged) && within(delta.path, paths_.size()) &&
             within(delta.edge, graph_->edge_count()) && within(delta.run, runs_.size());
      break;
    case DeltaKind::kUnstage:
    case DeltaKind::kRunOnFail:
    case DeltaKind::kHold:
    case DeltaKind::kRun: good = staged_.contains(delta.staged); break;
    case DeltaKind::kItems: good = staged_.contains(delta.staged) && delta.count <= kWorkflowItemsMax; break;
    case DeltaKind::kItem: {
      const auto found = staged_.find(delta.staged);
      good = found != staged_.end() && within(delta.item, found->second.items.size());
      break;
    }
    case DeltaKind::kStageAgain:
    case DeltaKind::kRunAgain:
    case DeltaKind::kRunStatus:
    case DeltaKind::kRunEnd:
    case DeltaKind::kRetried: good = within(delta.run, runs_.size()); break;
    case DeltaKind::kRunNext: good = within(delta.run, runs_.size()) && within(delta.edge, graph_->edge_count()); break;
    case DeltaKind::kRunOut:
      good = within(delta.run, runs_.size()) && within(delta.edge, graph_->edge_count()) &&
             within(delta.context, contexts_.size());
      break;
    case DeltaKind::kContext: good = delta.value.is_object(); break;
    case DeltaKind::kError: good = delta.value.is_object(); break;
    case DeltaKind::kReruns: good = delta.value.is_array(); break;
    case DeltaKind::kWorkflow:
    case DeltaKind::kForget:
    case DeltaKind::kPrepareEnd:
    case DeltaKind::kOutput: break;
  }
  if (good) return {};
  return Error(Code::kInvalid,
               "a workflow delta does not fit the state before it: " + delta.to_value(*graph_).elements()[0].to_text());
}

void FlowState::apply(const Delta& delta) {
  switch (delta.kind) {
    case DeltaKind::kContext: contexts_.push_back(delta.value); break;
    case DeltaKind::kExtendPath: paths_.push_back({delta.path, delta.context, kNoIndex, 0}); break;
    case DeltaKind::kJoinPath: paths_.push_back({delta.path, kNoIndex, delta.other, 0}); break;
    case DeltaKind::kRoute: routes_.push_back({delta.route, delta.edge}); break;
    case DeltaKind::kStart:
    case DeltaKind::kStage:
    case DeltaKind::kStageAgain:
    case DeltaKind::kArrive:
    case DeltaKind::kUnstage:
    case DeltaKind::kRunOnFail:
    case DeltaKind::kHold: apply_stage(delta); break;
    case DeltaKind::kItems:
    case DeltaKind::kItem: apply_item(delta); break;
    case DeltaKind::kRun: {
      const StagedTask& task = staged_.at(delta.staged);
      FlowRun run{.node = task.node, .route = task.route, .path = task.path, .previous = task.previous};
      run.retry = delta.value;
      apply_run(std::move(run));
      break;
    }
    case DeltaKind::kRunAgain: {
      const FlowRun& before = runs_[delta.run];
      FlowRun run{.node = before.node, .route = before.route, .path = before.path, .previous = before.previous};
      run.retry = delta.value;
      apply_run(std::move(run));
      break;
    }
    case DeltaKind::kRunStatus: apply_run_status(runs_[delta.run], delta.run, delta.status); break;
    case DeltaKind::kRunNext: apply_run_next(runs_[delta.run], delta.edge, delta.flag); break;
    case DeltaKind::kRunOut: runs_[delta.run].out = {delta.edge, delta.context}; break;
    case DeltaKind::kRunEnd:
      runs_[delta.run].end = delta.flag;
      if (delta.flag) end_runs_.insert(delta.run);
      else end_runs_.erase(delta.run);
      break;
    case DeltaKind::kRetried: ++runs_[delta.run].tally; break;
    case DeltaKind::kWorkflow: status_ = delta.status; break;
    case DeltaKind::kError:
      error_index_.emplace(hash(delta.value), errors_.size());
      errors_.push_back(delta.value);
      break;
    case DeltaKind::kForget: forget_errors(graph_->node(delta.node).name); break;
    case DeltaKind::kOutput: output_ = delta.value; break;
    case DeltaKind::kReruns: reruns_.push_back(delta.value); break;
    case DeltaKind::kPrepare: prepare(delta.path); break;
    case DeltaKind::kPrepareEnd: prepare_end(); break;
  }
}

void FlowState::apply_stage(const Delta& delta) {
  switch (delta.kind) {
    case DeltaKind::kStart: {
      StagedTask task{.node = delta.node, .previous = std::make_shared<PreviousRuns>(), .ready = true};
      stage(std::move(task));
      return;
    }
    case DeltaKind::kStage: {
      auto previous = std::make_shared<PreviousRuns>();
      previous->emplace(delta.edge, delta.run);
      StagedTask task{.node = delta.node, .route = delta.route, .path = delta.path, .previous = std::move(previous)};
      task.ready = delta.flag;
      stage(std::move(task));
      return;
    }
    case DeltaKind::kStageAgain: {
      const FlowRun& run = runs_[delta.run];
      StagedTask task{.node = run.node, .route = run.route, .path = run.path, .previous = run.previous, .ready = true};
      if (delta.flag) task.retry_of = delta.run;
      stage(std::move(task));
      return;
    }
    case DeltaKind::kUnstage: unstage(delta.staged); return;
    default: break;
  }
  StagedTask& task = staged_.at(delta.staged);
  if (delta.kind == DeltaKind::kRunOnFail) task.run_on_fail = true;
  if (delta.kind == DeltaKind::kHold) task.held = delta.flag;
  if (delta.kind == DeltaKind::kArrive) {
    ++paths_[delta.path].users;
    --paths_[task.path].users;
    release(task.path);
    task.path = delta.path;
    if (task.previous.use_count() > 1) task.previous = std::make_shared<PreviousRuns>(*task.previous);
    (*task.previous)[delta.edge] = delta.run;
    task.has_items = false;
    task.items.clear();
    task.item_counts = {};
    task.held = false;
    task.ready = delta.flag;
    ++task.version;
  }
  refresh_offerable(delta.staged, task);
}

void FlowState::stage(StagedTask task) {
  ++paths_[task.path].users;
  const std::uint32_t index = staged_next_++;
  staged_by_key_[key(task.node, task.route)].push_back(index);
  refresh_offerable(index, task);
  staged_.emplace_hint(staged_.end(), index, std::move(task));
}

void FlowState::unstage(std::uint32_t index) {
  const auto found = staged_.find(index);
  const StagedTask& task = found->second;
  const auto by_key = staged_by_key_.find(key(task.node, task.route));
  std::erase(by_key->second, index);
  if (by_key->second.empty()) staged_by_key_.erase(by_key);
  offerable_.erase(index);
  --paths_[task.path].users;
  staged_.erase(found);
}

void FlowState::refresh_offerable(std::uint32_t index, const StagedTask& task) {
  if (task.ready && !task.held) offerable_.insert(index);
  else offerable_.erase(index);
}

void FlowState::apply_item(const Delta& delta) {
  StagedTask& task = staged_.at(delta.staged);
  if (delta.kind == DeltaKind::kItems) {
    task.has_items = true;
    task.items.assign(delta.count, FlowStatus::kUnset);
    task.item_counts = {};
    for (std::uint32_t i = 0; i < delta.count; ++i) task.item_counts.add(FlowStatus::kUnset);
    return;
  }
  task.item_counts.remove(task.items[delta.item]);
  task.items[delta.item] = delta.status;
  task.item_counts.add(delta.status);
}

void FlowState::apply_run(FlowRun run) {
  const auto index = static_cast<std::uint32_t>(runs_.size());
  const GraphNode& node = graph_->node(run.node);
  ++paths_[run.path].users;
  const auto [current, is_first] = current_.try_emplace(key(run.node, run.route), index);
  if (is_first) {
    for (const NodeIndex barrier : node.barriers_out) ++inbound_[key(barrier, run.route)].present;
  } else {
    // The earlier run no longer counts, neither as active nor as arrived at joins.
    const FlowRun& before = runs_[current->second];
    if (before.status != FlowStatus::kUnset) run_counts_.remove(before.status);
    active_runs_.erase(current->second);
    for (const NodeIndex barrier : node.barriers_out) {
      const bool arrived = std::ranges::any_of(
          before.next, [&](const auto& taken) { return taken.second && graph_->edge(taken.first).to == barrier; });
      if (arrived) --inbound_[key(barrier, run.route)].satisfied;
    }
    current->second = index;
  }
  runs_.push_back(std::move(run));
}

void FlowState::apply_run_status(FlowRun& run, std::uint32_t index, FlowStatus status) {
  if (is_completed(status) != (run.status != FlowStatus::kUnset && is_completed(run.status))) {
    if (is_completed(status)) --paths_[run.path].users;
    else ++paths_[run.path].users;
  }
  if (is_current(index)) {
    if (run.status != FlowStatus::kUnset) run_counts_.remove(run.status);
    run_counts_.add(status);
    if (is_active(status)) active_runs_.insert(index);
    else active_runs_.erase(index);
  }
  run.status = status;
}

void FlowState::apply_run_next(FlowRun& run, EdgeIndex edge, bool fired) {
  const NodeIndex target = graph_->edge(edge).to;
  const bool arrived = std::ranges::any_of(
      run.next, [&](const auto& taken) { return taken.second && graph_->edge(taken.first).to == target; });
  const auto known = std::ranges::find(run.next, edge, &std::pair<EdgeIndex, bool>::first);
  if (known != run.next.end()) known->second = fired;
  else run.next.emplace_back(edge, fired);
  const bool arrives = std::ranges::any_of(
      run.next, [&](const auto& taken) { return taken.second && graph_->edge(taken.first).to == target; });
  if (arrived == arrives || !graph_->node(target).barrier) return;
  Inbound& inbound = inbound_[key(target, run.route)];
  if (arrives) ++inbound.satisfied;
  else --inbound.satisfied;
}

void FlowState::forget_errors(std::string_view task) {
  std::erase_if(errors_, [&](const Value& entry) {
    const Value* const id = entry.find("task_id");
    return id != nullptr && id->is_string() && id->as_string() == task;
  });
  error_index_.clear();
  for (std::size_t i = 0; i < errors_.size(); ++i) error_index_.emplace(hash(errors_[i]), i);
}

bool FlowState::has_error(const Value& entry) const {
  const auto [first, last] = error_index_.equal_range(hash(entry));
  return std::any_of(first, last, [&](const auto& known) { return errors_[known.second] == entry; });
}

std::optional<std::uint32_t> FlowState::current_run(NodeIndex node, std::uint32_t route) const {
  const auto found = current_.find(key(node, route));
  if (found == current_.end()) return std::nullopt;
  return found->second;
}

bool FlowState::is_current(std::uint32_t run) const {
  const FlowRun& entry = runs_[run];
  return current_run(entry.node, entry.route) == run;
}

const StagedTask* FlowState::find_staged(NodeIndex node, std::uint32_t route, std::uint32_t* index) const {
  const auto found = staged_by_key_.find(key(node, route));
  if (found == staged_by_key_.end()) return nullptr;
  if (index != nullptr) *index = found->second.front();
  return &staged_.at(found->second.front());
}

FlowState::Inbound FlowState::inbound(NodeIndex barrier, std::uint32_t route) const {
  const auto found = inbound_.find(key(barrier, route));
  return found == inbound_.end() ? Inbound{} : found->second;
}

std::vector<std::string_view> FlowState::route_details(std::uint32_t route) const {
  std::vector<std::string_view> details;
  for (std::uint32_t at = route; routes_[at].before != kNoIndex; at = routes_[at].before) {
    details.push_back(graph_->edge(routes_[at].edge).back);
  }
  std::ranges::reverse(details);
  return details;
}

}  // namespace midwatch
