#include "promql/prom_evaluation.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include <fmt/core.h>

#include "promql/prom_lexer.h"
#include "value/value.h"

namespace midwatch::internal {
namespace {

Error same_labelset() { return Error(Code::kInvalid, "vector cannot contain metrics with the same labelset"); }

std::vector<Sample>::const_iterator first_after(const std::vector<Sample>& samples, Instant at) {
  return std::upper_bound(samples.begin(), samples.end(), at, [](Instant t, const Sample& s) { return t < s.at; });
}

}  // namespace

std::string go_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c < 0x20 || c == 0x7f) {
      out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : fmt::format("\\x{:02x}", c);
    } else if (c < 0x80) {
      out += text[i];
    } else {
      std::size_t size = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
      if (is_utf8(text.substr(i, size)) && i + size <= text.size()) {
        out += text.substr(i, size);
        i += size - 1;
      } else {
        out += fmt::format("\\x{:02x}", c);
      }
    }
  }
  return out += '"';
}

Status PromEvaluation::spend(std::uint64_t work) {
  work_ += work;
  if (work_ <= options_.work_max) return {};
  return Error(Code::kLimit, fmt::format("the query looks at more than {} samples", options_.work_max));
}

Status PromEvaluation::hold(std::size_t samples) {
  held_ += samples;
  if (held_ <= options_.samples_max) return {};
  return Error(Code::kLimit, fmt::format("the query needs more than {} samples in memory", options_.samples_max));
}

void PromEvaluation::annotate(PromAnnotation::Kind kind, std::string_view text, const PromExpr& where) {
  const Location location = prom_location(query_.text(), where.begin);
  std::string full = fmt::format("PromQL {}: {} ({}:{})", kind == PromAnnotation::Kind::kWarning ? "warning" : "info",
                                 text, location.line, location.column);
  if (annotated_.insert(full).second) annotations_.push_back({kind, std::move(full)});
}

void PromEvaluation::drop_name(EvalElement& element) {
  if (options_.name_removal == PromOptions::NameRemoval::kDelayed) {
    element.drop_name = true;
  } else {
    element.labels = names_.get(element.labels, [](const Labels& labels) { return labels.without(kMetricName); });
  }
}

// When names go at the end, equal sets are found there.
Status PromEvaluation::check_unique(const EvalVector& elements) const {
  if (options_.name_removal == PromOptions::NameRemoval::kDelayed || elements.size() < 2) return {};
  std::unordered_set<Labels> seen;
  for (const EvalElement& element : elements) {
    if (!seen.insert(element.labels).second) return same_labelset();
  }
  return {};
}

Instant PromEvaluation::shifted(const PromTimeShift& shift, Instant at) const {
  switch (shift.at) {
    case PromTimeShift::At::kNone: break;
    case PromTimeShift::At::kInstant: at = shift.instant; break;
    case PromTimeShift::At::kStart: at = range_.start; break;
    case PromTimeShift::At::kEnd: at = range_.end; break;
  }
  return at - shift.offset;
}

PromEvaluation::Times PromEvaluation::shifted(const PromTimeShift& shift, Times times) const {
  return {shifted(shift, times.first), shifted(shift, times.last)};
}

Status PromEvaluation::load() { return load_node(query_.root(), {range_.start, range_.end}); }

Status PromEvaluation::load_selector(const PromSelector& selector, Times times, Duration window, bool for_range) {
  // Neither the look-back nor a range includes its oldest end.
  const TimeRange wanted{times.first - window + std::chrono::milliseconds(1), times.last};
  const SelectLimits limits{.series_max = options_.series_max, .samples_max = options_.samples_max - held_};
  auto selected = source_.select(selector.matchers, wanted, limits);
  if (!selected) return std::move(selected).error();
  std::size_t count = 0;
  for (SeriesSamples& series : *selected) {
    count += series.samples.size();
    if (for_range) std::erase_if(series.samples, [](const Sample& sample) { return is_stale_marker(sample.value); });
  }
  read_ += count;
  MW_CHECK(hold(count));
  loaded_[&selector].series = std::move(*selected);
  return {};
}

