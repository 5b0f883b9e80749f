// promql/prom_expr.h — the tree of a PromQL expression, typed and with the place of every node.
//
// Made by parse_promql (promql/prom_query.h), immutable afterwards. Offsets are bytes of the query's
// text. Every node has one of PromQL's four types, checked while parsing: an evaluator need not check
// again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "series/label_matcher.h"

namespace midwatch {

enum class PromType : std::uint8_t { kScalar, kVector, kMatrix, kString };
// "scalar", "instant vector", "range vector", "string": as Prometheus calls them in messages.
[[nodiscard]] std::string_view to_string(PromType type);

struct PromFunction;
struct PromExpr;
using PromExprPtr = std::unique_ptr<const PromExpr>;

struct PromNumber {
  double value = 0;
};
struct PromText {
  std::string value;
};

// [step() * 2 + 5m]: a duration that depends on the query's step or range, in seconds.
struct PromDurationExpr {
  enum class Op : std::uint8_t {
    kNumber,
    kStep,
    kRange,
    kNegate,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kModulo,
    kPower,
    kMin,
    kMax
  };
  Op op = Op::kNumber;
  double number = 0;
  std::shared_ptr<const PromDurationExpr> left;  // of kNegate too
  std::shared_ptr<const PromDurationExpr> right;
};

struct PromDuration {
  Duration fixed{};                              // where there is no expression
  std::shared_ptr<const PromDurationExpr> expr;  // only where it depends on the query's times

  [[nodiscard]] bool is_set() const { return expr != nullptr || fixed != Duration::zero(); }
};

// m[5m] anchored starts at the last sample before the range, m[5m] smoothed interpolates at both ends.
enum class PromRangeExtension : std::uint8_t { kNone, kAnchored, kSmoothed };

// offset 5m @ 1600000000, for selectors and subqueries.
struct PromTimeShift {
  enum class At : std::uint8_t { kNone, kInstant, kStart, kEnd };
  PromDuration offset{};
  At at = At::kNone;
  Instant instant{};  // for At::kInstant
};

struct PromSelector {
  std::vector<LabelMatcher> matchers;  // the metric's name among them
  std::string metric_name;             // when it is given by =, else empty
  PromTimeShift shift;
  PromRangeExtension extension = PromRangeExtension::kNone;  // of its range, where it has one
};
struct PromRangeSelector {
  PromExprPtr selector;  // holds a PromSelector
  PromDuration range{};
};
struct PromSubquery {
  PromExprPtr inner;
  PromDuration range{};
  PromDuration step{};  // not set: the default of the evaluation
  PromTimeShift shift;
};

struct PromCall {
  const PromFunction* function = nullptr;
  std::vector<PromExprPtr> arguments;
};

enum class PromAggregator : std::uint8_t {
  kSum,
  kAvg,
  kMin,
  kMax,
  kCount,
  kGroup,
  kStddev,
  kStdvar,
  kTopk,
  kBottomk,
  kQuantile,
  kCountValues,
  kLimitk,
  kLimitRatio
};
[[nodiscard]] std::string_view to_string(PromAggregator aggregator);

struct PromAggregation {
  enum class Grouping : std::uint8_t { kBy, kWithout };
  PromAggregator aggregator{};
  Grouping grouping = Grouping::kBy;
  std::vector<std::string> labels;  // sorted, unique
  PromExprPtr parameter;            // of topk, bottomk, quantile, count_values, limitk and limit_ratio
  PromExprPtr inner;
};

struct PromUnary {
  bool negated = false;
  PromExprPtr inner;
};

enum class PromOperator : std::uint8_t {
  kOr,
  kAnd,
  kUnless,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kAtan2,
  kPower,
  kTrimUpper,  // </
  kTrimLower   // >/
};
[[nodiscard]] std::string_view to_string(PromOperator op);
[[nodiscard]] constexpr bool is_set_operator(PromOperator op) { return op <= PromOperator::kUnless; }
[[nodiscard]] constexpr bool is_comparison(PromOperator op) {
  return op >= PromOperator::kEqual && op <= PromOperator::kGreaterEqual;
}

struct PromMatching {
  enum class Cardinality : std::uint8_t { kOneToOne, kManyToOne, kOneToMany, kManyToMany };
  enum class Labels : std::uint8_t { kIgnoring, kOn };
  Cardinality cardinality = Cardinality::kOneToOne;
  Labels mode = Labels::kIgnoring;
  std::vector<std::string> labels;   // sorted, unique
  std::vector<std::string> include;  // of group_left and group_right
  // Stand for an element that is missing. With group_left and group_right the first is of the side with
  // many, the second of the side with one, as in Prometheus.
  std::optional<double> fill_left;
  std::optional<double> fill_right;
};

struct PromBinary {
  PromOperator op{};
  bool returns_bool = false;
  PromMatching matching;  // when both sides are vectors
  PromExprPtr left;
  PromExprPtr right;
};

struct PromParentheses {
  PromExprPtr inner;
};

struct PromExpr {
  std::variant<PromNumber, PromText, PromSelector, PromRangeSelector, PromSubquery, PromCall, PromAggregation,
               PromUnary, PromBinary, PromParentheses>
      node;
  PromType type{};
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Looks through parentheses.
[[nodiscard]] const PromExpr& without_parentheses(const PromExpr& expr);

}  // namespace midwatch
