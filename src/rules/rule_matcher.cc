#include "rules/rule_matcher.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/core.h>

#include "rules/compiled_rule.h"

namespace midwatch {
namespace {

using CompiledRules = std::vector<std::shared_ptr<const CompiledRule>>;

const Value& empty_object() {
  static const Value empty = Value::object({});
  return empty;
}

std::string_view without_slashes(std::string_view url) {
  while (url.starts_with('/')) url.remove_prefix(1);
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

// The parameters of a trigger in the form in which they are compared: {} for none, webhooks without
// slashes around their url.
Value normal_parameters(std::string_view trigger, const Value& parameters) {
  if (parameters.is_null()) return empty_object();
  const Value* url = parameters.find("url");
  if (trigger != "core.st2.webhook" || url == nullptr || !url->is_string()) return parameters;
  const std::string_view bare = without_slashes(url->as_string());
  return bare.size() == url->size() ? parameters : with_member(parameters, "url", bare);
}

struct ValueHash {
  std::size_t operator()(const Value& value) const { return static_cast<std::size_t>(hash(value)); }
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

struct TriggerGroup {
  RuleNetwork standard;
  RuleNetwork backstop;
};

// All rules of one trigger type; immutable.
struct TriggerRules {
  CompiledRules all;  // by reference, disabled ones too: for explain
  std::unordered_map<Value, TriggerGroup, ValueHash> by_parameters;

  explicit TriggerRules(CompiledRules rules) : all(std::move(rules)) {
    struct Split {
      CompiledRules standard;
      CompiledRules backstop;
    };
    std::unordered_map<Value, Split, ValueHash> splits;
    for (const auto& compiled : all) {
      const Rule& rule = *compiled->rule;
      if (!rule.enabled) continue;
      Split& split = splits[normal_parameters(rule.trigger, rule.trigger_parameters)];
      (rule.type == Rule::Type::kBackstop ? split.backstop : split.standard).push_back(compiled);
    }
    for (auto& [parameters, split] : splits) {
      by_parameters.try_emplace(parameters, RuleNetwork(std::move(split.standard)),
                                RuleNetwork(std::move(split.backstop)));
    }
  }
};

Result<std::shared_ptr<const CompiledRule>> compile_rule(const Rule& rule) {
  auto compiled = std::make_shared<const CompiledRule>(CompiledRule::compile(rule));
  std::vector<Error> errors;
  for (const CompiledCriterion& criterion : compiled->criteria) criterion.check(errors);
  if (!errors.empty()) return std::move(errors.front()).within("rule " + compiled->ref);
  return std::shared_ptr<const CompiledRule>(std::move(compiled));
}

Error too_many_rules(std::size_t count) {
  return Error(Code::kLimit, fmt::format("{} rules, at most {} are allowed", count, RuleMatcher::kRulesMax));
}

}  // namespace

struct RuleMatcher::Index {
  std::unordered_map<std::string, std::shared_ptr<const TriggerRules>, TextHash, std::equal_to<>> by_trigger;
  std::size_t rule_count = 0;

  [[nodiscard]] const TriggerGroup* group(std::string_view trigger, const Value& parameters) const {
    const auto rules = by_trigger.find(trigger);
    if (rules == by_trigger.end()) return nullptr;
    const auto found = rules->second->by_parameters.find(normal_parameters(trigger, parameters));
    return found == rules->second->by_parameters.end() ? nullptr : &found->second;
  }

  // A copy without `rule`, and with `added` unless it is null.
  [[nodiscard]] std::unique_ptr<const Index> changed(const Rule& rule,
                                                     std::shared_ptr<const CompiledRule> added) const {
    auto copy = std::make_unique<Index>(*this);
    CompiledRules rules;
    if (const auto old = by_trigger.find(rule.trigger); old != by_trigger.end()) rules = old->second->all;
    const std::size_t before = rules.size();
    const std::string ref = rule.ref();
    std::erase_if(rules, [&](const auto& one) { return one->ref == ref; });
    if (added != nullptr) {
      const auto place =
          std::ranges::lower_bound(rules, ref, {}, [](const auto& one) -> const std::string& { return one->ref; });
      rules.insert(place, std::move(added));
    }
    copy->rule_count = rule_count - before + rules.size();
    if (rules.empty()) copy->by_trigger.erase(rule.trigger);
    else copy->by_trigger[rule.trigger] = std::make_shared<const TriggerRules>(std::move(rules));
    return copy;
  }
};

RuleMatcher::RuleMatcher(std::unique_ptr<const Index> index) : index_(std::move(index)) {}
RuleMatcher::RuleMatcher(RuleMatcher&&) noexcept = default;
RuleMatcher& RuleMatcher::operator=(RuleMatcher&&) noexcept = default;
RuleMatcher::~RuleMatcher() = default;

Result<RuleMatcher> RuleMatcher::compile(std::span<const Rule* const> rules) {
  if (rules.size() > kRulesMax) return too_many_rules(rules.size());
  std::unordered_map<std::string, CompiledRules> by_trigger;
  for (const Rule* rule : rules) {
    MW_TRY(auto compiled, compile_rule(*rule));
    by_trigger[rule->trigger].push_back(std::move(compiled));
  }
  auto index = std::make_unique<Index>();
  index->rule_count = rules.size();
  for (auto& [trigger, compiled] : by_trigger) {
    std::ranges::sort(compiled, {}, [](const auto& one) -> const std::string& { return one->ref; });
    index->by_trigger.emplace(trigger, std::make_shared<const TriggerRules>(std::move(compiled)));
  }
  return RuleMatcher(std::move(index));
}

std::vector<Error> RuleMatcher::check(const Rule& rule) {
  std::vector<Error> errors;
  for (const Criterion& criterion : rule.criteria) CompiledCriterion::compile(criterion).check(errors);
  return errors;
}

Result<RuleMatcher> RuleMatcher::with(const Rule& rule) const {
  if (index_->rule_count >= kRulesMax) return too_many_rules(index_->rule_count + 1);
  MW_TRY(auto compiled, compile_rule(rule));
  return RuleMatcher(index_->changed(rule, std::move(compiled)));
}

RuleMatcher RuleMatcher::without(const Rule& rule) const { return RuleMatcher(index_->changed(rule, nullptr)); }

MatchResult RuleMatcher::match(std::string_view trigger, const Value& trigger_parameters, const Value& payload,
                               const CriteriaContext& context) const {
  MatchResult result;
  const TriggerGroup* group = index_->group(trigger, trigger_parameters);
  if (group == nullptr) return result;
  group->standard.match(payload, context, result);
  if (result.matched.empty()) group->backstop.match(payload, context, result);
  return result;
}

MatchResult RuleMatcher::match_each(std::string_view trigger, const Value& trigger_parameters, const Value& payload,
                                    const CriteriaContext& context) const {
  MatchResult result;
  const TriggerGroup* group = index_->group(trigger, trigger_parameters);
  if (group == nullptr) return result;
  group->standard.match_each(payload, context, result);
  if (result.matched.empty()) group->backstop.match_each(payload, context, result);
  return result;
}

std::optional<std::vector<std::vector<std::string>>> RuleMatcher::fields(std::string_view trigger) const {
  std::set<std::vector<std::string>> paths;
  const auto rules = index_->by_trigger.find(trigger);
  if (rules == index_->by_trigger.end()) return std::vector<std::vector<std::string>>();
  for (const auto& compiled : rules->second->all) {
    for (const CompiledCriterion& criterion : compiled->criteria) {
      if (!criterion.key().is_plain() || criterion.reads_everything()) return std::nullopt;
      paths.emplace(criterion.key().names().begin(), criterion.key().names().end());
    }
  }
  return std::vector<std::vector<std::string>>(paths.begin(), paths.end());
}

std::vector<RuleVerdict> RuleMatcher::explain(std::string_view trigger, const Value& trigger_parameters,
                                              const Value& payload, const CriteriaContext& context) const {
  std::vector<RuleVerdict> verdicts;
  const auto rules = index_->by_trigger.find(trigger);
  if (rules == index_->by_trigger.end()) return verdicts;
  const Value parameters = normal_parameters(trigger, trigger_parameters);
  bool standard_matched = false;
  for (const auto& compiled : rules->second->all) {
    RuleVerdict verdict = compiled->explain(payload, context);
    const Rule& rule = *verdict.rule;
    if (!rule.enabled) {
      verdict.matched = false;
      verdict.reason = "the rule is disabled";
    } else if (!(normal_parameters(trigger, rule.trigger_parameters) == parameters)) {
      verdict.matched = false;
      verdict.reason = "the trigger occurred with other parameters";
    }
    standard_matched = standard_matched || (verdict.matched && rule.type == Rule::Type::kStandard);
    verdicts.push_back(std::move(verdict));
  }
  for (RuleVerdict& verdict : verdicts) {
    if (!verdict.matched || !standard_matched || verdict.rule->type != Rule::Type::kBackstop) continue;
    verdict.matched = false;
    verdict.reason = "it is a backstop, and another rule matched";
  }
  return verdicts;
}

}  // namespace midwatch
