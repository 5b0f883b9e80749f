// workflow/conductor_rerun.cc — spec 5.11: runs tasks of a completed workflow again.
#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "workflow/conductor_impl.h"

namespace midwatch {

// The run itself and those that followed directly from any run of its task on its route.
std::vector<std::uint32_t> Conductor::Impl::followers(std::uint32_t index) const {
  const FlowRun& run = state.runs()[index];
  std::vector<std::uint32_t> found{index};
  for (std::uint32_t i = 0; i < state.runs().size(); ++i) {
    if (state.runs()[i].previous == nullptr) continue;
    const bool follows = std::ranges::any_of(*state.runs()[i].previous, [&](const auto& source) {
      const FlowRun& previous = state.runs()[source.second];
      return previous.node == run.node && previous.route == run.route;
    });
    if (follows) found.push_back(i);
  }
  return found;
}

Status Conductor::Impl::rerun(std::span<const RerunRequest> requests) {
  if (!is_completed(state.status())) {
    return Error(
        Code::kConflict,
        "WorkflowIsActiveAndNotRerunableError: Unable to rerun workflow because it is not in a completed state.");
  }
  std::vector<std::pair<std::uint32_t, bool>> candidates;  // run, reset its items
  std::string unknown;
  for (const RerunRequest& request : requests) {
    const std::optional<NodeIndex> node = graph().find(request.task);
    const std::optional<std::uint32_t> run = node ? state.current_run(*node, request.route) : std::nullopt;
    if (!run) {
      unknown += (unknown.empty() ? "" : ", ") + request.task + "|" + std::to_string(request.route);
      continue;
    }
    const auto same = std::ranges::find(candidates, *run, &std::pair<std::uint32_t, bool>::first);
    if (same == candidates.end()) candidates.emplace_back(*run, request.reset_items);
    else same->second = request.reset_items;
  }
  if (!unknown.empty()) {
    return Error(
        Code::kInvalid,
        "InvalidTaskRerunRequest: Unable to rerun task|route(s) because it doesn't exist or isn't rerunnable: " +
            unknown);
  }
  if (candidates.empty()) {
    // "With no explicit tasks at conductor level: all terminal abended tasks."
    std::map<std::pair<NodeIndex, std::uint32_t>, std::size_t> place;
    for (const std::uint32_t run : state.end_runs()) {
      const FlowRun& entry = state.runs()[run];
      if (!is_abended(entry.status)) continue;
      const auto [known, is_new] = place.try_emplace({entry.node, entry.route}, candidates.size());
      if (is_new) candidates.emplace_back(run, false);
      else candidates[known->second].first = run;
    }
  } else if (candidates.size() > 1) {
    // "requested tasks that are downstream of another requested task are dropped"
    std::vector<std::set<std::uint32_t>> reach;
    for (const auto& [run, reset] : candidates) {
      const std::vector<std::uint32_t> runs = followers(run);
      reach.emplace_back(runs.begin(), runs.end());
    }
    std::vector<std::pair<std::uint32_t, bool>> kept;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const bool apart = std::ranges::any_of(
          reach, [&](const std::set<std::uint32_t>& other) { return !std::ranges::includes(other, reach[i]); });
      if (apart) kept.push_back(candidates[i]);
    }
    candidates = std::move(kept);
  }
  std::vector<Value> record;
  for (const auto& [run, reset] : candidates) record.emplace_back(run);
  commit({.kind = DeltaKind::kReruns, .value = Value::array(std::move(record))});

  std::ranges::sort(candidates, {}, [&](const auto& candidate) {
    const FlowRun& run = state.runs()[candidate.first];
    return std::pair<std::string_view, std::uint32_t>(graph().node(run.node).name, run.route);
  });
  for (const auto& [run, reset] : candidates) MW_CHECK(rerun_task(run, reset));

  // Ends from which something follows are no ends any more.
  const std::vector<std::uint32_t> ends(state.end_runs().begin(), state.end_runs().end());
  for (const std::uint32_t run : ends) {
    const bool goes_on = std::ranges::any_of(state.runs()[run].next, [](const auto& taken) { return taken.second; });
    if (goes_on) commit({.kind = DeltaKind::kRunEnd, .flag = false, .run = run});
  }
  if (!state.output().is_null()) commit({.kind = DeltaKind::kOutput});
  commit({.kind = DeltaKind::kWorkflow, .status = FlowStatus::kResuming});
  return {};
}

Status Conductor::Impl::rerun_task(std::uint32_t requested, bool reset_items) {
  const NodeIndex node = state.runs()[requested].node;
  const std::uint32_t route = state.runs()[requested].route;
  const std::uint32_t index = *state.current_run(node, route);
  const auto no_end = [&](std::uint32_t run) {
    if (state.runs()[run].end) commit({.kind = DeltaKind::kRunEnd, .flag = false, .run = run});
  };
  no_end(index);
  const std::optional<StagedRef> staged = find_staged(node, route);
  if (staged && staged->task->held) commit({.kind = DeltaKind::kHold, .flag = false, .staged = staged->index});
  commit({.kind = DeltaKind::kForget, .node = node});
  const TaskSpec* const spec = graph().node(node).spec;
  if (spec != nullptr && spec->with) {
    if (!staged) {
      return Error(Code::kConflict, "AttributeError: task \"" + graph().node(node).name +
                                        "\" has no items to run again: they all succeeded");
    }
    rendered_items.erase(staged->index);
    for (std::uint32_t item = 0; item < staged->task->items.size(); ++item) {
      const FlowStatus status = staged->task->items[item];
      if (status == FlowStatus::kUnset || (!reset_items && !is_abended(status))) continue;
      commit({.kind = DeltaKind::kItem, .status = FlowStatus::kUnset, .staged = staged->index, .item = item});
    }
  } else {
    MW_TRY(Value retry, retry_for_run(graph().node(node), state.runs()[index].path));
    commit({.kind = DeltaKind::kRunAgain, .run = index, .value = std::move(retry)});
    commit({.kind = DeltaKind::kStageAgain, .run = index});
  }
  for (const std::uint32_t follower : followers(*state.current_run(node, route))) no_end(follower);
  return {};
}

}  // namespace midwatch
