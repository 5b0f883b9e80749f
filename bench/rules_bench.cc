// What a match costs when ten thousand rules wait on one trigger, beside ten.
//
// Each rule asks for another host, as generated rules do; one of them matches. The aim: the ratio of
// Match/10000 to Match/10 stays at or below 2.
#include <deque>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "city_lots.h"
#include "codec/json.h"
#include "codec/json_fields.h"
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

// event-ruler's shape: JSON text in, rules out, one core. The aims: 600,000 events a second with the published
// rules; with 10,000 rules at least half, with 100,000 at least a third of that with 50.
struct Storm {
  explicit Storm(std::size_t rule_count) : rules(city_lots::rules(rule_count)), events(city_lots::events(50'000)) {
    std::vector<const Rule*> pointers;
    for (const Rule& rule : rules) pointers.push_back(&rule);
    matcher.emplace(std::move(*RuleMatcher::compile(pointers)));
  }
  std::deque<Rule> rules;
  std::vector<std::string> events;
  std::optional<RuleMatcher> matcher;
};

enum class Parse : std::uint8_t { kNone, kWhole, kFields };

void storm(benchmark::State& state, Parse parse) {
  const Storm storm(static_cast<std::size_t>(state.range(0)));
  const JsonFields fields(*storm.matcher->fields("bench.feature"));
  std::size_t at = 0;
  std::size_t bytes = 0;
  std::size_t matched = 0;
  std::vector<Value> parsed;
  for (const std::string& text : storm.events) {
    if (parse == Parse::kNone) parsed.push_back(*parse_json(text));
  }
  for (auto _ : state) {
    const std::string& text = storm.events[at];
    const Value payload = parse == Parse::kNone    ? parsed[at]
                          : parse == Parse::kWhole ? *parse_json(text)
                                                   : *parse_json_fields(text, fields);
    matched += storm.matcher->match("bench.feature", {}, payload).matched.size();
    bytes += text.size();
    at = at + 1 == storm.events.size() ? 0 : at + 1;
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.counters["matches"] = benchmark::Counter(static_cast<double>(matched), benchmark::Counter::kAvgIterations);
}
BENCHMARK_CAPTURE(storm, parsed, Parse::kNone)
    ->Name("CityLots/match_only")
    ->Arg(35)
    ->Arg(50)
    ->Arg(10'000)
    ->Arg(100'000);
BENCHMARK_CAPTURE(storm, fields, Parse::kFields)->Name("CityLots/fields")->Arg(35)->Arg(50)->Arg(10'000)->Arg(100'000);
BENCHMARK_CAPTURE(storm, whole, Parse::kWhole)->Name("CityLots/whole")->Arg(35)->Arg(50)->Arg(10'000)->Arg(100'000);

// What one rule more costs while the others stay.
void add_rule(benchmark::State& state) {
  const Storm storm(static_cast<std::size_t>(state.range(0)));
  Rule one = storm.rules.front();
  one.name = "one-more";
  for (auto _ : state) benchmark::DoNotOptimize(storm.matcher->with(one));
}
BENCHMARK(add_rule)->Name("AddRule")->Arg(50)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace midwatch

BENCHMARK_MAIN();
