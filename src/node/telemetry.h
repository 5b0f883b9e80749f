// node/telemetry.h — the sensing half of a node: scrape, keep, detect.
//
// Owns the head, the scraper, the detectors and their checkpoint. Every kEvaluateEvery the detectors
// that are due are evaluated on the io thread; what changed its mind goes to `report`. At start the
// checkpoint is read and the detectors are warmed up with it, then each says what it thinks now, so
// that an incident that was open before the restart hears of it.
//
// Thread-safety: query functions and statistics on any thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "aio/runtime.h"
#include "base/result.h"
#include "detect/detector_set.h"
#include "engine/input.h"
#include "ingest/scraper.h"
#include "model/content.h"
#include "node/clock.h"
#include "series/series_head.h"
#include "value/value.h"

namespace midwatch::node {

class Telemetry {
 public:
  static constexpr Duration kEvaluateEvery = std::chrono::milliseconds(200);
  struct Options {
    std::string checkpoint_path;
    Duration checkpoint_every = std::chrono::seconds(5);
    Duration samples_kept = std::chrono::hours(6);
  };
  struct Statistics {
    ingest::Scraper::Statistics scraper;
    SeriesHead::Stats head;
    std::uint64_t anomalies = 0, detector_problems = 0, checkpoint_failures = 0;
  };

  Telemetry(aio::Runtime& runtime, Clock& clock, Options options, std::function<void(AnomalyReported)> report);
  ~Telemetry();

  // Reads the checkpoint, warms up, and begins. A damaged checkpoint is left beside and said in the log.
  void start(const Content& content);
  // Targets and detectors of new content; what did not change keeps what it learned.
  void set_content(const Content& content);
  void stop();  // writes the checkpoint

  // Prometheus' answers: {"resultType": …, "result": …}.
  [[nodiscard]] Result<Value> query(std::string_view query, std::optional<Instant> at) const;
  [[nodiscard]] Result<Value> query_range(std::string_view query, Instant from, Instant to, Duration step) const;
  [[nodiscard]] Statistics statistics() const;

 private:
  void read_checkpoint();
  void evaluate();
  void write_checkpoint();
  void say(const DetectorReport& report);

  aio::Runtime& runtime_;
  Clock& clock_;
  const Options options_;
  const std::function<void(AnomalyReported)> report_;
  std::unique_ptr<ingest::Scraper> scraper_;
  aio::Timer evaluate_timer_;
  aio::Timer checkpoint_timer_;
  std::atomic<bool> stopped_{false};

  mutable std::mutex mutex_;  // guards everything below
  SeriesHead head_;
  DetectorSet detectors_;
  std::uint64_t anomalies_ = 0, detector_problems_ = 0, checkpoint_failures_ = 0;
};

}  // namespace midwatch::node
