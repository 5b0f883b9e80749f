// What is said beside a result, in Prometheus' words.
#include <fmt/core.h>

#include "promql/prom_evaluation.h"
#include "promql/prom_lexer.h"

namespace midwatch::internal {

using Kind = PromAnnotation::Kind;

void PromEvaluation::annotate(PromAnnotation::Kind kind, std::string_view text, const PromExpr& where) {
  const Location location = prom_location(query_.text(), where.begin);
  std::string full = fmt::format("PromQL {}: {} ({}:{})", kind == PromAnnotation::Kind::kWarning ? "warning" : "info",
                                 text, location.line, location.column);
  if (annotated_.insert(full).second) annotations_.push_back({kind, std::move(full)});
}

void PromEvaluation::annotate_window(PromWindowNote note, const Labels& labels, const PromExpr& where) {
  const std::string name = go_quoted(labels.metric_name());
  switch (note) {
    case PromWindowNote::kMixed:
      return annotate(Kind::kWarning, "encountered a mix of histograms and floats for metric name " + name, where);
    case PromWindowNote::kMixedBounds:
      return annotate(Kind::kWarning,
                      "vector contains a mix of histograms with exponential and custom buckets schemas for metric "
                      "name " +
                          name,
                      where);
    case PromWindowNote::kNotCounter:
      return annotate(Kind::kWarning, "this native histogram metric is not a counter: " + name, where);
    case PromWindowNote::kNotGauge:
      return annotate(Kind::kWarning, "this native histogram metric is not a gauge: " + name, where);
    case PromWindowNote::kReconciledAddition: return annotate_bounds("addition", where);
    case PromWindowNote::kReconciledSubtraction: return annotate_bounds("subtraction", where);
    case PromWindowNote::kReconciledAggregation: return annotate_bounds("aggregation", where);
    case PromWindowNote::kCollidingResets: return annotate_collision("aggregation", where);
    case PromWindowNote::kHistogramsIgnored:
      return annotate(Kind::kInfo,
                      "ignored histograms in a range containing both floats and histograms for metric name " + name,
                      where);
    case PromWindowNote::kStartOverlaps:
      return annotate(Kind::kWarning,
                      "sample has start time that overlaps with previous sample timestamp for metric " + name, where);
  }
}

void PromEvaluation::annotate_window(PromWindowNotes notes, const Labels& labels, const PromExpr& where) {
  if (!notes.any()) return;
  for (std::uint32_t bit = 1; bit <= static_cast<std::uint32_t>(PromWindowNote::kStartOverlaps); bit <<= 1) {
    const auto note = static_cast<PromWindowNote>(bit);
    if (notes.has(note)) annotate_window(note, labels, where);
  }
}

void PromEvaluation::annotate_quantile(double q, const PromExpr& where) {
  if (q >= 0 && q <= 1) return;
  annotate(Kind::kWarning, "quantile value should be between 0 and 1, got " + short_number_text(q), where);
}

void PromEvaluation::annotate_estimate(HistogramEstimate::Caveat caveat, std::string_view function,
                                       const Labels& labels, const PromExpr& where) {
  if (caveat == HistogramEstimate::Caveat::kNone) return;
  const std::string_view what = function == "histogram_fraction" ? "which are excluded from all fractions"
                                : caveat == HistogramEstimate::Caveat::kNanResult ? "result is NaN"
                                                                                  : "result is skewed higher";
  std::string text = fmt::format("input to {} has NaN observations, {}", function, what);
  if (const std::string_view name = labels.metric_name(); !name.empty()) {
    text += " for metric name " + go_quoted(name);
  }
  annotate(Kind::kInfo, text, where);
}

void PromEvaluation::annotate_operands(PromOperator op, bool left_is_histogram, bool right_is_histogram,
                                       const PromExpr& where) {
  const auto name = [](bool is_histogram) { return is_histogram ? "histogram" : "float"; };
  annotate(Kind::kInfo,
           fmt::format("incompatible sample types encountered for binary operator {}: {} {} {}",
                       go_quoted(to_string(op)), name(left_is_histogram), to_string(op), name(right_is_histogram)),
           where);
}

void PromEvaluation::annotate_bounds(std::string_view operation, const PromExpr& where) {
  annotate(Kind::kInfo, fmt::format("mismatched custom buckets were reconciled during {}", operation), where);
}

void PromEvaluation::annotate_collision(std::string_view operation, const PromExpr& where) {
  annotate(Kind::kWarning, fmt::format("conflicting counter resets during histogram {}", operation), where);
}

void PromEvaluation::annotate_ignored(PromAggregator aggregator, const PromExpr& where) {
  annotate(Kind::kInfo, fmt::format("ignored histogram in {} aggregation", to_string(aggregator)), where);
}

}  // namespace midwatch::internal
