// What a match costs when ten thousand rules wait on one trigger, beside ten.
//
// Each rule asks for another host, as generated rules do; one of them matches. The aim: the ratio of
// Match/10000 to Match/10 stays at or below 2.
#include <deque>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "rules/rule_matcher.h"

namespace midwatch {
namespace {

struct Rules {
  explicit Rules(int count) {
    std::vector<const Rule*> pointers;
    for (int i = 0; i < count; ++i) {
      Rule rule;
      rule.pack = "bench";
      rule.name = "r" + std::to_string(i);
      rule.enabled = true;
      rule.trigger = "core.st2.webhook";
      rule.trigger_parameters = Value::object({{"url", "bench"}});
      rule.action = "core.noop";
      rule.criteria.push_back({"trigger.body.host", "equals", "host-" + std::to_string(i), "", {}});
      rule.criteria.push_back({"trigger.body.load", "gt", 0.9, "", {}});
      rules.push_back(std::move(rule));
    }
    for (const Rule& rule : rules) pointers.push_back(&rule);
    matcher.emplace(std::move(*RuleMatcher::compile(pointers)));
  }
  std::deque<Rule> rules;
  std::optional<RuleMatcher> matcher;
};

void match(benchmark::State& state) {
  const Rules rules(static_cast<int>(state.range(0)));
  const Value parameters = Value::object({{"url", "bench"}});
  const Value body = Value::object({{"host", "host-7"}, {"load", 0.95}, {"service", "shop"}, {"region", "north"}});
  const Value payload = Value::object({{"headers", Value::object({})}, {"body", body}});
  for (auto _ : state) {
    const MatchResult result = rules.matcher->match("core.st2.webhook", parameters, payload);
    if (result.matched.size() != 1) state.SkipWithError("expected one match");
    benchmark::DoNotOptimize(result.matched.data());
  }
}
BENCHMARK(match)->Name("Match")->Arg(10)->Arg(10'000);

void compile(benchmark::State& state) {
  for (auto _ : state) {
    const Rules rules(static_cast<int>(state.range(0)));
    benchmark::DoNotOptimize(&rules);
  }
}
BENCHMARK(compile)->Name("Compile")->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace midwatch

BENCHMARK_MAIN();
