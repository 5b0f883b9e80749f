// expr_cases/expression_case.h — evaluates one recorded case of tests/conformance/expressions.
//
//   const Result<Outcome<Value>> answer = run_expression_case(*parse_json(line));
//
// A record's fields and the form of the answer are described in that folder's README.md. The tests
// and `midwatch eval --batch` share this, so that what the tests measure is what anyone can measure.
// Suites: jinja in its layers, yaql in its forms, aliases, operators and criteria of rules. Results are in the marked
// form: {"$pairs": …},
// {"$datetime": …}, {"$timespan_us": …}, {"$float": …}.
//
// Pure: `now()` of a case is kCaseNow, unless the record has a `now` in microseconds since 1970.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "expr/diagnostic.h"
#include "value/value.h"

namespace midwatch {

inline constexpr Instant kCaseNow = instant_from_micros(1'770'000'000'000'000);

enum class ExpressionSuite : std::uint8_t { kJinja, kYaql, kAliases, kRules };

// By the prefix of the id, else by the fields. Fails for a record of no suite.
[[nodiscard]] Result<ExpressionSuite> expression_suite(const Value& record);

// The outer error is about the record: it is no case. The inner one is the answer.
[[nodiscard]] Result<Outcome<Value>> run_expression_case(const Value& record);

// {"id": …, "output": …} or {"id": …, "error": {"kind": …, "message": …}}.
[[nodiscard]] Value expression_answer(const Value& record, const Outcome<Value>& answer);

}  // namespace midwatch
