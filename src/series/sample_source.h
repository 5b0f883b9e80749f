// series/sample_source.h — where a query finds its samples.
//
// SeriesHead is one; a test writes its own; a remote back end can be another. Implementations return
// series in the order of their labels, each label set once, samples in the order of time, stale
// markers included (the evaluator of queries gives them their meaning).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "series/float_histogram.h"
#include "series/label_matcher.h"
#include "series/labels.h"
#include "series/sample.h"

namespace midwatch {

struct HistogramSample {
  Instant at{};
  HistogramPtr histogram;     // never null
  std::int64_t start_ms = 0;  // since when it counts; 0: not known
};

// Floats and histograms apart, so that who has only floats pays for nothing else. No time is in both.
// A stale marker is a float also where a series of histograms ends.
struct SeriesSamples {
  Labels labels;
  std::vector<Sample> samples{};
  std::vector<HistogramSample> histograms{};
  // Since when each of `samples` counts, in milliseconds, 0 where that is not known; or empty.
  std::vector<std::int64_t> starts{};
};

// Both ends belong to it.
struct TimeRange {
  Instant from{};
  Instant to{};
};

struct SelectLimits {
  std::size_t series_max = 50'000;
  std::size_t samples_max = 10'000'000;
};

class SampleSource {
 public:
  virtual ~SampleSource() = default;
  // Series that satisfy every matcher and have a sample in the range. Fails with kLimit when there is
  // more than the limits allow.
  [[nodiscard]] virtual Result<std::vector<SeriesSamples>> select(std::span<const LabelMatcher> matchers,
                                                                  TimeRange range, SelectLimits limits) const = 0;
};

}  // namespace midwatch
