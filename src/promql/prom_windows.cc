#include "promql/prom_windows.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "promql/prom_math.h"

namespace midwatch::internal {
namespace {

enum class Counting : std::uint8_t { kGauge, kCounter };
enum class Per : std::uint8_t { kRange, kSecond };

double span_seconds(Instant from, Instant to) { return seconds(to - from); }
double epoch_seconds(Instant at) { return static_cast<double>(to_millis(at)) / 1000; }

// Prometheus' extrapolatedRate.
std::optional<double> extrapolated(const PromWindow& window, Counting counting, Per per) {
  const auto samples = window.samples;
  if (samples.size() < 2) return std::nullopt;
  const Sample& first = samples.front();
  const Sample& last = samples.back();
  double result = last.value - first.value;
  if (counting == Counting::kCounter) {
    // "Handle counter resets": what was counted before each reset is added.
    double previous = first.value;
    for (const Sample& sample : samples.subspan(1)) {
      if (sample.value < previous) result += previous;
      previous = sample.value;
    }
  }
  double to_start = span_seconds(window.from, first.at);
  double to_end = span_seconds(last.at, window.to);
  const double sampled = span_seconds(first.at, last.at);
  const double average_gap = sampled / static_cast<double>(samples.size() - 1);
  // "If samples are close enough to the (lower or upper) boundary of the range, we extrapolate the
  // rate all the way to the boundary in question"; otherwise by half an average gap.
  const double threshold = average_gap * 1.1;
  if (to_start >= threshold) to_start = average_gap / 2;
  if (counting == Counting::kCounter) {
    // "Counters cannot be negative": never extrapolate to before the counter was zero.
    double to_zero = to_start;
    if (result > 0 && first.value >= 0) to_zero = sampled * (first.value / result);
    to_start = std::min(to_start, to_zero);
  }
  if (to_end >= threshold) to_end = average_gap / 2;
  double factor = (sampled + to_start + to_end) / sampled;
  if (per == Per::kSecond) factor /= window.seconds();
  return result * factor;
}

std::optional<double> between_last_two(const PromWindow& window, Per per) {
  const auto samples = window.samples;
  if (samples.size() < 2) return std::nullopt;
  const Sample& last = samples.back();
  const Sample& previous = samples[samples.size() - 2];
  const double interval = span_seconds(previous.at, last.at);
  if (interval == 0) return std::nullopt;
  // "Counter reset" in irate: counted from zero.
  if (per == Per::kSecond && last.value < previous.value) return last.value / interval;
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

}  // namespace

std::optional<double> window_rate(const PromWindow& w) { return extrapolated(w, Counting::kCounter, Per::kSecond); }
std::optional<double> window_increase(const PromWindow& w) { return extrapolated(w, Counting::kCounter, Per::kRange); }
std::optional<double> window_delta(const PromWindow& w) { return extrapolated(w, Counting::kGauge, Per::kRange); }
std::optional<double> window_irate(const PromWindow& w) { return between_last_two(w, Per::kSecond); }
std::optional<double> window_idelta(const PromWindow& w) { return between_last_two(w, Per::kRange); }

std::optional<double> window_changes(const PromWindow& window) {
  double count = 0;
  double previous = window.samples.front().value;
  for (const Sample& sample : window.samples) {
    if (sample.value != previous && !(std::isnan(sample.value) && std::isnan(previous))) ++count;
    previous = sample.value;
  }
  return count;
}

std::optional<double> window_resets(const PromWindow& window) {
  double count = 0;
  double previous = window.samples.front().value;
  for (const Sample& sample : window.samples) {
    if (sample.value < previous) ++count;
    previous = sample.value;
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
