#include "series/histogram_statistics.h"

#include <algorithm>
#include <cmath>

#include "series/kahan.h"

namespace midwatch {
namespace {

using Range = FloatHistogram::Range;
using Caveat = HistogramEstimate::Caveat;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool straddles_zero(const Range& range) { return range.lower <= 0 && range.upper >= 0; }

// Beside buckets of one sign, the zero bucket holds observations of that sign.
void lean(Range& range, const FloatHistogram& histogram) {
  if (histogram.negative.empty() && !histogram.positive.empty()) range.lower = 0;
  else if (histogram.positive.empty() && !histogram.negative.empty()) range.upper = 0;
}

// How far into the bucket `value` is, on a logarithmic scale, seen from the lower bound.
double log_position(const Range& range, double value) {
  const double lower = std::log2(std::fabs(range.lower));
  const double upper = std::log2(std::fabs(range.upper));
  const double at = std::log2(std::fabs(value));
  return value > 0 ? (at - lower) / (upper - lower) : 1 - (at - upper) / (lower - upper);
}

double total_count(const std::vector<Range>& ranges) {
  double total = 0;
  for (const Range& range : ranges) total += range.count;
  return total;
}

// The value at `fraction` of the way through the bucket.
double value_at(const Range& range, double fraction, bool linear) {
  if (linear || straddles_zero(range)) return range.lower + (range.upper - range.lower) * fraction;
  const double lower = std::log2(std::fabs(range.lower));
  const double upper = std::log2(std::fabs(range.upper));
  if (range.lower > 0) return std::exp2(lower + (upper - lower) * fraction);
  return -std::exp2(upper + (lower - upper) * (1 - fraction));
}

// Walks the populated buckets until their counts reach `rank`.
template <class Iterator>
Range range_of_rank(Iterator at, Iterator end, double rank, double& count) {
  Range found;
  for (; at != end; ++at) {
    if (at->count == 0) continue;
    found = *at;
    count += found.count;
    if (count >= rank) break;
  }
  return found;
}

}  // namespace

HistogramEstimate histogram_quantile(double q, const FloatHistogram& histogram) {
  if (q < 0) return {-kInfinity};
  if (q > 1) return {kInfinity};
  if (histogram.count == 0 || std::isnan(q)) return {kNan};
  const std::vector<Range> ranges = histogram.ranges();
  // From the near end, for precision; from below where observations that are not numbers count as the top.
  const bool forward = std::isnan(histogram.sum) || q < 0.5;
  double rank = (forward ? q : 1 - q) * histogram.count;
  double count = 0;
  Range range = forward ? range_of_rank(ranges.begin(), ranges.end(), rank, count)
                        : range_of_rank(ranges.rbegin(), ranges.rend(), rank, count);
  if (histogram.has_custom_bounds()) {
    if (range.lower == -kInfinity) {
      if (range.upper <= 0) return {range.upper};
      range.lower = 0;
    } else if (range.upper == kInfinity) {
      return {range.lower};
    }
  } else if (range.lower < 0 && range.upper > 0) {
    lean(range, histogram);
  }
  count = std::min(count, histogram.count);  // rounding may have led past it
  if (count < rank) {
    if (std::isnan(histogram.sum)) return {kNan, Caveat::kNanResult};
    return {range.upper};
  }
  rank = forward ? rank - (count - range.count) : count - rank;
  const bool skewed = std::isnan(histogram.sum) && total_count(ranges) < histogram.count;
  return {value_at(range, rank / range.count, histogram.has_custom_bounds()),
          skewed ? Caveat::kNanSkew : Caveat::kNone};
}

HistogramEstimate histogram_fraction(double lower, double upper, const FloatHistogram& histogram) {
  if (histogram.count == 0 || std::isnan(lower) || std::isnan(upper)) return {kNan};
  if (lower >= upper) return {0};
  const std::vector<Range> ranges = histogram.ranges();
  const double total = total_count(ranges);
  const bool not_numbers = std::isnan(histogram.sum) && total < histogram.count;
  const double limit = std::isnan(histogram.sum) ? total : histogram.count;
  // Observations below a bound, interpolated within its bucket.
  const auto rank_of = [&](double bound) {
    double rank = 0;
    for (Range range : ranges) {
      const bool zero_bucket = straddles_zero(range);
      if (zero_bucket && histogram.has_custom_bounds()) {
        if (range.lower == -kInfinity) range.lower = 0;
      } else if (zero_bucket) {
        lean(range, histogram);
      }
      if (range.lower >= bound) return rank;
      if (range.upper > bound) {
        if (range.lower == -kInfinity) return range.count;
        if (!zero_bucket && !histogram.has_custom_bounds()) return rank + range.count * log_position(range, bound);
        return rank + range.count * (bound - range.lower) / (range.upper - range.lower);
      }
      rank += range.count;
    }
    return limit;
  };
  const double part = (std::min(rank_of(upper), limit) - std::min(rank_of(lower), limit)) / histogram.count;
  return {part, not_numbers ? Caveat::kNanSkew : Caveat::kNone};
}

double histogram_variance(const FloatHistogram& histogram) {
  const double mean = histogram.sum / histogram.count;
  KahanSum variance;
  for (const Range& range : histogram.ranges()) {
    if (range.count == 0) continue;
    double middle = 0;
    if (histogram.has_custom_bounds()) {
      middle = (range.upper + range.lower) / 2;
    } else if (!straddles_zero(range)) {
      middle = std::copysign(std::sqrt(range.upper * range.lower), range.upper);
    }
    const double delta = middle - mean;
    variance.add(range.count * delta * delta);
  }
  return (variance.sum + variance.c) / histogram.count;
}

namespace {

struct Kept {
  double count = 0;
  double middle = 0;  // of what is kept
};

double finite_or_zero(double value) { return std::isinf(value) ? 0 : value; }

double middle_of(double lower, double upper, bool linear) {
  if (std::isinf(lower)) return std::isinf(upper) ? 0 : upper > 0 ? upper / 2 : upper;
  if (std::isinf(upper)) return lower;
  if (linear) return (lower + upper) / 2;
  return std::copysign(std::sqrt(std::fabs(lower * upper)), upper);
}

// How the observations of a bucket without an end are spread nobody knows: it is kept or dropped whole,
// but for a first bucket that can be taken to start at 0.
Kept cut_endless(const Range& range, double bound, HistogramSide keep) {
  const bool below = keep == HistogramSide::kBelow;
  if (range.lower != -kInfinity) {
    if (below) return {0, finite_or_zero(range.lower)};
    return bound >= range.lower ? Kept{range.count, bound} : Kept{0, finite_or_zero(range.lower)};
  }
  const bool from_zero = range.upper > bound && range.upper != kInfinity;
  if (below) {
    if (bound > 0 && from_zero) return {range.count * bound / range.upper, bound / 2};
    if (range.upper <= 0) return {range.count, bound};
    return {0, finite_or_zero(range.upper)};
  }
  if (bound >= 0 && from_zero) return {range.count * (1 - bound / range.upper), (bound + range.upper) / 2};
  return {0, finite_or_zero(range.upper)};
}

Kept cut(const Range& range, double bound, HistogramSide keep, bool linear) {
  if (std::isinf(range.lower) || std::isinf(range.upper)) return cut_endless(range, bound, keep);
  const double part = linear ? (bound - range.lower) / (range.upper - range.lower) : log_position(range, bound);
  if (keep == HistogramSide::kBelow) return {range.count * part, middle_of(range.lower, bound, linear)};
  return {range.count - range.count * part, middle_of(bound, range.upper, linear)};
}

Kept keep_of(const Range& range, double bound, HistogramSide keep, bool linear) {
  const bool below = keep == HistogramSide::kBelow;
  if (below ? range.upper <= bound : range.lower >= bound) {
    return {range.count, middle_of(range.lower, range.upper, linear)};
  }
  if (below ? range.lower >= bound : range.upper <= bound) return {};
  return cut(range, bound, keep, linear);
}

bool populated(const FloatHistogram::Buckets& buckets) {
  return std::any_of(buckets.begin(), buckets.end(), [](const auto& bucket) { return bucket.count != 0; });
}

}  // namespace

FloatHistogram trimmed(const FloatHistogram& histogram, double bound, HistogramSide keep) {
  FloatHistogram out = histogram;
  bool changed = false;
  double count = 0;
  double sum = 0;
  const auto account = [&](double& bucket_count, const Kept& kept) {
    changed = changed || bucket_count != kept.count;
    bucket_count = kept.count;
    count += kept.count;
    sum += kept.middle * kept.count;
  };
  for (FloatHistogram::Bucket& bucket : out.positive) {
    const Range range{histogram.lower_bound(bucket.index), histogram.upper_bound(bucket.index), bucket.count};
    if (bucket.count != 0) account(bucket.count, keep_of(range, bound, keep, histogram.has_custom_bounds()));
  }
  for (FloatHistogram::Bucket& bucket : out.negative) {
    const Range range{-histogram.upper_bound(bucket.index), -histogram.lower_bound(bucket.index), bucket.count};
    if (bucket.count != 0) account(bucket.count, keep_of(range, bound, keep, false));
  }
  if (out.zero_count > 0) {
    Range range{-out.zero_threshold, out.zero_threshold, out.zero_count};
    if (populated(histogram.positive) && !populated(histogram.negative)) range.lower = 0;
    if (populated(histogram.negative) && !populated(histogram.positive)) range.upper = 0;
    account(out.zero_count, keep_of(range, bound, keep, true));
  }
  if (!changed) return histogram;
  out.count = count;
  out.sum = sum;
  out.compact();
  return out;
}

}  // namespace midwatch
