// workflow/flow_state.h — the state of one workflow and the only way to change it: apply(delta).
//
// What a task sees is a *path* through the contexts: the root context (parent context, inputs, vars), then
// what each transition on the way published. Orquesta keeps the paths as lists that double at each fork and
// join; here a path is its predecessor plus one step, and what it merges to is cached while a staged or
// unfinished task needs it. merged() gives the same variables as Orquesta's lists.
//
// Orquesta merges contexts in place: a mapping that a later context adds to is changed in the earlier context
// too, for everybody (tests/conformance/orquesta, `aliasing`). Workflows depend on the results, so a path is
// prepared (kPrepare, flow_merge.cc) before a task sees it, which does the same to contexts_.
//
// Everything that a decision asks (how many tasks are active, which staged tasks can be offered, how many
// branches arrived at a join) is counted while deltas are applied, so that asking is O(1).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "value/value.h"
#include "workflow/delta.h"
#include "workflow/graph.h"
#include "workflow/status.h"

namespace midwatch {

// Where a task was reached from: transition → run of its source.
using PreviousRuns = std::map<EdgeIndex, std::uint32_t>;

struct FlowRun {
  NodeIndex node = 0;
  std::uint32_t route = 0;
  std::uint32_t path = 0;
  std::shared_ptr<PreviousRuns> previous{};                  // never changed once a run has it
  std::vector<std::pair<EdgeIndex, bool>> next{};            // transitions evaluated so far
  std::optional<std::pair<EdgeIndex, std::uint32_t>> out{};  // the last transition that published, and its context
  FlowStatus status = FlowStatus::kUnset;
  bool end = false;
  Value retry{};  // {"when", "count", "delay"?} with count and delay evaluated; null when the task has none
  std::uint32_t tally = 0;

  // nullopt while the transition was not evaluated.
  [[nodiscard]] bool fired(EdgeIndex edge) const;
};

struct StagedTask {
  NodeIndex node = 0;
  std::uint32_t route = 0;
  std::uint32_t path = 0;
  std::shared_ptr<PreviousRuns> previous{};
  bool ready = false;
  bool held = false;
  bool run_on_fail = false;
  std::uint32_t retry_of = kNoIndex;  // the run that is tried again
  bool has_items = false;
  std::vector<FlowStatus> items{};
  StatusCounts item_counts{};
  std::uint32_t version = 0;  // changes with each arrival: what was rendered before is void
};

class FlowState {
 public:
  explicit FlowState(const Graph& graph);

  // kInvalid when an index of the delta does not exist. apply() relies on it.
  [[nodiscard]] Status check(const Delta& delta) const;
  void apply(const Delta& delta);

  [[nodiscard]] FlowStatus status() const { return status_; }
  [[nodiscard]] const Value& output() const { return output_; }
  [[nodiscard]] const std::vector<Value>& errors() const { return errors_; }
  [[nodiscard]] bool has_error(const Value& entry) const;
  [[nodiscard]] const std::vector<Value>& contexts() const { return contexts_; }
  [[nodiscard]] const std::vector<Value>& reruns() const { return reruns_; }

  [[nodiscard]] const std::vector<FlowRun>& runs() const { return runs_; }
  // The latest run of a task on a route.
  [[nodiscard]] std::optional<std::uint32_t> current_run(NodeIndex node, std::uint32_t route) const;
  [[nodiscard]] bool is_current(std::uint32_t run) const;
  [[nodiscard]] const StatusCounts& run_counts() const { return run_counts_; }  // of the latest runs
  [[nodiscard]] const std::set<std::uint32_t>& active_runs() const { return active_runs_; }
  [[nodiscard]] const std::set<std::uint32_t>& end_runs() const { return end_runs_; }

  [[nodiscard]] const std::map<std::uint32_t, StagedTask>& staged() const { return staged_; }
  // The first staged entry of a task on a route; null where there is none.
  [[nodiscard]] const StagedTask* find_staged(NodeIndex node, std::uint32_t route, std::uint32_t* index) const;
  [[nodiscard]] const std::set<std::uint32_t>& offerable() const { return offerable_; }  // ready and not held

  // How many distinct sources of a barrier ran on a route, and from how many of them a transition fired.
  struct Inbound {
    std::uint32_t present = 0;
    std::uint32_t satisfied = 0;
  };
  [[nodiscard]] Inbound inbound(NodeIndex barrier, std::uint32_t route) const;

