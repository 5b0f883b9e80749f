// rules/compiled_criterion.h — one criterion, ready to be applied to events (spec 2.3).
//
// Compiling never fails: what is wrong with a criterion is an outcome of each evaluation, as in
// StackStorm. check() tells the same beforehand, for content that is loaded and validated.
// Matching, explaining and the recorded cases all end in evaluate(), so "why" tells what was done.
//
// Thread-safety: immutable.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "expr/diagnostic.h"
#include "model/content.h"
#include "rules/criteria_run.h"
#include "rules/key_path.h"
#include "rules/operators.h"
#include "rules/pattern_template.h"
#include "rules/search.h"

namespace midwatch {

class CompiledCriterion {
 public:
  static CompiledCriterion compile(const Criterion& criterion, KeyRoot root = KeyRoot::kTrigger, int depth = 0);

  struct Evaluated {
    bool matched = false;
    Value pattern;      // as rendered
    Value value;        // null where the event has none
    std::string error;  // what was added to the run's failures for this criterion itself
    // An unknown operator: in StackStorm this aborts the evaluation of the trigger instance.
    std::optional<Failure> escaped;
  };
  // `subject` is the payload, or the item of a search.
  [[nodiscard]] Evaluated evaluate(const Value& subject, CriteriaRun& run) const;

  // Everything that can be known to be wrong without an event: key, operator, pattern, children.
  void check(std::vector<Error>& errors) const;

  [[nodiscard]] const Criterion& source() const { return source_; }
  [[nodiscard]] const KeyPath& key() const { return key_; }
  // The operator with its pattern where both are known beforehand, else null. A criterion with one fails
  // only where the operator does, or the key.
  // Its pattern may look at any part of the event.
  [[nodiscard]] bool reads_everything() const { return template_.has_value(); }
  [[nodiscard]] const OperatorCheck* constant() const { return check_ ? &*check_ : nullptr; }

 private:
  CompiledCriterion(Criterion source, KeyPath key) : source_(std::move(source)), key_(std::move(key)) {}
  [[nodiscard]] Outcome<bool> applied(const Value& pattern, const Value& value, CriteriaRun& run) const;
  void fail(CriteriaRun& run, Evaluated& outcome, std::string_view where, std::string_view what) const;

  Criterion source_;
  KeyPath key_;
  std::optional<CriteriaOperator> op_;
  std::optional<OperatorCheck> check_;       // of a constant pattern
  std::optional<SearchCheck> search_;        // of a constant pattern
  std::optional<PatternTemplate> template_;  // of a pattern that is a template
  int depth_ = 0;
};

// From {"type", "pattern", "condition"}, as rules of search and recorded cases have it.
[[nodiscard]] Criterion criterion_from_value(std::string_view key, const Value& value);

}  // namespace midwatch