Status PromEvaluation::load_node(const PromExpr& expr, Times times) {
  if (const auto* selector = std::get_if<PromSelector>(&expr.node)) {
    return load_selector(*selector, shifted(selector->shift, times), options_.lookback, false);
  }
  if (const auto* ranged = std::get_if<PromRangeSelector>(&expr.node)) {
    const auto& inner = std::get<PromSelector>(ranged->selector->node);
    return load_selector(inner, shifted(inner.shift, times), ranged->range, true);
  }
  if (const auto* sub = std::get_if<PromSubquery>(&expr.node)) {
    const Times at = shifted(sub->shift, times);
    return load_node(*sub->inner, {at.first - sub->range, at.last});
  }
  if (const auto* call = std::get_if<PromCall>(&expr.node)) {
    for (const PromExprPtr& argument : call->arguments) MW_CHECK(load_node(*argument, times));
    return {};
  }
  if (const auto* aggregation = std::get_if<PromAggregation>(&expr.node)) {
    if (aggregation->parameter) MW_CHECK(load_node(*aggregation->parameter, times));
    return load_node(*aggregation->inner, times);
  }
  if (const auto* unary = std::get_if<PromUnary>(&expr.node)) return load_node(*unary->inner, times);
  if (const auto* parentheses = std::get_if<PromParentheses>(&expr.node)) return load_node(*parentheses->inner, times);
  if (const auto* binary = std::get_if<PromBinary>(&expr.node)) {
    MW_CHECK(load_node(*binary->left, times));
    return load_node(*binary->right, times);
  }
  return {};
}

Result<EvalVector> PromEvaluation::select_instant(const PromSelector& selector, Instant at) {
  const Instant when = shifted(selector.shift, at);
  EvalVector out;
  const Loaded& loaded = loaded_[&selector];
  MW_CHECK(spend(loaded.series.size() + 1));
  out.reserve(loaded.series.size());
  for (const SeriesSamples& series : loaded.series) {
    const auto after = first_after(series.samples, when);
    if (after == series.samples.begin()) continue;
    const Sample& sample = *(after - 1);
    if (sample.at <= when - options_.lookback || is_stale_marker(sample.value)) continue;
    out.push_back({series.labels, sample.value, false});
  }
  return out;
}

Result<EvalVector> PromEvaluation::select_timestamps(const PromSelector& selector, Instant at) {
  const Instant when = shifted(selector.shift, at);
  EvalVector out;
  for (const SeriesSamples& series : loaded_[&selector].series) {
    const auto after = first_after(series.samples, when);
    if (after == series.samples.begin()) continue;
    const Sample& sample = *(after - 1);
    if (sample.at <= when - options_.lookback || is_stale_marker(sample.value)) continue;
    out.push_back({series.labels, static_cast<double>(to_millis(sample.at)) / 1000, false});
  }
  return out;
}

Result<EvalRanges> PromEvaluation::select_range(const PromRangeSelector& ranged, Instant at) {
  const auto& selector = std::get<PromSelector>(ranged.selector->node);
  EvalRanges out;
  out.to = shifted(selector.shift, at);
  out.from = out.to - ranged.range;
  const Loaded& loaded = loaded_[&selector];
  out.series.reserve(loaded.series.size());
  std::uint64_t work = 1;
  for (const SeriesSamples& series : loaded.series) {
    const auto begin = first_after(series.samples, out.from);
    const auto end = first_after(series.samples, out.to);
    work += static_cast<std::uint64_t>(end - begin) + 1;
    if (begin != end) out.series.push_back({series.labels, {begin, end}, false});
  }
  MW_CHECK(spend(work));
  return out;
}

// Steps of a subquery are multiples of its step, so outer steps share them: each is evaluated once.
Result<const EvalVector*> PromEvaluation::subquery_step(const PromSubquery& node, Instant at) {
  auto& steps = subqueries_[&node];
  const auto found = steps.find(at);
  if (found != steps.end()) return &found->second;
  MW_TRY(EvalVector inner, vector(*node.inner, at));
  MW_CHECK(spend(200));  // a walk of the tree, even where nothing matches
  MW_CHECK(hold(inner.size() + 1));
  return &subqueries_[&node].emplace(at, std::move(inner)).first->second;
}

