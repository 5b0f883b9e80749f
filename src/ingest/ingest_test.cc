#include <gtest/gtest.h>

#include "ingest/target_series.h"
#include "series/label_matcher.h"
#include "series/series_head.h"

namespace midwatch::ingest {
namespace {

using namespace std::chrono_literals;

const Instant kStart = instant_from_micros(1'700'000'000'000'000);

std::vector<SeriesSamples> all_of(const SeriesHead& head, std::string_view metric) {
  const auto matcher = LabelMatcher::create(LabelMatcher::Op::kEqual, std::string(kMetricName), std::string(metric));
  EXPECT_TRUE(matcher.has_value());
  auto found = head.select(std::span(&*matcher, 1), {kStart - 1h, kStart + 1h});
  EXPECT_TRUE(found.has_value());
  return *found;
}

TEST(TargetSeries, SamplesGetTheTargetsLabelsAndUpIsWritten) {
  SeriesHead head({});
  TargetSeries target({{"job", "shop"}, {"instance", "a:1"}});
  const ScrapeSummary summary =
      target.scraped(head, kStart, 5ms, "hits{job=\"inner\",path=\"/\"} 3\nbroken{ 1\nhits 4\n");
  EXPECT_EQ(summary.samples, 2u);
  EXPECT_EQ(summary.problems, 1u);
  const auto hits = all_of(head, "hits");
  ASSERT_EQ(hits.size(), 2u);
  bool exported = false;
  for (const auto& series : hits)
    exported |= series.labels.get("exported_job") == "inner" && series.labels.get("job") == "shop";
  EXPECT_TRUE(exported);
  EXPECT_EQ(all_of(head, "up").front().samples.front().value, 1);
}

TEST(TargetSeries, AVanishedSeriesIsMarkedStaleOnceAndAFailedScrapeIsDown) {
  SeriesHead head({});
  TargetSeries target({{"job", "shop"}});
  target.scraped(head, kStart, 5ms, "a 1\nb 1\n");
  target.scraped(head, kStart + 1s, 5ms, "a 2\n");
  target.scraped(head, kStart + 2s, 5ms, "a 3\n");
  const auto b = all_of(head, "b").front().samples;
  ASSERT_EQ(b.size(), 2u);
  EXPECT_TRUE(is_stale_marker(b.back().value));
  target.failed(head, kStart + 3s, 5ms);
  EXPECT_EQ(all_of(head, "up").front().samples.back().value, 0);
  EXPECT_TRUE(is_stale_marker(all_of(head, "a").front().samples.back().value));
}

}  // namespace
}  // namespace midwatch::ingest
