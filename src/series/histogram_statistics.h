// series/histogram_statistics.h — what a native histogram says of its observations.
//
// Within a bucket observations are taken to be spread evenly over the logarithm of the value, in custom
// buckets and in the zero bucket evenly over the value. A zero bucket beside buckets of one sign only is
// taken to have that sign. Observations that are not numbers are in the count and in no bucket, and make
// the sum NaN. Cost: O(buckets). Source: Prometheus' promql/quantile.go.
#pragma once

#include "series/float_histogram.h"

namespace midwatch {

struct HistogramEstimate {
  enum class Caveat : std::uint8_t {
    kNone,
    kNanResult,  // the rank is among observations that are not numbers
    kNanSkew,    // there are such observations: a quantile is skewed higher, a fraction leaves them out
  };
  double value = 0;
  Caveat caveat = Caveat::kNone;
};

// -Inf below 0, +Inf above 1, NaN for NaN and for a histogram without observations.
[[nodiscard]] HistogramEstimate histogram_quantile(double q, const FloatHistogram& histogram);
// The part of the observations between the bounds.
[[nodiscard]] HistogramEstimate histogram_fraction(double lower, double upper, const FloatHistogram& histogram);
// Of the population, with each bucket's observations in its middle.
[[nodiscard]] double histogram_variance(const FloatHistogram& histogram);

enum class HistogramSide : std::uint8_t { kBelow, kAbove };
// Only the observations on one side of `bound`. Count and sum are estimated anew where anything was cut.
[[nodiscard]] FloatHistogram trimmed(const FloatHistogram& histogram, double bound, HistogramSide keep);

}  // namespace midwatch
