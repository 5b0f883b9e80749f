// The value is beyond a constant: op, value, and `clear`, the value at which it is over.
#include <cmath>

#include "detect/detector_types.h"

namespace midwatch::internal {
namespace {

enum class Op : std::uint8_t { kGreater, kGreaterEqual, kLess, kLessEqual, kEqual, kNotEqual };

bool holds(Op op, double left, double right) {
  switch (op) {
    case Op::kGreater: return left > right;
    case Op::kGreaterEqual: return left >= right;
    case Op::kLess: return left < right;
    case Op::kLessEqual: return left <= right;
    case Op::kEqual: return left == right;
    case Op::kNotEqual: return left != right;
  }
  std::unreachable();
}

class ThresholdScorer final : public Scorer {
 public:
  ThresholdScorer(Op op, double value, double clear) : op_(op), value_(value), clear_(clear) {}

  [[nodiscard]] Judgement judge(Sample sample) const override {
    Judgement judgement;
    if (holds(op_, sample.value, value_)) judgement.zone = Zone::kBreach;
    else judgement.zone = holds(op_, sample.value, clear_) ? Zone::kHold : Zone::kClear;
    // The distance beyond the threshold, in thresholds.
    const double distance = (sample.value - value_) / (value_ == 0 ? 1 : std::fabs(value_));
    switch (op_) {
      case Op::kGreater:
      case Op::kGreaterEqual:
        judgement.expected_high = value_;
        judgement.score = distance;
        break;
      case Op::kLess:
      case Op::kLessEqual:
        judgement.expected_low = value_;
        judgement.score = -distance;
        break;
      case Op::kEqual: judgement.score = judgement.zone == Zone::kBreach ? 1 : 0; break;
      case Op::kNotEqual:
        judgement.expected_low = judgement.expected_high = value_;
        judgement.score = std::fabs(distance);
        break;
    }
    return judgement;
  }

 private:
  Op op_;
  double value_;
  double clear_;
};

}  // namespace

ScorerMaker prepare_threshold(ParameterReader& parameters) {
  // Words and signs, in the order of Op.
  const std::size_t choice =
      parameters.choice("op", {"gt", "ge", "lt", "le", "eq", "ne", ">", ">=", "<", "<=", "==", "!="}, 0);
  const auto op = static_cast<Op>(choice % 6);
  parameters.require("op");
  parameters.require("value");
  const double value = parameters.number("value", 0);
  const double clear = parameters.optional_number("clear").value_or(value);
  const bool up = op == Op::kGreater || op == Op::kGreaterEqual;
  const bool down = op == Op::kLess || op == Op::kLessEqual;
  if (!up && !down && clear != value) parameters.fail("clear", "only gt, ge, lt and le have a value to clear at");
  if (up && clear > value) parameters.fail("clear", "must not be above value");
  if (down && clear < value) parameters.fail("clear", "must not be below value");
  return [op, value, clear] { return std::make_unique<ThresholdScorer>(op, value, clear); };
}

}  // namespace midwatch::internal
