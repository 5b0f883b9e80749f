// rules/operators.h — what the operators of rule criteria mean (spec 2.4), but for `search` (search.h).
//
//   const auto hot = OperatorCheck::compile(CriteriaOperator::kGreater, 0.9);
//   Outcome<bool> matched = hot.matches(value, now);   // fails where StackStorm raises: texts and numbers mixed, …
//
// An operator and its pattern are prepared once (regular expressions are compiled, dates of periods read)
// and applied to many values. A null value stands for "no such field". Equality is Python's: 1 == 1.0 ==
// true, "1" != 1. Nothing is refused when it is compiled: what is wrong with a pattern is an error of each
// match, as in StackStorm; defect() tells it beforehand to those who check content.
//
// Limits: kRegexBytesMax for a pattern of matchregex, regex and iregex; kFreeDateBytesMax for a date.
// Thread-safety: immutable; any number of threads may call matches().
// Cost: linear in value and pattern, but for back-tracking patterns, whose work is bounded
// (expr/pattern.h), and wildcards with several stars (wildcard.h).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/time.h"
#include "expr/diagnostic.h"
#include "model/criteria_operator.h"
#include "rules/text_pattern.h"
#include "rules/wildcard.h"
#include "value/value.h"

namespace midwatch {

inline constexpr std::size_t kRegexBytesMax = 16u << 10;  // of one pattern

// The kinds of values, as far as operators differ in what they can do with them. A set of kinds is a sum.
enum class ValueKinds : std::uint8_t {
  kNone = 0,
  kNull = 1,
  kNumber = 2,     // and booleans
  kPlainText = 4,  // of ASCII, without a line feed at its end
  kOtherText = 8,
  kText = 12,
  kArray = 16,
  kObject = 32,
  kAll = 63,
};
constexpr ValueKinds operator|(ValueKinds a, ValueKinds b) {
  return static_cast<ValueKinds>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
constexpr ValueKinds operator~(ValueKinds a) {
  return static_cast<ValueKinds>(~static_cast<std::uint8_t>(a) & static_cast<std::uint8_t>(ValueKinds::kAll));
}
constexpr bool overlap(ValueKinds a, ValueKinds b) {
  return (static_cast<std::uint8_t>(a) & static_cast<std::uint8_t>(b)) != 0;
}
// Linear in a text.
[[nodiscard]] ValueKinds kind_of(const Value& value);

class OperatorCheck {
 public:
  static OperatorCheck compile(CriteriaOperator op, Value pattern);

  // `now` is for td_lt and td_gt, which fail without it.
  [[nodiscard]] Outcome<bool> matches(const Value& value, std::optional<Instant> now) const;

  // What makes every match fail, whatever the value; null when nothing does.
  [[nodiscard]] const Diagnostic* defect() const { return defect_.get(); }
  // The kinds of values for which matches() never fails.
  [[nodiscard]] ValueKinds safe_kinds() const;

  [[nodiscard]] CriteriaOperator op() const { return op_; }
  [[nodiscard]] const Value& pattern() const { return pattern_; }
  [[nodiscard]] const TextPattern* regex() const { return std::get_if<TextPattern>(&prepared_); }
  [[nodiscard]] const Wildcard* wildcard() const { return std::get_if<Wildcard>(&prepared_); }

 private:
  OperatorCheck(CriteriaOperator op, Value pattern) : op_(op), pattern_(std::move(pattern)) {}
  void prepare();
  [[nodiscard]] Outcome<bool> matches_texts(const Value& value) const;
  [[nodiscard]] Outcome<bool> matches_regex(const Value& value) const;
  [[nodiscard]] Outcome<bool> matches_time(const Value& value, std::optional<Instant> now) const;

  CriteriaOperator op_;
  Value pattern_;
  std::variant<std::monostate, std::string, TextPattern, Wildcard, double> prepared_;
  std::shared_ptr<const Diagnostic> defect_;
};

// Python's ==: booleans count as 0 and 1, at every depth.
[[nodiscard]] bool python_equal(const Value& a, const Value& b);

}  // namespace midwatch
