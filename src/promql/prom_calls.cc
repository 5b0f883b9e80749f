#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/core.h>

#include "promql/prom_evaluation.h"
#include "promql/prom_math.h"
#include "promql/prom_replace.h"
#include "series/number_text.h"
#include "value/value.h"

namespace midwatch::internal {
namespace {

enum class Order : std::uint8_t { kAscending, kDescending };

// NaN is last in either order.
bool value_before(double a, double b, Order order) {
  if (std::isnan(a)) return false;
  if (std::isnan(b)) return true;
  return order == Order::kAscending ? a < b : a > b;
}

// "a2" before "a10": digits compare as numbers.
bool natural_less(std::string_view a, std::string_view b) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  while (!a.empty() && !b.empty()) {
    if (!digit(a[0]) || !digit(b[0])) {
      if (a[0] != b[0]) return a[0] < b[0];
      a.remove_prefix(1);
      b.remove_prefix(1);
      continue;
    }
    const auto number = [&](std::string_view& text) {
      std::size_t size = 0;
      while (size < text.size() && digit(text[size])) ++size;
      std::string_view taken = text.substr(0, size);
      text.remove_prefix(size);
      while (taken.size() > 1 && taken[0] == '0') taken.remove_prefix(1);
      return taken;
    };
    const std::string_view x = number(a);
    const std::string_view y = number(b);
    if (x.size() != y.size()) return x.size() < y.size();
    if (x != y) return x < y;
  }
  return a.size() < b.size();
}

const std::string& text_argument(const PromCall& call, std::size_t index) {
  return std::get<PromText>(without_parentheses(*call.arguments[index]).node).value;
}

bool named_like_a_counter(std::string_view name) {
  for (const std::string_view suffix : {"_total", "_sum", "_count", "_bucket"}) {
    if (name.ends_with(suffix)) return true;
  }
  return false;
}

}  // namespace

void drop_histograms(EvalVector& elements) {
  const auto is_histogram = [](const EvalElement& element) { return element.histogram != nullptr; };
  const auto first = std::find_if(elements.begin(), elements.end(), is_histogram);
  if (first != elements.end()) elements.erase(std::remove_if(first, elements.end(), is_histogram), elements.end());
}

Result<std::vector<double>> PromEvaluation::scalar_arguments(const PromCall& call, Instant at) {
  std::vector<double> scalars;
  for (const PromExprPtr& argument : call.arguments) {
    if (argument->type != PromType::kScalar) continue;
    MW_TRY(const double value, scalar(*argument, at));
    scalars.push_back(value);
  }
  return scalars;
}

Result<EvalVector> PromEvaluation::call(const PromExpr& expr, Instant at) {
  const PromFunction& function = *std::get<PromCall>(expr.node).function;
  if (function.element != nullptr) return call_element(expr, at);
  if (function.window != nullptr) return call_window(expr, at);
  if (function.histogram != nullptr) return histogram_stats(std::get<PromCall>(expr.node), at);
  return call_special(expr, at);
}

Result<EvalVector> PromEvaluation::call_element(const PromExpr& expr, Instant at) {
  const auto& node = std::get<PromCall>(expr.node);
  if (node.arguments.empty()) {  // hour() is hour(vector(time()))
    return EvalVector{{{}, node.function->element(static_cast<double>(to_millis(at)) / 1000, {}), false}};
  }
  MW_TRY(EvalVector elements, vector(*node.arguments[0], at));
  MW_TRY(const std::vector<double> scalars, scalar_arguments(node, at));
  drop_histograms(elements);
  for (EvalElement& element : elements) {
    element.value = node.function->element(element.value, scalars);
    drop_name(element);
  }
  MW_CHECK(check_unique(elements));
  return elements;
}

