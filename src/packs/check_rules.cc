#include <utility>

#include <fmt/core.h>

#include "jinja/template.h"
#include "packs/checks.h"
#include "rules/rule_matcher.h"

namespace midwatch::packs {

std::vector<Error> check_rules(const Pack& pack) {
  std::vector<Error> errors;
  for (const Rule& rule : pack.rules) {
    for (Error& error : RuleMatcher::check(rule)) {
      if (!error.where.known()) error.where = rule.where;
      errors.push_back(std::move(error));
    }
    if (!rule.max_runs) continue;
    auto key = jinja::Template::compile(rule.max_runs->key);
    if (key) continue;
    Error error = std::move(key).error().within(fmt::format("rule '{}': the key of its guard", rule.name));
    error.where = rule.where;
    errors.push_back(std::move(error));
  }
  return errors;
}

}  // namespace midwatch::packs