Result<EvalRanges> PromEvaluation::subquery(const PromSubquery& node, Instant at) {
  EvalRanges out;
  out.to = shifted(node.shift, at);
  out.from = out.to - node.range;
  const std::int64_t step =
      std::max<std::int64_t>(1, std::chrono::duration_cast<std::chrono::milliseconds>(
                                    node.step > Duration::zero() ? node.step : options_.subquery_step)
                                    .count());
  const std::int64_t from = to_millis(out.from);
  const std::int64_t to = to_millis(out.to);
  std::int64_t first = from / step * step;
  if (first <= from) first += step;

  std::unordered_map<Labels, std::size_t> rows;
  for (std::int64_t t = first; t <= to; t += step) {
    MW_TRY(const EvalVector* inner, subquery_step(node, instant_from_millis(t)));
    MW_CHECK(spend(inner->size() + 1));
    for (const EvalElement& element : *inner) {
      const auto [row, made] = rows.try_emplace(element.labels, out.series.size());
      if (made) {
        out.series.push_back({element.labels, {}, element.drop_name});
        out.owned.emplace_back();
      }
      out.series[row->second].drop_name |= element.drop_name;
      out.owned[row->second].push_back({instant_from_millis(t), element.value});
    }
  }
  for (std::size_t i = 0; i < out.series.size(); ++i) out.series[i].samples = out.owned[i];
  // An outer step never looks back before the start of an earlier one: its oldest steps can go.
  auto& steps = subqueries_[&node];
  if (node.shift.at == PromTimeShift::At::kNone && at >= range_.start) {
    while (!steps.empty() && to_millis(steps.begin()->first) <= from) {
      held_ -= steps.begin()->second.size() + 1;
      steps.erase(steps.begin());
    }
  }
  return out;
}

Result<EvalRanges> PromEvaluation::ranges(const PromExpr& expr, Instant at) {
  const PromExpr& inner = without_parentheses(expr);
  if (const auto* ranged = std::get_if<PromRangeSelector>(&inner.node)) return select_range(*ranged, at);
  return subquery(std::get<PromSubquery>(inner.node), at);
}

Result<double> PromEvaluation::scalar(const PromExpr& expr, Instant at) {
  if (const auto* number = std::get_if<PromNumber>(&expr.node)) return number->value;
  if (const auto* parentheses = std::get_if<PromParentheses>(&expr.node)) return scalar(*parentheses->inner, at);
  if (const auto* unary = std::get_if<PromUnary>(&expr.node)) {
    MW_TRY(const double value, scalar(*unary->inner, at));
    return unary->negated ? -value : value;
  }
  if (const auto* binary = std::get_if<PromBinary>(&expr.node)) {
    MW_TRY(const double left, scalar(*binary->left, at));
    MW_TRY(const double right, scalar(*binary->right, at));
    const OperatorResult result = apply_operator(binary->op, left, right);
    return is_comparison(binary->op) ? (result.keep ? 1.0 : 0.0) : result.value;
  }
  const auto& call = std::get<PromCall>(expr.node);
  switch (call.function->special) {
    case PromSpecial::kPi: return 3.141592653589793;
    case PromSpecial::kTime: return static_cast<double>(to_millis(at)) / 1000;
    default: break;
  }
  MW_TRY(const EvalVector elements, vector(*call.arguments[0], at));  // scalar()
  return elements.size() == 1 ? elements[0].value : normal_nan();
}

Result<EvalVector> PromEvaluation::unary(const PromUnary& node, Instant at) {
  MW_TRY(EvalVector elements, vector(*node.inner, at));
  if (!node.negated) return elements;
  for (EvalElement& element : elements) {
    element.value = -element.value;
    drop_name(element);
  }
  MW_CHECK(check_unique(elements));
  return elements;
}

Result<EvalVector> PromEvaluation::vector(const PromExpr& expr, Instant at) {
  if (const auto* selector = std::get_if<PromSelector>(&expr.node)) return select_instant(*selector, at);
  if (const auto* parentheses = std::get_if<PromParentheses>(&expr.node)) return vector(*parentheses->inner, at);
  if (const auto* aggregation = std::get_if<PromAggregation>(&expr.node)) return aggregate(*aggregation, at);
  if (const auto* node = std::get_if<PromBinary>(&expr.node)) return binary(*node, at);
  if (const auto* node = std::get_if<PromUnary>(&expr.node)) return unary(*node, at);
  return call(expr, at);
}

Result<PromResult> PromEvaluation::run_instant() {
  const PromExpr& root = without_parentheses(query_.root());
  const Instant at = range_.start;
  PromResult result;
  if (root.type == PromType::kString) {
    result.value = PromString{at, std::get<PromText>(root.node).value};
  } else if (root.type == PromType::kScalar) {
    MW_TRY(const double value, scalar(root, at));
    result.value = PromScalar{at, value};
  } else if (root.type == PromType::kVector) {
    MW_TRY(EvalVector elements, vector(root, at));
    PromVector out;
    std::unordered_set<Labels> seen;
    for (EvalElement& element : elements) {
      if (element.drop_name) element.labels = element.labels.without(kMetricName);
      if (!seen.insert(element.labels).second) return same_labelset();
      out.push_back({std::move(element.labels), at, element.value});
    }
    result.value = std::move(out);
  } else {
    MW_TRY(const EvalRanges found, ranges(root, at));
    std::map<Labels, std::pair<std::vector<Sample>, bool>> rows;
    for (const EvalSeries& series : found.series) {
      rows[series.labels] = {{series.samples.begin(), series.samples.end()}, series.drop_name};
    }
    MW_TRY(result.value, finish_matrix(std::move(rows)));
  }
  result.annotations = std::move(annotations_);
  result.samples_read = read_;
  return result;
}

