// Pure conducting: task transitions a second, journal included, for workflows of 100, 1,000 and 10,000
// sequential tasks. The aim: 300,000 a second, and the same for each length. The reference does 558 a second
// for 100 tasks and 42 for 1,000 (tests/conformance/orquesta/reference_speed.json).
//
// Sequential: no expressions. Published: each transition publishes a number that the next task reads.
// Items: one task with so many items, eight at a time; the time an item takes must not grow with their number.
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "workflow/conductor.h"

namespace midwatch {
namespace {

std::shared_ptr<const Definition> parsed(const std::string& text) {
  auto definition = Definition::parse(text, "bench.yaml");
  if (!definition) std::abort();
  return *definition;
}

std::shared_ptr<const Definition> chain(std::int64_t tasks, bool publishes) {
  std::string text = "vars:\n  - n: 0\ntasks:\n";
  for (std::int64_t i = 0; i < tasks; ++i) {
    text += "  t" + std::to_string(i) + ":\n    action: core.noop\n";
    if (publishes) text += "    input: {n: \"<% ctx(n) %>\"}\n";
    if (i + 1 == tasks) break;
    text += "    next:\n      - do: t" + std::to_string(i + 1) + "\n";
    if (publishes) text += "        when: <% succeeded() %>\n        publish: n=<% ctx(n) + 1 %>\n";
  }
  return parsed(text);
}

void run_to_end(benchmark::State& state, const std::shared_ptr<const Definition>& definition) {
  Conductor conductor = std::move(*Conductor::create(definition));
  if (!conductor.request_status(FlowStatus::kRunning)) std::abort();
  while (true) {
    const std::vector<OfferedTask> offered = conductor.next_tasks();
    if (offered.empty()) break;
    for (const OfferedTask& task : offered) {
      if (!conductor.on_task(task.id, task.route, FlowStatus::kRunning)) std::abort();
      if (!conductor.on_task(task.id, task.route, FlowStatus::kSucceeded)) std::abort();
    }
    benchmark::DoNotOptimize(conductor.take_deltas().size());
  }
  if (conductor.status() != FlowStatus::kSucceeded) state.SkipWithError("the workflow did not succeed");
}

void sequential(benchmark::State& state) {
  const auto definition = chain(state.range(0), false);
  for (auto _ : state) run_to_end(state, definition);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(sequential)->Name("Sequential")->Arg(100)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

void published(benchmark::State& state) {
  const auto definition = chain(state.range(0), true);
  for (auto _ : state) run_to_end(state, definition);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(published)->Name("Published")->Arg(100)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

// The same work as Published, but in two tasks that go round: what the length of the history costs, without
// what it costs to touch ten thousand different tasks and their expressions for the first time.
void looped(benchmark::State& state) {
  const auto definition = parsed(
      "vars:\n  - n: 0\ntasks:\n  start:\n    next: [{do: a}]\n"
      "  a:\n    action: core.noop\n    input: {n: \"<% ctx(n) %>\"}\n    next:\n"
      "      - when: <% succeeded() %>\n        publish: n=<% ctx(n) + 1 %>\n        do: b\n"
      "  b:\n    action: core.noop\n    next:\n      - when: <% ctx(n) < " +
      std::to_string(state.range(0) / 2) + " %>\n        do: a\n");
  for (auto _ : state) run_to_end(state, definition);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(looped)->Name("Looped")->Arg(100)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

void items(benchmark::State& state) {
  const auto definition = parsed(
      "input: [xs]\ntasks:\n  each:\n    with: {items: \"<% ctx(xs) %>\", concurrency: 8}\n    action: core.noop\n");
  const Value xs = Value::array(std::vector<Value>(static_cast<std::size_t>(state.range(0)), Value(1)));
  for (auto _ : state) {
    Conductor conductor = std::move(*Conductor::create(definition, Value::object({{"xs", xs}})));
    if (!conductor.request_status(FlowStatus::kRunning)) std::abort();
    while (!is_completed(conductor.status())) {
      for (const OfferedTask& task : conductor.next_tasks()) {
        for (const OfferedAction& action : task.actions) {
          if (!conductor.on_item("each", 0, *action.item, FlowStatus::kRunning)) std::abort();
          if (!conductor.on_item("each", 0, *action.item, FlowStatus::kSucceeded)) std::abort();
        }
      }
      benchmark::DoNotOptimize(conductor.take_deltas().size());
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(items)->Name("Items")->Arg(100)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

void load(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(chain(state.range(0), true).get());
}
BENCHMARK(load)->Name("Load")->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace midwatch

BENCHMARK_MAIN();
