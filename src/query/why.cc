#include "query/why.h"

#include <map>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "codec/json.h"
#include "incident/incident_machine.h"
#include "query/execution_view.h"
#include "rules/rule_matcher.h"

namespace midwatch {
namespace {

// The rules as they were stored, of one trigger.
Result<std::vector<std::unique_ptr<Rule>>> rules_of(StoreReader& store, const TriggerInstance& instance) {
  std::vector<std::unique_ptr<Rule>> rules;
  MW_TRY(const Value stored, store.content_rules(instance.content_version));
  for (const Value& element : stored.elements()) {
    if (element.get("trigger").get("type") != Value(instance.trigger)) continue;
    MW_TRY(Rule rule, rule_from_value(element));
    rules.push_back(std::make_unique<Rule>(std::move(rule)));
  }
  return rules;
}

Result<std::vector<RuleVerdict>> verdicts_of(const std::vector<std::unique_ptr<Rule>>& rules,
                                             const TriggerInstance& instance) {
  std::vector<const Rule*> all;
  for (const auto& rule : rules) all.push_back(rule.get());
  MW_TRY(const RuleMatcher matcher, RuleMatcher::compile(all));
  // The time of the decision is that of the occurrence: they are one step of the engine.
  return matcher.explain(instance.trigger, instance.trigger_parameters, instance.payload,
                         {.now = instance.occurrence_time});
}

}  // namespace

Result<Value> explain_trigger_instance(StoreReader& store, ObjectId id) {
  MW_TRY(const TriggerInstance instance, store.trigger_instance(id));
  MW_TRY(const Page<RuleEnforcement> enforcements,
         store.enforcements({.trigger_instance = id},
                            {.limit = kWhyEnforcementsMax, .ascending = true, .count_total = false}));
  std::map<std::string, Value> by_rule;
  std::vector<Value> shown;
  for (const RuleEnforcement& enforcement : enforcements.items) {
    shown.push_back(enforcement_view(enforcement));
    by_rule.try_emplace(enforcement.rule, shown.back());
  }
  ObjectBuilder out;
  out.set("trigger_instance", trigger_instance_view(instance));
  out.set("content_version", instance.content_version);
  std::vector<Value> explained;
  auto rules = rules_of(store, instance);
  if (rules) {
    MW_TRY(const std::vector<RuleVerdict> verdicts, verdicts_of(*rules, instance));
    for (const RuleVerdict& verdict : verdicts) {
      Value shape = to_value(verdict);
      const auto enforcement = by_rule.find(verdict.rule->ref());
      if (enforcement != by_rule.end()) shape = with_member(shape, "enforcement", enforcement->second);
      explained.push_back(std::move(shape));
    }
  } else if (rules.error().code == Code::kNotFound) {
    out.set("note", "the rules that were in force then are not stored");
  } else {
    return std::move(rules).error();
  }
  out.set("rules", Value::array(std::move(explained)));
  out.set("enforcements", Value::array(std::move(shown)));
  return std::move(out).build();
}

Value incident_view(const Incident& incident) {
  ObjectBuilder out(to_value(incident));
  out.set("closed", incident.closed());
  out.set("opened_at", to_iso8601(incident.opened_at));
  if (incident.closed_at) {
    out.set("closed_at", to_iso8601(*incident.closed_at));
    out.set("duration_seconds", seconds(*incident.closed_at - incident.opened_at));
  }
  // The stored form leaves these out when they are zero; whoever counts wants to see the zero.
  out.set("repairs", incident.repairs).set("people_woken", incident.people_woken);
  out.set("figures", incident_figures(incident));
  return std::move(out).build();
}

}  // namespace midwatch
