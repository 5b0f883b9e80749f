#include "promql/prom_math.h"

#include <algorithm>
#include <limits>

namespace midwatch::internal {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Differences this small relative to the counts are rounding, not a broken histogram.
constexpr double kSmallDelta = 1e-12;

bool almost_equal(double a, double b) {
  if (a == b) return true;
  const double sum = std::fabs(a) + std::fabs(b);
  const double difference = std::fabs(a - b);
  constexpr double kSmallest = std::numeric_limits<double>::min();
  if (a == 0 || b == 0 || sum < kSmallest) return difference < kSmallDelta * kSmallest;
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kSmallDelta;
}

// Sorted by bound, buckets with the same bound added up.
void sort_and_coalesce(std::vector<ClassicBucket>& buckets) {
  std::sort(buckets.begin(), buckets.end(),
            [](const ClassicBucket& a, const ClassicBucket& b) { return a.upper_bound < b.upper_bound; });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].upper_bound == buckets[kept].upper_bound) buckets[kept].count += buckets[i].count;
    else buckets[++kept] = buckets[i];
  }
  if (!buckets.empty()) buckets.resize(kept + 1);
}

bool make_monotonic(std::vector<ClassicBucket>& buckets) {
  bool forced = false;
  double previous = buckets.front().count;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    double& current = buckets[i].count;
    if (current == previous) continue;
    if (almost_equal(previous, current)) {
      current = previous;
    } else if (current < previous) {
      current = previous;
      forced = true;
    } else {
      previous = current;
    }
  }
  return forced;
}

bool ends_in_infinity(const std::vector<ClassicBucket>& buckets) {
  return !buckets.empty() && std::isinf(buckets.back().upper_bound) && buckets.back().upper_bound > 0;
}

// NaN does not compare: a bound that is not a number must not reach the sort.
void drop_nan_bounds(std::vector<ClassicBucket>& buckets) {
  std::erase_if(buckets, [](const ClassicBucket& bucket) { return std::isnan(bucket.upper_bound); });
}

}  // namespace

void RunningMean::add(double value) {
  ++count_;
  if (count_ == 1) {
    sum_ = value;
    return;
  }
  if (!incremental_) {
    double sum = sum_;
    double c = c_;
    kahan_add(value, sum, c);
    if (!std::isinf(sum)) {
      sum_ = sum;
      c_ = c;
      return;
    }
    incremental_ = true;
    sum_ /= count_ - 1;
    c_ /= count_ - 1;
  }
  const double q = (count_ - 1) / count_;
  sum_ *= q;
  c_ *= q;
  kahan_add(value / count_, sum_, c_);
}

double RunningMean::mean() const { return incremental_ ? sum_ + c_ : sum_ / count_ + c_ / count_; }

void RunningVariance::add(double value) {
  ++count_;
  const double delta = value - (mean_ + mean_c_);
  kahan_add(delta / count_, mean_, mean_c_);
  kahan_add(delta * (value - (mean_ + mean_c_)), aux_, aux_c_);
}

double quantile(double q, std::vector<double>& values) {
  if (values.empty() || std::isnan(q)) return kNan;
  if (q < 0) return -HUGE_VAL;
  if (q > 1) return HUGE_VAL;
  std::sort(values.begin(), values.end(), [](double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; });
  const auto n = static_cast<double>(values.size());
  const double rank = q * (n - 1);
  const double lower = std::max(0.0, std::floor(rank));
  const double upper = std::min(n - 1, lower + 1);
  const double weight = rank - std::floor(rank);
  return values[static_cast<std::size_t>(lower)] * (1 - weight) + values[static_cast<std::size_t>(upper)] * weight;
}

ClassicQuantile classic_quantile(double q, std::vector<ClassicBucket>& buckets) {
  if (std::isnan(q)) return {kNan};
  if (q < 0) return {-HUGE_VAL};
  if (q > 1) return {HUGE_VAL};
  drop_nan_bounds(buckets);
  sort_and_coalesce(buckets);
  if (!ends_in_infinity(buckets)) return {kNan};
  const bool forced = make_monotonic(buckets);
  if (buckets.size() < 2) return {kNan, forced};
  const double observations = buckets.back().count;
  if (observations == 0) return {kNan, forced};
  double rank = q * observations;
  const auto found = std::partition_point(buckets.begin(), buckets.end() - 1,
                                          [&](const ClassicBucket& bucket) { return !(bucket.count >= rank); });
  const auto b = static_cast<std::size_t>(found - buckets.begin());
  if (b == buckets.size() - 1) return {buckets[buckets.size() - 2].upper_bound, forced};
  if (b == 0 && buckets[0].upper_bound <= 0) return {buckets[0].upper_bound, forced};
  double start = 0;
  const double end = buckets[b].upper_bound;
  double count = buckets[b].count;
  if (b > 0) {
    start = buckets[b - 1].upper_bound;
    count -= buckets[b - 1].count;
    rank -= buckets[b - 1].count;
  }
  return {start + (end - start) * (rank / count), forced};
}

double classic_fraction(double lower, double upper, std::vector<ClassicBucket>& buckets) {
  drop_nan_bounds(buckets);
  sort_and_coalesce(buckets);
  if (!ends_in_infinity(buckets)) return kNan;
  make_monotonic(buckets);
  const double observations = buckets.back().count;
  if (observations == 0 || std::isnan(lower) || std::isnan(upper)) return kNan;
  if (lower >= upper) return 0;
  // Observations at or below a bound, interpolated within its bucket.
  const auto rank_of = [&](double bound) {
    double before = 0;
    double bucket_start = buckets[0].upper_bound > 0 ? 0 : -HUGE_VAL;
    for (const ClassicBucket& bucket : buckets) {
      if (bound <= bucket_start) return before;
      if (bound < bucket.upper_bound) {
        if (std::isinf(bucket_start)) return bucket.count;
        if (std::isinf(bucket.upper_bound)) return before;
        return before + (bucket.count - before) * (bound - bucket_start) / (bucket.upper_bound - bucket_start);
      }
      before = bucket.count;
      bucket_start = bucket.upper_bound;
    }
    return before;
  };
  return (rank_of(upper) - rank_of(lower)) / observations;
}

}  // namespace midwatch::internal
