// rules/rule_matcher.h — decides which rules an event satisfies, and says why (spec chapter 2).
//
//   MW_TRY(RuleMatcher matcher, RuleMatcher::compile(content.rules()));
//   MatchResult result = matcher.match("core.st2.webhook", {"url": "deploy"}, payload);
//
// Compiled once from a set of rules and immutable from then on: build a new one when rules change and swap
// the pointer. The rules must outlive the matcher. match() is pure; rules come back in the order of their
// references, standard ones first; backstop rules match only where no standard rule did.
//
// An event meets only the enabled rules of its trigger (type and parameters). Among those, rules that ask
// for equality with a constant are found by hash of the event's value, so ten thousand rules that each
// wait for another value cost about what ten do. A rule is passed over that way only if what it asks
// before that cannot fail, so failures are the same with and without the index.
//
// Thread-safety: const methods may run on any thread at once.
// Cost: O(distinct indexed keys of the trigger + rules that the index cannot exclude), never O(all rules).
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/content.h"
#include "value/value.h"

namespace midwatch {

// A rule that could not be decided: a pattern that does not render, operands that do not compare. It
// does not match, and an enforcement says so.
struct RuleFailure {
  const Rule* rule = nullptr;
  std::string reason;
};

struct MatchResult {
  std::vector<const Rule*> matched;
  std::vector<RuleFailure> failures;
};

struct CriterionVerdict {
  std::string key;
  std::string op;
  Value pattern;  // as rendered
  Value value;    // null where the event has none
  bool matched = false;
  std::string error;
};

struct RuleVerdict {
  const Rule* rule = nullptr;
  bool matched = false;
  std::string reason;  // a sentence: why it matched or did not
  std::vector<CriterionVerdict> criteria;
};

class RuleMatcher {
 public:
  static constexpr std::size_t kRulesMax = 100'000;

  // Fails on the first rule that cannot be compiled, with its place; check() finds all that is wrong.
  static Result<RuleMatcher> compile(std::span<const Rule* const> rules);
  // Everything in the criteria of a rule that cannot be compiled: keys, regular expressions, templates.
  [[nodiscard]] static std::vector<Error> check(const Rule& rule);

  RuleMatcher(RuleMatcher&&) noexcept;
  RuleMatcher& operator=(RuleMatcher&&) noexcept;
  ~RuleMatcher();

  // `trigger_parameters` are those of the trigger that occurred, e.g. {"url": "deploy"} of a webhook; null
  // where it has none.
  [[nodiscard]] MatchResult match(std::string_view trigger, const Value& trigger_parameters,
                                  const Value& payload) const;

  // The verdict on each rule of the trigger type, disabled ones and those with other parameters too, with
  // every criterion evaluated.
  [[nodiscard]] std::vector<RuleVerdict> explain(std::string_view trigger, const Value& trigger_parameters,
                                                 const Value& payload) const;

 private:
  struct Index;
  explicit RuleMatcher(std::unique_ptr<const Index> index);

  std::unique_ptr<const Index> index_;
};

// {"rule", "matched", "reason", "criteria": [{"key", "type", "pattern", "value", "matched", "error"?}]}
[[nodiscard]] Value to_value(const RuleVerdict& verdict);

}  // namespace midwatch