// Drops the names that were to go, and joins what is then one series: at no time may both have a
// value.
Result<PromValue> PromEvaluation::finish_matrix(std::map<Labels, std::pair<std::vector<Sample>, bool>> rows) {
  std::map<Labels, std::vector<Sample>> joined;
  for (auto& [labels, row] : rows) {
    std::vector<Sample>& target = joined[row.second ? labels.without(kMetricName) : labels];
    std::vector<Sample> merged;
    merged.reserve(target.size() + row.first.size());
    std::merge(target.begin(), target.end(), row.first.begin(), row.first.end(), std::back_inserter(merged),
               [](const Sample& a, const Sample& b) { return a.at < b.at; });
    target = std::move(merged);
    const auto twice =
        std::adjacent_find(target.begin(), target.end(), [](const Sample& a, const Sample& b) { return a.at == b.at; });
    if (twice != target.end()) return same_labelset();
  }
  PromMatrix out;
  for (auto& [labels, samples] : joined) out.push_back({labels, std::move(samples)});
  return PromValue(std::move(out));
}

Result<PromResult> PromEvaluation::run_range() {
  const PromExpr& root = query_.root();
  std::unordered_map<Labels, std::size_t> index;
  std::vector<std::pair<Labels, std::pair<std::vector<Sample>, bool>>> rows;
  for (Instant at = range_.start; at <= range_.end; at += range_.step) {
    EvalVector elements;
    if (root.type == PromType::kScalar) {
      MW_TRY(const double value, scalar(root, at));
      elements.push_back({{}, value, false});
    } else {
      MW_TRY(elements, vector(root, at));
    }
    MW_CHECK(hold(elements.size()));
    for (EvalElement& element : elements) {
      const auto [entry, made] = index.try_emplace(element.labels, rows.size());
      if (made) rows.push_back({element.labels, {}});
      auto& [samples, drop] = rows[entry->second].second;
      if (!samples.empty() && samples.back().at == at) return same_labelset();
      samples.push_back({at, element.value});
      drop = drop || element.drop_name;
    }
  }
  std::map<Labels, std::pair<std::vector<Sample>, bool>> sorted;
  for (auto& row : rows) sorted.insert(std::move(row));
  PromResult result;
  MW_TRY(result.value, finish_matrix(std::move(sorted)));
  result.annotations = std::move(annotations_);
  result.samples_read = read_;
  return result;
}

}  // namespace midwatch::internal

namespace midwatch {

Result<PromResult> evaluate_instant(const PromQuery& query, const SampleSource& source, Instant at,
                                    const PromOptions& options) {
  const Instant rounded = instant_from_millis(to_millis(at));
  internal::PromEvaluation evaluation(query, source, {rounded, rounded, {}}, options);
  MW_CHECK(evaluation.load());
  return evaluation.run_instant();
}

Result<PromResult> evaluate_range(const PromQuery& query, const SampleSource& source, PromRange range,
                                  const PromOptions& options) {
  if (query.type() != PromType::kScalar && query.type() != PromType::kVector) {
    return Error(Code::kInvalid,
                 fmt::format("invalid expression type \"{}\" for range query, must be Scalar or instant "
                             "Vector",
                             to_string(query.type())));
  }
  range.start = instant_from_millis(to_millis(range.start));
  range.end = instant_from_millis(to_millis(range.end));
  range.step = std::chrono::duration_cast<std::chrono::milliseconds>(range.step);
  if (range.step <= Duration::zero()) {
    return Error(Code::kInvalid, "the step of a range query must be at least one millisecond");
  }
  if (range.end < range.start) return Error(Code::kInvalid, "the end of the range is before its start");
  if (static_cast<std::uint64_t>((range.end - range.start) / range.step) >= options.steps_max) {
    return Error(Code::kLimit, fmt::format("the range has more than {} steps", options.steps_max), {},
                 "use a larger step");
  }
  internal::PromEvaluation evaluation(query, source, range, options);
  MW_CHECK(evaluation.load());
  return evaluation.run_range();
}

}  // namespace midwatch
