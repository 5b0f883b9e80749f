// Values beside nlohmann::json and Boost.JSON: what an event costs from its bytes to its bytes.
//
//   build/release/bench/value_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only
//
// "Merge" publishes three variables into a workflow context of 1 MB whose old version stays in use, which is
// what the engine does on each transition. The libraries that have no sharing copy for that; their figure
// without a copy ("InPlace", the old version lost) stands beside it.
#include <benchmark/benchmark.h>

#include <boost/json.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "codec/json.h"
#include "codec/yaml.h"
#include "value/value.h"

namespace midwatch {
namespace {

// A webhook of a monitoring system: 1.1 KB.
constexpr std::string_view kWebhook =
    R"({"version":"4","groupKey":"{}:{alertname=\"HighLatency\",service=\"shop\"}","truncatedAlerts":0,"status":"firing",)"
    R"("receiver":"midwatch","groupLabels":{"alertname":"HighLatency","service":"shop"},"commonLabels":{"alertname":)"
    R"("HighLatency","cluster":"eu-west-1","environment":"production","service":"shop","severity":"page"},)"
    R"("commonAnnotations":{"runbook":"https://wiki.example.org/runbooks/latency","summary":"p99 latency above 800 ms"},)"
    R"("externalURL":"http://alerts.example.org:9093","alerts":[{"status":"firing","labels":{"alertname":"HighLatency",)"
    R"("instance":"10.20.30.41:8080","pod":"shop-7d9c5b8f6-x2x8q","severity":"page"},"annotations":{"value":"0.8731"},)"
    R"("startsAt":"2024-01-31T04:12:09.481Z","endsAt":"0001-01-01T00:00:00Z","values":[0.8731,0.9012,0.7999,1.25],)"
    R"("count":412,"fingerprint":"c2fd1e5d7a9b3f60"},{"status":"resolved","labels":{"alertname":"HighLatency","instance":)"
    R"("10.20.30.42:8080","pod":"shop-7d9c5b8f6-9zqkt","severity":"page"},"annotations":{"value":"0.2210"},"startsAt":)"
    R"("2024-01-31T03:58:01.002Z","endsAt":"2024-01-31T04:01:44.310Z","values":[0.221,0.19],"count":37,"acknowledged":true,)"
    R"("silencedBy":null,"fingerprint":"8f1be77c02d4a5e9"}]})";

constexpr int kContextMembers = 900;

std::string context_text() {
  std::string text = "{";
  for (int i = 0; i < kContextMembers; ++i) {
    text += (i == 0 ? "\"" : ",\"") + std::string("task_result_") + std::to_string(i) + "\":" + std::string(kWebhook);
  }
  return text + "}";
}

void BM_Parse_Value(benchmark::State& state) {
  for (auto _ : state) {
    const Result<Value> value = parse_json(kWebhook);
    benchmark::DoNotOptimize(value->size());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kWebhook.size()));
}
BENCHMARK(BM_Parse_Value);

void BM_Parse_BoostJson(benchmark::State& state) {
  for (auto _ : state) {
    const boost::json::value value = boost::json::parse({kWebhook.data(), kWebhook.size()});
    benchmark::DoNotOptimize(value.as_object().size());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kWebhook.size()));
}
BENCHMARK(BM_Parse_BoostJson);

// Boost.JSON's best case: nothing is freed one by one, and the value cannot outlive the arena.
void BM_Parse_BoostJsonArena(benchmark::State& state) {
  unsigned char buffer[16384];
  for (auto _ : state) {
    boost::json::monotonic_resource arena(buffer);
    const boost::json::value value = boost::json::parse({kWebhook.data(), kWebhook.size()}, &arena);
    benchmark::DoNotOptimize(value.as_object().size());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kWebhook.size()));
}
BENCHMARK(BM_Parse_BoostJsonArena);

