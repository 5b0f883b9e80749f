// tests/conformance/expressions — runs the recorded cases of the expression languages.
//
// Each case is one line of a .jsonl file (README.md). Here is what all suites share: reading the file,
// comparing as compare.py does, counting by feature, and the floor below which the number of passing
// cases must not fall. SHOW_FAILURES=1 prints the cases that differ.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/diagnostic.h"
#include "expr/workflow_functions.h"
#include "value/value.h"

namespace midwatch::conformance {

// What an engine made of a case.
struct Answer {
  std::optional<Value> output;
  ErrorKind kind = ErrorKind::kOther;
  std::string message;

  static Answer of(const Outcome<Value>& outcome);
  static Answer failure(const Failure& failure);
};

// The datastore of a case: {"system": {…}, "user": {…}}.
class CaseDatastore final : public Datastore {
 public:
  explicit CaseDatastore(Value kv) : kv_(std::move(kv)) {}
  Result<std::optional<std::string>> get(Owner owner, std::string_view user, std::string_view key,
                                         bool decrypt) const override;

 private:
  Value kv_;
};

struct Score {
  std::size_t passed = 0;
  std::size_t kinds = 0;  // of the passed: the kind of the error agrees too (always, for outputs)
  std::size_t total = 0;
};

// Runs every case of the file that `wanted` accepts; prints the table of features that miss something.
Score run_cases(std::string_view file, const std::function<bool(const Value& record)>& wanted,
                const std::function<Answer(const Value& record)>& engine);

// Records are compared with the type of numbers and without the order of members.
bool same(const Value& expected, const Value& actual);

}  // namespace midwatch::conformance
