#include <algorithm>
#include <cmath>
#include <unordered_set>

#include <fmt/core.h>

#include "promql/prom_evaluation.h"
#include "series/histogram_sum.h"

namespace midwatch::internal {
namespace {

constexpr int kLeft = 0;
constexpr int kRight = 1;
constexpr int kResult = 2;

std::string_view side_name(bool right) { return right ? "right" : "left"; }

// What an operator makes of a number is no longer the metric; what it keeps or trims is.
bool keeps_name(PromOperator op) { return is_comparison(op) || op >= PromOperator::kTrimUpper; }

// A number and a histogram, either way round.
HistogramPtr with_number(PromOperator op, const FloatHistogram& histogram, double number, bool histogram_left) {
  if (op == PromOperator::kMultiply) return scaled(histogram, number);
  if (!histogram_left) return nullptr;
  switch (op) {
    case PromOperator::kDivide: {
      FloatHistogram out = histogram;
      out.divide(number);
      out.compact();
      return share(std::move(out));
    }
    case PromOperator::kTrimUpper: return share(trimmed(histogram, number, HistogramSide::kBelow));
    case PromOperator::kTrimLower: return share(trimmed(histogram, number, HistogramSide::kAbove));
    default: return nullptr;
  }
}

}  // namespace

OperatorResult apply_operator(PromOperator op, double left, double right) {
  switch (op) {
    case PromOperator::kAdd: return {left + right};
    case PromOperator::kSubtract: return {left - right};
    case PromOperator::kMultiply: return {left * right};
    case PromOperator::kDivide: return {left / right};
    case PromOperator::kModulo: return {std::fmod(left, right)};
    case PromOperator::kPower: return {std::pow(left, right)};
    case PromOperator::kAtan2: return {std::atan2(left, right)};
    case PromOperator::kEqual: return {left, left == right};
    case PromOperator::kNotEqual: return {left, left != right};
    case PromOperator::kLess: return {left, left < right};
    case PromOperator::kLessEqual: return {left, left <= right};
    case PromOperator::kGreater: return {left, left > right};
    case PromOperator::kGreaterEqual: return {left, left >= right};
    case PromOperator::kTrimUpper:
    case PromOperator::kTrimLower: return {left, false};  // of histograms only
    case PromOperator::kOr:
    case PromOperator::kAnd:
    case PromOperator::kUnless: break;  // never between two numbers
  }
  std::unreachable();
}

// The labels that decide which elements belong together.
Labels PromEvaluation::signature(const PromBinary& node, const Labels& labels, int side) {
  return cache(&node, side).get(labels, [&](const Labels& all) {
    const PromMatching& matching = node.matching;
    if (matching.mode == PromMatching::Labels::kOn) return all.keep(matching.labels);
    return all.drop(matching.labels).without(kMetricName);
  });
}

Labels PromEvaluation::result_labels(const PromBinary& node, const Labels& many, const Labels& one) {
  const PromMatching& matching = node.matching;
  Labels out = keeps_name(node.op) ? many : without_metadata(many);
  if (matching.cardinality == PromMatching::Cardinality::kOneToOne) {
    out = matching.mode == PromMatching::Labels::kOn ? out.keep(matching.labels) : out.drop(matching.labels);
  }
  for (const std::string& label : matching.include) out = out.with(label, one.get(label));
  return out;
}

std::optional<PromPoint> PromEvaluation::combine_points(PromOperator op, const EvalElement& left,
                                                        const EvalElement& right, bool& keep, const PromExpr& where) {
  const bool trims = op >= PromOperator::kTrimUpper;
  if (left.histogram == nullptr && right.histogram == nullptr && !trims) {
    const OperatorResult result = apply_operator(op, left.value, right.value);
    keep = result.keep;
    return PromPoint{result.value};
  }
  if (left.histogram != nullptr && right.histogram != nullptr) {
    if (op == PromOperator::kEqual || op == PromOperator::kNotEqual) {
      keep = left.histogram->equals(*right.histogram) == (op == PromOperator::kEqual);
      return PromPoint{0, left.histogram};
    }
    if (op == PromOperator::kAdd || op == PromOperator::kSubtract) {
      const bool adds = op == PromOperator::kAdd;
      const std::string_view operation = adds ? "addition" : "subtraction";
      auto combined =
          combine(*left.histogram, *right.histogram, adds ? HistogramSum::Sign::kPlus : HistogramSum::Sign::kMinus);
      if (!combined.added.compatible) {
        annotate_window(PromWindowNote::kMixedBounds, left.labels, where);
        return std::nullopt;
      }
      if (combined.added.bounds_reconciled) annotate_bounds(operation, where);
      if (combined.added.hints_collide) {
        annotate_collision(operation, where);
        return std::nullopt;
      }
      if (!adds) combined.histogram.hint = FloatHistogram::ResetHint::kGauge;
      combined.histogram.compact();
      return PromPoint{0, share(std::move(combined.histogram))};
    }
  } else if (left.histogram != nullptr || right.histogram != nullptr) {
    const bool histogram_left = left.histogram != nullptr;
    const EvalElement& number = histogram_left ? right : left;
    const HistogramPtr& histogram = histogram_left ? left.histogram : right.histogram;
    if (HistogramPtr result = with_number(op, *histogram, number.value, histogram_left)) {
      return PromPoint{0, std::move(result)};
    }
  }
  annotate_operands(op, left.histogram != nullptr, right.histogram != nullptr, where);
  return std::nullopt;
}

EvalVector PromEvaluation::with_scalar(const PromExpr& expr, EvalVector vector, double scalar, bool scalar_left) {
  const auto& node = std::get<PromBinary>(expr.node);
  const EvalElement number{{}, scalar, false};
  EvalVector out;
  out.reserve(vector.size());
  for (EvalElement& element : vector) {
    bool keep = true;
    if (element.histogram != nullptr || node.op >= PromOperator::kTrimUpper) {
      auto point = combine_points(node.op, scalar_left ? number : element, scalar_left ? element : number, keep, expr);
      if (!point) continue;
      element.value = point->value;
      element.histogram = std::move(point->histogram);
      if (!keeps_name(node.op)) drop_name(element);
      out.push_back(std::move(element));
      continue;
    }
    const OperatorResult result =
        scalar_left ? apply_operator(node.op, scalar, element.value) : apply_operator(node.op, element.value, scalar);
    if (is_comparison(node.op)) {
      // A filter keeps the element's own value, on whichever side it stands.
      if (node.returns_bool) element.value = result.keep ? 1 : 0;
      else if (!result.keep) continue;
    } else {
      element.value = result.value;
    }
    if (!is_comparison(node.op) || node.returns_bool) drop_name(element);
    out.push_back(std::move(element));
  }
  return out;
}

EvalVector PromEvaluation::combine_sets(const PromBinary& node, EvalVector left, EvalVector right) {
  const bool is_or = node.op == PromOperator::kOr;
  std::unordered_set<Labels> known;
  const EvalVector& known_side = is_or ? left : right;
  for (const EvalElement& element : known_side) {
    known.insert(signature(node, element.labels, is_or ? kLeft : kRight));
  }
  if (is_or) {
    for (EvalElement& element : right) {
      if (!known.contains(signature(node, element.labels, kRight))) left.push_back(std::move(element));
    }
    return left;
  }
  const bool keep_known = node.op == PromOperator::kAnd;
  std::erase_if(left, [&](const EvalElement& element) {
    return known.contains(signature(node, element.labels, kLeft)) != keep_known;
  });
  return left;
}

// One matching of two vectors. `many` is the side whose elements become results; one-to-many swaps the
// sides.
struct PromEvaluation::Matching {
  const PromExpr& expr;
  const PromBinary& node;
  bool swapped = false;
  bool one_to_one = false;
  EvalVector out{};
  std::unordered_set<Labels> used{};     // groups, or what results are called
  std::unordered_set<Labels> matched{};  // groups, where the missing are filled in
};

Status PromEvaluation::match_pair(Matching& state, const EvalElement& many, const EvalElement& one,
                                  const Labels& group) {
  const PromBinary& node = state.node;
  const PromMatching& matching = node.matching;
  bool keep = true;
  auto point = combine_points(node.op, state.swapped ? one : many, state.swapped ? many : one, keep, state.expr);
  if (!point) return {};
  if (matching.fill_left) state.matched.insert(group);
  // Ambiguity is an error also where a comparison would filter it away.
  if (state.one_to_one && !state.used.insert(group).second) {
    return Error(Code::kInvalid,
                 "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
  }
  Labels labels;
  if (matching.include.empty()) {
    labels = cache(&node, kResult).get(many.labels, [&](const Labels& all) { return result_labels(node, all, {}); });
  } else {
    labels = result_labels(node, many.labels, one.labels);
  }
  if (!state.one_to_one && !state.used.insert(labels).second) {
    return Error(Code::kInvalid, "multiple matches for labels: grouping labels must ensure unique matches");
  }
  if (!keep && !node.returns_bool) return {};
  if (node.returns_bool) point = PromPoint{keep ? 1.0 : 0.0};
  EvalElement made{std::move(labels), point->value, many.drop_name, std::move(point->histogram)};
  if (node.returns_bool) drop_name(made);
  state.out.push_back(std::move(made));
  return {};
}

Result<EvalVector> PromEvaluation::match(const PromExpr& expr, EvalVector left, EvalVector right) {
  const auto& node = std::get<PromBinary>(expr.node);
  const PromMatching& matching = node.matching;
  Matching state{.expr = expr, .node = node};
  state.swapped = matching.cardinality == PromMatching::Cardinality::kOneToMany;
  state.one_to_one = matching.cardinality == PromMatching::Cardinality::kOneToOne;
  const EvalVector& many = state.swapped ? right : left;
  const EvalVector& one = state.swapped ? left : right;
  const int many_side = state.swapped ? kRight : kLeft;
  const int one_side = state.swapped ? kLeft : kRight;

  std::unordered_map<Labels, const EvalElement*> by_signature;
  for (const EvalElement& element : one) {
    const Labels group = signature(node, element.labels, one_side);
    const auto [entry, made] = by_signature.try_emplace(group, &element);
    if (made) continue;
    return Error(Code::kInvalid,
                 fmt::format("found duplicate series for the match group {} on the {} hand-side of the operation: [{}, "
                             "{}];many-to-many matching not allowed: matching labels must be unique on one side",
                             group.to_string(), side_name(!state.swapped), entry->second->labels.to_string(),
                             element.labels.to_string()));
  }
  for (const EvalElement& element : many) {
    const Labels group = signature(node, element.labels, many_side);
    const auto found = by_signature.find(group);
    if (found != by_signature.end()) {
      MW_CHECK(match_pair(state, element, *found->second, group));
    } else if (matching.fill_right) {
      MW_CHECK(match_pair(state, element, {group, *matching.fill_right, false}, group));
    }
  }
  if (matching.fill_left) {
    for (const EvalElement& element : one) {
      const Labels group = signature(node, element.labels, one_side);
      if (!state.matched.contains(group)) {
        MW_CHECK(match_pair(state, {group, *matching.fill_left, false}, element, group));
      }
    }
  }
  return std::move(state.out);
}

Result<EvalVector> PromEvaluation::binary(const PromExpr& expr, const PromBinary& node, Instant at) {
  if (node.left->type == PromType::kScalar || node.right->type == PromType::kScalar) {
    const bool scalar_left = node.left->type == PromType::kScalar;
    MW_TRY(const double number, scalar(scalar_left ? *node.left : *node.right, at));
    MW_TRY(EvalVector elements, vector(scalar_left ? *node.right : *node.left, at));
    EvalVector out = with_scalar(expr, std::move(elements), number, scalar_left);
    MW_CHECK(check_unique(out));
    return out;
  }
  MW_TRY(EvalVector left, vector(*node.left, at));
  MW_TRY(EvalVector right, vector(*node.right, at));
  MW_CHECK(spend(left.size() + right.size()));
  if (is_set_operator(node.op)) return combine_sets(node, std::move(left), std::move(right));
  return match(expr, std::move(left), std::move(right));
}

}  // namespace midwatch::internal
