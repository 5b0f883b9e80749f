// tests/conformance/expressions — runs the recorded cases of the expression languages.
//
// Each case is one line of a .jsonl file (README.md); src/expr_cases evaluates it. Here is what the tests
// add: reading the file, comparing as compare.py does, counting by feature, and the floor below which the
// number of passing cases must not fall. SHOW_FAILURES=1 prints the cases that differ.
#pragma once

#include <functional>
#include <string_view>

#include "value/value.h"

namespace midwatch::conformance {

struct Score {
  std::size_t passed = 0;
  std::size_t kinds = 0;  // of the passed: the kind of the error agrees too (always, for outputs)
  std::size_t total = 0;
};

// Runs every case of the file that `wanted` accepts; prints the table of features that miss something.
Score run_cases(std::string_view file, const std::function<bool(const Value& record)>& wanted);
Score run_cases(std::string_view file);

// Records are compared with the type of numbers and without the order of members.
bool same(const Value& expected, const Value& actual);

}  // namespace midwatch::conformance
