#include "wire/scrape_config.h"

#include <gtest/gtest.h>

namespace midwatch {
namespace {

using namespace std::chrono_literals;

Value job(std::initializer_list<Value::Member> more) {
  return Value::array({merge_shallow(Value::object({{"job_name", "shop"}}), Value::object(more))});
}

TEST(ScrapeConfig, ReadsPrometheusForm) {
  const auto configs = parse_scrape_configs(
      job({{"scrape_interval", "1s"},
           {"static_configs", Value::array({Value::object({{"targets", Value::array({"a:1", "b:2"})},
                                                           {"labels", Value::object({{"zone", "x"}})}})})},
           {"file_sd_configs", Value::array({Value::object({{"files", Value::array({"sd/*.json"})}})})}}));
  ASSERT_TRUE(configs.has_value()) << configs.error().to_string();
  const ScrapeConfig& config = configs->front();
  EXPECT_EQ(config.interval, 1s);
  EXPECT_EQ(config.timeout, 1s) << "no longer than the interval";
  EXPECT_EQ(config.static_targets.front().targets.size(), 2u);
  EXPECT_EQ(config.sd_files, std::vector<std::string>{"sd/*.json"});
  EXPECT_TRUE(parse_scrape_configs(Value())->empty());
}

TEST(ScrapeConfig, AnErrorSaysWhereAndWhatWasExpected) {
  EXPECT_EQ(parse_scrape_configs(job({{"scrape_intervall", "1s"}})).error().message,
            "scrape_configs[0]: unknown key 'scrape_intervall'");
  EXPECT_EQ(parse_scrape_configs(Value::array({Value::object({})})).error().message,
            "scrape_configs[0].job_name: expected a text, found nothing");
  EXPECT_EQ(parse_scrape_configs(job({{"scrape_interval", "1s"}, {"scrape_timeout", "2s"}})).error().message,
            "scrape_configs[0].scrape_timeout: is longer than the interval");
  EXPECT_EQ(parse_scrape_configs(
                job({{"static_configs", Value::array({Value::object({{"targets", Value::array({"host"})}})})}}))
                .error()
                .message,
            "scrape_configs[0].static_configs[0].targets[0]: expected host:port, found a text");
  EXPECT_FALSE(parse_scrape_targets(Value::object({})).has_value());
}

}  // namespace
}  // namespace midwatch