void PromEvaluation::note_window(const PromExpr& expr, const EvalRanges& found, std::span<const double> scalars) {
  const auto& node = std::get<PromCall>(expr.node);
  if (node.function->note == PromNote::kCounter && !found.series.empty() && found.series.front().histograms.empty()) {
    const std::string_view name = found.series.front().labels.metric_name();
    if (!name.empty() && !named_like_a_counter(name)) {
      annotate(PromAnnotation::Kind::kInfo,
               fmt::format("metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {}",
                           go_quoted(name)),
               *node.arguments[0]);
    }
  }
  if (node.function->note == PromNote::kQuantile && !found.series.empty()) {
    annotate_quantile(scalars[0], *node.arguments[0]);
  }
}

void PromEvaluation::call_mixed(const PromExpr& expr, const EvalSeries& series, const PromWindow& window,
                                EvalVector& out) {
  const PromFunction& function = *std::get<PromCall>(expr.node).function;
  std::optional<PromPoint> point;
  if (function.mixed != nullptr) {
    point = function.mixed(window);
  } else if (!series.samples.empty()) {
    window.note(PromWindowNote::kHistogramsIgnored);
    if (const std::optional<double> value = function.window(window)) point = PromPoint{*value};
  }
  if (!point) return;
  out.push_back({series.labels, point->value, series.drop_name, std::move(point->histogram)});
  if (!function.keeps_name) drop_name(out.back());
}

Result<EvalVector> PromEvaluation::call_window(const PromExpr& expr, Instant at) {
  const auto& node = std::get<PromCall>(expr.node);
  const auto argument = std::find_if(node.arguments.begin(), node.arguments.end(),
                                     [](const PromExprPtr& a) { return a->type == PromType::kMatrix; });
  MW_TRY(const EvalRanges found, ranges(**argument, at));
  MW_TRY(const std::vector<double> scalars, scalar_arguments(node, at));
  note_window(expr, found, scalars);
  EvalVector out;
  out.reserve(found.series.size());
  // What has no histograms pays for none: one window, of which only the samples change.
  PromWindowNotes notes;
  PromWindow window{{}, found.from, found.to, at, scalars, {}, {}, found.extension, &notes};
  for (const EvalSeries& series : found.series) {
    window.samples = series.samples;
    window.starts = series.starts;
    if (!series.histograms.empty()) {
      window.histograms = series.histograms;
      call_mixed(expr, series, window, out);
      window.histograms = {};
    } else if (const std::optional<double> value = node.function->window(window)) {
      EvalElement& element = out.emplace_back(EvalElement{series.labels, *value, series.drop_name});
      if (!node.function->keeps_name) drop_name(element);
    }
    if (notes.any()) annotate_window(std::exchange(notes, {}), series.labels, *node.arguments[0]);
  }
  MW_CHECK(check_unique(out));
  return out;
}

Result<EvalVector> PromEvaluation::call_special(const PromExpr& expr, Instant at) {
  const auto& node = std::get<PromCall>(expr.node);
  switch (node.function->special) {
    case PromSpecial::kAbsent: {
      MW_TRY(const EvalVector elements, vector(*node.arguments[0], at));
      if (!elements.empty()) return EvalVector{};
      return EvalVector{{labels_of_absent(*node.arguments[0]), 1, false}};
    }
    case PromSpecial::kAbsentOverTime: {
      MW_TRY(const EvalRanges found, ranges(*node.arguments[0], at));
      if (!found.series.empty()) return EvalVector{};
      return EvalVector{{labels_of_absent(*node.arguments[0]), 1, false}};
    }
    case PromSpecial::kVector: {
      MW_TRY(const double value, scalar(*node.arguments[0], at));
      return EvalVector{{{}, value, false}};
    }
    case PromSpecial::kClamp: return clamp(node, at);
    case PromSpecial::kHistogramFraction:
    case PromSpecial::kHistogramQuantile: return histogram(expr, at);
    case PromSpecial::kHistogramQuantiles: return histogram_quantiles(expr, at);
    case PromSpecial::kInfo: return info(node, at);
    case PromSpecial::kLabelJoin: return label_join(node, at);
    case PromSpecial::kLabelReplace: return label_replace(node, at);
    case PromSpecial::kSort:
    case PromSpecial::kSortDescending:
    case PromSpecial::kSortByLabel:
    case PromSpecial::kSortByLabelDescending: return sort(expr, at);
    case PromSpecial::kStartTimestamp:
    case PromSpecial::kTimestamp: return timestamp(node, at);
    case PromSpecial::kEnd:
    case PromSpecial::kMaxOf:
    case PromSpecial::kMinOf:
    case PromSpecial::kNone:
    case PromSpecial::kPi:
    case PromSpecial::kRange:
    case PromSpecial::kScalar:
    case PromSpecial::kStart:
    case PromSpecial::kStep:
    case PromSpecial::kTime: break;  // of type scalar: scalar() has them
  }
  std::unreachable();
}

