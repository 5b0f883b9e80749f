// series/series_head.h — recent samples of many series, in memory, found by their labels.
//
//   SeriesHead head({.retention = 2h});
//   MW_TRY(const SeriesRef ref, head.series(labels));      // once a series
//   MW_CHECK(head.append(ref, {now, 0.25}));               // once a sample
//   head.trim(now);                                        // now and then
//
// Samples of a series go in in order of time. The same sample twice is accepted once; another value
// for the last time, or an older time, is kConflict. Memory is bounded: at series_max or bytes_max
// the answer is kLimit and the head stays as it was. trim() drops what is older than the retention
// and, when more than nine tenths of bytes_max are used, the oldest chunks of all series until four
// fifths are left, so that a full head recovers by forgetting, not by refusing for ever.
//
// A SeriesRef stays valid until trim() drops its series (no sample left): append then says kNotFound
// and the caller asks for the series again. Refs are never reused.
//
// Thread-safety: none. One thread owns a head; everyone else asks that thread.
// Cost: append O(1), about 20 ns; select O(matching series and their samples), for matchers that are
// all negative or all patterns O(values of the label).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "series/chunk.h"
#include "series/sample_source.h"

namespace midwatch {

using SeriesRef = StrongId<struct SeriesRefTag, std::uint64_t>;

class SeriesHead final : public SampleSource {
 public:
  struct Options {
    Duration retention = std::chrono::hours(2);
    std::size_t series_max = 200'000;
    std::size_t bytes_max = std::size_t{256} << 20;
  };
  struct Stats {
    std::size_t series_count = 0;
    std::size_t chunks_count = 0;
    std::size_t bytes = 0;
    std::uint64_t samples_appended_count = 0;
    std::uint64_t chunks_dropped_by_age_count = 0;
    std::uint64_t chunks_dropped_by_pressure_count = 0;
  };
  static constexpr std::uint32_t kExportVersion = 1;

  explicit SeriesHead(Options options);
  SeriesHead(SeriesHead&&) noexcept;
  SeriesHead& operator=(SeriesHead&&) noexcept;
  ~SeriesHead() override;

  // The series with these labels, made if it is new. kLimit when there are too many.
  Result<SeriesRef> series(const Labels& labels);
  // The labels of a series, or null for a ref that was dropped.
  [[nodiscard]] const Labels* labels_of(SeriesRef ref) const;

  Status append(SeriesRef ref, Sample sample);
  Status append(const Labels& labels, Sample sample);

  [[nodiscard]] Result<std::vector<SeriesSamples>> select(std::span<const LabelMatcher> matchers, TimeRange range,
                                                          SelectLimits limits = {}) const override;
  // Label sets that satisfy every matcher, sorted; at most limits.series_max.
  [[nodiscard]] Result<std::vector<Labels>> find_series(std::span<const LabelMatcher> matchers,
                                                        SelectLimits limits = {}) const;
  [[nodiscard]] std::vector<std::string> label_names() const;
  [[nodiscard]] std::vector<std::string> label_values(std::string_view name) const;

  void trim(Instant now);
  [[nodiscard]] const Stats& stats() const { return stats_; }
  // The time of the latest sample of all, or the epoch.
  [[nodiscard]] Instant latest() const { return instant_from_millis(latest_ms_); }

  // Everything as bytes with a checksum, and back. import_bytes fails with kInvalid on bytes that are
  // not what export_bytes wrote; what is beyond the limits of the options is left out.
  [[nodiscard]] std::string export_bytes() const;
  static Result<SeriesHead> import_bytes(std::string_view bytes, Options options);

 private:
  using Refs = std::vector<std::uint64_t>;  // ascending
  struct Series {
    Labels labels;
    std::vector<std::unique_ptr<Chunk>> chunks;  // in order of time
    std::int64_t last_ms = INT64_MIN;
    std::uint64_t last_bits = 0;
  };

  Status append_to(Series& series, Sample sample);
  Status add_chunk(Series& series, std::unique_ptr<Chunk> chunk);
  [[nodiscard]] std::vector<const Series*> find(std::span<const LabelMatcher> matchers) const;
  [[nodiscard]] Refs seed(std::span<const LabelMatcher> matchers) const;
  void add_to_index(std::uint64_t id, const Labels& labels);
  void drop_chunks_before(std::int64_t ms, std::uint64_t& counter);
  void drop_under_pressure();
  void drop_empty_series();
  static std::size_t bytes_of_series(const Labels& labels);

  Options options_;
  Stats stats_;
  std::uint64_t next_id_ = 1;
  std::int64_t latest_ms_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Series>> series_;
  std::unordered_map<Labels, std::uint64_t> by_labels_;
  // label name -> label value -> series that have it
  std::map<std::string, std::map<std::string, Refs, std::less<>>, std::less<>> postings_;
};

}  // namespace midwatch
