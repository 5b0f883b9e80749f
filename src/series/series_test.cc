#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "series/chunk.h"
#include "series/crc32c.h"
#include "series/histogram_statistics.h"
#include "series/histogram_sum.h"
#include "series/histogram_text.h"
#include "series/label_hash.h"
#include "series/label_matcher.h"
#include "series/labels.h"
#include "series/number_text.h"
#include "series/series_head.h"

namespace midwatch {
namespace {

using namespace std::chrono_literals;

Instant at(std::int64_t ms) { return instant_from_millis(ms); }

LabelMatcher matcher(LabelMatcher::Op op, const char* name, const char* value) {
  auto made = LabelMatcher::create(op, name, value);
  EXPECT_TRUE(made.has_value()) << made.error().message;
  return std::move(*made);
}

std::string found(const SeriesHead& head, std::vector<LabelMatcher> matchers) {
  auto selected = head.select(matchers, {at(0), at(1'000'000)});
  EXPECT_TRUE(selected.has_value());
  std::string out;
  for (const SeriesSamples& series : *selected) out += series.labels.to_metric_text() + ";";
  return out;
}

TEST(Labels, AreSortedUniqueAndWithoutEmptyValues) {
  const Labels labels = Labels::of({{"b", "2"}, {"a", "1"}, {"c", ""}, {"b", "3"}});
  EXPECT_EQ(labels.to_string(), R"({a="1", b="3"})");
  EXPECT_EQ(labels.get("b"), "3");
  EXPECT_EQ(labels.get("zz"), "");
  EXPECT_EQ(labels, Labels::of({{"a", "1"}, {"b", "3"}}));
  EXPECT_EQ(labels.hash(), Labels::of({{"b", "3"}, {"a", "1"}}).hash());
  EXPECT_EQ(Labels::of({{"x", ""}}), Labels());
}

TEST(Labels, TextFormsEscapeAndShowTheMetricName) {
  const Labels labels = Labels::of({{"__name__", "up"}, {"path", "a\"b\\c\n"}});
  EXPECT_EQ(labels.to_metric_text(), R"(up{path="a\"b\\c\n"})");
  EXPECT_EQ(labels.to_string(), R"({__name__="up", path="a\"b\\c\n"})");
  EXPECT_EQ(Labels().to_metric_text(), "{}");
  EXPECT_EQ(labels.to_value().get("path"), Value("a\"b\\c\n"));
}

