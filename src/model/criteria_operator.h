// model/criteria_operator.h — the names of the operators of rule criteria (spec 2.4). One table.
//
// What they do is in rules/operators.h; the names are here so that content can be checked without it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace midwatch {

enum class CriteriaOperator : std::uint8_t {
  kEquals,
  kNotEquals,
  kIEquals,
  kContains,
  kIContains,
  kNotContains,
  kINotContains,
  kStartsWith,
  kIStartsWith,
  kEndsWith,
  kIEndsWith,
  kLess,
  kGreater,
  kTimeLess,
  kTimeGreater,
  kMatchWildcard,
  kMatchRegex,
  kRegex,
  kIRegex,
  kExists,
  kNotExists,
  kIn,
  kNotIn,
  kSearch,
};

struct OperatorName {
  std::string_view name;
  CriteriaOperator op;
};

[[nodiscard]] std::span<const OperatorName> operator_names();
// Exact, lower case: as StackStorm wants it when a rule is created.
[[nodiscard]] std::optional<CriteriaOperator> find_operator(std::string_view name);
[[nodiscard]] bool is_regex(CriteriaOperator op);

}  // namespace midwatch
