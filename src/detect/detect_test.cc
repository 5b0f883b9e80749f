#include <algorithm>
#include <cmath>
#include <random>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "detect/detector_set.h"
#include "detect/order_statistics.h"
#include "series/series_head.h"

namespace midwatch {
namespace {

using namespace std::chrono_literals;

Instant at(std::int64_t seconds) { return instant_from_millis(seconds * 1000); }

double naive_median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : values[n / 2 - 1] + (values[n / 2] - values[n / 2 - 1]) / 2;
}

// Goal: median and MAD are those of the plain definition, whatever goes in and out.
// Method: random insertions and erasures with many equal values, compared with sorting.
TEST(OrderStatistics, AgreesWithSorting) {
  std::mt19937_64 random(11);
  OrderStatistics bag;
  std::vector<double> plain;
  for (int round = 0; round < 4000; ++round) {
    if (plain.empty() || random() % 5 != 0) {
      const double value = static_cast<double>(random() % (round % 2 == 0 ? 10 : 100'000)) / 7;
      bag.insert(value);
      plain.push_back(value);
    } else {
      const std::size_t index = random() % plain.size();
      ASSERT_TRUE(bag.erase(plain[index]));
      plain.erase(plain.begin() + static_cast<std::ptrdiff_t>(index));
    }
    if (plain.size() > 120) {
      ASSERT_TRUE(bag.erase(plain.front()));
      plain.erase(plain.begin());
    }
    ASSERT_EQ(bag.size(), plain.size());
    if (plain.empty()) continue;
    const double median = naive_median(plain);
    ASSERT_EQ(bag.median(), median);
    std::vector<double> distances;
    for (const double value : plain) distances.push_back(std::fabs(value - median));
    ASSERT_NEAR(bag.mad(), naive_median(distances), 1e-9);
  }
  EXPECT_FALSE(bag.erase(-1));
}

Value definition(const char* type, std::vector<Value::Member> parameters, const char* query = "m") {
  return Value::object({{"name", Value("d")},
                        {"type", Value(type)},
                        {"query", Value(query)},
                        {"every", Value("1s")},
                        {"parameters", Value::object(std::move(parameters))}});
}

DetectorSpec spec(const Value& value) {
  auto parsed = parse_detector_spec(value, "test.d");
  EXPECT_TRUE(parsed.has_value()) << parsed.error().message;
  return std::move(*parsed);
}

// States as letters, one a value: n normal, P pending, F firing, - no data.
char letter(AnomalyState state) {
  constexpr std::string_view kLetters = "nPF-";
  return kLetters[static_cast<std::size_t>(state)];
}
std::string states(const DetectorSpec& spec, const std::vector<double>& values) {
  DetectorInstance instance(spec.make_scorer(), spec.times);
  std::string out;
  std::int64_t t = 100;
  for (const double value : values) out += letter(instance.update({at(t++), value}).state);
  return out;
}

TEST(Threshold, FiresAfterForAndClearsAfterClearFor) {
  const auto s = spec(definition("threshold", {{"op", Value("gt")},
                                               {"value", Value(10)},
                                               {"clear", Value(5)},
                                               {"for", Value("2s")},
                                               {"clear_for", Value("1s")}}));
  EXPECT_EQ(states(s, {1, 11, 12, 13, 14}), "nPPFF");
  EXPECT_EQ(states(s, {11, 12, 9, 11, 12, 13}), "PPnPPF") << "for starts anew after a value that is no breach";
  EXPECT_EQ(states(s, {11, 11, 11, 7, 7, 4, 7, 4, 4, 4}), "PPFFFFFFnn") << "between clear and value it goes on";
}

TEST(Threshold, WithoutForItFiresAtOnce) {
  EXPECT_EQ(states(spec(definition("threshold", {{"op", Value("<")}, {"value", Value(1)}})), {1, 0, 1}), "nFn");
  EXPECT_EQ(states(spec(definition("threshold", {{"op", Value("ne")}, {"value", Value(1)}})), {1, 0, 1}), "nFn");
}

TEST(Threshold, TellsWhatWasExpectedAndHowFarItIs) {
  const auto s = spec(definition("threshold", {{"op", Value("lt")}, {"value", Value(10)}}));
  DetectorInstance instance(s.make_scorer(), s.times);
  const DetectorOutput output = instance.update({at(5), 4});
  EXPECT_TRUE(output.changed);
  EXPECT_EQ(output.since, at(5));
  EXPECT_EQ(output.judgement.expected_low, 10);
  EXPECT_FALSE(output.judgement.expected_high.has_value());
  EXPECT_DOUBLE_EQ(output.judgement.score, 0.6);
}

std::vector<double> noisy(int count, double center, double spread, std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::vector<double> out;
  for (int i = 0; i < count; ++i) out.push_back(center + spread * (static_cast<double>(random() % 2001) / 1000 - 1));
  return out;
}

std::vector<double> joined(std::vector<double> a, const std::vector<double>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(RobustZ, NothingFiresBeforeMinSamples) {
  const auto s = spec(definition("robust_z", {{"min_samples", Value(20)}}));
  EXPECT_EQ(states(s, joined(std::vector<double>(19, 1), {1000})), std::string(20, 'n'));
  EXPECT_EQ(states(s, joined(noisy(20, 1, 0.1), {1000})).back(), 'F');
}

TEST(RobustZ, FiresOnAStepAndNotOnNoise) {
  const auto s = spec(definition("robust_z", {{"min_samples", Value(30)}, {"direction", Value("up")}}));
  EXPECT_EQ(states(s, noisy(2000, 100, 10)), std::string(2000, 'n'));
  EXPECT_EQ(states(s, joined(noisy(100, 100, 10), {400})).back(), 'F');
  EXPECT_EQ(states(s, joined(noisy(100, 100, 10), {-400})).back(), 'n') << "only up is of interest";
}

TEST(RobustZ, AFlatSeriesDoesNotExplodeOverATrifle) {
  const auto s = spec(definition("robust_z", {{"min_samples", Value(10)}}));
  EXPECT_EQ(states(s, joined(std::vector<double>(50, 100), {100.5, 101, 105})), std::string(53, 'n'));
  EXPECT_EQ(states(s, joined(std::vector<double>(50, 100), {150})).back(), 'F');
  const auto zero = spec(definition("robust_z", {{"min_samples", Value(10)}, {"mad_floor", Value(1)}}));
  EXPECT_EQ(states(zero, joined(std::vector<double>(50, 0), {1, 2, 5})), std::string(53, 'n'));
}

// Goal: an outage does not become normal while it lasts, and becomes normal when it lasts too long.
TEST(RobustZ, WhatItFiresOnIsNotLearnedUntilRelearnAfter) {
  const auto s = spec(
      definition("robust_z", {{"min_samples", Value(10)}, {"window", Value("60s")}, {"relearn_after", Value("300s")}}));
  const std::string out = states(s, joined(noisy(100, 10, 1), noisy(600, 100, 1)));
  EXPECT_EQ(out.substr(100, 300), std::string(300, 'F')) << "far longer than the window";
  EXPECT_EQ(out.back(), 'n') << "after relearn_after it is the new normal";
  EXPECT_EQ(out.find("nF", 401), std::string::npos) << "and stays so";
}

TEST(RobustZ, AfterAnOutageTheBaselineIsStillThere) {
  const auto s = spec(definition("robust_z", {{"min_samples", Value(10)}, {"window", Value("60s")}}));
  std::vector<double> values = joined(noisy(100, 10, 1), noisy(200, 100, 1));
  values = joined(values, noisy(5, 10, 1, 3));
  values.push_back(100);
  const std::string out = states(s, values);
  EXPECT_EQ(out.substr(300, 6), "nnnnnF");
}

TEST(RobustZ, AShortSpikeThatCameToNothingIsPartOfWhatIsNormal) {
  const auto s =
      spec(definition("robust_z", {{"min_samples", Value(4)}, {"for", Value("10s")}, {"window", Value("20s")}}));
  std::vector<double> values = noisy(20, 10, 1);
  for (int i = 0; i < 10; ++i) values = joined(values, {50, 50, 10});
  const std::string out = states(s, values);
  EXPECT_EQ(out[20], 'P');
  EXPECT_EQ(out[47], 'n') << "the spikes are most of the window by now";
}

TEST(DetectorSpec, MistakesNameTheirPathAndWhatWasExpected) {
  const auto message = [](const Value& value) {
    auto parsed = parse_detector_spec(value);
    return parsed ? "accepted" : parsed.error().message;
  };
  EXPECT_EQ(message(Value("x")), "/: expected a mapping, found 'x'");
  EXPECT_EQ(message(Value::object({{"name", Value("a")}, {"type", Value("threshold")}})), "/query: is required");
  EXPECT_EQ(message(definition("guess", {})), "/type: expected one of robust_z, threshold, found 'guess'");
  EXPECT_EQ(message(definition("robust_z", {{"windw", Value("5m")}})),
            "/parameters/windw: unknown key, expected one of window, min_samples, threshold, clear, mad_floor, "
            "mad_floor_ratio, direction, for, clear_for, relearn_after, no_data_after, on_absent");
  EXPECT_EQ(message(definition("robust_z", {{"window", Value("5 minutes")}})),
            "/parameters/window: expected a duration like 30s or 1h30m, found '5 minutes'");
  EXPECT_EQ(message(definition("threshold", {{"op", Value("above")}, {"value", Value(1)}})),
            "/parameters/op: expected one of gt, ge, lt, le, eq, ne, >, >=, <, <=, ==, !=, found 'above'");
  EXPECT_EQ(message(definition("threshold", {{"op", Value("gt")}, {"value", Value(1)}, {"clear", Value(2)}})),
            "/parameters/clear: must not be above value");
  EXPECT_EQ(message(definition("threshold", {{"op", Value("gt")}, {"value", Value(1)}}, "rate(m)")),
            "/query: 1:6: expected type range vector in call to function \"rate\", got instant vector");
  EXPECT_EQ(message(definition("threshold", {{"op", Value("gt")}, {"value", Value(1)}}, "m[5m]")),
            "/query: expected an instant vector or a scalar, found a range vector");
  EXPECT_EQ(message(with_member(definition("threshold", {}), "every", Value("1y"))),
            "/every: must be from 100ms to 1d");
  EXPECT_EQ(message(with_member(definition("threshold", {}), "evry", Value("1s"))),
            "/evry: unknown key, expected one of name, description, enabled, type, query, every, parameters");
}

DetectorSet set_of(const Value& value) {
  DetectorSet set;
  std::vector<DetectorSet::Item> items;
  items.push_back({spec(value), value});
  set.replace(std::move(items));
  return set;
}

std::string shown(const DetectorReport& report) {
  std::string out;
  for (const AnomalyTransition& t : report.transitions) {
    out += fmt::format("{} {} {}->{};", to_millis(t.at) / 1000, t.labels.to_metric_text(), to_string(t.previous),
                       to_string(t.state));
  }
  for (const DetectorProblem& problem : report.problems) out += "problem: " + problem.error.message + ";";
  return out;
}

Labels series(const char* host) { return Labels::of({{"__name__", "m"}, {"host", host}}); }

TEST(DetectorSet, EachSeriesIsWatchedByItself) {
  DetectorSet set = set_of(definition("threshold", {{"op", Value("gt")}, {"value", Value(10)}, {"for", Value("1s")}}));
  SeriesHead head({});
  std::string out;
  for (std::int64_t t = 1; t <= 6; ++t) {
    ASSERT_TRUE(head.append(series("a"), {at(t), t >= 3 ? 20.0 : 1.0}));
    ASSERT_TRUE(head.append(series("b"), {at(t), 1}));
    out += shown(set.evaluate(at(t), head));
  }
  EXPECT_EQ(out, R"(3 m{host="a"} normal->pending;4 m{host="a"} pending->firing;)");
  EXPECT_EQ(set.status().size(), 2U);
}

TEST(DetectorSet, EvaluatesAtMultiplesOfEveryAndOnceEach) {
  DetectorSet set =
      set_of(with_member(definition("threshold", {{"op", Value("gt")}, {"value", Value(0)}}), "every", Value("10s")));
  SeriesHead head({});
  ASSERT_TRUE(head.append(series("a"), {at(9), 1}));
  EXPECT_EQ(set.next_due(), Instant{});
  EXPECT_EQ(shown(set.evaluate(at(14), head)), R"(10 m{host="a"} normal->firing;)");
  EXPECT_EQ(set.next_due(), at(20));
  EXPECT_EQ(shown(set.evaluate(at(19), head)), "");
}

TEST(DetectorSet, ASeriesThatVanishesIsNoDataAndThenForgotten) {
  DetectorSet set =
      set_of(definition("threshold", {{"op", Value("gt")}, {"value", Value(10)}, {"no_data_after", Value("5s")}}));
  SeriesHead head({});
  ASSERT_TRUE(head.append(series("a"), {at(1), 20}));
  ASSERT_TRUE(head.append(series("a"), {at(2), stale_marker()}));
  std::string out;
  for (std::int64_t t = 1; t <= 20; ++t) out += shown(set.evaluate(at(t), head));
  EXPECT_EQ(out, R"(1 m{host="a"} normal->firing;6 m{host="a"} firing->no_data;)");
  ASSERT_TRUE(head.append(series("a"), {at(21), 5}));
  EXPECT_EQ(shown(set.evaluate(at(21), head)), R"(21 m{host="a"} no_data->normal;)");
  ASSERT_TRUE(head.append(series("a"), {at(22), stale_marker()}));
  set.evaluate(at(22), head);
  set.evaluate(at(30), head);
  EXPECT_EQ(set.status().size(), 1U);
  set.evaluate(at(22 + 3600), head);
  EXPECT_TRUE(set.status().empty());
}

TEST(DetectorSet, AFilteringQueryIsClearWhenItAnswersNothing) {
  DetectorSet set = set_of(
      definition("threshold", {{"op", Value("eq")}, {"value", Value(0)}, {"on_absent", Value("clear")}}, "m == 0"));
  SeriesHead head({});
  std::string out;
  for (std::int64_t t = 1; t <= 4; ++t) {
    ASSERT_TRUE(head.append(series("a"), {at(t), t == 2 ? 0.0 : 1.0}));
    out += shown(set.evaluate(at(t), head));
  }
  EXPECT_EQ(out, R"(2 m{host="a"} normal->firing;3 m{host="a"} firing->normal;)");
}

TEST(DetectorSet, NotANumberIsNoData) {
  DetectorSet set = set_of(definition("threshold", {{"op", Value("gt")}, {"value", Value(0)}}, "m / m"));
  SeriesHead head({});
  ASSERT_TRUE(head.append(series("a"), {at(1), 0}));
  EXPECT_EQ(shown(set.evaluate(at(1), head)), "");
  EXPECT_TRUE(set.status().empty());
}

TEST(DetectorSet, AQueryThatFailsIsAProblemOfItsDetector) {
  DetectorSet set = set_of(definition("threshold", {{"op", Value("gt")}, {"value", Value(0)}}, "m + on() m"));
  SeriesHead head({});
  ASSERT_TRUE(head.append(series("a"), {at(1), 1}));
  ASSERT_TRUE(head.append(series("b"), {at(1), 1}));
  EXPECT_NE(shown(set.evaluate(at(1), head)).find("problem: found duplicate series"), std::string::npos);
}

// Goal: a restart changes nothing. Method: samples with an anomaly; one set lives through them, the
// other is warmed from the imported head in the middle and lives through the rest.
TEST(DetectorSet, AWarmedSetGoesOnAsTheOneThatWasThere) {
  const Value value = definition(
      "robust_z",
      {{"min_samples", Value(20)}, {"window", Value("2m")}, {"for", Value("3s")}, {"clear_for", Value("2s")}},
      "sum by (host) (rate(m[10s]))");
  DetectorSet lived = set_of(value);
  SeriesHead head({});
  std::mt19937_64 random(4);
  double total = 0;
  std::string before;
  std::string after;
  std::string warmed_before;
  std::string warmed_after;
  std::optional<DetectorSet> warmed;
  std::optional<SeriesHead> second;
  for (std::int64_t t = 1; t <= 400; ++t) {
    total += (t % 150 > 130 ? 400.0 : 10.0) + static_cast<double>(random() % 3);
    ASSERT_TRUE(head.append(series("a"), {at(t), total}));
    if (second) {
      ASSERT_TRUE(second->append(series("a"), {at(t), total}));
    }
    (t <= 290 ? before : after) += shown(lived.evaluate(at(t), head));
    if (second) warmed_after += shown(warmed->evaluate(at(t), *second));
    if (t == 290) {
      auto imported = SeriesHead::import_bytes(head.export_bytes(), {});
      ASSERT_TRUE(imported.has_value());
      second.emplace(std::move(*imported));
      warmed = set_of(value);
      warmed_before = shown(warmed->warm({at(0), at(290)}, *second));
    }
  }
  EXPECT_FALSE(before.empty());
  EXPECT_EQ(before, warmed_before);
  EXPECT_FALSE(after.empty());
  EXPECT_EQ(after, warmed_after);
}

TEST(DetectorSet, ReplacingKeepsWhatDidNotChange) {
  const Value value = definition("threshold", {{"op", Value("gt")}, {"value", Value(0)}});
  DetectorSet set = set_of(value);
  SeriesHead head({});
  ASSERT_TRUE(head.append(series("a"), {at(1), 1}));
  set.evaluate(at(1), head);
  std::vector<DetectorSet::Item> same;
  same.push_back({spec(value), value});
  set.replace(std::move(same));
  EXPECT_EQ(set.status().size(), 1U);
  const Value other = definition("threshold", {{"op", Value("gt")}, {"value", Value(5)}});
  std::vector<DetectorSet::Item> changed;
  changed.push_back({spec(other), other});
  set.replace(std::move(changed));
  EXPECT_TRUE(set.status().empty());
}

TEST(AnomalyTransition, AsAValueHasWhatTheTriggerNeeds) {
  DetectorSet set = set_of(definition("threshold", {{"op", Value("gt")}, {"value", Value(10)}}));
  SeriesHead head({});
  ASSERT_TRUE(head.append(series("a"), {at(1), 20}));
  const DetectorReport report = set.evaluate(at(1), head);
  ASSERT_EQ(report.transitions.size(), 1U);
  const Value value = to_value(report.transitions[0]);
  EXPECT_EQ(value.get("detector"), Value("test.d"));
  EXPECT_EQ(value.get("state"), Value("firing"));
  EXPECT_EQ(value.get("labels").get("host"), Value("a"));
  EXPECT_EQ(value.get("expected_high"), Value(10));
  EXPECT_TRUE(value.get("expected_low").is_null());
  EXPECT_EQ(value.get("since"), Value("1970-01-01T00:00:01.000000Z"));
  EXPECT_EQ(value.get("evidence").size(), 1U);
}

}  // namespace
}  // namespace midwatch