void BM_Parse_Nlohmann(benchmark::State& state) {
  for (auto _ : state) {
    const nlohmann::json value = nlohmann::json::parse(kWebhook);
    benchmark::DoNotOptimize(value.size());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kWebhook.size()));
}
BENCHMARK(BM_Parse_Nlohmann);

void BM_Build_Value(benchmark::State& state) {
  for (auto _ : state) {
    const Value value =
        Value::object({{"id", "65ba1c2e9d1f4b0007c3a511"},
                       {"trigger", "core.metric_anomaly"},
                       {"priority", 10},
                       {"score", 0.973},
                       {"labels", Value::object({{"host", "web1"}, {"service", "shop"}, {"zone", "a"}})},
                       {"window", Value::array({0.25, 0.5, 0.75, 1.0})},
                       {"muted", false},
                       {"note", nullptr}});
    benchmark::DoNotOptimize(value.size());
  }
}
BENCHMARK(BM_Build_Value);

void BM_Build_BoostJson(benchmark::State& state) {
  for (auto _ : state) {
    const boost::json::value value{{"id", "65ba1c2e9d1f4b0007c3a511"},
                                   {"trigger", "core.metric_anomaly"},
                                   {"priority", 10},
                                   {"score", 0.973},
                                   {"labels", {{"host", "web1"}, {"service", "shop"}, {"zone", "a"}}},
                                   {"window", {0.25, 0.5, 0.75, 1.0}},
                                   {"muted", false},
                                   {"note", nullptr}};
    benchmark::DoNotOptimize(value.as_object().size());
  }
}
BENCHMARK(BM_Build_BoostJson);

void BM_Build_Nlohmann(benchmark::State& state) {
  for (auto _ : state) {
    const nlohmann::json value{{"id", "65ba1c2e9d1f4b0007c3a511"},
                               {"trigger", "core.metric_anomaly"},
                               {"priority", 10},
                               {"score", 0.973},
                               {"labels", {{"host", "web1"}, {"service", "shop"}, {"zone", "a"}}},
                               {"window", {0.25, 0.5, 0.75, 1.0}},
                               {"muted", false},
                               {"note", nullptr}};
    benchmark::DoNotOptimize(value.size());
  }
}
BENCHMARK(BM_Build_Nlohmann);

void BM_Merge_Value(benchmark::State& state) {
  const Value context = *parse_json(context_text());
  const Value result = *parse_json(kWebhook);
  for (auto _ : state) {
    const Value published = Value::object({{"task_result_7", result}, {"latency", 0.25}, {"attempt", 2}});
    const Value merged = merge_shallow(context, published);
    benchmark::DoNotOptimize(merged.size());
  }
}
BENCHMARK(BM_Merge_Value);

// The usual shape: a context of few variables, one of which is large.
void BM_MergeDeep_Value(benchmark::State& state) {
  const Value context = Value::object({{"inventory", *parse_json(context_text())}, {"host", "web1"}, {"attempt", 1}});
  const Value result = *parse_json(kWebhook);
  for (auto _ : state) {
    const Value merged = merge(context, Value::object({{"alert", result}, {"latency", 0.25}, {"attempt", 2}}));
    benchmark::DoNotOptimize(merged.size());
  }
}
BENCHMARK(BM_MergeDeep_Value);

void BM_Merge_BoostJson(benchmark::State& state) {
  const std::string text = context_text();
  const boost::json::value context = boost::json::parse(text);
  const boost::json::value result = boost::json::parse({kWebhook.data(), kWebhook.size()});
  for (auto _ : state) {
    boost::json::value merged = context;
    boost::json::object& object = merged.as_object();
    object["task_result_7"] = result;
    object["latency"] = 0.25;
    object["attempt"] = 2;
    benchmark::DoNotOptimize(object.size());
  }
}
BENCHMARK(BM_Merge_BoostJson);

