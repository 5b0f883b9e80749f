// rehearse/expectations.h — whether a rehearsal went as its script expects.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "rehearse/rehearsal.h"
#include "rehearse/script.h"

namespace midwatch {

struct Finding {
  std::string what;     // "status", "output", "inputs of look"
  std::string message;  // "expected \"a\", it is \"b\""; empty: as expected
  Location where{};     // of the expectation
  [[nodiscard]] bool ok() const { return message.empty(); }
  // "flow.test.yaml:12:5: output: load is 0.9, expected 1"
  [[nodiscard]] std::string to_string() const;
};

// One finding for each expectation, in a fixed order. A case that does not say a status expects `succeeded`.
[[nodiscard]] std::vector<Finding> check_expectations(const RehearsalCase& script, const Rehearsed& rehearsed);

// Where two values differ first: "load is 0.9, expected 1"; empty when they are equal.
[[nodiscard]] std::string first_difference(const Value& found, const Value& expected);

}  // namespace midwatch
