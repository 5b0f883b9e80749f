#include <type_traits>

#include <gtest/gtest.h>

#include "base/assert.h"
#include "base/bounded_queue.h"
#include "base/log.h"
#include "base/object_id.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/strong_id.h"
#include "base/time.h"

namespace midwatch {
namespace {

using namespace std::chrono_literals;

Result<int> half(int n) {
  if (n % 2 != 0) return Error(Code::kInvalid, "odd");
  return n / 2;
}
Result<int> quarter(int n) {
  MW_TRY(const int h, half(n));
  MW_TRY(const int q, half(h));
  return q;
}

TEST(Result, TryPassesTheErrorUp) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
}

TEST(Result, AnErrorReadsAsAPathToTheCause) {
  const Error error = Error(Code::kInvalid, "unknown operator 'gtt'", {"rules/a.yaml", 3, 7}, "did you mean 'gt'?")
                          .within("criteria[2]")
                          .within("rule hot");
  EXPECT_EQ(error.to_string(), "rules/a.yaml:3:7: rule hot: criteria[2]: unknown operator 'gtt' (did you mean 'gt'?)");
}

TEST(ObjectId, TextRoundTripsAndSortsByTime) {
  ObjectIdSource source(7);
  const Instant t0 = instant_from_micros(1'795'384'495'074'595);
  ObjectId last = source.next(t0);
  EXPECT_EQ(*ObjectId::parse(last.hex()), last);
  EXPECT_LT(t0 - last.made_at(), 20us);
  for (int i = 0; i < 1000; ++i) {
    const ObjectId id = source.next(t0 + (i % 10 == 0 ? -5s : 1us * i));
    EXPECT_LT(last, id);
    EXPECT_LT(last.hex(), id.hex());
    last = id;
  }
  EXPECT_EQ(ObjectId::parse("xyz").error().message, "'xyz' is not an id; expected 24 hexadecimal digits");
}

TEST(Time, Iso8601RoundTrips) {
  const std::string text = "2026-11-22T21:54:55.074595Z";
  EXPECT_EQ(to_iso8601(*parse_iso8601(text)), text);
  EXPECT_EQ(to_iso8601(*parse_iso8601("2026-02-28 23:30:00-01:30")), "2026-03-01T01:00:00.000000Z");
  EXPECT_EQ(to_iso8601(*parse_iso8601("1960-01-01T00:00:00.5Z")), "1960-01-01T00:00:00.500000Z");
  for (const char* bad : {"", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00Zx"}) {
    EXPECT_FALSE(parse_iso8601(bad).has_value()) << bad;
  }
}

TEST(Time, DurationsAreWrittenAsPrometheusWritesThem) {
  EXPECT_EQ(*parse_duration("1h30m"), 90min);
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(to_duration_text(90min + 5ms), "1h30m5ms");
  for (const char* bad : {"", "5", "s", "1m1h", "1m2m", "99999999999999999y", "1.5s"}) {
    EXPECT_FALSE(parse_duration(bad).has_value()) << bad;
  }
  EXPECT_EQ(to_human(4'260ms), "4.2 s");
  EXPECT_EQ(to_human(850ms), "850 ms");
}

TEST(Secret, CannotBePrintedAndComparesByContent) {
  const Secret secret("hunter2");
  EXPECT_TRUE(secret.equals("hunter2"));
  EXPECT_FALSE(secret.equals("hunter"));
  EXPECT_FALSE(secret.equals(""));
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_constructible_v<LogField, std::string_view, Secret>);
}

TEST(Log, TextAndJsonEscapeWhatWouldBreakALine) {
  std::string seen;
  set_log_options({.level = LogLevel::kInfo,
                   .format = LogFormat::kText,
                   .sink = [&](std::string_view l) { seen += l; },
                   .time = {}});
  MW_LOG(kInfo, "two\nlines", {{"path", "/a b"}, {"count", 3}, {"ok", true}});
  MW_LOG(kDebug, "not seen");
  EXPECT_EQ(seen, "INFO  two\\nlines path=\"/a b\" count=3 ok=true\n");
  seen.clear();
  set_log_options({.level = LogLevel::kInfo,
                   .format = LogFormat::kJson,
                   .sink = [&](std::string_view l) { seen += l; },
                   .time = {}});
  MW_LOG(kError, "x", {{"q", "say \"hi\""}});
  EXPECT_EQ(seen, "{\"level\":\"error\",\"message\":\"x\",\"q\":\"say \\\"hi\\\"\"}\n");
  set_log_options({});
}

TEST(BoundedQueue, RefusesWhenFullAndDrainsInOrder) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.try_push(1));
  EXPECT_TRUE(queue.try_push(2));
  EXPECT_FALSE(queue.try_push(3));
  EXPECT_TRUE(queue.push_admitted(4));
  std::vector<int> out;
  EXPECT_TRUE(queue.drain(out, 2, 0ms));
  EXPECT_EQ(out, (std::vector{1, 2}));
  queue.close();
  EXPECT_FALSE(queue.try_push(5));
  EXPECT_TRUE(queue.drain(out, 10, 0ms));
  EXPECT_EQ(out, std::vector{4});
  EXPECT_FALSE(queue.drain(out, 10, 0ms));
}

TEST(AssertDeathTest, SaysWhatWasPromised) {
  EXPECT_DEATH(MW_ASSERT(1 + 1 == 3, "sums hold"), "1 \\+ 1 == 3: sums hold");
}

}  // namespace
}  // namespace midwatch
