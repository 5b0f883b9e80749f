// wire/scrape_config.h — which targets to scrape, in Prometheus' form.
//
// The keys of a `scrape_configs` entry that are honoured: job_name, scrape_interval, scrape_timeout,
// metrics_path, scheme, static_configs, file_sd_configs. An unknown key is an error that names the
// known ones; an error says where: "scrape_configs[0].static_configs[1].targets: expected a list".
//
// Pure. Source: Prometheus' configuration reference, <scrape_config> and <file_sd_config>.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "value/value.h"

namespace midwatch {

inline constexpr std::size_t kScrapeJobsMax = 1'000;
inline constexpr std::size_t kScrapeTargetsMax = 10'000;  // of one job

struct ScrapeTargets {
  std::vector<std::string> targets;                         // "host:port"
  std::vector<std::pair<std::string, std::string>> labels;  // laid on every series of these targets
};

struct ScrapeConfig {
  std::string job_name;
  Duration interval = std::chrono::minutes(1);
  Duration timeout = std::chrono::seconds(10);  // at most the interval
  std::string metrics_path = "/metrics";
  std::string scheme = "http";
  std::vector<ScrapeTargets> static_targets;
  std::vector<std::string> sd_files;  // patterns: a '*' in the last part of the path
};

// The array under `scrape_configs`; null is none. Job names must be unique.
[[nodiscard]] Result<std::vector<ScrapeConfig>> parse_scrape_configs(const Value& configs);
// What a file of file_sd_configs holds: a list of {targets, labels}.
[[nodiscard]] Result<std::vector<ScrapeTargets>> parse_scrape_targets(const Value& groups);

}  // namespace midwatch