TEST(Labels, ChangesMakeNewSets) {
  const Labels labels = Labels::of({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  EXPECT_EQ(labels.with("b", "9").to_string(), R"({a="1", b="9", c="3"})");
  EXPECT_EQ(labels.with("aa", "9").to_string(), R"({a="1", aa="9", b="2", c="3"})");
  EXPECT_EQ(labels.without("b").to_string(), R"({a="1", c="3"})");
  const std::vector<std::string> names = {"a", "c"};
  EXPECT_EQ(labels.keep(names).to_string(), R"({a="1", c="3"})");
  EXPECT_EQ(labels.drop(names).to_string(), R"({b="2"})");
}

TEST(LabelMatcher, PatternsMatchTheWholeValue) {
  using Op = LabelMatcher::Op;
  EXPECT_TRUE(matcher(Op::kMatches, "a", "5..").matches("503"));
  EXPECT_FALSE(matcher(Op::kMatches, "a", "5..").matches("5030"));
  EXPECT_TRUE(matcher(Op::kMatches, "a", "x|y").matches("y"));
  EXPECT_FALSE(matcher(Op::kMatches, "a", "x|y").matches("xy"));
  EXPECT_TRUE(matcher(Op::kMatches, "a", "a.b").matches("a\nb")) << "a dot matches a newline";
  EXPECT_TRUE(matcher(Op::kNotMatches, "a", "5..").matches(""));
  EXPECT_TRUE(matcher(Op::kMatches, "a", ".*").matches_empty());
  EXPECT_TRUE(matcher(Op::kMatches, "a", "x|").matches_empty());
}

TEST(LabelMatcher, ABrokenPatternIsNamed) {
  const auto made = LabelMatcher::create(LabelMatcher::Op::kMatches, "job", "(");
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().message, "pattern of label job: missing ): ^(?s:()$");
}

// Goal: whatever goes in comes out, bit for bit.
// Method: random walks of several shapes of time and value, and special values, through as many
// chunks as they need.
TEST(Chunk, RoundTripsAnySamples) {
  std::mt19937_64 random(7);
  for (int shape = 0; shape < 200; ++shape) {
    std::vector<std::pair<std::int64_t, double>> in;
    std::int64_t ms = static_cast<std::int64_t>(random() % 2'000'000'000'000);
    double value = static_cast<double>(random() % 1000);
    for (int i = 0; i < 300; ++i) {
      ms += shape % 4 == 0 ? 1000 : static_cast<std::int64_t>(random() % (shape % 4 == 1 ? 3000 : 10'000'000'000)) + 1;
      if (shape % 5 == 0) value = std::bit_cast<double>(random());
      if (shape % 5 == 1) value += static_cast<double>(random() % 100) / 10;
      if (shape % 5 == 2) value += 1;
      if (shape % 5 == 3 && i % 7 == 0) value = i % 2 == 0 ? stale_marker() : INFINITY;
      in.emplace_back(ms, value);
    }
    std::vector<Chunk> chunks(1);
    for (const auto& [t, v] : in) {
      if (chunks.back().append(t, v)) continue;
      chunks.emplace_back();
      ASSERT_TRUE(chunks.back().append(t, v));
    }
    std::size_t i = 0;
    for (const Chunk& chunk : chunks) {
      std::string bytes;
      chunk.export_to(bytes);
      std::string_view rest = bytes;
      auto copy = Chunk::import_from(rest);
      ASSERT_TRUE(copy.has_value()) << "shape " << shape;
      EXPECT_TRUE(rest.empty());
      for (Chunk::Reader reader(*copy); reader.next(); ++i) {
        ASSERT_EQ(reader.ms(), in[i].first);
        ASSERT_EQ(std::bit_cast<std::uint64_t>(reader.value()), std::bit_cast<std::uint64_t>(in[i].second));
      }
    }
    ASSERT_EQ(i, in.size()) << "shape " << shape;
  }
}

TEST(Chunk, ASteadySeriesCostsTwoBitsASample) {
  Chunk chunk;
  std::int64_t ms = 1000;
  while (chunk.append(ms, 5)) ms += 1000;
  EXPECT_GT(chunk.size(), 800U);
}

TEST(Chunk, DamagedBytesAreRefusedOrReadInBounds) {
  Chunk chunk;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(chunk.append(i * 999 + i % 3, i * 0.7));
  std::string bytes;
  chunk.export_to(bytes);
  std::mt19937_64 random(3);
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = bytes;
    damaged[random() % damaged.size()] ^= static_cast<char>(1 << random() % 8);
    if (round % 3 == 0) damaged.resize(random() % damaged.size());
    std::string_view rest = damaged;
    const auto read = Chunk::import_from(rest);
    if (!read) continue;
    std::size_t count = 0;
    for (Chunk::Reader reader(*read); reader.next();) ++count;
    EXPECT_EQ(count, read->size());
  }
}

TEST(Crc32c, AgreesWithThePublishedVectors) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(""), 0U);
}

TEST(NumberText, NumbersAreGosSpelling) {
  EXPECT_EQ(parse_number_text("+Inf"), HUGE_VAL);
  EXPECT_EQ(parse_number_text("-inf"), -HUGE_VAL);
  EXPECT_EQ(parse_number_text("+1.5e3"), 1500);
  EXPECT_EQ(parse_number_text(".5"), 0.5);
  EXPECT_EQ(parse_number_text("5."), 5);
  EXPECT_EQ(parse_number_text("0x1p4"), 16);
  EXPECT_EQ(parse_number_text("1e999"), HUGE_VAL);
  EXPECT_EQ(parse_number_text("1e-999"), 0.0);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(*parse_number_text("NaN")), kNormalNanBits);
  for (const char* bad : {"", "+", "-", "1x", "nan(7)", "1 ", "--1", "e5", "0x", "1e", "+-1", "infin"}) {
    EXPECT_FALSE(parse_number_text(bad).has_value()) << bad;
  }
}