Result<EvalVector> PromEvaluation::clamp(const PromCall& call, Instant at) {
  MW_TRY(EvalVector elements, vector(*call.arguments[0], at));
  MW_TRY(const std::vector<double> bounds, scalar_arguments(call, at));
  if (bounds[0] > bounds[1]) return EvalVector{};
  drop_histograms(elements);
  for (EvalElement& element : elements) {
    // max(min, min(max, v)) of Go: a NaN anywhere is the result.
    const bool nan = std::isnan(bounds[0]) || std::isnan(bounds[1]) || std::isnan(element.value);
    element.value = nan ? normal_nan() : std::max(bounds[0], std::min(bounds[1], element.value));
    drop_name(element);
  }
  MW_CHECK(check_unique(elements));
  return elements;
}

// Equality matchers say what a missing series would have been called.
Labels PromEvaluation::labels_of_absent(const PromExpr& argument) {
  const PromExpr* expr = &without_parentheses(argument);
  if (const auto* ranged = std::get_if<PromRangeSelector>(&expr->node)) expr = ranged->selector.get();
  const auto* selector = std::get_if<PromSelector>(&expr->node);
  if (selector == nullptr) return {};
  std::vector<LabelView> labels;
  std::set<std::string_view> seen;
  std::set<std::string_view> ambiguous;
  for (const LabelMatcher& matcher : selector->matchers) {
    if (matcher.name() == kMetricName) continue;
    const bool first = seen.insert(matcher.name()).second;
    if (first && matcher.op() == LabelMatcher::Op::kEqual) labels.push_back({matcher.name(), matcher.value()});
    else ambiguous.insert(matcher.name());
  }
  std::erase_if(labels, [&](const LabelView& label) { return ambiguous.contains(label.name); });
  return Labels::of(labels);
}

Result<EvalVector> PromEvaluation::label_replace(const PromCall& call, Instant at) {
  const std::string& target = text_argument(call, 1);
  const std::string& source = text_argument(call, 3);
  MW_TRY(const LabelReplacer replacer, LabelReplacer::create(text_argument(call, 4), text_argument(call, 2)));
  if (target.empty() || !is_utf8(target)) {
    return Error(Code::kInvalid, fmt::format("invalid destination label name in label_replace(): {}", target));
  }
  MW_TRY(EvalVector elements, vector(*call.arguments[0], at));
  LabelCache& replaced = cache(&call, 0);
  for (EvalElement& element : elements) {
    bool matched = true;
    const auto replace = [&](const Labels& labels) {
      const auto text = replacer.replace(labels.get(source));
      return text ? labels.with(target, *text) : labels;
    };
    if (target == kMetricName) matched = replacer.replace(element.labels.get(source)).has_value();
    element.labels = Labels(replaced.get(element.labels, replace));
    if (target == kMetricName && matched) element.drop_name = false;
  }
  MW_CHECK(check_unique(elements));
  return elements;
}

