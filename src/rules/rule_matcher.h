// rules/rule_matcher.h — decides which rules an event satisfies, and says why (spec chapter 2).
//
//   MW_TRY(RuleMatcher matcher, RuleMatcher::compile(content.rules()));
//   MatchResult result = matcher.match("core.st2.webhook", {"url": "deploy"}, payload, {.datastore = …, .now = now});
//
// Compiled once from a set of rules and immutable from then on. The rules must outlive the matcher. match() is
// pure; rules come back in the order of their references, standard ones first; backstop rules match only
// where no standard rule did. An event meets only the enabled rules of its trigger (type and parameters),
// which are compiled together (rule_network.h).
//
// with() and without() make a matcher with one rule more or less: all other triggers are shared with the old
// one, so are the compiled rules of the same trigger, and only its network is made anew. That is the unit
// because the automata of sets of expressions cannot be changed in place; what one trigger's network costs
// is in docs/performance.md ("Compile").
//
// Thread-safety: const methods may run on any thread at once.
// Cost: the fields that rules of the trigger read + the rules that come near a match, never O(all rules).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/content.h"
#include "rules/criteria_run.h"
#include "rules/rule_network.h"
#include "rules/rule_verdict.h"
#include "value/value.h"

namespace midwatch {

class RuleMatcher {
 public:
  static constexpr std::size_t kRulesMax = 200'000;

  // Fails on the first rule that cannot be compiled, with its place; check() finds all that is wrong.
  static Result<RuleMatcher> compile(std::span<const Rule* const> rules);
  // Everything in the criteria of a rule that cannot be right for any event: keys, operators, regular
  // expressions, templates.
  [[nodiscard]] static std::vector<Error> check(const Rule& rule);

  // With `rule` added, in the place of one of the same reference.
  [[nodiscard]] Result<RuleMatcher> with(const Rule& rule) const;
  [[nodiscard]] RuleMatcher without(const Rule& rule) const;

  RuleMatcher(RuleMatcher&&) noexcept;
  RuleMatcher& operator=(RuleMatcher&&) noexcept;
  ~RuleMatcher();

  // `trigger_parameters` are those of the trigger that occurred, e.g. {"url": "deploy"} of a webhook; null
  // where it has none.
  [[nodiscard]] MatchResult match(std::string_view trigger, const Value& trigger_parameters, const Value& payload,
                                  const CriteriaContext& context = {}) const;
  // The same without the network, by evaluating each rule of the trigger.
  [[nodiscard]] MatchResult match_each(std::string_view trigger, const Value& trigger_parameters, const Value& payload,
                                       const CriteriaContext& context = {}) const;

  // The paths in the payload that the rules of this trigger read, for codec/json_fields.h: enough to match, not to
  // run what matched. Null where some rule may read anything (templates, JSONPath, search of it all).
  [[nodiscard]] std::optional<std::vector<std::vector<std::string>>> fields(std::string_view trigger) const;

  // The verdict on each rule of the trigger type, disabled ones and those with other parameters too, with
  // every criterion evaluated.
  [[nodiscard]] std::vector<RuleVerdict> explain(std::string_view trigger, const Value& trigger_parameters,
                                                 const Value& payload, const CriteriaContext& context = {}) const;

 private:
  struct Index;
  explicit RuleMatcher(std::unique_ptr<const Index> index);

  std::unique_ptr<const Index> index_;
};

}  // namespace midwatch
