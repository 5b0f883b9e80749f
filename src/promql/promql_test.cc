#include <gtest/gtest.h>

#include "promql/prom_eval.h"
#include "promql/prom_lexer.h"
#include "series/histogram_text.h"
#include "series/series_head.h"

namespace midwatch {
namespace {

using namespace std::chrono_literals;

Instant at(std::int64_t seconds) { return instant_from_millis(seconds * 1000); }

std::string parse_error(std::string_view query) {
  auto parsed = PromQuery::parse(query);
  if (parsed) return "accepted";
  return parsed.error().where.to_string() + ": " + parsed.error().message;
}

PromQuery parsed(std::string_view text) {
  auto query = PromQuery::parse(text);
  EXPECT_TRUE(query.has_value()) << text << ": " << query.error().to_string();
  return std::move(*query);
}

// Three requests a second on web1, one on web2, every 10 s for 10 minutes; and a latency histogram.
SeriesHead traffic() {
  SeriesHead head({});
  const auto put = [&](std::initializer_list<LabelView> labels, std::int64_t t, double value) {
    ASSERT_TRUE(head.append(Labels::of(labels), {at(t), value}));
  };
  for (std::int64_t t = 0; t <= 600; t += 10) {
    const auto n = static_cast<double>(t);
    put({{"__name__", "requests_total"}, {"host", "web1"}, {"code", "200"}}, t, 3 * n);
    put({{"__name__", "requests_total"}, {"host", "web2"}, {"code", "200"}}, t, n);
    put({{"__name__", "latency_seconds_bucket"}, {"le", "0.1"}}, t, n);
    put({{"__name__", "latency_seconds_bucket"}, {"le", "0.5"}}, t, 9 * n);
    put({{"__name__", "latency_seconds_bucket"}, {"le", "+Inf"}}, t, 10 * n);
  }
  return head;
}

std::string answer(const SampleSource& source, std::string_view query, std::int64_t t) {
  auto result = evaluate_instant(parsed(query), source, at(t));
  if (!result) return "error: " + result.error().message;
  std::string out;
  if (const auto* scalar = std::get_if<PromScalar>(&result->value)) return prom_number_text(scalar->value);
  if (const auto* string = std::get_if<PromString>(&result->value)) return string->value;
  for (const PromElement& element : std::get<PromVector>(result->value)) {
    out += (out.empty() ? "" : "; ") + element.labels.to_metric_text() + " " + prom_number_text(element.value);
  }
  return out;
}

TEST(PromQuery, ErrorsNameThePlaceAndWhatWasExpected) {
  EXPECT_EQ(parse_error(""), "1:1: the query is empty");
  EXPECT_EQ(parse_error("sum by (job (up)"), "1:13: expected ',' or ')', found '('");
  EXPECT_EQ(parse_error("up{job=api}"), "1:8: expected a string as the label's value, found 'api'");
  EXPECT_EQ(parse_error("rate(up)"),
            "1:6: expected type range vector in call to function \"rate\", got instant vector");
  EXPECT_EQ(parse_error("1 +"), "1:4: expected an expression, found the end of the query");
  EXPECT_EQ(parse_error("up[5x]"), "1:4: bad number or duration syntax: '5x'");
  EXPECT_EQ(parse_error("up up"), "1:4: expected an operator or the end of the query, found 'up'");
  EXPECT_EQ(parse_error("1 > 2"), "1:1: comparisons between scalars must use BOOL modifier");
  EXPECT_EQ(parse_error("{}"), "1:1: vector selector must contain at least one non-empty matcher");
  EXPECT_EQ(parse_error("{job=~\".*\"}"), "1:1: vector selector must contain at least one non-empty matcher");
  EXPECT_EQ(parse_error("frobnicate(up)"), "1:1: unknown function with name \"frobnicate\"");
  EXPECT_EQ(parse_error("up\n  + $"), "2:5: unexpected character '$'");
  EXPECT_EQ(parse_error("up{a=~\"(\"}"), "1:7: pattern of label a: missing ): ^(?s:()$");
  EXPECT_EQ(parse_error("up[5m / 0]"), "1:4: division by zero");
  EXPECT_EQ(parse_error("up[1m - 5m]"), "1:4: duration must be greater than 0");
  EXPECT_EQ(parse_error("up anchored"), "1:4: anchored modifier can only be used with range vector selectors");
  EXPECT_EQ(parse_error("deriv(up[5m] smoothed)"),
            "1:1: smoothed modifier can only be used with: delta, increase, rate - not with deriv");
  EXPECT_EQ(parse_error("up and fill(0) up"), "1:8: filling in missing series not allowed for set operators");
  EXPECT_EQ(parse_error("1 </ 2"), "1:1: operator \"</\" not allowed for Scalar operations");
  EXPECT_EQ(parse_error("info(up, up)"), "1:10: expected label selectors as the second argument to info function");
  EXPECT_EQ(parse_error("(up offset 5m)[5m]"), "1:15: ranges only allowed for vector selectors");
  EXPECT_EQ(parse_error("up offset 5m offset 5m"), "1:14: offset may not be set multiple times");
}

TEST(PromQuery, TheHintShowsTheLineWithACaret) {
  const auto query = PromQuery::parse("sum(\n  rate(up)\n)");
  ASSERT_FALSE(query.has_value());
  EXPECT_EQ(query.error().hint, "  rate(up)\n       ^");
}

TEST(PromQuery, DepthIsBoundedHoweverItIsMade) {
  const auto repeated = [](std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  };
  for (const std::string& deep : {repeated("(", 100'000 / 2), repeated("-", 50'000) + "1", repeated("abs(", 10'000),
                                  "1" + repeated("^1", 10'000), "1" + repeated("+1", 10'000)}) {
    const auto query = PromQuery::parse(deep);
    ASSERT_FALSE(query.has_value());
    EXPECT_TRUE(query.error().message.find("more than 100") != std::string::npos) << query.error().message;
  }
  EXPECT_FALSE(PromQuery::parse(std::string(kPromQueryBytesMax + 1, ' ')).has_value());
}

TEST(PromQuery, KeywordsMayBeMetricsAndLabels) {
  for (const char* fine :
       {"sum", "by", "offset", "sum{by=\"on\"}", "rate", "bool", "sum by (by, on) (x)", "on + ignoring",
        "{\"metric.with.dots\", \"label.x\"=\"y\"}", "a:b:c", "x[5m:]", "x[5m:30s] offset 1m @ 5", "x @ start()",
        "'a' ", "-x ^ 2", "sum(x) by (job)", "x and on() y"}) {
    EXPECT_TRUE(PromQuery::parse(fine).has_value()) << fine << ": " << parse_error(fine);
  }
}

TEST(PromEval, RatesAggregationsAndComparisons) {
  const SeriesHead head = traffic();
  EXPECT_EQ(answer(head, "rate(requests_total[1m])", 600),
            R"({code="200", host="web1"} 3; {code="200", host="web2"} 1)");
  EXPECT_EQ(answer(head, "sum by (code) (rate(requests_total[1m]))", 600), R"({code="200"} 4)");
  EXPECT_EQ(answer(head, "sum without (host, code) (rate(requests_total[1m])) * 2", 600), "{} 8");
  EXPECT_EQ(answer(head, "requests_total > 1000", 600), R"(requests_total{code="200", host="web1"} 1800)");
  EXPECT_EQ(answer(head, "requests_total > bool 1000", 600),
            R"({code="200", host="web1"} 1; {code="200", host="web2"} 0)");
  EXPECT_EQ(answer(head, "absent(requests_total{host=\"web9\"})", 600), R"({host="web9"} 1)");
  EXPECT_EQ(answer(head, "scalar(sum(requests_total)) / time()", 600), "4");
}

TEST(PromEval, HistogramQuantileInterpolates) {
  const SeriesHead head = traffic();
  EXPECT_EQ(answer(head, "histogram_quantile(0.5, rate(latency_seconds_bucket[5m]))", 600), "{} 0.30000000000000004");
  EXPECT_EQ(answer(head, "histogram_quantile(0.99, rate(latency_seconds_bucket[5m]))", 600), "{} 0.5");
}

TEST(PromEval, TheLookBackExcludesItsOldestEnd) {
  const SeriesHead head = traffic();
  EXPECT_EQ(answer(head, "count(requests_total)", 899), "{} 2");
  EXPECT_EQ(answer(head, "count(requests_total)", 900), "");
  auto short_sight = evaluate_instant(parsed("requests_total"), head, at(611), {.lookback = 10s});
  ASSERT_TRUE(short_sight.has_value());
  EXPECT_TRUE(std::get<PromVector>(short_sight->value).empty());
}

TEST(PromEval, DuplicateLabelSetsAreAnErrorNotAChoice) {
  SeriesHead head({});
  ASSERT_TRUE(head.append(Labels::of({{"__name__", "a"}, {"x", "1"}}), {at(1), 1}));
  ASSERT_TRUE(head.append(Labels::of({{"__name__", "b"}, {"x", "1"}}), {at(1), 1}));
  EXPECT_EQ(answer(head, "abs({x=\"1\"})", 1), "error: vector cannot contain metrics with the same labelset");
}

TEST(PromEval, ARangeQueryIsAMatrixOfItsSteps) {
  const SeriesHead head = traffic();
  auto result = evaluate_range(parsed("sum(rate(requests_total[1m]))"), head, {at(300), at(360), 30s});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  const auto& matrix = std::get<PromMatrix>(result->value);
  ASSERT_EQ(matrix.size(), 1U);
  ASSERT_EQ(matrix[0].samples.size(), 3U);
  EXPECT_EQ(matrix[0].samples[2].at, at(360));
  EXPECT_DOUBLE_EQ(matrix[0].samples[2].value, 4);
}

TEST(PromEval, LimitsAreNamed) {
  const SeriesHead head = traffic();
  const auto message = [&](std::string_view query, const PromOptions& options) {
    auto result = evaluate_instant(parsed(query), head, at(600), options);
    return result ? "accepted" : result.error().message;
  };
  EXPECT_EQ(message("requests_total[10m]", {.samples_max = 100}), "the selector matches more than 100 samples");
  EXPECT_EQ(message("requests_total", {.series_max = 1}), "the selector matches more than 1 series");
  EXPECT_EQ(message("count_over_time(requests_total[10000d:1ms])", {.work_max = 100'000}),
            "the query looks at more than 100000 samples");
  auto range = evaluate_range(parsed("1"), head, {at(0), at(600), 1s}, {.steps_max = 100});
  ASSERT_FALSE(range.has_value());
  EXPECT_EQ(range.error().message, "the range has more than 100 steps");
  EXPECT_FALSE(evaluate_range(parsed("1"), head, {at(0), at(600), 0s}).has_value());
}

// One series of histograms, one of floats.
class HistogramSource final : public SampleSource {
 public:
  HistogramSource() {
    for (std::int64_t t = 0; t <= 60; t += 15) {
      auto histogram = parse_histogram_literal("{{schema:0 sum:6 count:4 z_bucket:1 z_bucket_w:0.5 buckets:[1 2]}}");
      histogram->scale(static_cast<double>(1 + t / 15));
      histograms_.push_back({at(t), share(std::move(*histogram))});
      floats_.push_back({at(t), static_cast<double>(t)});
    }
  }
  Result<std::vector<SeriesSamples>> select(std::span<const LabelMatcher> matchers, TimeRange range,
                                            SelectLimits /*limits*/) const override {
    const Labels names[] = {Labels::of({{"__name__", "f"}}), Labels::of({{"__name__", "h"}})};
    std::vector<SeriesSamples> out;
    for (const Labels& labels : names) {
      const bool wanted = std::all_of(matchers.begin(), matchers.end(), [&](const LabelMatcher& matcher) {
        return matcher.matches(labels.get(matcher.name()));
      });
      if (!wanted) continue;
      SeriesSamples& series = out.emplace_back(SeriesSamples{labels});
      const auto within = [&](const auto& sample) { return sample.at >= range.from && sample.at <= range.to; };
      if (labels.metric_name() == "h")
        std::copy_if(histograms_.begin(), histograms_.end(), std::back_inserter(series.histograms), within);
      else std::copy_if(floats_.begin(), floats_.end(), std::back_inserter(series.samples), within);
    }
    return out;
  }

 private:
  std::vector<HistogramSample> histograms_;
  std::vector<Sample> floats_;
};

TEST(PromEval, HistogramsAndNumbersLiveInOneAnswer) {
  const auto result = evaluate_instant(parsed("{__name__=~'f|h'}"), HistogramSource(), at(60));
  ASSERT_TRUE(result.has_value());
  const Value value = to_value(result->value).get("result");
  EXPECT_EQ(value.elements()[0].get("value"), Value::array({Value(60), Value("60")}));
  const Value histogram = value.elements()[1].get("histogram").elements()[1];
  EXPECT_EQ(histogram.get("count"), Value("20"));
  EXPECT_EQ(histogram.get("sum"), Value("30"));
  const auto bucket = [](int rule, const char* lower, const char* upper, const char* count) {
    return Value::array({Value(rule), Value(lower), Value(upper), Value(count)});
  };
  EXPECT_EQ(histogram.get("buckets"),
            Value::array({bucket(3, "-0.5", "0.5", "5"), bucket(0, "0.5", "1", "5"), bucket(0, "1", "2", "10")}));
  EXPECT_EQ(answer(HistogramSource(), "histogram_count(increase(h[1m]))", 60), "{} 16");
  EXPECT_EQ(answer(HistogramSource(), "histogram_avg(h) + abs(f)", 60), "{} 61.5");
  EXPECT_EQ(answer(HistogramSource(), "abs(h)", 60), "");
  EXPECT_EQ(answer(HistogramSource(), "scalar({__name__=~'f|h'})", 60), "60");
}

TEST(PromEval, WhatHasNoMeaningIsLeftOutAndSaid) {
  const auto result = evaluate_instant(parsed("h > 3"), HistogramSource(), at(60));
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(std::get<PromVector>(result->value).empty());
  ASSERT_EQ(result->annotations.size(), 1u);
  EXPECT_EQ(result->annotations[0].text,
            "PromQL info: incompatible sample types encountered for binary operator \">\": histogram > float (1:1)");
  const auto mixed = evaluate_instant(parsed("sum({__name__=~'f|h'})"), HistogramSource(), at(60));
  ASSERT_EQ(mixed->annotations.size(), 1u);
  EXPECT_EQ(mixed->annotations[0].text,
            "PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)");
}

TEST(PromEval, DurationsMayDependOnTheStep) {
  const auto result = evaluate_range(parsed("count_over_time(f[step() * 2])"), HistogramSource(),
                                     {at(30), at(60), std::chrono::seconds(15)});
  ASSERT_TRUE(result.has_value());
  for (const Sample& sample : std::get<PromMatrix>(result->value)[0].samples) EXPECT_EQ(sample.value, 2);
  // An instant query has no step: a range of nothing.
  const auto instant = evaluate_instant(parsed("count_over_time(f[step()])"), HistogramSource(), at(60));
  ASSERT_FALSE(instant.has_value());
  EXPECT_EQ(instant.error().message, "duration must be greater than 0");
}

TEST(PromResult, HasTheShapeOfPrometheusApi) {
  const SeriesHead head = traffic();
  auto vector = evaluate_instant(parsed("requests_total{host=\"web2\"}"), head, instant_from_millis(600'500));
  const Value value = to_value(vector->value);
  EXPECT_EQ(value.get("resultType"), Value("vector"));
  const Value& first = value.get("result").elements()[0];
  EXPECT_EQ(first.get("metric").get("host"), Value("web2"));
  EXPECT_EQ(first.get("value"), Value::array({Value(600.5), Value("600")}));
  auto scalar = evaluate_instant(parsed("1e21"), head, at(7));
  EXPECT_EQ(to_value(scalar->value).get("result"), Value::array({Value(7), Value("1000000000000000000000")}));
}

TEST(PromLexer, StringsHaveGosEscapes) {
  auto tokens = lex_promql(R"("a\n\x41\u00e9\101" `raw\n` '\'')");
  ASSERT_TRUE(tokens.has_value());
  EXPECT_EQ((*tokens)[0].text,
            "a\nA\xc3\xa9"
            "A");
  EXPECT_EQ((*tokens)[1].text, "raw\\n");
  EXPECT_EQ((*tokens)[2].text, "'");
  EXPECT_EQ(parse_error("\"open"), "1:1: unterminated quoted string");
}

}  // namespace
}  // namespace midwatch
