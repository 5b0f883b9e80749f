// The path of a sample: read from a scrape, stored, asked for, judged.
#include <random>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include "detect/detector_set.h"
#include "series/series_head.h"
#include "wire/text_format.h"

namespace midwatch {
namespace {

std::string scrape_body(int series_count) {
  std::string body = "# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n";
  for (int i = 0; i < series_count; ++i) {
    body +=
        fmt::format("http_requests_total{{method=\"GET\",path=\"/api/v1/items/{}\",code=\"200\",zone=\"eu-{}\"}} {}\n",
                    i, i % 3, i * 1013.25);
  }
  return body;
}

struct Count final : TextSink {
  double sum = 0;
  void on_sample(const TextSample& sample) override { sum += sample.value; }
  void on_problem(const TextProblem&) override {}
};

void parse_scrape(benchmark::State& state) {
  const std::string body = scrape_body(10'000);
  for (auto _ : state) {
    Count count;
    benchmark::DoNotOptimize(parse_text_exposition(body, count));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(body.size()) * state.iterations());
  state.SetItemsProcessed(10'000 * state.iterations());
}
BENCHMARK(parse_scrape)->Unit(benchmark::kMillisecond);

void append_by_ref(benchmark::State& state) {
  constexpr int kSeries = 1'000;
  SeriesHead head({.retention = std::chrono::hours(1), .bytes_max = std::size_t{1} << 30});
  std::vector<SeriesRef> refs;
  for (int i = 0; i < kSeries; ++i) {
    refs.push_back(*head.series(Labels::of({{"__name__", "m"}, {"i", std::to_string(i)}})));
  }
  std::mt19937_64 random(1);
  std::vector<double> walk(kSeries, 100);
  std::int64_t ms = 1'700'000'000'000;
  std::size_t failures = 0;
  for (auto _ : state) {
    ms += 1000;
    for (std::size_t i = 0; i < kSeries; ++i) {
      walk[i] += static_cast<double>(random() % 21) / 10 - 1;
      if (!head.append(refs[i], {instant_from_millis(ms), walk[i]})) ++failures;
    }
    if (ms % 60'000 == 0) head.trim(instant_from_millis(ms));
  }
  if (failures != 0) state.SkipWithError("the head refused samples");
  state.SetItemsProcessed(kSeries * state.iterations());
  state.counters["bytes_per_sample"] =
      static_cast<double>(head.stats().chunks_count * sizeof(Chunk)) /
      static_cast<double>(std::min<std::uint64_t>(head.stats().samples_appended_count, 3600 * kSeries));
}
BENCHMARK(append_by_ref);

void robust_z_update(benchmark::State& state) {
  const auto spec = parse_detector_spec(
      Value::object({{"name", Value("d")},
                     {"type", Value("robust_z")},
                     {"query", Value("m")},
                     {"every", Value("1s")},
                     {"parameters", Value::object({{"window", Value(fmt::format("{}s", state.range(0)))}})}}));
  DetectorInstance instance(spec->make_scorer(), spec->times);
  std::mt19937_64 random(1);
  std::int64_t ms = 0;
  for (auto _ : state) {
    ms += 1000;
    benchmark::DoNotOptimize(
        instance.update({instant_from_millis(ms), 100 + static_cast<double>(random() % 10'000) / 1000}));
  }
}
BENCHMARK(robust_z_update)->Arg(300)->Arg(1800)->Arg(18'000);

// 20 hosts with 12 buckets each, scraped every second for ten minutes.
SeriesHead histograms() {
  SeriesHead head({});
  constexpr const char* kBounds[] = {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
                                     "0.5",   "1",    "2.5",   "5",    "10",  "+Inf"};
  std::mt19937_64 random(1);
  for (int host = 0; host < 20; ++host) {
    std::vector<double> counts(std::size(kBounds), 0);
    for (std::int64_t t = 1; t <= 600; ++t) {
      double added = 0;
      for (std::size_t i = 0; i < std::size(kBounds); ++i) {
        added += static_cast<double>(random() % 5);
        counts[i] += added;
        const Labels labels = Labels::of(
            {{"__name__", "http_request_duration_seconds_bucket"}, {"host", std::to_string(host)}, {"le", kBounds[i]}});
        if (!head.append(labels, {instant_from_millis(t * 1000), counts[i]})) std::abort();
      }
    }
  }
  return head;
}

void histogram_quantile_instant(benchmark::State& state) {
  const SeriesHead head = histograms();
  const auto query =
      PromQuery::parse("histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))");
  for (auto _ : state) benchmark::DoNotOptimize(evaluate_instant(*query, head, instant_from_millis(600'000)));
}
BENCHMARK(histogram_quantile_instant)->Unit(benchmark::kMicrosecond);

void histogram_quantile_range(benchmark::State& state) {
  const SeriesHead head = histograms();
  const auto query =
      PromQuery::parse("histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))");
  const PromRange range{instant_from_millis(100'000), instant_from_millis(600'000), std::chrono::seconds(5)};
  for (auto _ : state) benchmark::DoNotOptimize(evaluate_range(*query, head, range));
}
BENCHMARK(histogram_quantile_range)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace midwatch

BENCHMARK_MAIN();
