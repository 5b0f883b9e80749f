// Parses any bytes as a query; what parses is evaluated over a few series, at once and over a range. A first
// line that starts with {{ is the literal of a native histogram, which those series then have too.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "promql/prom_eval.h"
#include "series/histogram_sum.h"
#include "series/histogram_text.h"
#include "series/series_head.h"

namespace {

using namespace midwatch;

const SeriesHead& small_head() {
  static const SeriesHead head = [] {
    SeriesHead made({});
    for (std::int64_t t = 0; t <= 300; t += 15) {
      const auto value = static_cast<double>(t);
      const Instant at = instant_from_millis(t * 1000);
      bool ok = true;
      for (const char* host : {"a", "b"}) {
        ok = ok && made.append(Labels::of({{"__name__", "m"}, {"host", host}}), {at, value}).has_value();
        for (const char* le : {"0.1", "1", "+Inf"}) {
          ok = ok &&
               made.append(Labels::of({{"__name__", "h_bucket"}, {"host", host}, {"le", le}}), {at, value}).has_value();
        }
      }
      ok = ok && made.append(Labels::of({{"__name__", "gone"}}), {at, t == 150 ? stale_marker() : value}).has_value();
      if (!ok) std::abort();
    }
    return made;
  }();
  return head;
}

// The head's series, and one of histograms: the given one twice as large each time, with a reset.
class Source final : public SampleSource {
 public:
  explicit Source(const FloatHistogram* histogram) {
    if (histogram == nullptr) return;
    FloatHistogram sample = *histogram;
    for (std::int64_t t = 0; t <= 300; t += 15) {
      if (t == 150) sample = *histogram;
      samples_.push_back({instant_from_millis(t * 1000), share(sample), t * 1000 - 1});
      sample.scale(2);
    }
  }

  Result<std::vector<SeriesSamples>> select(std::span<const LabelMatcher> matchers, TimeRange range,
                                            SelectLimits limits) const override {
    auto found = small_head().select(matchers, range, limits);
    if (!found) return found;
    const Labels labels = Labels::of({{"__name__", "n"}, {"host", "a"}});
    for (const LabelMatcher& matcher : matchers) {
      if (!matcher.matches(labels.get(matcher.name()))) return found;
    }
    SeriesSamples one{labels};
    for (const HistogramSample& sample : samples_) {
      if (sample.at >= range.from && sample.at <= range.to) one.histograms.push_back(sample);
    }
    if (!one.histograms.empty()) found->push_back(std::move(one));
    return found;
  }

 private:
  std::vector<HistogramSample> samples_;
};

// Takes the literal off the front. What was read must survive its own arithmetic.
std::optional<FloatHistogram> take_histogram(std::string_view& text) {
  if (!text.starts_with("{{")) return std::nullopt;
  const std::size_t end = std::min(text.find('\n'), text.size());
  const auto histogram = parse_histogram_literal(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  if (!histogram) return std::nullopt;
  if (histogram->to_string().empty()) std::abort();
  if (!combine(*histogram, *histogram, HistogramSum::Sign::kMinus).added.compatible) std::abort();
  return *histogram;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto histogram = take_histogram(text);
  const Source source(histogram ? &*histogram : nullptr);
  const auto query = PromQuery::parse(text);
  if (!query) {
    if (query.error().message.empty()) std::abort();
    return 0;
  }
  const PromOptions options{.samples_max = 20'000, .work_max = 200'000};
  const Instant now = instant_from_millis(300'000);
  if (const auto result = evaluate_instant(*query, source, now, options)) {
    static_cast<void>(to_value(result->value));
  }
  if (const auto result =
          evaluate_range(*query, source, {now - std::chrono::minutes(2), now, std::chrono::seconds(30)}, options)) {
    static_cast<void>(to_value(result->value));
  }
  return 0;
}
