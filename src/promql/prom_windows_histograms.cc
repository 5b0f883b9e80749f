// The window functions where histograms are among the samples.
#include <algorithm>

#include "promql/prom_windows.h"

namespace midwatch::internal {
namespace {

using Hint = FloatHistogram::ResetHint;
using Sign = HistogramSum::Sign;

double epoch_seconds(Instant at) { return static_cast<double>(to_millis(at)) / 1000; }

bool is_mixed(const PromWindow& window) { return !window.samples.empty() && !window.histograms.empty(); }

bool is_gauge(const HistogramSample& sample) { return sample.histogram->hint == Hint::kGauge; }

bool is_reset(const HistogramSample& before, const HistogramSample& sample, const FloatHistogram& compared) {
  return is_start_reset(before.start_ms, before.at, sample.start_ms, sample.at) ||
         sample.histogram->is_reset_after(compared);
}

// All of one kind of buckets, and a note for each sample that is a gauge where there should be none.
// The first sample does not count where the second was reset: then nothing of it is used.
bool check_kinds(const PromWindow& window, bool custom, Counting counting) {
  const auto samples = window.histograms;
  if (samples.back().histogram->has_custom_bounds() != custom) return false;
  if (counting == Counting::kGauge) return true;
  for (const HistogramSample& sample : samples.subspan(1, samples.size() - 2)) {
    if (is_gauge(sample)) window.note(PromWindowNote::kNotCounter);
    if (sample.histogram->has_custom_bounds() != custom) return false;
  }
  return true;
}

std::int32_t coarsest(const PromWindow& window, const FloatHistogram& first) {
  std::int32_t schema = std::min(first.schema, window.histograms.back().histogram->schema);
  for (const HistogramSample& sample : window.histograms.subspan(1)) {
    schema = std::min(schema, sample.histogram->schema);
  }
  return schema;
}

// Adds what was counted before each reset. False where the buckets do not mix.
bool add_resets(const PromWindow& window, const FloatHistogram& first, HistogramSum& sum) {
  const FloatHistogram* previous = &first;
  bool overlap = false;
  for (std::size_t i = 1; i < window.histograms.size(); ++i) {
    const HistogramSample& before = window.histograms[i - 1];
    const HistogramSample& sample = window.histograms[i];
    overlap = overlap || starts_overlap(before.start_ms, before.at, sample.start_ms);
    if (is_reset(before, sample, *previous)) {
      const auto added = note_added(window, sum.add(*previous), PromWindowNote::kReconciledAddition);
      if (!added.compatible) return false;
    }
    previous = sample.histogram.get();
  }
  if (overlap) window.note(PromWindowNote::kStartOverlaps);
  return true;
}

// The increase from the first to the last sample, at least two. Null, with a note, where they do not mix.
HistogramPtr increase_of(const PromWindow& window, Counting counting) {
  const auto samples = window.histograms;
  const bool counter = counting == Counting::kCounter;
  const bool ends_are_gauges = is_gauge(samples.front()) || is_gauge(samples.back());
  if (counter && ends_are_gauges) window.note(PromWindowNote::kNotCounter);
  if (!counter && !(is_gauge(samples.front()) && is_gauge(samples.back()))) window.note(PromWindowNote::kNotGauge);
  FloatHistogram nothing;
  const FloatHistogram* first = samples.front().histogram.get();
  if (counter && is_reset(samples[0], samples[1], *first)) {
    // What the first sample is made of does not matter then.
    nothing.schema = samples[1].histogram->schema;
    nothing.custom_bounds = samples[1].histogram->custom_bounds;
    first = &nothing;
  }
  if (!check_kinds(window, first->has_custom_bounds(), counting)) {
    window.note(PromWindowNote::kMixedBounds);
    return nullptr;
  }
  FloatHistogram last = *samples.back().histogram;
  if (counter) last.reduce_to(coarsest(window, *first));
  HistogramSum sum(last);
  const auto added = note_added(window, sum.add(*first, Sign::kMinus), PromWindowNote::kReconciledSubtraction);
  if (!added.compatible || (counter && !add_resets(window, *first, sum))) return nullptr;
  FloatHistogram result = sum.total();
  result.hint = Hint::kGauge;
  result.compact();
  return share(std::move(result));
}

std::optional<PromPoint> mixed_extrapolated(const PromWindow& window, Counting counting, Per per) {
  if (is_mixed(window)) {
    window.note(PromWindowNote::kMixed);
    return std::nullopt;
  }
  if (window.extension != PromRangeExtension::kNone) return extended_histogram_rate(window, counting, per);
  const auto samples = window.histograms;
  const HistogramSample& first = samples.front();
  const bool from_start = counting == Counting::kCounter && started_within(window, first.start_ms, first.at);
  if (samples.size() < 2 && !from_start) return std::nullopt;
  HistogramPtr increase = samples.size() < 2 ? first.histogram : increase_of(window, counting);
  if (increase == nullptr) return std::nullopt;
  const bool counted = increase->count > 0 && first.histogram->count >= 0;
  const double part = counted ? first.histogram->count / increase->count : -1;
  FloatHistogram result = *increase;
  if (from_start && samples.size() > 1) {
    auto combined = combine(result, *first.histogram, Sign::kPlus);
    if (!note_added(window, combined.added, PromWindowNote::kReconciledAddition).compatible) return std::nullopt;
    result = std::move(combined.histogram);
  }
  result.hint = Hint::kGauge;
  const std::int64_t start = from_start ? first.start_ms : 0;
  result.scale(extrapolation(window, {first.at, samples.back().at, samples.size(), start, part}, counting, per));
  return PromPoint{0, share(std::move(result))};
}

std::optional<PromPoint> mixed_last_two(const PromWindow& window, Per per) {
  const auto samples = window.histograms;
  const bool floats_between =
      !window.samples.empty() && (samples.size() < 2 || window.samples.back().at > samples[samples.size() - 2].at);
  if (floats_between) {
    // The last two are both floats, or one of each.
    const std::size_t floats = window.samples.size();
    if (floats >= 2 && window.samples[floats - 2].at > samples.back().at) {
      const double value = *(per == Per::kSecond ? window_irate(window) : window_idelta(window));
      return PromPoint{value};
    }
    window.note(PromWindowNote::kMixed);
    return std::nullopt;
  }
  if (samples.size() < 2) return std::nullopt;
  const HistogramSample& last = samples.back();
  const HistogramSample& before = samples[samples.size() - 2];
  const double interval = seconds(last.at - before.at);
  const bool rate = per == Per::kSecond;
  if (rate && (is_gauge(last) || is_gauge(before))) window.note(PromWindowNote::kNotCounter);
  if (!rate && !(is_gauge(last) && is_gauge(before))) window.note(PromWindowNote::kNotGauge);
  FloatHistogram result = *last.histogram;
  if (!rate || !is_reset(before, last, *before.histogram)) {
    auto combined = combine(result, *before.histogram, Sign::kMinus);
    if (!note_added(window, combined.added, PromWindowNote::kReconciledSubtraction).compatible) return std::nullopt;
    result = std::move(combined.histogram);
  }
  result.hint = Hint::kGauge;
  result.compact();
  if (rate) result.divide(interval);
  return PromPoint{0, share(std::move(result))};
}

// Calls f(before, sample) for neighbours in the order of time; null stands for a float.
template <class Function>
void for_neighbours(const PromWindow& window, Function f) {
  std::size_t i = 0;
  std::size_t j = 0;
  const Sample* float_before = nullptr;
  const HistogramSample* histogram_before = nullptr;
  while (i < window.samples.size() || j < window.histograms.size()) {
    const bool is_float =
        j == window.histograms.size() || (i < window.samples.size() && window.samples[i].at < window.histograms[j].at);
    const Sample* number = is_float ? &window.samples[i++] : nullptr;
    const HistogramSample* histogram = is_float ? nullptr : &window.histograms[j++];
    if (float_before != nullptr || histogram_before != nullptr) f(float_before, histogram_before, number, histogram);
    float_before = number;
    histogram_before = histogram;
  }
}

bool nothing_in_range(const PromWindow& window) {
  const bool floats = !window.samples.empty() && window.samples.back().at > window.from;
  const bool histograms = !window.histograms.empty() && window.histograms.back().at > window.from;
  return !floats && !histograms;
}

// Notes what the hints of the samples say about each other.
void note_hints(const PromWindow& window) {
  const auto any = [&](Hint hint) {
    return std::any_of(window.histograms.begin(), window.histograms.end(),
                       [&](const HistogramSample& sample) { return sample.histogram->hint == hint; });
  };
  if (any(Hint::kReset) && any(Hint::kNotReset)) window.note(PromWindowNote::kCollidingResets);
}

template <class Accumulator>
bool accumulate(const PromWindow& window, Accumulator& accumulator) {
  if (is_mixed(window)) {
    window.note(PromWindowNote::kMixed);
    return false;
  }
  for (const HistogramSample& sample : window.histograms.subspan(1)) {
    const auto added = accumulator.add(*sample.histogram);
    if (!note_added(window, added, PromWindowNote::kReconciledAggregation).compatible) return false;
  }
  note_hints(window);
  return true;
}

}  // namespace

HistogramSum::Added note_added(const PromWindow& window, HistogramSum::Added added, PromWindowNote reconciled) {
  if (!added.compatible) window.note(PromWindowNote::kMixedBounds);
  if (added.bounds_reconciled) window.note(reconciled);
  return added;
}

std::optional<PromPoint> mixed_rate(const PromWindow& w) {
  return mixed_extrapolated(w, Counting::kCounter, Per::kSecond);
}
std::optional<PromPoint> mixed_increase(const PromWindow& w) {
  return mixed_extrapolated(w, Counting::kCounter, Per::kRange);
}
std::optional<PromPoint> mixed_delta(const PromWindow& w) {
  return mixed_extrapolated(w, Counting::kGauge, Per::kRange);
}
std::optional<PromPoint> mixed_irate(const PromWindow& window) { return mixed_last_two(window, Per::kSecond); }
std::optional<PromPoint> mixed_idelta(const PromWindow& window) { return mixed_last_two(window, Per::kRange); }

std::optional<PromPoint> mixed_changes(const PromWindow& window) {
  if (nothing_in_range(window)) return std::nullopt;
  double count = 0;
  for_neighbours(window, [&](const Sample* a, const HistogramSample* x, const Sample* b, const HistogramSample* y) {
    if (a != nullptr && b != nullptr) {
      if (a->value != b->value && !(a->value != a->value && b->value != b->value)) ++count;
    } else if (x == nullptr || y == nullptr || !x->histogram->equals(*y->histogram)) {
      ++count;
    }
  });
  return PromPoint{count};
}

std::optional<PromPoint> mixed_resets(const PromWindow& window) {
  if (nothing_in_range(window)) return std::nullopt;
  double count = 0;
  for_neighbours(window, [&](const Sample* a, const HistogramSample* x, const Sample* b, const HistogramSample* y) {
    if (a != nullptr && b != nullptr) {
      if (b->value < a->value) ++count;
    } else if (x == nullptr || y == nullptr || is_reset(*x, *y, *x->histogram)) {
      ++count;
    }
  });
  return PromPoint{count};
}

std::optional<PromPoint> mixed_sum(const PromWindow& window) {
  HistogramSum sum(*window.histograms.front().histogram);
  if (!accumulate(window, sum)) return std::nullopt;
  return PromPoint{0, share(sum.total())};
}

std::optional<PromPoint> mixed_avg(const PromWindow& window) {
  HistogramMean mean(*window.histograms.front().histogram);
  if (!accumulate(window, mean)) return std::nullopt;
  return PromPoint{0, share(mean.mean())};
}

std::optional<PromPoint> mixed_count(const PromWindow& window) {
  return PromPoint{static_cast<double>(window.samples.size() + window.histograms.size())};
}
std::optional<PromPoint> mixed_present(const PromWindow& /*window*/) { return PromPoint{1}; }

std::optional<PromPoint> mixed_first(const PromWindow& window) {
  const HistogramSample& first = window.histograms.front();
  const bool is_float = !window.samples.empty() && window.samples.front().at < first.at;
  return is_float ? PromPoint{window.samples.front().value} : PromPoint{0, first.histogram};
}

std::optional<PromPoint> mixed_last(const PromWindow& window) {
  const HistogramSample& last = window.histograms.back();
  const bool is_float = !window.samples.empty() && window.samples.back().at > last.at;
  return is_float ? PromPoint{window.samples.back().value} : PromPoint{0, last.histogram};
}

std::optional<PromPoint> mixed_time_of_first(const PromWindow& window) {
  Instant at = window.histograms.front().at;
  if (!window.samples.empty()) at = std::min(at, window.samples.front().at);
  return PromPoint{epoch_seconds(at)};
}

std::optional<PromPoint> mixed_time_of_last(const PromWindow& window) {
  Instant at = window.histograms.back().at;
  if (!window.samples.empty()) at = std::max(at, window.samples.back().at);
  return PromPoint{epoch_seconds(at)};
}

}  // namespace midwatch::internal