SeriesHead three_series() {
  SeriesHead head({});
  EXPECT_TRUE(head.append(Labels::of({{"__name__", "up"}, {"job", "api"}, {"code", "200"}}), {at(1000), 1}));
  EXPECT_TRUE(head.append(Labels::of({{"__name__", "up"}, {"job", "db"}, {"code", "503"}}), {at(1000), 2}));
  EXPECT_TRUE(head.append(Labels::of({{"__name__", "down"}, {"job", "db"}}), {at(1000), 3}));
  return head;
}

TEST(SeriesHead, SelectsByEveryKindOfMatcher) {
  using Op = LabelMatcher::Op;
  const SeriesHead head = three_series();
  EXPECT_EQ(found(head, {matcher(Op::kEqual, "__name__", "up")}),
            R"(up{code="200", job="api"};up{code="503", job="db"};)");
  EXPECT_EQ(found(head, {matcher(Op::kEqual, "__name__", "up"), matcher(Op::kNotEqual, "job", "db")}),
            R"(up{code="200", job="api"};)");
  EXPECT_EQ(found(head, {matcher(Op::kMatches, "code", "5..")}), R"(up{code="503", job="db"};)");
  EXPECT_EQ(found(head, {matcher(Op::kMatches, "job", "api|api|web")}), R"(up{code="200", job="api"};)");
  EXPECT_EQ(found(head, {matcher(Op::kNotMatches, "code", ".+")}), R"(down{job="db"};)");
  EXPECT_EQ(found(head, {matcher(Op::kEqual, "code", "")}), R"(down{job="db"};)") << "no such label is the empty value";
  EXPECT_EQ(found(head, {matcher(Op::kEqual, "job", "nobody")}), "");
  EXPECT_EQ(head.label_values("job"), (std::vector<std::string>{"api", "db"}));
  EXPECT_EQ(head.label_names(), (std::vector<std::string>{"__name__", "code", "job"}));
}

TEST(SeriesHead, SamplesGoInInOrderAndOnce) {
  SeriesHead head({});
  const Labels up = Labels::of({{"__name__", "up"}});
  EXPECT_TRUE(head.append(up, {at(2000), 1}));
  EXPECT_TRUE(head.append(up, {at(2000), 1})) << "the same sample again is not an error";
  const Status other = head.append(up, {at(2000), 2});
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, Code::kConflict);
  EXPECT_EQ(other.error().message,
            "series up: sample at 2000 ms has another value than the one stored, the last is at 2000 ms");
  EXPECT_FALSE(head.append(up, {at(1000), 1}).has_value());
  EXPECT_EQ(head.stats().samples_appended_count, 1U);
}

TEST(SeriesHead, TheLimitOfSeriesIsAClearAnswer) {
  SeriesHead head({.series_max = 2});
  EXPECT_TRUE(head.append(Labels::of({{"a", "1"}}), {at(1), 1}));
  EXPECT_TRUE(head.append(Labels::of({{"a", "2"}}), {at(1), 1}));
  const Status third = head.append(Labels::of({{"a", "3"}}), {at(1), 1});
  ASSERT_FALSE(third.has_value());
  EXPECT_EQ(third.error().code, Code::kLimit);
  EXPECT_EQ(third.error().message, R"(series {a="3"}: the store holds 2 series, at most 2 are allowed)");
  EXPECT_TRUE(head.append(Labels::of({{"a", "1"}}), {at(2), 1})) << "known series go on";
}

// Goal: a head that is fed for ever stays within its bytes, and what it keeps is the newest.
TEST(SeriesHead, AFullHeadForgetsTheOldest) {
  SeriesHead head({.retention = 1000h, .bytes_max = 64 * 1024});
  std::mt19937_64 random(1);
  const Labels a = Labels::of({{"a", "1"}});
  bool refused = false;
  for (int i = 1; i < 20'000; ++i) {
    const Status stored = head.append(a, {at(i * 1000), std::bit_cast<double>(random() >> 2)});
    if (!stored) {
      EXPECT_EQ(stored.error().code, Code::kLimit);
      refused = true;
      head.trim(at(i * 1000));
      ASSERT_TRUE(head.append(a, {at(i * 1000), 1}));
    }
    ASSERT_LE(head.stats().bytes, 64U * 1024);
  }
  EXPECT_TRUE(refused);
  EXPECT_GT(head.stats().chunks_dropped_by_pressure_count, 0U);
  auto all = head.select({}, {at(0), at(100'000'000)});
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ((*all)[0].samples.back().at, at(19'999'000));
}

