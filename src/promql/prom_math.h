// promql/prom_math.h — the arithmetic that several parts of PromQL share, step by step as Prometheus
// does it, because results are compared to the last digits.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "series/kahan.h"

namespace midwatch::internal {

// The mean as a compensated sum, and incrementally from where the sum would overflow.
class RunningMean {
 public:
  void add(double value);
  [[nodiscard]] double mean() const;

 private:
  double count_ = 0;
  double sum_ = 0;  // of the values, or the mean once incremental
  double c_ = 0;
  bool incremental_ = false;
};

// Welford's variance of a population, compensated.
class RunningVariance {
 public:
  void add(double value);
  [[nodiscard]] double variance() const { return (aux_ + aux_c_) / count_; }

 private:
  double count_ = 0;
  double mean_ = 0;
  double mean_c_ = 0;
  double aux_ = 0;
  double aux_c_ = 0;
};

// The q-quantile with linear interpolation; NaN for no values, -Inf and +Inf for q outside 0 to 1.
// Sorts `values`; NaN sorts first.
[[nodiscard]] double quantile(double q, std::vector<double>& values);

struct ClassicBucket {
  double upper_bound = 0;
  double count = 0;  // cumulative
};
struct ClassicQuantile {
  double value = 0;
  bool forced_monotonic = false;  // counts fell from one bucket to the next, by more than rounding
};
// histogram_quantile over `_bucket` series. Sorts and mends `buckets`.
[[nodiscard]] ClassicQuantile classic_quantile(double q, std::vector<ClassicBucket>& buckets);
// histogram_fraction: the part of the observations between the bounds.
[[nodiscard]] double classic_fraction(double lower, double upper, std::vector<ClassicBucket>& buckets);

}  // namespace midwatch::internal
