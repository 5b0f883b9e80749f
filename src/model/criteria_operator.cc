#include "model/criteria_operator.h"

namespace midwatch {
namespace {

using Op = CriteriaOperator;

constexpr OperatorName kNames[] = {
    {"eq", Op::kEquals},
    {"equals", Op::kEquals},
    {"neq", Op::kNotEquals},
    {"nequals", Op::kNotEquals},
    {"ieq", Op::kIEquals},
    {"iequals", Op::kIEquals},
    {"contains", Op::kContains},
    {"icontains", Op::kIContains},
    {"ncontains", Op::kNotContains},
    {"incontains", Op::kINotContains},
    {"startswith", Op::kStartsWith},
    {"istartswith", Op::kIStartsWith},
    {"endswith", Op::kEndsWith},
    {"iendswith", Op::kIEndsWith},
    {"lt", Op::kLess},
    {"lessthan", Op::kLess},
    {"gt", Op::kGreater},
    {"greaterthan", Op::kGreater},
    {"td_lt", Op::kTimeLess},
    {"timediff_lt", Op::kTimeLess},
    {"td_gt", Op::kTimeGreater},
    {"timediff_gt", Op::kTimeGreater},
    {"matchwildcard", Op::kMatchWildcard},
    {"matchregex", Op::kMatchRegex},
    {"regex", Op::kRegex},
    {"iregex", Op::kIRegex},
    {"exists", Op::kExists},
    {"nexists", Op::kNotExists},
    {"in", Op::kIn},
    {"inside", Op::kIn},
    {"nin", Op::kNotIn},
    {"ninside", Op::kNotIn},
    {"search", Op::kSearch},
};

}  // namespace

std::span<const OperatorName> operator_names() { return kNames; }

std::optional<CriteriaOperator> find_operator(std::string_view name) {
  for (const OperatorName& entry : kNames) {
    if (entry.name == name) return entry.op;
  }
  return std::nullopt;
}

bool is_regex(CriteriaOperator op) { return op == Op::kMatchRegex || op == Op::kRegex || op == Op::kIRegex; }

}  // namespace midwatch
