// rules/compiled_rule.h — the criteria of one rule, ready to be applied to events.
//
// matches() is the plain evaluation that the matching network must agree with: criteria in order, the
// first that does not hold ends it. Immutable.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/content.h"
#include "rules/compiled_criterion.h"
#include "rules/criteria_run.h"
#include "rules/rule_verdict.h"

namespace midwatch {

struct CompiledRule {
  const Rule* rule = nullptr;  // outlives this
  std::string ref;
  std::vector<CompiledCriterion> criteria;

  // Never fails: see CompiledCriterion.
  static CompiledRule compile(const Rule& rule);

  // Whether the criteria hold; whether the rule is enabled is not asked. Failures go to `run`, whose rule is
  // this one's reference. Fails only for an unknown operator.
  [[nodiscard]] Outcome<bool> matches(const Value& payload, CriteriaRun& run) const;
  // Evaluates every criterion.
  [[nodiscard]] RuleVerdict explain(const Value& payload, const CriteriaContext& context) const;
};

// Criteria are not looked at then: none of them holds (spec 2.3).
[[nodiscard]] inline bool is_empty_payload(const Value& payload) { return !payload.truthy(); }

}  // namespace midwatch
