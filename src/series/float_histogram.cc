#include "series/float_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "series/histogram_sum.h"

namespace midwatch {
namespace {

using Buckets = FloatHistogram::Buckets;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

void drop_empty(Buckets& buckets) {
  std::erase_if(buckets, [](const FloatHistogram::Bucket& bucket) { return bucket.count == 0; });
}

// Maps indexes by a function that never decreases; what meets is added up.
template <class Map>
Buckets remapped(const Buckets& buckets, Map map) {
  Buckets out;
  out.reserve(buckets.size());
  for (const FloatHistogram::Bucket& bucket : buckets) {
    const std::int32_t index = map(bucket.index);
    if (!out.empty() && out.back().index == index) out.back().count += bucket.count;
    else out.push_back({index, bucket.count});
  }
  return out;
}

// Whether a populated bucket of `previous` is missing in `current` or has more there.
bool any_fell(const Buckets& current, const Buckets& previous) {
  auto at = current.begin();
  for (const FloatHistogram::Bucket& bucket : previous) {
    while (at != current.end() && at->index < bucket.index) ++at;
    const bool found = at != current.end() && at->index == bucket.index;
    if (found ? at->count < bucket.count : bucket.count != 0) return true;
  }
  return false;
}

bool custom_reset(const FloatHistogram& current, const FloatHistogram& previous) {
  if (current.custom_bounds == previous.custom_bounds) return any_fell(current.positive, previous.positive);
  // Buckets that only one of them has are merged into what both have.
  const std::vector<double> shared = internal::shared_bounds(current.custom_bounds, previous.custom_bounds);
  const auto among = [&](const FloatHistogram& h) {
    return remapped(h.positive, [&](std::int32_t i) { return internal::index_among(shared, h.custom_bounds, i); });
  };
  return any_fell(among(current), among(previous));
}

}  // namespace

namespace internal {

double exponential_bound(std::int32_t index, std::int32_t schema) {
  // The topmost bound would be 2^1024: the largest number there is stands for it, and the bucket above
  // ends in infinity.
  if (schema <= 0) {
    const std::int64_t exponent = static_cast<std::int64_t>(index) << -schema;
    if (exponent == 1024) return std::numeric_limits<double>::max();
    return std::ldexp(1.0, static_cast<int>(std::clamp<std::int64_t>(exponent, -2000, 2000)));
  }
  const std::int32_t parts = 1 << schema;
  const std::int32_t whole = index >> schema;
  const std::int32_t part = index & (parts - 1);
  if (part == 0 && whole == 1024) return std::numeric_limits<double>::max();
  return std::ldexp(std::exp2(static_cast<double>(part) / parts), whole);
}

std::vector<double> shared_bounds(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> shared;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(shared));
  return shared;
}

std::int32_t index_among(const std::vector<double>& target, const std::vector<double>& bounds, std::int32_t index) {
  const auto end = static_cast<std::int32_t>(target.size());
  if (index < 0 || static_cast<std::size_t>(index) >= bounds.size()) return end;  // up to +Inf
  const auto at = std::lower_bound(target.begin(), target.end(), bounds[static_cast<std::size_t>(index)]);
  return static_cast<std::int32_t>(at - target.begin());
}

}  // namespace internal

void FloatHistogram::scale(double factor) {
  zero_count *= factor;
  count *= factor;
  sum *= factor;
  for (Bucket& bucket : positive) bucket.count *= factor;
  for (Bucket& bucket : negative) bucket.count *= factor;
  if (factor < 0) hint = ResetHint::kGauge;
}

void FloatHistogram::divide(double divisor) {
  zero_count /= divisor;
  count /= divisor;
  sum /= divisor;
  if (divisor == 0) {
    positive.clear();
    negative.clear();
    return;
  }
  for (Bucket& bucket : positive) bucket.count /= divisor;
  for (Bucket& bucket : negative) bucket.count /= divisor;
  if (divisor < 0) hint = ResetHint::kGauge;
}