TEST(SeriesHead, TrimDropsWhatIsTooOldAndThenTheSeries) {
  SeriesHead head({.retention = 10s});
  auto ref = head.series(Labels::of({{"__name__", "old"}}));
  ASSERT_TRUE(ref.has_value());
  ASSERT_TRUE(head.append(*ref, {at(1000), 1}));
  ASSERT_TRUE(head.append(Labels::of({{"__name__", "new"}}), {at(20'000), 1}));
  head.trim(at(20'000));
  EXPECT_EQ(head.stats().series_count, 1U);
  EXPECT_EQ(head.labels_of(*ref), nullptr);
  const Status gone = head.append(*ref, {at(21'000), 1});
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().code, Code::kNotFound);
  EXPECT_EQ(head.label_values("__name__"), std::vector<std::string>{"new"});
  head.trim(at(100'000));
  EXPECT_EQ(head.stats().bytes, 0U) << "accounting comes back to nothing";
}

TEST(SeriesHead, SelectStopsAtItsLimits) {
  const SeriesHead head = three_series();
  const auto too_many = head.select({}, {at(0), at(5000)}, {.series_max = 2});
  ASSERT_FALSE(too_many.has_value());
  EXPECT_EQ(too_many.error().message, "the selector matches more than 2 series");
  EXPECT_EQ(head.select({}, {at(0), at(5000)}, {.samples_max = 2}).error().message,
            "the selector matches more than 2 samples");
}

TEST(SeriesHead, ExportAndImportGiveTheSameHead) {
  SeriesHead head({});
  for (int series = 0; series < 20; ++series) {
    const Labels labels = Labels::of({{"__name__", "m"}, {"n", std::to_string(series)}});
    for (int i = 1; i < 500; ++i) ASSERT_TRUE(head.append(labels, {at(i * 1000), i * 0.1 * series}));
  }
  const std::string bytes = head.export_bytes();
  auto back = SeriesHead::import_bytes(bytes, {});
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(back->export_bytes(), bytes);
  EXPECT_EQ(back->latest(), head.latest());
  EXPECT_FALSE(back->append(Labels::of({{"__name__", "m"}, {"n", "3"}}), {at(499'000), 7}).has_value())
      << "the last sample is known again";
  ASSERT_TRUE(back->append(Labels::of({{"__name__", "m"}, {"n", "3"}}), {at(500'000), 7}));
  auto selected = back->select(std::vector{matcher(LabelMatcher::Op::kEqual, "n", "3")}, {at(1000), at(500'000)});
  ASSERT_TRUE(selected.has_value());
  EXPECT_EQ((*selected)[0].samples.size(), 500U);
}

TEST(SeriesHead, DamagedBytesAreRefusedWithTheReason) {
  const std::string bytes = three_series().export_bytes();
  const auto message = [](std::string damaged) {
    auto back = SeriesHead::import_bytes(damaged, {});
    return back ? "accepted" : back.error().message;
  };
  std::string flipped = bytes;
  flipped[30] ^= 4;
  EXPECT_EQ(message(flipped), "the checkpoint of samples has a wrong checksum");
  EXPECT_EQ(message(bytes.substr(0, bytes.size() - 1)), "the checkpoint of samples has a wrong checksum");
  EXPECT_EQ(message(""), "not a checkpoint of samples");
  std::string newer = bytes;
  newer[8] = 9;
  EXPECT_EQ(message(newer), "the checkpoint of samples has version 9, this program reads 1");
}

FloatHistogram literal(std::string_view text) {
  auto histogram = parse_histogram_literal(text);
  EXPECT_TRUE(histogram.has_value()) << (histogram ? "" : histogram.error().message);
  return histogram ? *histogram : FloatHistogram{};
}

TEST(FloatHistogram, IsPrintedAsPrometheusPrintsIt) {
  EXPECT_EQ(literal("{{}}").to_string(), "{count:0, sum:0}");
  EXPECT_EQ(literal("{{count:1e7 sum:-2.5 z_bucket:1 z_bucket_w:0.001 buckets:[1 0 3] n_buckets:[2]}}").to_string(),
            "{count:1e+07, sum:-2.5, [-1,-0.5):2, [-0.001,0.001]:1, (0.5,1]:1, (2,4]:3}");
  EXPECT_EQ(literal("{{schema:-53 count:6 custom_values:[5 10] buckets:[1 2 3]}}").to_string(),
            "{count:6, sum:0, (-Inf,5]:1, (5,10]:2, (10,+Inf]:3}");
}

TEST(FloatHistogram, LiteralsThatMakeNoSenseAreRefused) {
  for (const char* text :
       {"", "{{", "{{x:1}}", "{{sum}}", "{{sum:}}", "{{sum:1 sum:1}}", "{{schema:9}}", "{{schema:-5}}", "{{buckets:1}}",
        "{{buckets:[1}}", "{{offset:1.5}}", "{{offset:1e9}}", "{{z_bucket_w:NaN}}", "{{custom_values:[1]}}",
        "{{schema:-53 custom_values:[2 1]}}", "{{schema:-53 custom_values:[1] buckets:[1 2 3]}}",
        "{{schema:-53 n_buckets:[1]}}", "{{counter_reset_hint:maybe}}"}) {
    EXPECT_FALSE(parse_histogram_literal(text).has_value()) << text;
  }
}

TEST(FloatHistogram, BoundsArePowersOfTheBase) {
  FloatHistogram histogram;
  EXPECT_EQ(histogram.upper_bound(0), 1);
  EXPECT_EQ(histogram.upper_bound(10), 1024);
  EXPECT_EQ(histogram.upper_bound(1024), std::numeric_limits<double>::max());
  EXPECT_EQ(histogram.upper_bound(1025), std::numeric_limits<double>::infinity());
  histogram.schema = 3;
  EXPECT_DOUBLE_EQ(histogram.upper_bound(4), std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(histogram.upper_bound(-8), 0.5);
  EXPECT_EQ(histogram.upper_bound(8 * 1024), std::numeric_limits<double>::max());
  histogram.schema = -4;
  EXPECT_EQ(histogram.upper_bound(1), 65536);
  EXPECT_EQ(histogram.upper_bound(64), std::numeric_limits<double>::max());
}

TEST(FloatHistogram, AdditionReconcilesWhatDiffers) {
  using Sign = HistogramSum::Sign;
  const auto sum = [](std::string_view a, std::string_view b, Sign sign = Sign::kPlus) {
    return combine(literal(a), literal(b), sign).histogram.to_string();
  };
  // The coarser schema stays.
  EXPECT_EQ(sum("{{schema:1 count:3 buckets:[1 1 1]}}", "{{schema:0 count:2 buckets:[1 1]}}"),
            "{count:5, sum:0, (0.5,1]:2, (1,2]:3}");
  // A zero bucket may not cut through a populated bucket: it grows to the end of it.
  EXPECT_EQ(sum("{{count:1 z_bucket:1 z_bucket_w:0.75}}", "{{count:3 buckets:[1 2]}}"),
            "{count:4, sum:0, [-1,1]:2, (1,2]:2}");
  // Of custom bounds those that both have.
  const auto custom = combine(literal("{{schema:-53 count:6 custom_values:[1 2 3] buckets:[1 1 1 3]}}"),
                              literal("{{schema:-53 count:2 custom_values:[2 4] buckets:[1 1]}}"), Sign::kPlus);
  EXPECT_TRUE(custom.added.bounds_reconciled);
  EXPECT_EQ(custom.histogram.to_string(), "{count:8, sum:0, (-Inf,2]:3, (2,+Inf]:5}");
  EXPECT_FALSE(combine(literal("{{}}"), literal("{{schema:-53}}"), Sign::kPlus).added.compatible);
  // What is taken away comes back.
  EXPECT_EQ(sum("{{count:5 sum:5 buckets:[2 3]}}", "{{count:2 sum:1 buckets:[2] offset:1}}", Sign::kMinus),
            "{count:3, sum:4, (0.5,1]:2, (1,2]:1}");
}

TEST(FloatHistogram, SumsDoNotLoseTheSmallBesideTheLarge) {
  HistogramSum sum(literal("{{sum:1 count:1 buckets:[1]}}"));
  for (const char* next :
       {"{{sum:1e100 buckets:[1e100]}}", "{{sum:1 buckets:[1]}}", "{{sum:-1e100 buckets:[-1e100]}}"}) {
    sum.add(literal(next));
  }
  EXPECT_EQ(sum.total().to_string(), "{count:1, sum:2, (0.5,1]:2}");
  HistogramMean mean(literal("{{count:1.7e308}}"));
  mean.add(literal("{{count:1.5e308}}"));
  EXPECT_DOUBLE_EQ(mean.mean().count, 1.6e308);
}

TEST(FloatHistogram, ResetsAreSeenInAnyBucket) {
  const auto reset = [](std::string_view now, std::string_view before) {
    return literal(now).is_reset_after(literal(before));
  };
  EXPECT_FALSE(reset("{{count:4 buckets:[1 3]}}", "{{count:3 buckets:[1 2]}}"));
  EXPECT_TRUE(reset("{{count:4 buckets:[0 4]}}", "{{count:3 buckets:[1 2]}}"));
  EXPECT_TRUE(reset("{{count:4 buckets:[4] offset:1}}", "{{count:3 buckets:[1 2]}}"));
  EXPECT_TRUE(reset("{{schema:1 count:4}}", "{{schema:0 count:3}}")) << "a finer schema comes with a new histogram";
  EXPECT_FALSE(reset("{{schema:0 count:4 buckets:[1 3]}}", "{{schema:1 count:3 buckets:[1 1 1]}}"));
  EXPECT_FALSE(reset("{{count:4 z_bucket:3 z_bucket_w:1 buckets:[1] offset:1}}", "{{count:3 buckets:[2 1]}}"));
  EXPECT_TRUE(reset("{{count:4 counter_reset_hint:reset}}", "{{count:3}}"));
  EXPECT_FALSE(reset("{{count:2 counter_reset_hint:not_reset}}", "{{count:3}}"));
  EXPECT_EQ(hint_after(nullptr, literal("{{count:1}}")), FloatHistogram::ResetHint::kUnknown);
  const FloatHistogram before = literal("{{count:1}}");
  EXPECT_EQ(hint_after(&before, literal("{{count:2}}")), FloatHistogram::ResetHint::kNotReset);
  EXPECT_EQ(hint_after(&before, literal("{{count:0}}")), FloatHistogram::ResetHint::kUnknown);
}

TEST(FloatHistogram, QuantilesAndFractionsAreEachOthersInverse) {
  for (const char* text : {"{{count:12 sum:100 z_bucket:2 z_bucket_w:0.001 buckets:[2 3 0 1 4]}}",
                           "{{schema:3 count:10 n_buckets:[2 3] buckets:[1 4] sum:1}}",
                           "{{schema:-53 count:6 custom_values:[5 10 20] buckets:[1 2 3] sum:9}}"}) {
    const FloatHistogram histogram = literal(text);
    for (const double q : {0.1, 0.3, 0.45, 0.7, 0.95}) {
      const double value = histogram_quantile(q, histogram).value;
      EXPECT_NEAR(histogram_fraction(-std::numeric_limits<double>::infinity(), value, histogram).value, q, 1e-9)
          << text;
      EXPECT_NEAR(trimmed(histogram, value, HistogramSide::kBelow).count, q * histogram.count, 1e-9) << text;
    }
  }
}

TEST(LabelHash, IsXxh64AsPrometheusUsesIt) {
  EXPECT_EQ(xxhash64(""), 0xef46db3751d8e999u);
  EXPECT_EQ(xxhash64("a"), 0xd24ec4f1a98c6e5bu);
  EXPECT_EQ(xxhash64("Nobody inspects the spammish repetition"), 0xfbcea83c8a378bf1u);
}

}  // namespace
}  // namespace midwatch
