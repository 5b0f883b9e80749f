#include "series/histogram_sum.h"

#include <algorithm>
#include <cmath>

namespace midwatch {
namespace {

using Hint = FloatHistogram::ResetHint;

// The bound that a zero bucket of `threshold` must have to cut through no populated bucket of `buckets`.
// Sides mirror each other: bounds are those of the positive one.
template <class Buckets, class Count>
double uncut(const Buckets& buckets, std::int32_t schema, double threshold, Count count) {
  for (const auto& bucket : buckets) {
    if (internal::exponential_bound(bucket.index - 1, schema) >= threshold) break;
    const double upper = internal::exponential_bound(bucket.index, schema);
    if (upper > threshold && count(bucket) != 0) threshold = upper;
  }
  return threshold;
}

template <class Buckets, class Take>
void take_within(Buckets& buckets, std::int32_t schema, double threshold, Take take) {
  auto outside = buckets.begin();
  while (outside != buckets.end() && internal::exponential_bound(outside->index - 1, schema) < threshold) {
    take(*outside++);
  }
  buckets.erase(buckets.begin(), outside);
}

template <class Histogram, class Count, class Take>
double widen(Histogram& positive, Histogram& negative, std::int32_t schema, double threshold, Count count, Take take) {
  for (double before = -1; before != threshold;) {
    before = threshold;
    threshold = uncut(negative, schema, uncut(positive, schema, threshold, count), count);
  }
  take_within(positive, schema, threshold, take);
  take_within(negative, schema, threshold, take);
  return threshold;
}

}  // namespace

namespace internal {

double widen_zero_bucket(FloatHistogram& histogram, double threshold) {
  if (!(threshold > histogram.zero_threshold)) return histogram.zero_threshold;
  histogram.zero_threshold = widen(
      histogram.positive, histogram.negative, histogram.schema, threshold,
      [](const FloatHistogram::Bucket& bucket) { return bucket.count; },
      [&](const FloatHistogram::Bucket& bucket) { histogram.zero_count += bucket.count; });
  return histogram.zero_threshold;
}

}  // namespace internal

HistogramSum::HistogramSum(const FloatHistogram& first) {
  frame_.schema = first.schema;
  frame_.zero_threshold = first.zero_threshold;
  frame_.custom_bounds = first.custom_bounds;
  frame_.hint = first.hint;
  count_.sum = first.count;
  sum_.sum = first.sum;
  zero_.sum = first.zero_count;
  for (const auto& [index, count] : first.positive) positive_.push_back({index, {count}});
  for (const auto& [index, count] : first.negative) negative_.push_back({index, {count}});
}

void HistogramSum::widen_zero(double threshold) {
  frame_.zero_threshold = widen(
      positive_, negative_, frame_.schema, threshold, [](const Cell& cell) { return cell.value.sum; },
      [&](const Cell& cell) { zero_.add(cell.value); });
}

void HistogramSum::reduce_to(std::int32_t coarser) {
  for (Cells* cells : {&positive_, &negative_}) {
    Cells out;
    for (const Cell& cell : *cells) {
      const std::int32_t index = internal::coarser_index(cell.index, frame_.schema, coarser);
      if (!out.empty() && out.back().index == index) out.back().value.add(cell.value);
      else out.push_back({index, cell.value});
    }
    *cells = std::move(out);
  }
  frame_.schema = coarser;
}

void HistogramSum::adopt_shared_bounds(const FloatHistogram& other, FloatHistogram& mapped) {
  const std::vector<double> shared = internal::shared_bounds(frame_.custom_bounds, other.custom_bounds);
  Cells cells;
  for (const Cell& cell : positive_) {
    const std::int32_t index = internal::index_among(shared, frame_.custom_bounds, cell.index);
    if (!cells.empty() && cells.back().index == index) cells.back().value.add(cell.value);
    else cells.push_back({index, cell.value});
  }
  positive_ = std::move(cells);
  for (FloatHistogram::Bucket& bucket : mapped.positive) {
    bucket.index = internal::index_among(shared, other.custom_bounds, bucket.index);
  }
  frame_.custom_bounds = shared;
}

// Buckets may name an index twice in a row, where bounds were reconciled.
void HistogramSum::add_buckets(Cells& cells, const FloatHistogram::Buckets& buckets, double sign) {
  std::size_t at = 0;
  for (const auto& [index, count] : buckets) {
    while (at < cells.size() && cells[at].index < index) ++at;
    if (at < cells.size() && cells[at].index == index) {
      cells[at].value.add(sign * count);
    } else {
      cells.insert(cells.begin() + static_cast<std::ptrdiff_t>(at), Cell{index, {sign * count}});
    }
  }
}

// True when the two say the opposite. A gauge makes a gauge, the unknown makes the unknown.
bool HistogramSum::adjust_hint(FloatHistogram::ResetHint other) {
  Hint& own = frame_.hint;
  if (own == other || own == Hint::kGauge) return false;
  if (other == Hint::kGauge) {
    own = Hint::kGauge;
    return false;
  }
  const bool collision = own != Hint::kUnknown && other != Hint::kUnknown;
  own = Hint::kUnknown;
  return collision;
}

HistogramSum::Added HistogramSum::add(const FloatHistogram& other, Sign sign) {
  if (frame_.has_custom_bounds() != other.has_custom_bounds()) return {.compatible = false};
  Added added;
  added.hints_collide = adjust_hint(other.hint);
  const double factor = sign == Sign::kMinus ? -1 : 1;
  const FloatHistogram* addend = &other;
  FloatHistogram mapped;
  if (other.has_custom_bounds()) {
    if (frame_.custom_bounds != other.custom_bounds) {
      added.bounds_reconciled = true;
      mapped = other;
      adopt_shared_bounds(other, mapped);
      addend = &mapped;
    }
  } else if (other.schema != frame_.schema || other.zero_threshold != frame_.zero_threshold) {
    mapped = other;
    addend = &mapped;
    // Each may be widened past the other; bounds grow, so this ends. A threshold that is no number
    // compares with nothing and is left alone.
    while (mapped.zero_threshold < frame_.zero_threshold || mapped.zero_threshold > frame_.zero_threshold) {
      if (mapped.zero_threshold < frame_.zero_threshold) {
        internal::widen_zero_bucket(mapped, frame_.zero_threshold);
      } else {
        widen_zero(mapped.zero_threshold);
      }
    }
    if (mapped.schema > frame_.schema) mapped.reduce_to(frame_.schema);
    if (mapped.schema < frame_.schema) reduce_to(mapped.schema);
  }
  count_.add(factor * addend->count);
  sum_.add(factor * addend->sum);
  zero_.add(factor * addend->zero_count);
  add_buckets(positive_, addend->positive, factor);
  add_buckets(negative_, addend->negative, factor);
  return added;
}

void HistogramSum::scale(double factor) {
  for (KahanSum* value : {&count_, &sum_, &zero_}) value->scale(factor);
  for (Cell& cell : positive_) cell.value.scale(factor);
  for (Cell& cell : negative_) cell.value.scale(factor);
}

void HistogramSum::divide(double divisor) {
  for (KahanSum* value : {&count_, &sum_, &zero_}) value->divide(divisor);
  for (Cell& cell : positive_) cell.value.divide(divisor);
  for (Cell& cell : negative_) cell.value.divide(divisor);
}

bool HistogramSum::overflows() const {
  const auto infinite = [](const Cell& cell) { return std::isinf(cell.value.sum); };
  return std::isinf(count_.sum) || std::isinf(sum_.sum) || std::isinf(zero_.sum) ||
         std::any_of(positive_.begin(), positive_.end(), infinite) ||
         std::any_of(negative_.begin(), negative_.end(), infinite);
}

FloatHistogram HistogramSum::total() const {
  FloatHistogram out = frame_;
  out.count = count_.total();
  out.sum = sum_.total();
  out.zero_count = zero_.total();
  for (const Cell& cell : positive_) out.positive.push_back({cell.index, cell.value.total()});
  for (const Cell& cell : negative_) out.negative.push_back({cell.index, cell.value.total()});
  return out;
}

CombinedHistogram combine(const FloatHistogram& a, const FloatHistogram& b, HistogramSum::Sign sign) {
  HistogramSum sum(a);
  const HistogramSum::Added added = sum.add(b, sign);
  return {added.compatible ? sum.total() : FloatHistogram{}, added};
}

HistogramSum::Added HistogramMean::add(const FloatHistogram& other) {
  ++count_;
  if (!incremental_) {
    HistogramSum next = sum_;
    const HistogramSum::Added added = next.add(other);
    if (!added.compatible) return added;
    if (!next.overflows()) {
      sum_ = std::move(next);
      return added;
    }
    incremental_ = true;
    sum_.divide(count_ - 1);
  }
  FloatHistogram part = other;
  part.divide(count_);
  sum_.scale((count_ - 1) / count_);
  return sum_.add(part);
}

FloatHistogram HistogramMean::mean() const {
  if (incremental_) return sum_.total();
  HistogramSum mean = sum_;
  mean.divide(count_);
  return mean.total();
}

}  // namespace midwatch
