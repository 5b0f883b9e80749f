#include "promql/prom_durations.h"

#include <cmath>

namespace midwatch::internal {
namespace {

using Op = PromDurationExpr::Op;

// 292 years, in milliseconds and as a 64 bit number of nanoseconds: Prometheus' own bound.
constexpr double kSecondsMax = 9'223'372'036;

Result<double> seconds_of(const PromDurationExpr& expr, double step, double range) {
  switch (expr.op) {
    case Op::kNumber: return expr.number;
    case Op::kStep: return step;
    case Op::kRange: return range;
    default: break;
  }
  MW_TRY(const double left, seconds_of(*expr.left, step, range));
  if (expr.op == Op::kNegate) return -left;
  MW_TRY(const double right, seconds_of(*expr.right, step, range));
  switch (expr.op) {
    case Op::kAdd: return left + right;
    case Op::kSubtract: return left - right;
    case Op::kMultiply: return left * right;
    case Op::kDivide:
      if (right == 0) return Error(Code::kInvalid, "division by zero");
      return left / right;
    case Op::kModulo:
      if (right == 0) return Error(Code::kInvalid, "modulo by zero");
      return std::fmod(left, right);
    case Op::kPower: return std::pow(left, right);
    case Op::kMin: return std::min(left, right);
    case Op::kMax: return std::max(left, right);
    default: break;
  }
  std::unreachable();
}

}  // namespace

bool depends_on_times(const PromDurationExpr& expr) {
  if (expr.op == Op::kStep || expr.op == Op::kRange) return true;
  return (expr.left != nullptr && depends_on_times(*expr.left)) ||
         (expr.right != nullptr && depends_on_times(*expr.right));
}

Result<Duration> duration_of(const PromDurationExpr& expr, Duration step, Duration range, DurationSign sign) {
  MW_TRY(const double value, seconds_of(expr, seconds(step), seconds(range)));
  if (sign == DurationSign::kPositive && !(value > 0)) {
    return Error(Code::kInvalid, "duration must be greater than 0");
  }
  if (!(std::fabs(value) < kSecondsMax)) return Error(Code::kInvalid, "duration out of range");
  return duration_from_seconds(value);
}

}  // namespace midwatch::internal
