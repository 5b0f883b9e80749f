#include <cmath>

#include <fmt/core.h>

#include "promql/prom_durations.h"
#include "promql/prom_parser.h"
#include "promql/prom_query.h"

namespace midwatch::internal {
namespace {

using Kind = PromTokenKind;
using Op = PromDurationExpr::Op;

struct OperatorRow {
  Kind kind;
  Op op;
  int level;
};
constexpr int kPowerLevel = 3;
constexpr OperatorRow kOperators[] = {
    {Kind::kAdd, Op::kAdd, 1},       {Kind::kSubtract, Op::kSubtract, 1}, {Kind::kMultiply, Op::kMultiply, 2},
    {Kind::kDivide, Op::kDivide, 2}, {Kind::kModulo, Op::kModulo, 2},     {Kind::kPower, Op::kPower, kPowerLevel},
};

const OperatorRow* operator_of(const PromToken& token) {
  for (const OperatorRow& row : kOperators) {
    if (row.kind == token.kind) return &row;
  }
  return nullptr;
}

std::shared_ptr<const PromDurationExpr> node(Op op, std::shared_ptr<const PromDurationExpr> left,
                                             std::shared_ptr<const PromDurationExpr> right = nullptr) {
  return std::make_shared<const PromDurationExpr>(PromDurationExpr{op, 0, std::move(left), std::move(right)});
}

}  // namespace

// step(), range(), min_of(a, b), max_of(a, b)
PromParser::ParsedDuration PromParser::parse_duration_call() {
  const PromToken& word = peek();
  const std::string name = prom_lower(word.text);
  const bool call = peek(1).kind == Kind::kLeftParen;
  const bool alone = name == "step" || name == "range";
  if (!call || !(alone || name == "min_of" || name == "max_of")) return unexpected("a duration");
  take();
  take();
  if (alone) {
    MW_CHECK(expect(Kind::kRightParen, "')'"));
    return node(name == "step" ? Op::kStep : Op::kRange, nullptr);
  }
  MW_TRY(DurationNode left, parse_duration(1));
  MW_CHECK(expect(Kind::kComma, "','"));
  MW_TRY(DurationNode right, parse_duration(1));
  MW_CHECK(expect(Kind::kRightParen, "')'"));
  return node(name == "min_of" ? Op::kMin : Op::kMax, std::move(left), std::move(right));
}

PromParser::ParsedDuration PromParser::parse_duration_operand() {
  const Nesting nesting(depth_);
  if (depth_ > kPromDepthMax) {
    return error_at(peek().begin, fmt::format("the query is nested more than {} deep", kPromDepthMax));
  }
  if (peek().kind == Kind::kWord) return parse_duration_call();
  if (accept(Kind::kLeftParen)) {
    MW_TRY(DurationNode inner, parse_duration(1));
    MW_CHECK(expect(Kind::kRightParen, "')'"));
    return inner;
  }
  if (peek().kind != Kind::kNumber && peek().kind != Kind::kDuration) return unexpected("a duration");
  return std::make_shared<const PromDurationExpr>(PromDurationExpr{Op::kNumber, take().number, nullptr, nullptr});
}

// A sign binds weaker than ^ and stronger than *; of an offset it binds strongest.
PromParser::ParsedDuration PromParser::parse_duration_sign(int operand_level) {
  const Nesting nesting(depth_);
  if (depth_ > kPromDepthMax) {
    return error_at(peek().begin, fmt::format("the query is nested more than {} deep", kPromDepthMax));
  }
  if (accept(Kind::kAdd)) return parse_duration_sign(operand_level);
  if (accept(Kind::kSubtract)) {
    MW_TRY(DurationNode inner, parse_duration_sign(operand_level));
    return node(Op::kNegate, std::move(inner));
  }
  MW_TRY(DurationNode operand, parse_duration_operand());
  if (operand_level <= kPowerLevel && peek().kind == Kind::kPower) {
    take();
    MW_TRY(DurationNode exponent, parse_duration_sign(operand_level));
    return node(Op::kPower, std::move(operand), std::move(exponent));
  }
  return operand;
}

PromParser::ParsedDuration PromParser::parse_duration(int level) {
  MW_TRY(DurationNode left, parse_duration_sign(kPowerLevel));
  std::size_t chain = 0;
  while (const OperatorRow* row = operator_of(peek())) {
    if (row->level < level) break;
    if (++chain > kPromDepthMax) {
      return error_at(peek().begin, fmt::format("more than {} operators in a row", kPromDepthMax));
    }
    take();
    MW_TRY(DurationNode right, parse_duration(row->level + 1));
    left = node(row->op, std::move(left), std::move(right));
  }
  return left;
}

Result<PromDuration> PromParser::folded(DurationNode expr, std::size_t begin, bool positive) const {
  PromDuration duration;
  if (depends_on_times(*expr)) {
    duration.expr = std::move(expr);
    return duration;
  }
  auto fixed = duration_of(*expr, {}, {}, positive ? DurationSign::kPositive : DurationSign::kAny);
  if (!fixed) return error_at(begin, fixed.error().message);
  duration.fixed = *fixed;
  return duration;
}

// Within brackets any expression; it must be positive.
Result<PromDuration> PromParser::parse_range_duration() {
  const std::size_t begin = peek().begin;
  MW_TRY(DurationNode expr, parse_duration(1));
  return folded(std::move(expr), begin, true);
}

// Of an offset only what cannot be taken for the rest of the query: `m offset 5m * 2` is twice m.
Result<PromDuration> PromParser::parse_offset_duration() {
  const std::size_t begin = peek().begin;
  MW_TRY(DurationNode expr, parse_duration_sign(kPowerLevel + 1));
  return folded(std::move(expr), begin, false);
}

}  // namespace midwatch::internal
