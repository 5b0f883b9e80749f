// Rates over anchored and smoothed ranges: from the value at the start of the range to that at its end.
// Nothing is extrapolated; a smoothed range interpolates between the samples at either side of its ends.
#include <algorithm>

#include "promql/prom_windows.h"

namespace midwatch::internal {
namespace {

using Hint = FloatHistogram::ResetHint;
using Sign = HistogramSum::Sign;

// The samples that the ends of the range are read from.
struct Ends {
  std::size_t first = 0;
  std::size_t last = 0;
};

template <class SampleType>
std::optional<Ends> ends_of(std::span<const SampleType> samples, const PromWindow& window) {
  const bool smoothed = window.extension == PromRangeExtension::kSmoothed;
  const auto before = [](const SampleType& sample, Instant at) { return sample.at <= at; };
  const auto behind = std::partition_point(samples.begin(), samples.end(),
                                           [&](const SampleType& sample) { return before(sample, window.from); });
  Ends ends;
  ends.first = behind == samples.begin() ? 0 : static_cast<std::size_t>(behind - samples.begin()) - 1;
  ends.last = samples.size() - 1;
  if (smoothed) {
    const auto at_end = std::partition_point(samples.begin(), samples.end(),
                                             [&](const SampleType& sample) { return sample.at < window.to; });
    ends.last = std::min(ends.last, static_cast<std::size_t>(at_end - samples.begin()));
  }
  if (samples[ends.last].at <= window.from) return std::nullopt;
  if (smoothed && samples[ends.first].at > window.to) return std::nullopt;
  return ends;
}

struct Boundaries {
  HistogramPtr left;
  HistogramPtr right;
};

// What was counted before the resets between the ends, added to `sum`. False where buckets do not mix.
bool add_resets_between(const PromWindow& window, Ends ends, const Boundaries& at, HistogramSum& sum) {
  const auto samples = window.histograms;
  std::size_t next = ends.first + 1;
  const FloatHistogram* previous = at.left.get();
  const bool interpolated_left =
      window.extension == PromRangeExtension::kSmoothed && samples[ends.first].at < window.from;
  if (interpolated_left && samples[next].histogram->is_reset_after(*samples[ends.first].histogram)) {
    // The interpolation went over that reset already.
    previous = samples[next++].histogram.get();
  }
  if (next > ends.last) return true;
  const auto add = [&](const FloatHistogram& counted) {
    return note_added(window, sum.add(counted), PromWindowNote::kReconciledAddition).compatible;
  };
  for (; next < ends.last; ++next) {
    if (samples[next].histogram->is_reset_after(*previous) && !add(*previous)) return false;
    previous = samples[next].histogram.get();
  }
  return !at.right->is_reset_after(*previous) || add(*previous);
}

bool check_kinds(const PromWindow& window, Ends ends, Counting counting) {
  const bool custom = window.histograms[ends.first].histogram->has_custom_bounds();
  for (const HistogramSample& sample : window.histograms.subspan(ends.first, ends.last - ends.first + 1)) {
    if (sample.histogram->has_custom_bounds() != custom) {
      window.note(PromWindowNote::kMixedBounds);
      return false;
    }
    if (counting == Counting::kCounter && sample.histogram->hint == Hint::kGauge) {
      window.note(PromWindowNote::kNotCounter);
    }
  }
  return true;
}

}  // namespace

double interpolated(const Sample& a, const Sample& b, Instant at, Counting counting) {
  const double from = counting == Counting::kCounter && b.value < a.value ? 0 : a.value;
  return from + (b.value - from) * seconds(at - a.at) / seconds(b.at - a.at);
}

HistogramPtr interpolated(const HistogramSample& a, const HistogramSample& b, Instant at, Counting counting,
                          PromWindowNotes* notes) {
  if (at == a.at) return a.histogram;
  if (at == b.at) return b.histogram;
  if (a.histogram->has_custom_bounds() != b.histogram->has_custom_bounds()) {
    if (notes != nullptr) notes->add(PromWindowNote::kMixedBounds);
    return nullptr;
  }
  const double fraction = seconds(at - a.at) / seconds(b.at - a.at);
  FloatHistogram result = *b.histogram;
  if (counting == Counting::kCounter && b.histogram->is_reset_after(*a.histogram)) {
    result.scale(fraction);
    return share(std::move(result));
  }
  // a + (b - a) * fraction
  PromWindow window;
  window.notes = notes;
  HistogramSum sum(result);
  if (!note_added(window, sum.add(*a.histogram, Sign::kMinus), PromWindowNote::kReconciledSubtraction).compatible) {
    return nullptr;
  }
  sum.scale(fraction);
  note_added(window, sum.add(*a.histogram), PromWindowNote::kReconciledAddition);
  return share(sum.total());
}

std::optional<double> extended_rate(const PromWindow& window, Counting counting, Per per) {
  const auto samples = window.samples;
  const auto ends = ends_of(samples, window);
  if (!ends) return std::nullopt;
  auto [first, last] = *ends;
  const bool smoothed = window.extension == PromRangeExtension::kSmoothed;
  const bool cut_left = smoothed && samples[first].at < window.from;
  const bool cut_right = smoothed && last > 0 && samples[last].at > window.to;
  const double left =
      cut_left ? interpolated(samples[first], samples[first + 1], window.from, counting) : samples[first].value;
  const double right =
      cut_right ? interpolated(samples[last - 1], samples[last], window.to, counting) : samples[last].value;
  double result = right - left;
  if (counting == Counting::kCounter) {
    // Resets at the ends are the interpolation's; those within are added here.
    std::size_t end = samples[last].at >= window.to ? last : last + 1;
    double previous = left;
    for (std::size_t i = samples[first].at <= window.from ? first + 1 : first; i < end; ++i) {
      if (samples[i].value < previous) result += previous;
      previous = samples[i].value;
    }
    if (right < previous) result += previous;
  }
  return per == Per::kSecond ? result / window.seconds() : result;
}

std::optional<PromPoint> extended_histogram_rate(const PromWindow& window, Counting counting, Per per) {
  const auto samples = window.histograms;
  const auto ends = ends_of(samples, window);
  if (!ends || !check_kinds(window, *ends, counting)) return std::nullopt;
  const auto [first, last] = *ends;
  const bool smoothed = window.extension == PromRangeExtension::kSmoothed;
  Boundaries at{samples[first].histogram, samples[last].histogram};
  if (smoothed && samples[first].at < window.from) {
    at.left = interpolated(samples[first], samples[first + 1], window.from, counting, window.notes);
  }
  if (smoothed && last > 0 && samples[last].at > window.to) {
    at.right = interpolated(samples[last - 1], samples[last], window.to, counting, window.notes);
  }
  if (at.left == nullptr || at.right == nullptr) return std::nullopt;
  if (counting == Counting::kGauge && (at.left->hint != Hint::kGauge || at.right->hint != Hint::kGauge)) {
    window.note(PromWindowNote::kNotGauge);
  }
  HistogramSum sum(*at.right);
  const auto added = note_added(window, sum.add(*at.left, Sign::kMinus), PromWindowNote::kReconciledSubtraction);
  if (!added.compatible) return std::nullopt;
  if (counting == Counting::kCounter && !add_resets_between(window, *ends, at, sum)) return std::nullopt;
  FloatHistogram result = sum.total();
  result.hint = Hint::kGauge;
  if (per == Per::kSecond) result.divide(window.seconds());
  result.compact();
  return PromPoint{0, share(std::move(result))};
}

}  // namespace midwatch::internal
