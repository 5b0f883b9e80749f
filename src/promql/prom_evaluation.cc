#include "promql/prom_evaluation.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <unordered_set>

#include <fmt/core.h>

#include "promql/prom_lexer.h"
#include "value/value.h"

namespace midwatch::internal {
namespace {

Error same_labelset() { return Error(Code::kInvalid, "vector cannot contain metrics with the same labelset"); }

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

Labels without_metadata(const Labels& labels) {
  static const std::vector<std::string> kMetadata{std::string(kMetricName), "__type__", "__unit__"};
  return labels.drop(kMetadata);
}

HistogramPtr scaled(const FloatHistogram& histogram, double factor) {
  FloatHistogram out = histogram;
  out.scale(factor);
  out.compact();
  return share(std::move(out));
}

std::size_t weight_of(const FloatHistogram& histogram) {
  return 4 + histogram.positive.size() + histogram.negative.size();
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

void PromEvaluation::drop_name(EvalElement& element) {
  if (options_.name_removal == PromOptions::NameRemoval::kDelayed) {
    element.drop_name = true;
  } else {
    element.labels = names_.get(element.labels, [](const Labels& labels) { return without_metadata(labels); });
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
    case PromSpecial::kStart: return static_cast<double>(to_millis(range_.start)) / 1000;
    case PromSpecial::kEnd: return static_cast<double>(to_millis(range_.end)) / 1000;
    case PromSpecial::kRange: return seconds(range_.end - range_.start);
    case PromSpecial::kStep: return seconds(range_.step);
    case PromSpecial::kMinOf:
    case PromSpecial::kMaxOf: {
      MW_TRY(const double left, scalar(*call.arguments[0], at));
      MW_TRY(const double right, scalar(*call.arguments[1], at));
      if (std::isnan(left) || std::isnan(right)) return normal_nan();
      return call.function->special == PromSpecial::kMinOf ? std::min(left, right) : std::max(left, right);
    }
    default: break;
  }
  // scalar(): the one number there is, if it is the only one.
  MW_TRY(EvalVector elements, vector(*call.arguments[0], at));
  std::erase_if(elements, [](const EvalElement& element) { return element.histogram != nullptr; });
  return elements.size() == 1 ? elements[0].value : normal_nan();
}

Result<EvalVector> PromEvaluation::unary(const PromUnary& node, Instant at) {
  MW_TRY(EvalVector elements, vector(*node.inner, at));
  if (!node.negated) return elements;
  for (EvalElement& element : elements) {
    element.value = -element.value;
    if (element.histogram != nullptr) element.histogram = scaled(*element.histogram, -1);
    drop_name(element);
  }
  MW_CHECK(check_unique(elements));
  return elements;
}

Result<EvalVector> PromEvaluation::vector(const PromExpr& expr, Instant at) {
  if (std::holds_alternative<PromSelector>(expr.node)) return select_instant(expr, at);
  if (const auto* parentheses = std::get_if<PromParentheses>(&expr.node)) return vector(*parentheses->inner, at);
  if (const auto* aggregation = std::get_if<PromAggregation>(&expr.node)) return aggregate(*aggregation, at);
  if (const auto* node = std::get_if<PromBinary>(&expr.node)) return binary(expr, *node, at);
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
      if (element.drop_name) element.labels = without_metadata(element.labels);
      if (!seen.insert(element.labels).second) return same_labelset();
      out.push_back({std::move(element.labels), at, element.value, std::move(element.histogram)});
    }
    result.value = std::move(out);
  } else {
    MW_TRY(const EvalRanges found, ranges(root, at));
    std::map<Labels, EvalRow> rows;
    for (const EvalSeries& series : found.series) {
      rows[series.labels] = {{series.samples.begin(), series.samples.end()},
                             {series.histograms.begin(), series.histograms.end()},
                             series.drop_name};
    }
    MW_TRY(result.value, finish_matrix(std::move(rows)));
  }
  result.annotations = std::move(annotations_);
  result.samples_read = read_;
  return result;
}

namespace {

template <class SampleType>
void merge_into(std::vector<SampleType>& target, std::vector<SampleType>& added) {
  std::vector<SampleType> merged;
  merged.reserve(target.size() + added.size());
  std::merge(target.begin(), target.end(), added.begin(), added.end(), std::back_inserter(merged),
             [](const SampleType& a, const SampleType& b) { return a.at < b.at; });
  target = std::move(merged);
}

template <class SampleType>
bool twice(const std::vector<SampleType>& samples) {
  return std::adjacent_find(samples.begin(), samples.end(),
                            [](const SampleType& a, const SampleType& b) { return a.at == b.at; }) != samples.end();
}

bool share_a_time(const std::vector<Sample>& samples, const std::vector<HistogramSample>& histograms) {
  return std::any_of(histograms.begin(), histograms.end(), [&](const HistogramSample& histogram) {
    const auto at = std::lower_bound(samples.begin(), samples.end(), histogram.at,
                                     [](const Sample& sample, Instant t) { return sample.at < t; });
    return at != samples.end() && at->at == histogram.at;
  });
}

}  // namespace

// Drops the names that were to go, and joins what is then one series: at no time may both have a
// value.
Result<PromValue> PromEvaluation::finish_matrix(std::map<Labels, EvalRow> rows) {
  std::map<Labels, EvalRow> joined;
  for (auto& [labels, row] : rows) {
    const auto [entry, made] = joined.try_emplace(row.drop_name ? without_metadata(labels) : labels);
    EvalRow& target = entry->second;
    if (made) {
      target = std::move(row);
    } else {
      merge_into(target.samples, row.samples);
      merge_into(target.histograms, row.histograms);
    }
    if (twice(target.samples) || twice(target.histograms) || share_a_time(target.samples, target.histograms)) {
      return same_labelset();
    }
  }
  PromMatrix out;
  for (auto& [labels, row] : joined) out.push_back({labels, std::move(row.samples), std::move(row.histograms)});
  return PromValue(std::move(out));
}

Result<PromResult> PromEvaluation::run_range() {
  const PromExpr& root = query_.root();
  std::unordered_map<Labels, std::size_t> index;
  std::vector<std::pair<Labels, EvalRow>> rows;
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
      EvalRow& row = rows[entry->second].second;
      if (row.last == at && !made) return same_labelset();
      row.last = at;
      if (element.histogram == nullptr) {
        row.samples.push_back({at, element.value});
      } else {
        MW_CHECK(hold(weight_of(*element.histogram)));
        row.histograms.push_back({at, std::move(element.histogram)});
      }
      row.drop_name = row.drop_name || element.drop_name;
    }
  }
  std::map<Labels, EvalRow> sorted;
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
