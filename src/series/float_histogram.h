// series/float_histogram.h — a native histogram: one sample that holds a whole distribution.
//
// Two kinds of buckets. With an exponential schema of -4 to 8 the bounds are powers of 2^(2^-schema):
// bucket i of the positive side is (bound(i-1), bound(i)], of the negative side its mirror image, and
// what is near zero is in a bucket of its own. With the schema kCustomSchema ("NHCB", what a classic
// histogram becomes) the bounds are a list, bucket i is (bounds[i-1], bounds[i]], the last ends in
// +Inf, and there is neither a negative side nor a zero bucket.
//
// Counts are numbers, not integers: a rate of a histogram is one. Buckets are kept sparse, sorted by
// index; a count of 0 may be among them until compact(). Samples share histograms as HistogramPtr and
// never change them: arithmetic makes new ones.
//
// A hint says what is known of a counter: whether it was reset before this sample. A gauge is no counter.
//
// Thread-safety: const methods may run on any thread at once. Source of the semantics: Prometheus'
// specification of native histograms and its model/histogram.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace midwatch {

class FloatHistogram {
 public:
  static constexpr std::int32_t kCustomSchema = -53;
  static constexpr std::int32_t kSchemaMin = -4;
  static constexpr std::int32_t kSchemaMax = 8;

  enum class ResetHint : std::uint8_t { kUnknown, kReset, kNotReset, kGauge };
  struct Bucket {
    std::int32_t index = 0;
    double count = 0;
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };
  using Buckets = std::vector<Bucket>;  // by index, each index once

  ResetHint hint = ResetHint::kUnknown;
  std::int32_t schema = 0;
  double count = 0;
  double sum = 0;
  double zero_threshold = 0;  // the zero bucket is [-zero_threshold, zero_threshold]
  double zero_count = 0;
  Buckets positive;
  Buckets negative;
  std::vector<double> custom_bounds;  // ascending, finite; of kCustomSchema only

  [[nodiscard]] bool has_custom_bounds() const { return schema == kCustomSchema; }

  // Multiplies or divides every count and the sum. A negative one makes a gauge of a counter; dividing
  // by 0 leaves no buckets, as there is no telling what would be in them.
  void scale(double factor);
  void divide(double divisor);
  void compact();  // drops the buckets that are empty
  // To a coarser exponential schema, at most the present one; nothing for custom bounds.
  void reduce_to(std::int32_t coarser);

  // Whether a counter was reset between `previous` and this: by the hint, else because any count fell or
  // a bucket disappeared. O(buckets).
  [[nodiscard]] bool is_reset_after(const FloatHistogram& previous) const;

  // Of every field but the hint, bit by bit for the sum, empty buckets included.
  [[nodiscard]] bool equals(const FloatHistogram& other) const;

  // Every bucket that is stored, and the zero bucket if it has a count, from the lowest to the highest.
  // Where a bucket overlaps the zero bucket its bound is the threshold.
  struct Range {
    double lower = 0;
    double upper = 0;
    double count = 0;
  };
  [[nodiscard]] std::vector<Range> ranges() const;

  // The bounds of a bucket of the positive side.
  [[nodiscard]] double lower_bound(std::int32_t index) const;
  [[nodiscard]] double upper_bound(std::int32_t index) const;

  // {count:3, sum:4.5, [-2,-1):1, [-0.001,0.001]:1, (1,2]:1}: as Prometheus prints it.
  [[nodiscard]] std::string to_string() const;
};

using HistogramPtr = std::shared_ptr<const FloatHistogram>;
[[nodiscard]] inline HistogramPtr share(FloatHistogram histogram) {
  return std::make_shared<const FloatHistogram>(std::move(histogram));
}

// What a store knows of a counter's histogram when it keeps it after `previous` (null: there is none, or
// it was a float): kNotReset, or kUnknown where a reset is seen, because what came in between is not known.
// A gauge stays one.
[[nodiscard]] FloatHistogram::ResetHint hint_after(const FloatHistogram* previous, const FloatHistogram& histogram);

// 1e+06, 0.25: a number as Go's %g prints it.
[[nodiscard]] std::string short_number_text(double value);

namespace internal {
// Indexes of `schema` as indexes of a coarser one.
[[nodiscard]] inline std::int32_t coarser_index(std::int32_t index, std::int32_t from, std::int32_t to) {
  return ((index - 1) >> (from - to)) + 1;
}
[[nodiscard]] double exponential_bound(std::int32_t index, std::int32_t schema);
// Bounds that both have, and where a bucket of `bounds` goes among `target`, which must be a part of it.
[[nodiscard]] std::vector<double> shared_bounds(const std::vector<double>& a, const std::vector<double>& b);
[[nodiscard]] std::int32_t index_among(const std::vector<double>& target, const std::vector<double>& bounds,
                                       std::int32_t index);
}  // namespace internal

}  // namespace midwatch
