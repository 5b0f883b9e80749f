// workflow/graph.h — the tasks of a definition as nodes, their transitions as edges (spec 5.3).
//
// A node is a task that can be reached from a start task, or an engine command that one leads to. Nodes
// have small indexes, in order of name, so that state can be kept in vectors; names are for people and
// for the journal. Made once with its definition; immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "value/value.h"
#include "workflow/definition.h"

namespace midwatch {

enum class EngineCommand : std::uint8_t { kNone, kContinue, kFail, kNoop };

using NodeIndex = std::uint32_t;
using EdgeIndex = std::uint32_t;

struct GraphEdge {
  NodeIndex from = 0;
  NodeIndex to = 0;
  std::uint32_t key = 0;  // 0, 1, … among the edges of the same two nodes
  std::uint32_t ref = 0;  // index of the entry in the source's `next`
  std::string id;         // "<to>__t<key>": the transition as its source's run records it
  std::string back;       // "<from>__t<key>": the same as its target records it
};

struct GraphNode {
  std::string name;
  const TaskSpec* spec = nullptr;  // null for engine commands
  EngineCommand command = EngineCommand::kNone;
  std::optional<std::int64_t> barrier;  // join: a number, or kBarrierAll
  bool in_cycle = false;
  bool split = false;                   // entered through a new transition, it opens a new route
  std::optional<RetryPolicy> retry;     // of the task, or of a transition to `retry`
  std::vector<EdgeIndex> out;           // by target's name, then as written
  std::uint32_t sources = 0;            // distinct tasks that lead here
  std::vector<NodeIndex> barriers_out;  // distinct targets that are barriers

  static constexpr std::int64_t kBarrierAll = -1;
  // Arrivals from how many distinct tasks make it ready.
  [[nodiscard]] std::uint64_t requirement() const;
};

class Graph {
 public:
  // `undefined` gets the targets that are not tasks.
  Graph(std::span<const TaskSpec> tasks, std::vector<std::string>& undefined);

  [[nodiscard]] std::span<const GraphNode> nodes() const { return nodes_; }
  [[nodiscard]] const GraphNode& node(NodeIndex index) const { return nodes_[index]; }
  [[nodiscard]] const GraphEdge& edge(EdgeIndex index) const { return edges_[index]; }
  [[nodiscard]] std::size_t edge_count() const { return edges_.size(); }
  [[nodiscard]] std::span<const NodeIndex> roots() const { return roots_; }  // by name
  [[nodiscard]] std::optional<NodeIndex> find(std::string_view name) const;
  // The edge of `from` with this id; null where there is none.
  [[nodiscard]] const EdgeIndex* find_edge(NodeIndex from, std::string_view id) const;

  // {"roots": […], "nodes": […], "edges": […]}, for tools.
  [[nodiscard]] Value to_value() const;

 private:
  std::vector<GraphNode> nodes_;
  std::vector<GraphEdge> edges_;
  std::vector<NodeIndex> roots_;
  std::unordered_map<std::string, NodeIndex> index_by_name_;
};

// What can be said of tasks without composing a graph; also for definitions that are wrong.
class TaskReferences {
 public:
  explicit TaskReferences(std::span<const TaskSpec> tasks);

  [[nodiscard]] std::size_t count(std::string_view target) const;  // every mention in a `do` counts
  // Tasks that nothing leads to, by name.
  [[nodiscard]] const std::vector<const TaskSpec*>& start_tasks() const { return start_tasks_; }
  [[nodiscard]] bool in_cycle(std::string_view task) const;
  // No join, more than one mention.
  [[nodiscard]] bool is_split(std::string_view task) const;
  [[nodiscard]] const TaskSpec* task(std::string_view name) const;

 private:
  void find_cycles(std::span<const TaskSpec> tasks);

  std::unordered_map<std::string_view, const TaskSpec*> tasks_;
  std::unordered_map<std::string_view, std::size_t> counts_;
  std::unordered_map<std::string_view, bool> in_cycle_;
  std::vector<const TaskSpec*> start_tasks_;
};

// A task's transitions as (target, entry of `next`), sorted by target, then as written.
struct TransitionRef {
  std::string_view target;
  std::uint32_t ref;
};
[[nodiscard]] std::vector<TransitionRef> sorted_transitions(const TaskSpec& task);

}  // namespace midwatch
