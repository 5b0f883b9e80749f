// ingest/scraper.h — asks every target for its metrics, each at its interval.
//
// Targets come from the scrape configs of packs: static ones, and files that are read again when they
// change (looked at every kDiscoveryEvery). One request a target at a time; a target that does not
// answer within its timeout is `up 0`. Bodies beyond kBodyBytesMax are refused.
//
// The head belongs to someone else: `with_head` runs a function on it, alone. Everything here runs on
// the io thread. Lifetime: stop() before the runtime stops; start() again is not possible.
// Thread-safety: set_jobs, stop, statistics on any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "aio/runtime.h"
#include "base/time.h"
#include "series/series_head.h"
#include "wire/scrape_config.h"

namespace midwatch::ingest {

struct ScrapeJob {
  ScrapeConfig config;
  std::string base_directory;  // what paths of files are relative to: the pack
};

class Scraper {
 public:
  static constexpr std::size_t kBodyBytesMax = 16u << 20;
  static constexpr Duration kDiscoveryEvery = std::chrono::seconds(1);
  static constexpr Duration kTick = std::chrono::milliseconds(50);

  using WithHead = std::function<void(const std::function<void(SeriesHead&)>&)>;
  struct Statistics {
    std::uint64_t targets = 0, scrapes = 0, failures = 0, samples = 0, refused = 0, problems = 0;
  };

  Scraper(aio::Runtime& runtime, WithHead with_head, std::function<Instant()> now);
  ~Scraper();

  // Replaces all jobs; targets that stay keep their schedule.
  void set_jobs(std::vector<ScrapeJob> jobs);
  void stop();
  [[nodiscard]] Statistics statistics() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace midwatch::ingest
