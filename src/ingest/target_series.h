// ingest/target_series.h — what one scrape of one target writes into the head.
//
// The series of the body get the target's labels; `up`, `scrape_duration_seconds` and
// `scrape_samples_scraped` are added; a series that the last scrape had and this one has not gets a
// stale marker, and so do all when the scrape failed. Labels of the body that collide with the
// target's are kept as exported_<name>, as in Prometheus.
//
// Keeps the refs of its series, so that a sample of a known series costs one look-up by its text.
// Thread-safety: none; whoever owns the head calls it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "series/labels.h"
#include "series/series_head.h"
#include "wire/text_format.h"

namespace midwatch::ingest {

struct ScrapeSummary {
  std::size_t samples = 0;
  std::size_t refused = 0;   // by the head: too many series, out of order
  std::size_t problems = 0;  // lines that are no samples
  std::string first_problem;
};

class TargetSeries {
 public:
  // `labels` are job, instance and those of the target's group.
  explicit TargetSeries(std::vector<std::pair<std::string, std::string>> labels);

  ScrapeSummary scraped(SeriesHead& head, Instant at, Duration took, std::string_view body);
  void failed(SeriesHead& head, Instant at, Duration took);

 private:
  struct Known {
    SeriesRef ref;
    std::uint64_t last_scrape = 0;
  };
  class Sink;
  Labels full_labels(const TextSample& sample) const;
  void write_own(SeriesHead& head, Instant at, std::string_view name, double value);
  void mark_stale(SeriesHead& head, Instant at);

  std::vector<std::pair<std::string, std::string>> labels_;
  std::unordered_map<std::string, Known> known_;  // by the text of the series in the body
  std::uint64_t scrape_ = 0;
};

}  // namespace midwatch::ingest
