#include "promql/prom_functions.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>

#include "promql/prom_windows.h"
#include "series/histogram_statistics.h"

namespace midwatch {
namespace {

using Scalars = std::span<const double>;
using enum PromType;

constexpr PromType kV[] = {kVector};
constexpr PromType kM[] = {kMatrix};
constexpr PromType kS[] = {kScalar};
constexpr PromType kVS[] = {kVector, kScalar};
constexpr PromType kVSS[] = {kVector, kScalar, kScalar};
constexpr PromType kSV[] = {kScalar, kVector};
constexpr PromType kSSV[] = {kScalar, kScalar, kVector};
constexpr PromType kVV[] = {kVector, kVector};
constexpr PromType kSS[] = {kScalar, kScalar};
constexpr PromType kVStringS[] = {kVector, kString, kScalar};
constexpr PromType kSM[] = {kScalar, kMatrix};
constexpr PromType kMS[] = {kMatrix, kScalar};
constexpr PromType kMSS[] = {kMatrix, kScalar, kScalar};
constexpr PromType kVStrings3[] = {kVector, kString, kString, kString};
constexpr PromType kVStrings4[] = {kVector, kString, kString, kString, kString};
constexpr PromType kVStrings[] = {kVector, kString};

double round_to(double value, Scalars scalars) {
  // "round returns a number rounded to toNearest. Ties are solved by rounding up."
  const double inverse = 1.0 / (scalars.empty() ? 1.0 : scalars[0]);
  return std::floor(value * inverse + 0.5) / inverse;
}

double sign(double value, Scalars) {
  if (value < 0) return -1;
  if (value > 0) return 1;
  return value;
}

// min() and max() of Go: NaN wins over anything.
double clamp_min(double value, Scalars s) { return std::isnan(s[0]) ? s[0] : value < s[0] ? s[0] : value; }
double clamp_max(double value, Scalars s) { return std::isnan(s[0]) ? s[0] : value > s[0] ? s[0] : value; }

using Seconds = std::chrono::sys_seconds;

// What cannot be a time of the calendar is the epoch's; Prometheus' answer there depends on the machine.
Seconds instant_of(double value) {
  constexpr double kMax = 8e12;  // beyond the calendar of <chrono>: the year would not fit
  if (!(std::fabs(value) < 9e17)) return Seconds{};
  const double bounded = std::clamp(std::trunc(value), -kMax / 10, kMax / 10);
  return Seconds(std::chrono::seconds(static_cast<std::int64_t>(bounded)));
}
std::chrono::sys_days day_of(double value) { return std::chrono::floor<std::chrono::days>(instant_of(value)); }
std::chrono::year_month_day date_of(double value) { return day_of(value); }

template <class Part>
double calendar(double value, Part part) {
  return std::isnan(value) ? value : static_cast<double>(part(value));
}

double minute_of(double value, Scalars) {
  return calendar(value, [](double v) { return (instant_of(v) - day_of(v)).count() / 60 % 60; });
}
double hour_of(double value, Scalars) {
  return calendar(value, [](double v) { return (instant_of(v) - day_of(v)).count() / 3600; });
}
double day_of_week(double value, Scalars) {
  return calendar(value, [](double v) { return std::chrono::weekday(day_of(v)).c_encoding(); });
}
double day_of_month(double value, Scalars) {
  return calendar(value, [](double v) { return static_cast<unsigned>(date_of(v).day()); });
}
double day_of_year(double value, Scalars) {
  return calendar(value, [](double v) {
    const auto january = std::chrono::sys_days(date_of(v).year() / std::chrono::January / 1);
    return (day_of(v) - january).count() + 1;
  });
}
double days_in_month(double value, Scalars) {
  return calendar(value, [](double v) {
    const auto date = date_of(v);
    return static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day());
  });
}
double month_of(double value, Scalars) {
  return calendar(value, [](double v) { return static_cast<unsigned>(date_of(v).month()); });
}
double year_of(double value, Scalars) {
  return calendar(value, [](double v) { return static_cast<int>(date_of(v).year()); });
}

constexpr PromFunction element(std::string_view name, PromElementFunction function,
                               std::span<const PromType> parameters = kV, int optional = 0) {
  return {.name = name, .returns = kVector, .parameters = parameters, .optional = optional, .element = function};
}
// Histograms have no place in it.
constexpr PromFunction window(std::string_view name, PromWindowFunction function,
                              std::span<const PromType> parameters = kM, PromNote note = PromNote::kNone) {
  return {.name = name, .returns = kVector, .parameters = parameters, .window = function, .note = note};
}
constexpr PromFunction mixed(std::string_view name, PromWindowFunction function, PromMixedFunction histograms) {
  return {.name = name, .returns = kVector, .parameters = kM, .window = function, .mixed = histograms};
}
constexpr PromFunction keeping(std::string_view name, PromWindowFunction function, PromMixedFunction histograms) {
  PromFunction made = mixed(name, function, histograms);
  made.keeps_name = true;
  return made;
}
enum class Extensions : std::uint8_t { kAnchored, kBoth };
constexpr PromFunction extended(std::string_view name, PromWindowFunction function, PromMixedFunction histograms,
                                Extensions extensions, PromNote note = PromNote::kNone) {
  PromFunction made = mixed(name, function, histograms);
  made.anchored = true;
  made.smoothed = extensions == Extensions::kBoth;
  made.note = note;
  return made;
}
constexpr PromFunction histogram(std::string_view name, PromHistogramFunction function) {
  return {.name = name, .returns = kVector, .parameters = kV, .histogram = function};
}
constexpr PromFunction special(std::string_view name, PromSpecial what, PromType returns,
                               std::span<const PromType> parameters, int optional = 0) {
  return {.name = name, .returns = returns, .parameters = parameters, .optional = optional, .special = what};
}

constexpr double kDegree = 0.017453292519943295;  // pi / 180

using namespace internal;

// Every function there is, by name.
constexpr PromFunction kFunctions[] = {
    element("abs", [](double v, Scalars) { return std::fabs(v); }),
    special("absent", PromSpecial::kAbsent, kVector, kV),
    special("absent_over_time", PromSpecial::kAbsentOverTime, kVector, kM),
    element("acos", [](double v, Scalars) { return std::acos(v); }),
    element("acosh", [](double v, Scalars) { return std::acosh(v); }),
    element("asin", [](double v, Scalars) { return std::asin(v); }),
    element("asinh", [](double v, Scalars) { return std::asinh(v); }),
    element("atan", [](double v, Scalars) { return std::atan(v); }),
    element("atanh", [](double v, Scalars) { return std::atanh(v); }),
    mixed("avg_over_time", window_avg, mixed_avg),
    element("ceil", [](double v, Scalars) { return std::ceil(v); }),
    extended("changes", window_changes, mixed_changes, Extensions::kAnchored),
    special("clamp", PromSpecial::kClamp, kVector, kVSS),
    element("clamp_max", clamp_max, kVS),
    element("clamp_min", clamp_min, kVS),
    element("cos", [](double v, Scalars) { return std::cos(v); }),
    element("cosh", [](double v, Scalars) { return std::cosh(v); }),
    mixed("count_over_time", window_count, mixed_count),
    element("day_of_month", day_of_month, kV, 1),
    element("day_of_week", day_of_week, kV, 1),
    element("day_of_year", day_of_year, kV, 1),
    element("days_in_month", days_in_month, kV, 1),
    element("deg", [](double v, Scalars) { return v / kDegree; }),
    extended("delta", window_delta, mixed_delta, Extensions::kBoth),
    window("deriv", window_deriv),
    window("double_exponential_smoothing", window_smoothing, kMSS),
    special("end", PromSpecial::kEnd, kScalar, {}),
    element("exp", [](double v, Scalars) { return std::exp(v); }),
    keeping("first_over_time", window_first, mixed_first),
    element("floor", [](double v, Scalars) { return std::floor(v); }),
    histogram("histogram_avg", [](const FloatHistogram& h) { return h.sum / h.count; }),
    histogram("histogram_count", [](const FloatHistogram& h) { return h.count; }),
    special("histogram_fraction", PromSpecial::kHistogramFraction, kVector, kSSV),
    special("histogram_quantile", PromSpecial::kHistogramQuantile, kVector, kSV),
    special("histogram_quantiles", PromSpecial::kHistogramQuantiles, kVector, kVStringS, PromFunction::kRepeatsOnce),
    histogram("histogram_stddev", [](const FloatHistogram& h) { return std::sqrt(histogram_variance(h)); }),
    histogram("histogram_stdvar", histogram_variance),
    histogram("histogram_sum", [](const FloatHistogram& h) { return h.sum; }),
    element("hour", hour_of, kV, 1),
    mixed("idelta", window_idelta, mixed_idelta),
    extended("increase", window_increase, mixed_increase, Extensions::kBoth, PromNote::kCounter),
    special("info", PromSpecial::kInfo, kVector, kVV, 1),
    mixed("irate", window_irate, mixed_irate),
    special("label_join", PromSpecial::kLabelJoin, kVector, kVStrings3, PromFunction::kRepeats),
    special("label_replace", PromSpecial::kLabelReplace, kVector, kVStrings4),
    keeping("last_over_time", window_last, mixed_last),
    element("ln", [](double v, Scalars) { return std::log(v); }),
    element("log10", [](double v, Scalars) { return std::log10(v); }),
    element("log2", [](double v, Scalars) { return std::log2(v); }),
    window("mad_over_time", window_mad),
    special("max_of", PromSpecial::kMaxOf, kScalar, kSS),
    window("max_over_time", window_max),
    special("min_of", PromSpecial::kMinOf, kScalar, kSS),
    window("min_over_time", window_min),
    element("minute", minute_of, kV, 1),
    element("month", month_of, kV, 1),
    special("pi", PromSpecial::kPi, kScalar, {}),
    window("predict_linear", window_predict_linear, kMS),
    mixed("present_over_time", window_present, mixed_present),
    window("quantile_over_time", window_quantile, kSM, PromNote::kQuantile),
    element("rad", [](double v, Scalars) { return v * kDegree; }),
    special("range", PromSpecial::kRange, kScalar, {}),
    extended("rate", window_rate, mixed_rate, Extensions::kBoth, PromNote::kCounter),
    extended("resets", window_resets, mixed_resets, Extensions::kAnchored),
    element("round", round_to, kVS, 1),
    special("scalar", PromSpecial::kScalar, kScalar, kV),
    element("sgn", sign),
    element("sin", [](double v, Scalars) { return std::sin(v); }),
    element("sinh", [](double v, Scalars) { return std::sinh(v); }),
    special("sort", PromSpecial::kSort, kVector, kV),
    special("sort_by_label", PromSpecial::kSortByLabel, kVector, kVStrings, PromFunction::kRepeats),
    special("sort_by_label_desc", PromSpecial::kSortByLabelDescending, kVector, kVStrings, PromFunction::kRepeats),
    special("sort_desc", PromSpecial::kSortDescending, kVector, kV),
    element("sqrt", [](double v, Scalars) { return std::sqrt(v); }),
    special("start", PromSpecial::kStart, kScalar, {}),
    special("start_timestamp", PromSpecial::kStartTimestamp, kVector, kV),
    window("stddev_over_time", window_stddev),
    window("stdvar_over_time", window_stdvar),
    special("step", PromSpecial::kStep, kScalar, {}),
    mixed("sum_over_time", window_sum, mixed_sum),
    element("tan", [](double v, Scalars) { return std::tan(v); }),
    element("tanh", [](double v, Scalars) { return std::tanh(v); }),
    special("time", PromSpecial::kTime, kScalar, {}),
    special("timestamp", PromSpecial::kTimestamp, kVector, kV),
    mixed("ts_of_first_over_time", window_time_of_first, mixed_time_of_first),
    mixed("ts_of_last_over_time", window_time_of_last, mixed_time_of_last),
    window("ts_of_max_over_time", window_time_of_max),
    window("ts_of_min_over_time", window_time_of_min),
    special("vector", PromSpecial::kVector, kVector, kS),
    element("year", year_of, kV, 1),
};
static_assert(std::is_sorted(std::begin(kFunctions), std::end(kFunctions),
                             [](const PromFunction& a, const PromFunction& b) { return a.name < b.name; }));

}  // namespace

const PromFunction* find_prom_function(std::string_view name) {
  const auto* found = std::lower_bound(std::begin(kFunctions), std::end(kFunctions), name,
                                       [](const PromFunction& f, std::string_view n) { return f.name < n; });
  return found != std::end(kFunctions) && found->name == name ? found : nullptr;
}

}  // namespace midwatch
