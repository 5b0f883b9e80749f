// workflow/flow_view.cc — the state in the reference's form (spec 5.4): lists, names and keys instead of indexes.
#include <string>

#include "workflow/conductor_impl.h"

namespace midwatch {
namespace {

// Lists of contexts double at each fork and join in this form: longer ones are cut.
constexpr std::size_t kContextListMax = 100'000;

Value indexes(const std::vector<std::uint32_t>& list) {
  std::vector<Value> values(list.begin(), list.end());
  return Value::array(std::move(values));
}

Value previous_runs(const Graph& graph, const PreviousRuns* previous) {
  ObjectBuilder result;
  if (previous != nullptr) {
    for (const auto& [edge, run] : *previous) result.set(graph.edge(edge).back, Value(run));
  }
  return std::move(result).build();
}

Value retry_with_tally(const FlowRun& run) { return with_member(run.retry, "tally", Value(run.tally)); }

Value run_entry(const Graph& graph, const FlowState& state, const FlowRun& run) {
  ObjectBuilder contexts;
  contexts.set("in", indexes(state.context_list(run.path, kContextListMax)));
  if (run.out) {
    contexts.set("out", Value::object({{graph.edge(run.out->first).id, Value(run.out->second)}}));
  }
  ObjectBuilder next;
  for (const auto& [edge, fired] : run.next) next.set(graph.edge(edge).id, Value(fired));
  ObjectBuilder entry;
  entry.set("id", Value(graph.node(run.node).name)).set("route", Value(run.route));
  entry.set("ctxs", std::move(contexts).build());
  entry.set("prev", previous_runs(graph, run.previous.get())).set("next", std::move(next).build());
  if (run.status != FlowStatus::kUnset) entry.set("status", Value(to_string(run.status)));
  if (run.end) entry.set("term", Value(true));
  if (!run.retry.is_null()) entry.set("retry", retry_with_tally(run));
  return std::move(entry).build();
}

Value staged_entry(const Graph& graph, const FlowState& state, const StagedTask& task) {
  ObjectBuilder entry;
  entry.set("id", Value(graph.node(task.node).name)).set("route", Value(task.route));
  entry.set("ctxs", Value::object({{"in", indexes(state.context_list(task.path, kContextListMax))}}));
  entry.set("prev", previous_runs(graph, task.previous.get())).set("ready", Value(task.ready));
  if (task.has_items) {
    std::vector<Value> items;
    for (const FlowStatus status : task.items) items.push_back(Value::object({{"status", Value(to_string(status))}}));
    entry.set("items", Value::array(std::move(items)));
  }
  if (task.held) entry.set("completed", Value(true));
  if (task.run_on_fail) entry.set("run_on_fail", Value(true));
  if (task.retry_of != kNoIndex) entry.set("retry", retry_with_tally(state.runs()[task.retry_of]));
  return std::move(entry).build();
}

}  // namespace

Value Conductor::state() const {
  const FlowState& flow = impl_->state;
  const Graph& graph = impl_->graph();
  const bool begun = !flow.contexts().empty();
  std::vector<Value> routes;
  for (std::uint32_t route = 0; begun && route < flow.route_count(); ++route) {
    std::vector<Value> details;
    for (const std::string_view transition : flow.route_details(route)) details.emplace_back(transition);
    routes.push_back(Value::array(std::move(details)));
  }
  std::vector<Value> sequence;
  ObjectBuilder tasks;
  for (const FlowRun& run : flow.runs()) {
    tasks.set(graph.node(run.node).name + "__r" + std::to_string(run.route), Value(sequence.size()));
    sequence.push_back(run_entry(graph, flow, run));
  }
  std::vector<Value> staged;
  for (const auto& [index, task] : flow.staged()) staged.push_back(staged_entry(graph, flow, task));
  ObjectBuilder state;
  state.set("contexts", Value::array(flow.contexts())).set("routes", Value::array(std::move(routes)));
  state.set("sequence", Value::array(std::move(sequence))).set("staged", Value::array(std::move(staged)));
  state.set("status", Value(to_string(flow.status()))).set("tasks", std::move(tasks).build());
  if (!flow.reruns().empty()) state.set("reruns", Value::array(flow.reruns()));
  return std::move(state).build();
}

}  // namespace midwatch