  [[nodiscard]] std::size_t route_count() const { return routes_.size(); }
  // "source__tN" of the split transitions taken, first to last.
  [[nodiscard]] std::vector<std::string_view> route_details(std::uint32_t route) const;

  [[nodiscard]] std::size_t path_count() const { return paths_.size(); }
  // The variables at the end of a path. Computed once and kept while the path is in use.
  [[nodiscard]] const Value& merged(std::uint32_t path) const { return merged_entry(path).variables; }
  // Whether the path must be prepared before merged() is what Orquesta's task would see.
  [[nodiscard]] bool unprepared(std::uint32_t path) const;
  // The same of the contexts of all ends.
  [[nodiscard]] bool unprepared_end() const;
  // The same without the root context, merged from nothing.
  [[nodiscard]] Value merged_without_root(std::uint32_t path) const;
  // Drops what merged() keeps, if nothing staged or unfinished uses the path.
  void release(std::uint32_t path) const;
  // The list that Orquesta keeps, at most `limit` long.
  [[nodiscard]] std::vector<std::uint32_t> context_list(std::uint32_t path, std::size_t limit) const;

 private:
  struct Path {
    std::uint32_t before = kNoIndex;
    std::uint32_t context = kNoIndex;  // this one is added, or
    std::uint32_t joined = kNoIndex;   // what this path adds to the root
    std::uint32_t users = 0;
  };
  struct Merged {
    Value variables;
    std::uint64_t epoch = 0;                        // of contexts_ when it was merged
    bool nested = false;                            // a mapping was laid over a mapping on the way
    bool prepared = false;                          // and contexts_ know
    bool one_step = false;                          // from a predecessor that was prepared
    std::vector<std::string> clashes{};             // of that step: mappings over mappings
    std::map<std::string, std::uint32_t> owners{};  // the context whose mapping such a variable is
  };
  struct Route {
    std::uint32_t before = kNoIndex;
    EdgeIndex edge = 0;
  };
  static std::uint64_t key(NodeIndex node, std::uint32_t route) {
    return (static_cast<std::uint64_t>(node) << 32) | route;
  }

  void apply_stage(const Delta& delta);
  void apply_item(const Delta& delta);
  void apply_run(FlowRun run);
  void apply_run_status(FlowRun& run, std::uint32_t index, FlowStatus status);
  void apply_run_next(FlowRun& run, EdgeIndex edge, bool fired);
  void stage(StagedTask task);
  void unstage(std::uint32_t index);
  void refresh_offerable(std::uint32_t index, const StagedTask& task);
  void forget_errors(std::string_view task);
  [[nodiscard]] const Merged& merged_entry(std::uint32_t path) const;
  void lay_step(std::uint32_t path, ObjectBuilder& variables, Merged& entry, bool one_step) const;
  void prepare(std::uint32_t path);
  bool prepare_step(Merged& entry);
  void prepare_end();
  void set_in_context(std::uint32_t context, std::string_view name, Value value);
  [[nodiscard]] std::vector<std::uint32_t> ordered_contexts(std::uint32_t path) const;
  [[nodiscard]] std::vector<std::uint32_t> distinct_contexts(std::uint32_t path) const;

  const Graph* graph_;
  FlowStatus status_ = FlowStatus::kUnset;
  std::vector<Value> contexts_;
  std::vector<Path> paths_;
  std::vector<Route> routes_;
  std::vector<FlowRun> runs_;
  std::map<std::uint32_t, StagedTask> staged_;
  std::uint32_t staged_next_ = 0;
  Value output_;
  std::vector<Value> errors_;
  std::vector<Value> reruns_;

  // Follows from the above.
  std::unordered_map<std::uint64_t, std::uint32_t> current_;
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> staged_by_key_;
  std::set<std::uint32_t> offerable_;
  StatusCounts run_counts_;
  std::set<std::uint32_t> active_runs_;
  std::set<std::uint32_t> end_runs_;
  std::unordered_map<std::uint64_t, Inbound> inbound_;
  std::unordered_multimap<std::uint64_t, std::size_t> error_index_;
  std::uint64_t epoch_ = 0;  // how often a context changed after it was made
  mutable std::unordered_map<std::uint32_t, Merged> merged_;
};

}  // namespace midwatch
