#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "promql/prom_functions.h"
#include "promql/prom_parser.h"

namespace midwatch {

std::string_view to_string(PromType type) {
  switch (type) {
    case PromType::kScalar: return "scalar";
    case PromType::kVector: return "instant vector";
    case PromType::kMatrix: return "range vector";
    case PromType::kString: return "string";
  }
  std::unreachable();
}

std::string_view to_string(PromAggregator aggregator) {
  constexpr std::string_view kNames[] = {"sum",      "avg",          "min",    "max",        "count",
                                         "group",    "stddev",       "stdvar", "topk",       "bottomk",
                                         "quantile", "count_values", "limitk", "limit_ratio"};
  return kNames[static_cast<std::size_t>(aggregator)];
}

std::string_view to_string(PromOperator op) {
  constexpr std::string_view kNames[] = {
      "or", "and", "unless", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "atan2", "^", "</", ">/"};
  return kNames[static_cast<std::size_t>(op)];
}

const PromExpr& without_parentheses(const PromExpr& expr) {
  const PromExpr* inner = &expr;
  while (const auto* parentheses = std::get_if<PromParentheses>(&inner->node)) inner = parentheses->inner.get();
  return *inner;
}

namespace internal {

Status PromParser::expect_type(const PromExpr& expr, PromType type, std::string_view where) const {
  if (expr.type == type) return {};
  return error_at(expr.begin,
                  fmt::format("expected type {} in {}, got {}", to_string(type), where, to_string(expr.type)));
}

Status PromParser::check_call(const PromExpr& expr) const {
  const auto& call = std::get<PromCall>(expr.node);
  const PromFunction& function = *call.function;
  const std::size_t most = function.parameters.size();
  const int absent = function.optional == PromFunction::kRepeatsOnce ? 0
                     : function.optional < 0                         ? 1
                                                                     : function.optional;
  const std::size_t least = most - static_cast<std::size_t>(absent);
  const std::size_t given = call.arguments.size();
  const bool too_many = function.optional >= 0 && given > most;
  if (given < least || too_many) {
    const std::string_view bound = least == most ? "" : given < least ? "at least " : "at most ";
    return error_at(expr.begin, fmt::format("expected {}{} argument(s) in call to \"{}\", got {}", bound,
                                            given < least ? least : most, function.name, given));
  }
  const std::string where = fmt::format("call to function \"{}\"", function.name);
  for (std::size_t i = 0; i < given; ++i) {
    MW_CHECK(expect_type(*call.arguments[i], function.parameters[std::min(i, most - 1)], where));
  }
  return check_extension(expr);
}

// Only some functions know what to do with samples outside of the range.
Status PromParser::check_extension(const PromExpr& expr) const {
  const auto& call = std::get<PromCall>(expr.node);
  constexpr std::string_view kAnchored = "changes, delta, increase, rate, resets";
  constexpr std::string_view kSmoothed = "delta, increase, rate";
  for (const PromExprPtr& argument : call.arguments) {
    const auto* ranged = std::get_if<PromRangeSelector>(&without_parentheses(*argument).node);
    if (ranged == nullptr) continue;
    const PromRangeExtension extension = std::get<PromSelector>(ranged->selector->node).extension;
    if (extension == PromRangeExtension::kNone) continue;
    const bool anchored = extension == PromRangeExtension::kAnchored;
    const bool allowed = anchored ? call.function->anchored : call.function->smoothed;
    if (allowed) continue;
    return error_at(expr.begin, fmt::format("{} modifier can only be used with: {} - not with {}",
                                            anchored ? "anchored" : "smoothed", anchored ? kAnchored : kSmoothed,
                                            call.function->name));
  }
  return {};
}

Status PromParser::check_aggregation(const PromExpr& expr) const {
  const auto& aggregation = std::get<PromAggregation>(expr.node);
  MW_CHECK(expect_type(*aggregation.inner, PromType::kVector, "aggregation expression"));
  if (aggregation.parameter == nullptr) return {};
  const bool text = aggregation.aggregator == PromAggregator::kCountValues;
  return expect_type(*aggregation.parameter, text ? PromType::kString : PromType::kScalar, "aggregation parameter");
}

Status PromParser::check_binary(const PromExpr& expr) const {
  const auto& binary = std::get<PromBinary>(expr.node);
  const PromType left = binary.left->type;
  const PromType right = binary.right->type;
  for (const PromExpr* side : {binary.left.get(), binary.right.get()}) {
    if (side->type != PromType::kScalar && side->type != PromType::kVector) {
      return error_at(side->begin, "binary expression must contain only scalar and instant vector types");
    }
  }
  if (is_comparison(binary.op) && !binary.returns_bool && left == PromType::kScalar && right == PromType::kScalar) {
    return error_at(expr.begin, "comparisons between scalars must use BOOL modifier");
  }
  if (binary.op >= PromOperator::kTrimUpper && left == PromType::kScalar && right == PromType::kScalar) {
    return error_at(expr.begin, fmt::format("operator \"{}\" not allowed for Scalar operations", to_string(binary.op)));
  }
  const bool vectors = left == PromType::kVector && right == PromType::kVector;
  if (!vectors && (binary.matching.fill_left || binary.matching.fill_right)) {
    return error_at(expr.begin, "filling in missing series only allowed between instant vectors");
  }
  if (!vectors && (!binary.matching.labels.empty() || binary.matching.mode == PromMatching::Labels::kOn)) {
    return error_at(expr.begin, "vector matching only allowed between instant vectors");
  }
  if (!vectors && is_set_operator(binary.op)) {
    return error_at(expr.begin,
                    fmt::format("set operator \"{}\" not allowed in binary scalar expression", to_string(binary.op)));
  }
  return {};
}

}  // namespace internal
}  // namespace midwatch
