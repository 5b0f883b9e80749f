// rules/rule_case.h — runs one recorded case of operators or criteria (tests/conformance/expressions/README.md).
//
//   {"id": …, "operator": "gt", "value": 5, "pattern": 3}                          one operator, called alone
//   {"id": …, "criteria": {"trigger.a": {…}}, "payload": {…}, "kv": {…}}            criteria as a rule has them
//
// "now" is the time of evaluation, "condition" that of `search`, "enabled" that of the rule. Used by
// `midwatch rule match --batch` and by the conformance test. Pure.
#pragma once

#include <string>
#include <string_view>

#include "expr/diagnostic.h"
#include "value/value.h"

namespace midwatch {

[[nodiscard]] Outcome<bool> run_rule_case(const Value& record);

// One line of a file of cases to one line of answers, without line feeds: {"id", "output"} or {"id", "error":
// {"kind", "message"}}. A line that is no JSON object is an error of kind syntax with a null id.
[[nodiscard]] std::string answer_rule_case(std::string_view line);

}  // namespace midwatch
