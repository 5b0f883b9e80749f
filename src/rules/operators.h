// rules/operators.h — what the operators of rule criteria mean (spec 2.4).
//
//   auto hot = OperatorCheck::compile(CriteriaOperator::kGreater, 0.9);
//   Result<bool> matched = hot->matches(value);   // an error where StackStorm raises: texts and numbers mixed, …
//
// An operator and its pattern are prepared once (regular expressions are compiled, by RE2) and applied to
// many values. A null value stands for "no such field". Equality is Python's: 1 == 1.0 == true, "1" != 1.
//
// Regular expressions: RE2's syntax, so no look-around and no back references (refused by compile), and
// matching is linear in the text. A `$` at the end also matches before a last line feed, as in Python.
//
// Thread-safety: immutable; any number of threads may call matches().
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"
#include "model/criteria_operator.h"
#include "value/value.h"

namespace re2 {
class RE2;
}

namespace midwatch {

inline constexpr std::size_t kRegexBytesMax = 16u << 10;        // of one pattern
inline constexpr std::int64_t kRegexProgramBytesMax = 4 << 20;  // of one compiled pattern

class OperatorCheck {
 public:
  // kInvalid for a regular expression that cannot be compiled and for operators that are not evaluated.
  static Result<OperatorCheck> compile(CriteriaOperator op, Value pattern);

  [[nodiscard]] Result<bool> matches(const Value& value) const;

 private:
  OperatorCheck(CriteriaOperator op, Value pattern) : op_(op), pattern_(std::move(pattern)) {}
  [[nodiscard]] Result<bool> matches_regex(const Value& value) const;
  [[nodiscard]] Result<bool> contains_ignoring_case(const Value& value) const;

  CriteriaOperator op_;
  Value pattern_;
  std::shared_ptr<const re2::RE2> regex_;
};

// Python's ==: booleans count as 0 and 1, at every depth.
[[nodiscard]] bool python_equal(const Value& a, const Value& b);

// "a text", "an integer", …: for messages.
[[nodiscard]] std::string_view kind_text(const Value& value);

}  // namespace midwatch
