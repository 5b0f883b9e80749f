#include "promql/prom_windows.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "promql/prom_math.h"

namespace midwatch::internal {
namespace {

double span_seconds(Instant from, Instant to) { return seconds(to - from); }
// What was counted before resets that only the start times show.
double hidden_resets(const PromWindow& window) {
  double sum = 0;
  bool overlap = false;
  for (std::size_t i = 1; i < window.samples.size(); ++i) {
    const Sample& before = window.samples[i - 1];
    const Sample& sample = window.samples[i];
    overlap = overlap || starts_overlap(window.starts[i - 1], before.at, window.starts[i]);
    const bool shown = sample.value < before.value;
    if (!shown && is_start_reset(window.starts[i - 1], before.at, window.starts[i], sample.at)) sum += before.value;
  }
  if (overlap) window.note(PromWindowNote::kStartOverlaps);
  return sum;
}

double epoch_seconds(Instant at) { return static_cast<double>(to_millis(at)) / 1000; }

std::optional<double> extrapolated(const PromWindow& window, Counting counting, Per per) {
  if (window.extension != PromRangeExtension::kNone) return extended_rate(window, counting, per);
  const auto samples = window.samples;
  const bool counter = counting == Counting::kCounter;
  const Sample& first = samples.front();
  const Sample& last = samples.back();
  const std::int64_t start = counter && !window.starts.empty() ? window.starts[0] : 0;
  const bool from_start = start != 0 && started_within(window, start, first.at);
  if (samples.size() < 2 && !from_start) return std::nullopt;
  double result = last.value - first.value;
  if (counter) {
    // "Handle counter resets": what was counted before each reset is added.
    double previous = first.value;
    for (const Sample& sample : samples.subspan(1)) {
      if (sample.value < previous) result += previous;
      previous = sample.value;
    }
    if (!window.starts.empty()) result += hidden_resets(window);
  }
  const double part = counter && result > 0 && first.value >= 0 ? first.value / result : -1;
  if (from_start) result += first.value;
  return result *
         extrapolation(window, {first.at, last.at, samples.size(), from_start ? start : 0, part}, counting, per);
}

std::optional<double> between_last_two(const PromWindow& window, Per per) {
  const auto samples = window.samples;
  if (samples.size() < 2) return std::nullopt;
  const Sample& last = samples.back();
  const Sample& previous = samples[samples.size() - 2];
  const double interval = span_seconds(previous.at, last.at);
  if (interval == 0) return std::nullopt;
  // "Counter reset" in irate: counted from zero.
  const std::size_t n = window.starts.size();
  const bool reset = last.value < previous.value ||
                     (n >= 2 && is_start_reset(window.starts[n - 2], previous.at, window.starts[n - 1], last.at));
  if (per == Per::kSecond && reset) return last.value / interval;
  const double difference = last.value - previous.value;
  return per == Per::kSecond ? difference / interval : difference;
}

struct Line {
  double slope;
  double intercept;
};

// Least squares; the intercept is the value at `at`.
Line regression(std::span<const Sample> samples, Instant at) {
  KahanSum x, y, xy, x2;
  bool constant = true;
  for (const Sample& sample : samples) {
    constant = constant && sample.value == samples.front().value;
    const double t = span_seconds(at, sample.at);
    x.add(t);
    y.add(sample.value);
    xy.add(t * sample.value);
    x2.add(t * t);
  }
  if (constant) {
    const double value = samples.front().value;
    if (std::isinf(value)) return {normal_nan(), normal_nan()};
    return {0, value};
  }
  const auto n = static_cast<double>(samples.size());
  const double sum_x = x.sum + x.c;
  const double sum_y = y.sum + y.c;
  const double covariance = (xy.sum + xy.c) - sum_x * sum_y / n;
  const double variance = (x2.sum + x2.c) - sum_x * sum_x / n;
  const double slope = covariance / variance;
  return {slope, sum_y / n - slope * sum_x / n};
}

std::vector<double> values_of(std::span<const Sample> samples) {
  std::vector<double> values;
  values.reserve(samples.size());
  for (const Sample& sample : samples) values.push_back(sample.value);
  return values;
}

// The sample that no other beats; NaN is beaten by anything, and of equals the first or last stays.
template <class Better>
const Sample& best(std::span<const Sample> samples, Better better) {
  const Sample* found = &samples.front();
  for (const Sample& sample : samples) {
    if (better(sample.value, found->value) || std::isnan(found->value)) found = &sample;
  }
  return *found;
}

// An anchored range in which there is nothing but its anchor has nothing to compare.
bool only_anchor(const PromWindow& window) {
  return window.extension == PromRangeExtension::kAnchored && window.samples.back().at <= window.from;
}

}  // namespace

bool is_start_reset(std::int64_t start_before, Instant before, std::int64_t start, Instant at) {
  const std::int64_t before_ms = to_millis(before);
  if (start == 0 || start >= to_millis(at) || start < before_ms) return false;
  if (start > before_ms) return true;
  // It starts where the one before ends: a delta, or a counter that does not know its start. Of the
  // latter the first start is missing or its own time.
  return start_before != 0 && start_before < before_ms;
}

bool starts_overlap(std::int64_t start_before, Instant before, std::int64_t start) {
  return start != 0 && start < to_millis(before) && start != start_before;
}

bool started_within(const PromWindow& window, std::int64_t start, Instant first) {
  return start != 0 && start > to_millis(window.from) && start < to_millis(first);
}

double extrapolation(const PromWindow& window, const Sampled& sampled, Counting counting, Per per) {
  double to_start = span_seconds(window.from, sampled.first);
  double to_end = span_seconds(sampled.last, window.to);
  double interval = span_seconds(sampled.first, sampled.last);
  const double average_gap = sampled.count > 1 ? interval / static_cast<double>(sampled.count - 1) : 0;
  // "If samples are close enough to the (lower or upper) boundary of the range, we extrapolate the
  // rate all the way to the boundary in question"; otherwise by half an average gap.
  const double threshold = average_gap * 1.1;
  if (sampled.start != 0) {
    // It was zero then: nothing to extrapolate to.
    to_start = 0;
    interval = span_seconds(instant_from_millis(sampled.start), sampled.last);
  } else {
    if (to_start >= threshold) to_start = average_gap / 2;
    // "Counters cannot be negative": never extrapolate to before the counter was zero.
    if (counting == Counting::kCounter && sampled.part_at_first >= 0) {
      to_start = std::min(to_start, interval * sampled.part_at_first);
    }
  }
  if (to_end >= threshold) to_end = average_gap / 2;
  const double factor = interval != 0 ? (interval + to_start + to_end) / interval : 1;
  return per == Per::kSecond ? factor / window.seconds() : factor;
}

std::optional<double> window_rate(const PromWindow& w) { return extrapolated(w, Counting::kCounter, Per::kSecond); }
std::optional<double> window_increase(const PromWindow& w) { return extrapolated(w, Counting::kCounter, Per::kRange); }
std::optional<double> window_delta(const PromWindow& w) { return extrapolated(w, Counting::kGauge, Per::kRange); }
std::optional<double> window_irate(const PromWindow& w) { return between_last_two(w, Per::kSecond); }
std::optional<double> window_idelta(const PromWindow& w) { return between_last_two(w, Per::kRange); }

std::optional<double> window_changes(const PromWindow& window) {
  if (only_anchor(window)) return std::nullopt;
  double count = 0;
  double previous = window.samples.front().value;
  for (const Sample& sample : window.samples) {
    if (sample.value != previous && !(std::isnan(sample.value) && std::isnan(previous))) ++count;
    previous = sample.value;
  }
  return count;
}

std::optional<double> window_resets(const PromWindow& window) {
  if (only_anchor(window)) return std::nullopt;
  double count = 0;
  for (std::size_t i = 1; i < window.samples.size(); ++i) {
    const Sample& before = window.samples[i - 1];
    const Sample& sample = window.samples[i];
    const bool hidden =
        !window.starts.empty() && is_start_reset(window.starts[i - 1], before.at, window.starts[i], sample.at);
    if (sample.value < before.value || hidden) ++count;
  }
  return count;
}

std::optional<double> window_deriv(const PromWindow& window) {
  if (window.samples.size() < 2) return std::nullopt;
  return regression(window.samples, window.samples.front().at).slope;
}

std::optional<double> window_predict_linear(const PromWindow& window) {
  if (window.samples.size() < 2) return std::nullopt;
  const Line line = regression(window.samples, window.at);
  return line.slope * window.scalars[0] + line.intercept;
}

// Double exponential smoothing (Holt-Winters without seasons).
std::optional<double> window_smoothing(const PromWindow& window) {
  const auto samples = window.samples;
  const double level = window.scalars[0];
  const double trend = window.scalars[1];
  if (samples.size() < 2) return std::nullopt;
  double before = 0;
  double now = samples[0].value;
  double slope = samples[1].value - samples[0].value;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    if (i > 1) slope = trend * (now - before) + (1 - trend) * slope;
    const double smoothed = level * samples[i].value + (1 - level) * (now + slope);
    before = now;
    now = smoothed;
  }
  return now;
}

