// series/histogram_sum.h — histograms added up, exactly enough that the order hardly matters.
//
//   HistogramSum sum(*first);
//   const auto added = sum.add(*second);       // added.compatible: else `sum` is as it was
//   const FloatHistogram total = sum.total();
//
// Every count and the sum carry Kahan's compensation. Of two exponential schemas the coarser is kept; of
// two zero buckets one that holds both and cuts through no populated bucket; of two lists of custom
// bounds those that both have. Exponential and custom buckets do not mix.
//
// Cost: O(buckets of both) an addition.
#pragma once

#include "series/float_histogram.h"
#include "series/kahan.h"

namespace midwatch {

class HistogramSum {
 public:
  struct Added {
    bool compatible = true;
    bool hints_collide = false;  // one was reset, the other was not: the hint is unknown then
    bool bounds_reconciled = false;
  };
  enum class Sign : std::uint8_t { kPlus, kMinus };

  explicit HistogramSum(const FloatHistogram& first);

  Added add(const FloatHistogram& other, Sign sign = Sign::kPlus);
  void scale(double factor);
  void divide(double divisor);           // not by 0
  [[nodiscard]] bool overflows() const;  // anything of it is infinite
  [[nodiscard]] FloatHistogram total() const;

 private:
  struct Cell {
    std::int32_t index = 0;
    KahanSum value;
  };
  using Cells = std::vector<Cell>;

  void adopt_shared_bounds(const FloatHistogram& other, FloatHistogram& mapped);
  void widen_zero(double threshold);
  void reduce_to(std::int32_t coarser);
  bool adjust_hint(FloatHistogram::ResetHint other);
  static void add_buckets(Cells& cells, const FloatHistogram::Buckets& buckets, double sign);

  FloatHistogram frame_;  // schema, threshold, bounds and hint; its counts are not used
  KahanSum count_;
  KahanSum sum_;
  KahanSum zero_;
  Cells positive_;
  Cells negative_;
};

// For one addition: a + b or a - b. The result of a subtraction keeps its hint; make it a gauge where it
// is meant as a value.
struct CombinedHistogram {
  FloatHistogram histogram;
  HistogramSum::Added added;
};
[[nodiscard]] CombinedHistogram combine(const FloatHistogram& a, const FloatHistogram& b, HistogramSum::Sign sign);

// The mean, as a compensated sum, and incrementally from where the sum would overflow.
class HistogramMean {
 public:
  explicit HistogramMean(const FloatHistogram& first) : sum_(first) {}
  HistogramSum::Added add(const FloatHistogram& other);
  [[nodiscard]] FloatHistogram mean() const;

 private:
  HistogramSum sum_;  // the mean itself once incremental_
  double count_ = 1;
  bool incremental_ = false;
};

namespace internal {
// Makes the zero bucket at least as wide as `threshold`, takes in the buckets within, and answers the new
// threshold: wider than asked for where that would cut through a populated bucket.
double widen_zero_bucket(FloatHistogram& histogram, double threshold);
}  // namespace internal

}  // namespace midwatch
