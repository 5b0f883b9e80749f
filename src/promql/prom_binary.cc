#include <algorithm>
#include <cmath>
#include <unordered_set>

#include <fmt/core.h>

#include "promql/prom_evaluation.h"

namespace midwatch::internal {
namespace {

constexpr int kLeft = 0;
constexpr int kRight = 1;
constexpr int kResult = 2;

std::string_view side_name(bool right) { return right ? "right" : "left"; }

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
  Labels out = is_comparison(node.op) ? many : many.without(kMetricName);
  if (matching.cardinality == PromMatching::Cardinality::kOneToOne) {
    out = matching.mode == PromMatching::Labels::kOn ? out.keep(matching.labels) : out.drop(matching.labels);
  }
  for (const std::string& label : matching.include) out = out.with(label, one.get(label));
  return out;
}

EvalVector PromEvaluation::with_scalar(const PromBinary& node, EvalVector vector, double scalar, bool scalar_left) {
  EvalVector out;
  out.reserve(vector.size());
  for (EvalElement& element : vector) {
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

Result<EvalVector> PromEvaluation::match(const PromBinary& node, EvalVector left, EvalVector right) {
  const PromMatching& matching = node.matching;
  // From here on `many` is the side whose elements become results; one-to-many swaps the sides.
  const bool swapped = matching.cardinality == PromMatching::Cardinality::kOneToMany;
  const bool one_to_one = matching.cardinality == PromMatching::Cardinality::kOneToOne;
  const EvalVector& many = swapped ? right : left;
  const EvalVector& one = swapped ? left : right;
  const int many_side = swapped ? kRight : kLeft;
  const int one_side = swapped ? kLeft : kRight;

  std::unordered_map<Labels, const EvalElement*> by_signature;
  for (const EvalElement& element : one) {
    const Labels group = signature(node, element.labels, one_side);
    const auto [entry, made] = by_signature.try_emplace(group, &element);
    if (made) continue;
    return Error(Code::kInvalid,
                 fmt::format("found duplicate series for the match group {} on the {} hand-side of the operation: [{}, "
                             "{}];many-to-many matching not allowed: matching labels must be unique on one side",
                             group.to_string(), side_name(!swapped), entry->second->labels.to_string(),
                             element.labels.to_string()));
  }

  EvalVector out;
  std::unordered_set<Labels> used;
  for (const EvalElement& element : many) {
    const Labels group = signature(node, element.labels, many_side);
    const auto found = by_signature.find(group);
    if (found == by_signature.end()) continue;
    // Ambiguity is an error also where a comparison would filter it away.
    if (one_to_one && !used.insert(group).second) {
      return Error(Code::kInvalid,
                   "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
    }
    const EvalElement& other = *found->second;
    const double l = swapped ? other.value : element.value;
    const double r = swapped ? element.value : other.value;
    OperatorResult result = apply_operator(node.op, l, r);
    if (node.returns_bool) result = {result.keep ? 1.0 : 0.0};
    else if (!result.keep) continue;

    Labels labels;
    if (matching.include.empty()) {
      labels =
          cache(&node, kResult).get(element.labels, [&](const Labels& all) { return result_labels(node, all, {}); });
    } else {
      labels = result_labels(node, element.labels, other.labels);
    }
    if (!one_to_one && !used.insert(labels).second) {
      return Error(Code::kInvalid, "multiple matches for labels: grouping labels must ensure unique matches");
    }
    EvalElement made{std::move(labels), result.value, element.drop_name};
    if (node.returns_bool) drop_name(made);
    out.push_back(std::move(made));
  }
  return out;
}

Result<EvalVector> PromEvaluation::binary(const PromBinary& node, Instant at) {
  if (node.left->type == PromType::kScalar || node.right->type == PromType::kScalar) {
    const bool scalar_left = node.left->type == PromType::kScalar;
    MW_TRY(const double number, scalar(scalar_left ? *node.left : *node.right, at));
    MW_TRY(EvalVector elements, vector(scalar_left ? *node.right : *node.left, at));
    EvalVector out = with_scalar(node, std::move(elements), number, scalar_left);
    MW_CHECK(check_unique(out));
    return out;
  }
  MW_TRY(EvalVector left, vector(*node.left, at));
  MW_TRY(EvalVector right, vector(*node.right, at));
  MW_CHECK(spend(left.size() + right.size()));
  if (is_set_operator(node.op)) return combine_sets(node, std::move(left), std::move(right));
  return match(node, std::move(left), std::move(right));
}

}  // namespace midwatch::internal
