#include "rules/rule_matcher.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include <fmt/core.h>

#include "rules/compiled_rule.h"

namespace midwatch {
namespace {

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

// Python's equality has true == 1, so they share a place in the index.
Value index_value(const Value& value) { return value.is_bool() ? Value(value.as_bool() ? 1 : 0) : value; }

struct ValueHash {
  std::size_t operator()(const Value& value) const { return static_cast<std::size_t>(hash(value)); }
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

using Positions = std::vector<std::uint32_t>;  // of rules, ascending

// Rules that wait for a constant at one place of the event.
struct EqualityIndex {
  KeyPath key;
  std::unordered_map<Value, Positions, ValueHash> rules;
};

// The enabled rules of one type on one trigger: type and parameters.
struct RuleGroup {
  std::vector<EqualityIndex> equalities;
  Positions others;

  void add(const CompiledRule& rule, std::uint32_t position) {
    for (const CompiledCriterion& criterion : rule.criteria) {
      if (criterion.is_constant_equality()) {
        auto at = std::ranges::find(equalities, criterion.key(), &EqualityIndex::key);
        if (at == equalities.end() && equalities.size() < kEqualitiesMax)
          at = equalities.insert(at, {criterion.key(), {}});
        if (at == equalities.end()) break;
        at->rules[index_value(criterion.source().pattern)].push_back(position);
        return;
      }
      // What comes before must not be able to fail: its failure would go unnoticed.
      if (!criterion.cannot_fail()) break;
    }
    others.push_back(position);
  }

  // The rules that may match, in order.
  [[nodiscard]] Positions candidates(const Value& payload) const {
    Positions found = others;
    for (const EqualityIndex& equality : equalities) {
      const Value* value = equality.key.first(payload);
      if (value == nullptr || value->is_array() || value->is_object()) continue;
      const auto at = equality.rules.find(index_value(*value));
      if (at != equality.rules.end()) found.insert(found.end(), at->second.begin(), at->second.end());
    }
    if (!equalities.empty()) std::ranges::sort(found);
    return found;
  }

  // Keys are compared one by one when rules are added: keeps that linear.
  static constexpr std::size_t kEqualitiesMax = 64;
};

struct TriggerGroup {
  RuleGroup standard;
  RuleGroup backstop;
};

struct TriggerRules {
  std::unordered_map<Value, TriggerGroup, ValueHash> by_parameters;
  Positions all;  // disabled ones too: for explain
};

}  // namespace

struct RuleMatcher::Index {
  std::vector<CompiledRule> rules;  // by reference
  std::unordered_map<std::string, TriggerRules, TextHash, std::equal_to<>> by_trigger;

  void match(const RuleGroup& group, const Value& payload, MatchResult& out) const {
    for (const std::uint32_t position : group.candidates(payload)) {
      const CompiledRule& rule = rules[position];
      std::string failure;
      if (rule.matches(payload, failure)) out.matched.push_back(rule.rule);
      else if (!failure.empty()) out.failures.push_back({rule.rule, std::move(failure)});
    }
  }
};

RuleMatcher::RuleMatcher(std::unique_ptr<const Index> index) : index_(std::move(index)) {}
RuleMatcher::RuleMatcher(RuleMatcher&&) noexcept = default;
RuleMatcher& RuleMatcher::operator=(RuleMatcher&&) noexcept = default;
RuleMatcher::~RuleMatcher() = default;

Result<RuleMatcher> RuleMatcher::compile(std::span<const Rule* const> rules) {
  if (rules.size() > kRulesMax) {
    return Error(Code::kLimit, fmt::format("{} rules, at most {} are allowed", rules.size(), kRulesMax));
  }
  auto index = std::make_unique<Index>();
  index->rules.reserve(rules.size());
  for (const Rule* rule : rules) {
    MW_TRY(CompiledRule compiled, CompiledRule::compile(*rule));
    index->rules.push_back(std::move(compiled));
  }
  std::vector<std::pair<std::string, CompiledRule>> sorted;
  sorted.reserve(rules.size());
  for (CompiledRule& rule : index->rules) sorted.emplace_back(rule.rule->ref(), std::move(rule));
  std::ranges::sort(sorted, {}, &std::pair<std::string, CompiledRule>::first);
  index->rules.clear();
  for (auto& [ref, rule] : sorted) index->rules.push_back(std::move(rule));
  for (std::uint32_t position = 0; position < index->rules.size(); ++position) {
    const CompiledRule& compiled = index->rules[position];
    const Rule& rule = *compiled.rule;
    TriggerRules& trigger = index->by_trigger[rule.trigger];
    trigger.all.push_back(position);
    if (!rule.enabled) continue;
    TriggerGroup& group = trigger.by_parameters[normal_parameters(rule.trigger, rule.trigger_parameters)];
    (rule.type == Rule::Type::kBackstop ? group.backstop : group.standard).add(compiled, position);
  }
  return RuleMatcher(std::move(index));
}

std::vector<Error> RuleMatcher::check(const Rule& rule) {
  std::vector<Error> errors;
  for (const Criterion& criterion : rule.criteria) {
    auto compiled = CompiledCriterion::compile(criterion);
    if (!compiled) errors.push_back(std::move(compiled).error());
  }
  return errors;
}

MatchResult RuleMatcher::match(std::string_view trigger, const Value& trigger_parameters, const Value& payload) const {
  MatchResult result;
  const auto rules = index_->by_trigger.find(trigger);
  if (rules == index_->by_trigger.end()) return result;
  const auto group = rules->second.by_parameters.find(normal_parameters(trigger, trigger_parameters));
  if (group == rules->second.by_parameters.end()) return result;
  index_->match(group->second.standard, payload, result);
  if (result.matched.empty()) index_->match(group->second.backstop, payload, result);
  return result;
}

std::vector<RuleVerdict> RuleMatcher::explain(std::string_view trigger, const Value& trigger_parameters,
                                              const Value& payload) const {
  std::vector<RuleVerdict> verdicts;
  const auto rules = index_->by_trigger.find(trigger);
  if (rules == index_->by_trigger.end()) return verdicts;
  const Value parameters = normal_parameters(trigger, trigger_parameters);
  bool standard_matched = false;
  for (const std::uint32_t position : rules->second.all) {
    RuleVerdict verdict = index_->rules[position].explain(payload);
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