void FloatHistogram::compact() {
  drop_empty(positive);
  drop_empty(negative);
}

void FloatHistogram::reduce_to(std::int32_t coarser) {
  if (has_custom_bounds() || coarser >= schema) return;
  const auto map = [&](std::int32_t index) { return internal::coarser_index(index, schema, coarser); };
  positive = remapped(positive, map);
  negative = remapped(negative, map);
  schema = coarser;
}

bool FloatHistogram::is_reset_after(const FloatHistogram& previous) const {
  if (hint == ResetHint::kReset) return true;
  if (hint == ResetHint::kNotReset) return false;
  if (count < previous.count) return true;
  if (has_custom_bounds() != previous.has_custom_bounds()) return true;
  if (has_custom_bounds()) return custom_reset(*this, previous);
  // A finer resolution or a narrower zero bucket only come with a new histogram.
  if (schema > previous.schema || zero_threshold < previous.zero_threshold) return true;
  if (schema == previous.schema && zero_threshold == previous.zero_threshold) {
    return zero_count < previous.zero_count || any_fell(positive, previous.positive) ||
           any_fell(negative, previous.negative);
  }
  FloatHistogram before = previous;
  if (internal::widen_zero_bucket(before, zero_threshold) != zero_threshold) return true;
  if (zero_count < before.zero_count) return true;
  before.reduce_to(schema);
  return any_fell(positive, before.positive) || any_fell(negative, before.negative);
}

bool FloatHistogram::equals(const FloatHistogram& other) const {
  return schema == other.schema && count == other.count && same_bits(sum, other.sum) &&
         zero_threshold == other.zero_threshold && zero_count == other.zero_count && positive == other.positive &&
         negative == other.negative && custom_bounds == other.custom_bounds;
}

double FloatHistogram::upper_bound(std::int32_t index) const {
  if (!has_custom_bounds()) return internal::exponential_bound(index, schema);
  return index >= 0 && static_cast<std::size_t>(index) < custom_bounds.size()
             ? custom_bounds[static_cast<std::size_t>(index)]
             : kInfinity;
}

double FloatHistogram::lower_bound(std::int32_t index) const {
  if (!has_custom_bounds()) return internal::exponential_bound(index - 1, schema);
  return index <= 0 ? -kInfinity : upper_bound(index - 1);
}

std::vector<FloatHistogram::Range> FloatHistogram::ranges() const {
  std::vector<Range> out;
  out.reserve(positive.size() + negative.size() + 1);
  for (auto bucket = negative.rbegin(); bucket != negative.rend(); ++bucket) {
    const double upper = std::min(-lower_bound(bucket->index), -zero_threshold);
    out.push_back({-upper_bound(bucket->index), upper, bucket->count});
  }
  if (zero_count > 0) out.push_back({-zero_threshold, zero_threshold, zero_count});
  for (const Bucket& bucket : positive) {
    double lower = lower_bound(bucket.index);
    if (!has_custom_bounds()) lower = std::max(lower, zero_threshold);
    out.push_back({lower, upper_bound(bucket.index), bucket.count});
  }
  return out;
}

FloatHistogram::ResetHint hint_after(const FloatHistogram* previous, const FloatHistogram& histogram) {
  using Hint = FloatHistogram::ResetHint;
  if (histogram.hint == Hint::kGauge) return Hint::kGauge;
  if (previous == nullptr || previous->hint == Hint::kGauge || histogram.hint == Hint::kReset) return Hint::kUnknown;
  if (previous->has_custom_bounds() && previous->custom_bounds != histogram.custom_bounds) return Hint::kUnknown;
  FloatHistogram unhinted = histogram;
  unhinted.hint = Hint::kUnknown;
  return unhinted.is_reset_after(*previous) ? Hint::kUnknown : Hint::kNotReset;
}

}  // namespace midwatch
