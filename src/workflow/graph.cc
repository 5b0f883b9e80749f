#include "workflow/graph.h"

#include <algorithm>
#include <deque>
#include <set>
#include <tuple>
#include <utility>

namespace midwatch {
namespace {

EngineCommand command_of(std::string_view name) {
  if (name == "continue") return EngineCommand::kContinue;
  if (name == "fail") return EngineCommand::kFail;
  if (name == "noop") return EngineCommand::kNoop;
  return EngineCommand::kNone;
}

// A transition to `retry` is not an edge: it is a retry policy of its source.
RetryPolicy retry_of_transition(const TaskTransition& transition) {
  RetryPolicy policy;
  policy.when = transition.when ? *transition.when : Expression(Value("<% completed() %>"));
  policy.count = Expression(Value(3));
  policy.of_transition = true;
  return policy;
}

// The names of all nodes: start tasks and whatever they lead to.
std::set<std::string_view> reachable(const TaskReferences& references, std::vector<std::string>& undefined) {
  std::set<std::string_view> names;
  std::set<std::string_view> missing;
  std::deque<const TaskSpec*> open;
  for (const TaskSpec* start : references.start_tasks()) {
    names.insert(start->name);
    open.push_back(start);
  }
  while (!open.empty()) {
    const TaskSpec* const task = open.front();
    open.pop_front();
    for (const TaskTransition& transition : task->next) {
      for (const std::string& target : transition.targets) {
        if (target == "retry") continue;
        const TaskSpec* const next = references.task(target);
        if (next == nullptr && !is_engine_command(target)) {
          if (missing.insert(target).second) undefined.push_back(target);
          continue;
        }
        if (names.insert(target).second && next != nullptr) open.push_back(next);
      }
    }
  }
  return names;
}

}  // namespace

std::uint64_t GraphNode::requirement() const {
  if (!barrier || *barrier == 0) return 1;
  return *barrier == kBarrierAll ? sources : static_cast<std::uint64_t>(*barrier);
}

std::vector<TransitionRef> sorted_transitions(const TaskSpec& task) {
  std::vector<TransitionRef> sorted;
  for (std::uint32_t ref = 0; ref < task.next.size(); ++ref) {
    for (const std::string& target : task.next[ref].targets) sorted.push_back({target, ref});
  }
  std::ranges::sort(sorted, [](const TransitionRef& a, const TransitionRef& b) {
    return std::tie(a.target, a.ref) < std::tie(b.target, b.ref);
  });
  return sorted;
}

Graph::Graph(std::span<const TaskSpec> tasks, std::vector<std::string>& undefined) {
  const TaskReferences references(tasks);
  for (const std::string_view name : reachable(references, undefined)) {
    GraphNode node;
    node.name = name;
    node.spec = is_engine_command(name) ? nullptr : references.task(name);
    node.command = command_of(name);
    node.in_cycle = references.in_cycle(name);
    node.split = references.is_split(name) && !node.in_cycle;
    if (node.spec != nullptr) {
      if (node.spec->join_all) node.barrier = GraphNode::kBarrierAll;
      else node.barrier = node.spec->join_count;
      node.retry = node.spec->retry;
    }
    index_by_name_.emplace(node.name, static_cast<NodeIndex>(nodes_.size()));
    nodes_.push_back(std::move(node));
  }
  for (NodeIndex from = 0; from < nodes_.size(); ++from) {
    GraphNode& source = nodes_[from];
    if (source.spec == nullptr) continue;
    std::optional<TransitionRef> previous;
    std::uint32_t key = 0;
    for (const TransitionRef& transition : sorted_transitions(*source.spec)) {
      if (transition.target == "retry") {
        source.retry = retry_of_transition(source.spec->next[transition.ref]);
        continue;
      }
      const auto target = index_by_name_.find(std::string(transition.target));
      if (target == index_by_name_.end()) continue;
      const bool same_target = previous && previous->target == transition.target;
      if (same_target && previous->ref == transition.ref) continue;  // named twice in one `do`: one edge
      key = same_target ? key + 1 : 0;
      previous = transition;
      GraphNode& to = nodes_[target->second];
      const std::string suffix = "__t" + std::to_string(key);
      source.out.push_back(static_cast<EdgeIndex>(edges_.size()));
      edges_.push_back({from, target->second, key, transition.ref, to.name + suffix, source.name + suffix});
      if (same_target) continue;
      ++to.sources;
      if (to.barrier) source.barriers_out.push_back(target->second);
    }
  }
  for (const TaskSpec* start : references.start_tasks()) roots_.push_back(*find(start->name));
}

std::optional<NodeIndex> Graph::find(std::string_view name) const {
  const auto found = index_by_name_.find(std::string(name));
  if (found == index_by_name_.end()) return std::nullopt;
  return found->second;
}

const EdgeIndex* Graph::find_edge(NodeIndex from, std::string_view id) const {
  for (const EdgeIndex& edge : nodes_[from].out) {
    if (edges_[edge].id == id) return &edge;
  }
  return nullptr;
}

Value Graph::to_value() const {
  std::vector<Value> roots;
  std::vector<Value> nodes;
  std::vector<Value> edges;
  for (const NodeIndex root : roots_) roots.emplace_back(nodes_[root].name);
  for (const GraphNode& node : nodes_) {
    ObjectBuilder entry;
    entry.set("id", Value(node.name));
    if (node.barrier) {
      entry.set("barrier", *node.barrier == GraphNode::kBarrierAll ? Value("*") : Value(*node.barrier));
    }
    if (node.retry) {
      ObjectBuilder retry;
      retry.set("when", node.retry->when ? node.retry->when->source() : Value());
      retry.set("count", node.retry->count.source());
      if (!node.retry->of_transition) retry.set("delay", node.retry->delay ? node.retry->delay->source() : Value());
      entry.set("retry", std::move(retry).build());
    }
    nodes.push_back(std::move(entry).build());
    for (const EdgeIndex index : node.out) {
      const GraphEdge& edge = edges_[index];
      const TaskTransition& transition = node.spec->next[edge.ref];
      std::vector<Value> criteria;
      if (transition.when) criteria.push_back(transition.when->source());
      edges.push_back(Value::object({{"from", node.name},
                                     {"to", nodes_[edge.to].name},
                                     {"key", edge.key},
                                     {"ref", edge.ref},
                                     {"criteria", Value::array(std::move(criteria))}}));
    }
  }
  return Value::object({{"roots", Value::array(std::move(roots))},
                        {"nodes", Value::array(std::move(nodes))},
                        {"edges", Value::array(std::move(edges))}});
}

TaskReferences::TaskReferences(std::span<const TaskSpec> tasks) {
  for (const TaskSpec& task : tasks) tasks_.emplace(task.name, &task);
  for (const TaskSpec& task : tasks) {
    for (const TaskTransition& transition : task.next) {
      for (const std::string& target : transition.targets) ++counts_[target];
    }
  }
  for (const TaskSpec& task : tasks) {
    if (count(task.name) == 0) start_tasks_.push_back(&task);
  }
  std::ranges::sort(start_tasks_, {}, &TaskSpec::name);
  find_cycles(tasks);
}

std::size_t TaskReferences::count(std::string_view target) const {
  const auto found = counts_.find(target);
  return found == counts_.end() ? 0 : found->second;
}

const TaskSpec* TaskReferences::task(std::string_view name) const {
  const auto found = tasks_.find(name);
  return found == tasks_.end() ? nullptr : found->second;
}

bool TaskReferences::in_cycle(std::string_view task) const {
  const auto found = in_cycle_.find(task);
  return found != in_cycle_.end() && found->second;
}

bool TaskReferences::is_split(std::string_view task) const {
  const TaskSpec* const spec = is_engine_command(task) ? nullptr : this->task(task);
  return (spec == nullptr || !spec->is_join()) && count(task) > 1;
}

// Tarjan's strongly connected components without recursion: a task is in a cycle when its component has
// another member, or when it leads to itself.
void TaskReferences::find_cycles(std::span<const TaskSpec> tasks) {
  struct Visit {
    std::uint32_t task;
    std::size_t next = 0;
  };
  constexpr std::uint32_t kUnseen = 0xffffffffu;
  std::vector<std::vector<std::uint32_t>> out(tasks.size());
  for (std::uint32_t i = 0; i < tasks.size(); ++i) {
    for (const TransitionRef& transition : sorted_transitions(tasks[i])) {
      const TaskSpec* const target = task(transition.target);
      if (target == nullptr) continue;
      const auto to = static_cast<std::uint32_t>(target - tasks.data());
      if (out[i].empty() || out[i].back() != to) out[i].push_back(to);
      if (to == i) in_cycle_[tasks[i].name] = true;
    }
  }
  std::vector<std::uint32_t> order(tasks.size(), kUnseen);
  std::vector<std::uint32_t> low(tasks.size(), 0);
  std::vector<bool> open(tasks.size(), false);
  std::vector<std::uint32_t> stack;
  std::uint32_t seen = 0;
  for (std::uint32_t start = 0; start < tasks.size(); ++start) {
    if (order[start] != kUnseen) continue;
    std::vector<Visit> visits{{start}};
    while (!visits.empty()) {
      Visit& visit = visits.back();
      const std::uint32_t task = visit.task;
      if (visit.next == 0 && order[task] == kUnseen) {
        order[task] = low[task] = seen++;
        stack.push_back(task);
        open[task] = true;
      }
      if (visit.next < out[task].size()) {
        const std::uint32_t to = out[task][visit.next++];
        if (order[to] == kUnseen) visits.push_back({to});
        else if (open[to]) low[task] = std::min(low[task], order[to]);
        continue;
      }
      visits.pop_back();
      if (!visits.empty()) low[visits.back().task] = std::min(low[visits.back().task], low[task]);
      if (low[task] != order[task]) continue;
      const bool several = stack.back() != task;
      std::uint32_t member = kUnseen;
      do {
        member = stack.back();
        stack.pop_back();
        open[member] = false;
        if (several) in_cycle_[tasks[member].name] = true;
      } while (member != task);
    }
  }
}

}  // namespace midwatch
