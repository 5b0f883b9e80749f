// Reads any bytes as a scrape. What is read is written and read again: it must be the same.
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "series/sample.h"
#include "wire/text_format.h"

namespace {

using namespace midwatch;

struct Collected final : TextSink {
  struct One {
    Labels labels;
    Sample sample;
    bool timed;
  };
  std::vector<One> samples;
  void on_sample(const TextSample& sample) override {
    samples.push_back({sample.to_labels(), {sample.at.value_or(Instant{}), sample.value}, sample.at.has_value()});
  }
  void on_problem(const TextProblem& problem) override {
    if (problem.line == 0 || problem.column == 0 || problem.message.empty()) std::abort();
  }
  void on_help(std::string_view name, std::string_view text) override {
    if (name.empty() || !is_utf8(text)) std::abort();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  Collected first;
  const TextSummary summary = parse_text_exposition(body, first, {.labels_max = 20, .samples_max = 500});
  if (summary.samples_count != first.samples.size()) std::abort();
  for (const Collected::One& one : first.samples) {
    const Labels rest = one.labels.without(kMetricName);
    const std::vector<LabelView> labels = rest.views();
    const std::vector<TextPoint> points = {{"", labels, one.sample.value}};
    std::string text;
    append_text_family(text, {one.labels.metric_name(), "help", MetricType::kGauge, points});
    Collected second;
    parse_text_exposition(text, second, {.label_value_bytes_max = 1 << 20});
    if (second.samples.size() != 1 || second.samples[0].labels != one.labels) std::abort();
    const auto bits = std::bit_cast<std::uint64_t>(one.sample.value);
    if (std::bit_cast<std::uint64_t>(second.samples[0].sample.value) != bits) std::abort();
  }
  return 0;
}
