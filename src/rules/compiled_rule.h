// rules/compiled_rule.h — the criteria of one rule, ready to be applied to events.
//
// match() of the matcher and explain() both end in evaluate(), so "why" tells what was done. Immutable.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/content.h"
#include "rules/key_path.h"
#include "rules/operators.h"
#include "rules/pattern_template.h"
#include "rules/rule_matcher.h"

namespace midwatch {

class CompiledCriterion {
 public:
  static Result<CompiledCriterion> compile(const Criterion& criterion);

  struct Evaluated {
    bool matched = false;
    Value pattern;
    const Value* value = nullptr;  // in the payload
    std::string error;             // what StackStorm's enforcement would say, without the rule
  };
  [[nodiscard]] Evaluated evaluate(const Value& payload) const;

  [[nodiscard]] const Criterion& source() const { return *source_; }
  [[nodiscard]] const KeyPath& key() const { return key_; }
  // Equality with a constant that has a hash of its own (no list, no object, no NaN): can be indexed.
  [[nodiscard]] bool is_constant_equality() const;
  // Evaluation never gives an error.
  [[nodiscard]] bool cannot_fail() const;

 private:
  CompiledCriterion(const Criterion& source, CriteriaOperator op, KeyPath key)
      : source_(&source), op_(op), key_(std::move(key)) {}
  [[nodiscard]] Evaluated finish(const OperatorCheck& check, Evaluated outcome) const;

  const Criterion* source_;
  CriteriaOperator op_;
  KeyPath key_;
  std::optional<OperatorCheck> check_;       // of a constant pattern
  std::optional<PatternTemplate> template_;  // else
};

struct CompiledRule {
  const Rule* rule = nullptr;
  std::vector<CompiledCriterion> criteria;

  static Result<CompiledRule> compile(const Rule& rule);
  // Stops at the first criterion that does not hold. A failure is put into `failure`.
  [[nodiscard]] bool matches(const Value& payload, std::string& failure) const;
  // Evaluates every criterion.
  [[nodiscard]] RuleVerdict explain(const Value& payload) const;
};

}  // namespace midwatch