void BM_MergeInPlace_BoostJson(benchmark::State& state) {
  const std::string text = context_text();
  boost::json::value context = boost::json::parse(text);
  const boost::json::value result = boost::json::parse({kWebhook.data(), kWebhook.size()});
  for (auto _ : state) {
    boost::json::object& object = context.as_object();
    object["task_result_7"] = result;
    object["latency"] = 0.25;
    object["attempt"] = 2;
    benchmark::DoNotOptimize(object.size());
  }
}
BENCHMARK(BM_MergeInPlace_BoostJson);

void BM_Merge_Nlohmann(benchmark::State& state) {
  const nlohmann::json context = nlohmann::json::parse(context_text());
  const nlohmann::json result = nlohmann::json::parse(kWebhook);
  for (auto _ : state) {
    nlohmann::json merged = context;
    merged["task_result_7"] = result;
    merged["latency"] = 0.25;
    merged["attempt"] = 2;
    benchmark::DoNotOptimize(merged.size());
  }
}
BENCHMARK(BM_Merge_Nlohmann);

void BM_Serialise_Value(benchmark::State& state) {
  const Value value = *parse_json(kWebhook);
  for (auto _ : state) {
    const std::string text = to_json(value);
    benchmark::DoNotOptimize(text.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kWebhook.size()));
}
BENCHMARK(BM_Serialise_Value);

void BM_Serialise_BoostJson(benchmark::State& state) {
  const boost::json::value value = boost::json::parse({kWebhook.data(), kWebhook.size()});
  for (auto _ : state) {
    const std::string text = boost::json::serialize(value);
    benchmark::DoNotOptimize(text.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kWebhook.size()));
}
BENCHMARK(BM_Serialise_BoostJson);

void BM_Serialise_Nlohmann(benchmark::State& state) {
  const nlohmann::json value = nlohmann::json::parse(kWebhook);
  for (auto _ : state) {
    const std::string text = value.dump();
    benchmark::DoNotOptimize(text.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kWebhook.size()));
}
BENCHMARK(BM_Serialise_Nlohmann);

void BM_SerialiseContext_Value(benchmark::State& state) {
  const std::string source = context_text();
  const Value value = *parse_json(source);
  for (auto _ : state) {
    const std::string text = to_json(value);
    benchmark::DoNotOptimize(text.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(source.size()));
}
BENCHMARK(BM_SerialiseContext_Value);

void BM_SerialiseContext_BoostJson(benchmark::State& state) {
  const std::string source = context_text();
  const boost::json::value value = boost::json::parse(source);
  for (auto _ : state) {
    const std::string text = boost::json::serialize(value);
    benchmark::DoNotOptimize(text.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(source.size()));
}
BENCHMARK(BM_SerialiseContext_BoostJson);

// A rule file of a pack, to the tree with places.
void BM_ParseYaml_Rule(benchmark::State& state) {
  constexpr std::string_view kRule =
      "---\nname: restart_on_latency\npack: demo\ndescription: Restart the shop when its p99 stays above the limit.\n"
      "enabled: true\ntrigger:\n  type: core.metric_anomaly\n  parameters: {}\ncriteria:\n  trigger.series:\n"
      "    type: equals\n    pattern: shop_request_seconds\n  trigger.score:\n    type: greaterthan\n    pattern: 0.9\n"
      "  trigger.labels.environment:\n    type: inside\n    pattern: [production, staging]\naction:\n"
      "  ref: demo.repair_latency\n  parameters:\n    host: \"{{ trigger.labels.instance }}\"\n    attempts: 3\n"
      "    wait: 30\n    note: |\n      Raised by the rule restart_on_latency.\n      See the runbook.\n";
  for (auto _ : state) {
    const Result<YamlNode> root = parse_yaml(kRule, "rules/restart.yaml");
    benchmark::DoNotOptimize(root->pairs.size());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kRule.size()));
}
BENCHMARK(BM_ParseYaml_Rule);

}  // namespace
}  // namespace midwatch

BENCHMARK_MAIN();
