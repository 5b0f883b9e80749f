#include "rules/compiled_rule.h"

#include <utility>

#include <fmt/core.h>

namespace midwatch {

CompiledRule CompiledRule::compile(const Rule& rule) {
  CompiledRule compiled;
  compiled.rule = &rule;
  compiled.ref = rule.ref();
  compiled.criteria.reserve(rule.criteria.size());
  for (const Criterion& criterion : rule.criteria) compiled.criteria.push_back(CompiledCriterion::compile(criterion));
  return compiled;
}

Outcome<bool> CompiledRule::matches(const Value& payload, CriteriaRun& run) const {
  static const Value none;
  if (criteria.empty()) return true;
  if (is_empty_payload(payload)) return false;
  for (const CompiledCriterion& criterion : criteria) {
    // The usual case without the report of what was compared.
    if (const OperatorCheck* check = criterion.constant(); check != nullptr && criterion.key().is_plain()) {
      const Value* value = criterion.key().find_plain(payload);
      const auto matched = check->matches(value == nullptr ? none : *value, run.context.now);
      if (matched && !*matched) return false;
      if (matched) continue;
    }
    CompiledCriterion::Evaluated outcome = criterion.evaluate(payload, run);
    if (outcome.escaped) return std::move(*outcome.escaped);
    if (!outcome.matched) return false;
  }
  return true;
}

RuleVerdict CompiledRule::explain(const Value& payload, const CriteriaContext& context) const {
  RuleVerdict verdict;
  verdict.rule = rule;
  const bool empty = is_empty_payload(payload);
  verdict.matched = criteria.empty() || !empty;
  std::string decisive;  // the error that ended it
  for (const CompiledCriterion& criterion : criteria) {
    CriteriaRun run{context, ref};
    CompiledCriterion::Evaluated outcome = criterion.evaluate(payload, run);
    std::string error = std::move(outcome.error);
    if (outcome.escaped) error = outcome.escaped->message();
    if (verdict.matched && !outcome.matched) decisive = error;
    verdict.matched = verdict.matched && outcome.matched;
    verdict.criteria.push_back({criterion.source().key, criterion.source().op, std::move(outcome.pattern),
                                std::move(outcome.value), outcome.matched, std::move(error)});
  }
  const std::size_t unmet = verdict.unmet();
  if (criteria.empty()) verdict.reason = "it has no criteria, so every event of its trigger matches";
  else if (empty) verdict.reason = "the event has no payload";
  else if (unmet == 0) verdict.reason = fmt::format("all {} criteria hold", criteria.size());
  else if (!decisive.empty()) verdict.reason = std::move(decisive);
  else
    verdict.reason = fmt::format("{} of {} criteria {} not hold", unmet, criteria.size(), unmet == 1 ? "does" : "do");
  return verdict;
}

}  // namespace midwatch
