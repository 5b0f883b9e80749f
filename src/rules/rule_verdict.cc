#include "rules/rule_verdict.h"

#include <algorithm>
#include <utility>

namespace midwatch {

std::size_t RuleVerdict::unmet() const {
  return static_cast<std::size_t>(std::ranges::count(criteria, false, &CriterionVerdict::matched));
}

Value to_value(const RuleVerdict& verdict) {
  std::vector<Value> criteria;
  criteria.reserve(verdict.criteria.size());
  for (const CriterionVerdict& one : verdict.criteria) {
    ObjectBuilder out;
    out.set("key", one.key).set("type", one.op).set("pattern", one.pattern).set("value", one.value);
    out.set("matched", one.matched).set_if(!one.error.empty(), "error", one.error);
    criteria.push_back(std::move(out).build());
  }
  ObjectBuilder out;
  out.set("rule", verdict.rule->ref()).set("matched", verdict.matched).set("reason", verdict.reason);
  out.set("criteria", Value::array(std::move(criteria)));
  return std::move(out).build();
}

}  // namespace midwatch