std::optional<double> window_avg(const PromWindow& window) {
  RunningMean mean;
  for (const Sample& sample : window.samples) mean.add(sample.value);
  return mean.mean();
}

std::optional<double> window_sum(const PromWindow& window) {
  KahanSum sum;
  for (const Sample& sample : window.samples) sum.add(sample.value);
  return sum.total();
}

std::optional<double> window_min(const PromWindow& window) {
  return best(window.samples, [](double a, double b) { return a < b; }).value;
}
std::optional<double> window_max(const PromWindow& window) {
  return best(window.samples, [](double a, double b) { return a > b; }).value;
}
std::optional<double> window_count(const PromWindow& window) { return static_cast<double>(window.samples.size()); }
std::optional<double> window_present(const PromWindow& /*window*/) { return 1; }
std::optional<double> window_first(const PromWindow& window) { return window.samples.front().value; }
std::optional<double> window_last(const PromWindow& window) { return window.samples.back().value; }

std::optional<double> window_quantile(const PromWindow& window) {
  std::vector<double> values = values_of(window.samples);
  return quantile(window.scalars[0], values);
}

std::optional<double> window_mad(const PromWindow& window) {
  std::vector<double> values = values_of(window.samples);
  if (std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); })) return normal_nan();
  const double median = quantile(0.5, values);
  for (double& value : values) value = std::fabs(value - median);
  return quantile(0.5, values);
}

std::optional<double> window_stdvar(const PromWindow& window) {
  RunningVariance variance;
  for (const Sample& sample : window.samples) variance.add(sample.value);
  return variance.variance();
}

std::optional<double> window_stddev(const PromWindow& window) { return std::sqrt(*window_stdvar(window)); }

std::optional<double> window_time_of_first(const PromWindow& w) { return epoch_seconds(w.samples.front().at); }
std::optional<double> window_time_of_last(const PromWindow& w) { return epoch_seconds(w.samples.back().at); }
std::optional<double> window_time_of_min(const PromWindow& window) {
  return epoch_seconds(best(window.samples, [](double a, double b) { return a <= b; }).at);
}
std::optional<double> window_time_of_max(const PromWindow& window) {
  return epoch_seconds(best(window.samples, [](double a, double b) { return a >= b; }).at);
}

}  // namespace midwatch::internal