Result<EvalVector> PromEvaluation::label_join(const PromCall& call, Instant at) {
  const std::string& target = text_argument(call, 1);
  const std::string& separator = text_argument(call, 2);
  if (target.empty() || !is_utf8(target)) {
    return Error(Code::kInvalid, fmt::format("invalid destination label name in label_join(): {}", target));
  }
  for (std::size_t i = 3; i < call.arguments.size(); ++i) {
    if (text_argument(call, i).empty() || !is_utf8(text_argument(call, i))) {
      return Error(Code::kInvalid,
                   fmt::format("invalid source label name in label_join(): {}", text_argument(call, i)));
    }
  }
  MW_TRY(EvalVector elements, vector(*call.arguments[0], at));
  LabelCache& joined = cache(&call, 0);
  for (EvalElement& element : elements) {
    element.labels = Labels(joined.get(element.labels, [&](const Labels& labels) {
      std::string text;
      for (std::size_t i = 3; i < call.arguments.size(); ++i) {
        if (i > 3) text += separator;
        text += labels.get(text_argument(call, i));
      }
      return labels.with(target, text);
    }));
    if (target == kMetricName) element.drop_name = false;
  }
  MW_CHECK(check_unique(elements));
  return elements;
}

Result<EvalVector> PromEvaluation::sort(const PromExpr& expr, Instant at) {
  const auto& node = std::get<PromCall>(expr.node);
  MW_TRY(EvalVector elements, vector(*node.arguments[0], at));
  const PromSpecial special = node.function->special;
  const bool by_value = special == PromSpecial::kSort || special == PromSpecial::kSortDescending;
  if (by_value) drop_histograms(elements);
  if (range_.step != Duration::zero()) {
    annotate(PromAnnotation::Kind::kWarning,
             "sort is ineffective for range queries since results are always ordered by labels", expr);
    return elements;
  }
  if (by_value) {
    const Order order = special == PromSpecial::kSort ? Order::kAscending : Order::kDescending;
    std::sort(elements.begin(), elements.end(), [&](const EvalElement& a, const EvalElement& b) {
      if (value_before(a.value, b.value, order)) return true;
      if (value_before(b.value, a.value, order)) return false;
      return (a.labels <=> b.labels) < 0;
    });
    return elements;
  }
  const bool descending = special == PromSpecial::kSortByLabelDescending;
  std::sort(elements.begin(), elements.end(), [&](const EvalElement& a, const EvalElement& b) {
    const EvalElement& x = descending ? b : a;
    const EvalElement& y = descending ? a : b;
    for (std::size_t i = 1; i < node.arguments.size(); ++i) {
      const std::string_view left = x.labels.get(text_argument(node, i));
      const std::string_view right = y.labels.get(text_argument(node, i));
      if (left != right) return natural_less(left, right);
    }
    return (x.labels <=> y.labels) < 0;
  });
  return elements;
}

Result<EvalVector> PromEvaluation::timestamp(const PromCall& call, Instant at) {
  EvalVector elements;
  const PromExpr& argument = without_parentheses(*call.arguments[0]);
  if (const auto* selector = std::get_if<PromSelector>(&argument.node)) {
    // Of a plain selector, the time of the sample itself, or since when it counts.
    const bool start = call.function->special == PromSpecial::kStartTimestamp;
    MW_TRY(elements, select_timestamps(*selector, at, start ? SampleTime::kStart : SampleTime::kOwn));
  } else if (call.function->special == PromSpecial::kTimestamp) {
    MW_TRY(elements, vector(argument, at));
    for (EvalElement& element : elements) element.histogram = nullptr;
    for (EvalElement& element : elements) element.value = static_cast<double>(to_millis(at)) / 1000;
  }
  for (EvalElement& element : elements) drop_name(element);
  MW_CHECK(check_unique(elements));
  return elements;
}

}  // namespace midwatch::internal
