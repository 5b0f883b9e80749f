// series/kahan.h — sums that do not lose the small terms beside the large ones.
//
// Kahan's sum with Neumaier's improvement, step by step as Prometheus does it: results are compared to
// its to the last digits.
#pragma once

#include <cmath>

namespace midwatch {

// Adds `increment` to `sum` with the compensation in `c`.
inline void kahan_add(double increment, double& sum, double& c) {
  const double total = sum + increment;
  if (std::isinf(total)) c = 0;
  else if (std::fabs(sum) >= std::fabs(increment)) c += (sum - total) + increment;
  else c += (increment - total) + sum;
  sum = total;
}

struct KahanSum {
  double sum = 0;
  double c = 0;
  void add(double increment) { kahan_add(increment, sum, c); }
  void add(const KahanSum& other) {
    add(other.sum);
    if (other.c != 0) add(other.c);
  }
  void scale(double factor) {
    sum *= factor;
    c *= factor;
  }
  void divide(double divisor) {
    sum /= divisor;
    c /= divisor;
  }
  [[nodiscard]] double total() const { return std::isinf(sum) ? sum : sum + c; }
};

}  // namespace midwatch
