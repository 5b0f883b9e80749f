#include "rules/rule_matcher.h"

#include <deque>

#include <gtest/gtest.h>

namespace midwatch {
namespace {

// The tests speak in tiny builders so that each one shows only what it is about.
const char* const kHook = "demo.hook";

Rule rule(const char* name, std::vector<Criterion> criteria = {}) {
  Rule r;
  r.pack = "demo";
  r.name = name;
  r.enabled = true;
  r.trigger = kHook;
  r.trigger_parameters = Value::object({});
  r.criteria = std::move(criteria);
  r.action = "core.noop";
  return r;
}

Criterion when(const char* key, const char* op, Value pattern) { return {key, op, std::move(pattern), "", {}}; }

Value cpu(Value load) { return Value::object({{"host", "web1"}, {"load", std::move(load)}}); }

// The rules and the matcher over them.
struct Compiled {
  explicit Compiled(std::vector<Rule> given) : rules(given.begin(), given.end()) {
    std::vector<const Rule*> pointers;
    for (const Rule& r : rules) pointers.push_back(&r);
    auto compiled = RuleMatcher::compile(pointers);
    EXPECT_TRUE(compiled.has_value()) << compiled.error().to_string();
    if (compiled) matcher.emplace(std::move(*compiled));
  }
  [[nodiscard]] MatchResult match(const Value& payload, const Value& parameters = {}) const {
    return matcher->match(rules.front().trigger, parameters, payload);
  }
  [[nodiscard]] std::string names(const Value& payload, const Value& parameters = {}) const {
    std::string out;
    for (const Rule* r : match(payload, parameters).matched) out += (out.empty() ? "" : " ") + r->name;
    return out;
  }
  std::deque<Rule> rules;
  std::optional<RuleMatcher> matcher;
};

TEST(RuleMatcher, MatchesOnlyWhenAllCriteriaHold) {
  const Compiled c({rule("hot", {when("trigger.load", "gt", 0.9)}),
                    rule("hot-web9", {when("trigger.load", "gt", 0.9), when("trigger.host", "eq", "web9")})});
  EXPECT_EQ(c.names(cpu(0.95)), "hot");
  EXPECT_EQ(c.names(cpu(0.90)), "") << "greater is strict";
}

TEST(RuleMatcher, OrderIsThatOfTheReferencesWhateverTheInputOrder) {
  const Compiled c(
      {rule("z", {when("trigger.host", "eq", "web1")}), rule("b"), rule("a", {when("trigger.load", "exists", 1)})});
  EXPECT_EQ(c.names(cpu(1)), "a b z") << "indexed rules and scanned ones together";
}

TEST(RuleMatcher, DisabledRulesAndOtherTriggersDoNotMatch) {
  Rule off = rule("off");
  off.enabled = false;
  Rule other = rule("other");
  other.trigger = "demo.else";
  const Compiled c({rule("on"), off, other});
  EXPECT_EQ(c.names(cpu(1)), "on");
  EXPECT_TRUE(c.matcher->match("demo.unknown", {}, cpu(1)).matched.empty());
}

TEST(RuleMatcher, AnEmptyPayloadMeetsOnlyRulesWithoutCriteria) {
  const Compiled c({rule("any"), rule("absent", {when("trigger.x", "nexists", true)})});
  EXPECT_EQ(c.names(Value::object({})), "any");
  EXPECT_EQ(c.names(Value()), "any");
  EXPECT_EQ(c.names(cpu(1)), "absent any");
}

TEST(RuleMatcher, ABackstopMatchesOnlyWhereNothingElseDid) {
  Rule last = rule("last");
  last.type = Rule::Type::kBackstop;
  const Compiled c({rule("hot", {when("trigger.load", "gt", 0.9)}), last});
  EXPECT_EQ(c.names(cpu(0.95)), "hot");
  EXPECT_EQ(c.names(cpu(0.5)), "last");
}

TEST(RuleMatcher, AFailureIsAReasonAndNotAMatch) {
  const Compiled c({rule("bad", {when("trigger.load", "gt", 0.9)}), rule("good")});
  const MatchResult result = c.match(cpu("high"));
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_EQ(result.failures[0].rule->name, "bad");
  EXPECT_EQ(result.failures[0].reason,
            "There might be a problem with the criteria in rule demo.bad: "
            "'>' not supported between instances of 'str' and 'float'");
  EXPECT_EQ(result.matched.size(), 1u);
}

TEST(RuleMatcher, TheIndexHidesNoFailure) {
  const Compiled c({rule("r", {when("trigger.load", "gt", 0.9), when("trigger.host", "eq", "web9")}),
                    rule("s", {when("trigger.host", "eq", "web9"), when("trigger.load", "gt", 0.9)})});
  EXPECT_EQ(c.match(cpu("high")).failures.size(), 1u) << "r asks for the load first, s for the host";
}

TEST(RuleMatcher, TriggerParametersMustBeThoseOfTheRule) {
  Rule deploy = rule("deploy");
  deploy.trigger = "core.st2.webhook";
  deploy.trigger_parameters = Value::object({{"url", "/deploy/"}});
  Rule build = deploy;
  build.name = "build";
  build.trigger_parameters = Value::object({{"url", "build"}});
  const Compiled c({deploy, build});
  EXPECT_EQ(c.names(cpu(1), Value::object({{"url", "deploy"}})), "deploy");
  EXPECT_EQ(c.names(cpu(1), Value::object({{"url", "build/"}})), "build");
  EXPECT_EQ(c.names(cpu(1)), "");
}

TEST(RuleMatcher, TheIndexFindsEachKindOfConstant) {
  const auto payload = [](Value v) { return Value::object({{"v", std::move(v)}}); };
  const Compiled c({rule("int", {when("trigger.v", "eq", 1)}), rule("true", {when("trigger.v", "equals", true)}),
                    rule("text", {when("trigger.v", "eq", "1")}), rule("double", {when("trigger.v", "eq", 1.5)}),
                    rule("second", {when("trigger.x", "nexists", 1), when("trigger.v", "eq", "1")})});
  EXPECT_EQ(c.names(payload(1)), "int true") << "true == 1";
  EXPECT_EQ(c.names(payload(1.0)), "int true");
  EXPECT_EQ(c.names(payload("1")), "second text");
  EXPECT_EQ(c.names(payload(1.5)), "double");
  EXPECT_EQ(c.names(payload(Value::array({1}))), "");
}

TEST(RuleMatcher, ManyRulesWithTheirOwnConstantsAreFoundByValue) {
  std::vector<Rule> rules;
  for (int i = 0; i < 2000; ++i) {
    rules.push_back(rule(("r" + std::to_string(i)).c_str(), {when("trigger.host", "eq", "web" + std::to_string(i))}));
  }
  const Compiled c(std::move(rules));
  EXPECT_EQ(c.names(Value::object({{"host", "web1234"}})), "r1234");
  EXPECT_EQ(c.names(Value::object({{"host", "db1"}})), "");
}

TEST(RuleMatcher, PatternsMayBeTemplatesAndKeepTheirType) {
  const Compiled c({rule("number", {when("trigger.load", "gt", "{{ trigger.limit }}")}),
                    rule("text", {when("trigger.host", "eq", "web{{ trigger.n }}")}),
                    rule("missing", {when("trigger.host", "eq", "{{ trigger.nothing }}")})});
  const Value payload = Value::object({{"host", "web1"}, {"n", 1}, {"load", 5}, {"limit", 4.5}});
  EXPECT_EQ(c.names(payload), "number text");
  const MatchResult result = c.match(payload);
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_TRUE(result.failures[0].reason.starts_with(
      "Failed to render pattern value \"{{ trigger.nothing }}\" for key \"trigger.host\": "))
      << result.failures[0].reason;
}

TEST(RuleMatcher, ExplainSaysWhatMatchDidAndWhy) {
  Rule off = rule("off");
  off.enabled = false;
  Rule last = rule("last");
  last.type = Rule::Type::kBackstop;
  const Compiled c(
      {rule("hot", {when("trigger.load", "gt", 0.9), when("trigger.host", "eq", "web9")}), off, last, rule("yes")});
  const auto verdicts = c.matcher->explain(kHook, {}, cpu(0.95));
  ASSERT_EQ(verdicts.size(), 4u);
  EXPECT_EQ(verdicts[0].reason, "1 of 2 criteria does not hold");
  EXPECT_TRUE(verdicts[0].criteria[0].matched);
  EXPECT_EQ(verdicts[0].criteria[0].value, Value(0.95));
  EXPECT_FALSE(verdicts[0].criteria[1].matched);
  EXPECT_EQ(verdicts[0].criteria[1].value, Value("web1"));
  EXPECT_EQ(verdicts[1].reason, "it is a backstop, and another rule matched");
  EXPECT_EQ(verdicts[2].reason, "the rule is disabled");
  EXPECT_TRUE(verdicts[3].matched);
  EXPECT_EQ(to_value(verdicts[3]).get("rule"), Value("demo.yes"));
}

TEST(RuleMatcher, CompileNamesTheRuleAndThePlace) {
  Rule bad = rule("bad", {when("trigger.x", "regex", "("), when("trigger.", "eq", 1)});
  bad.criteria[0].where = {"rules/bad.yaml", 4, 3};
  const Rule* pointers[] = {&bad};
  const auto compiled = RuleMatcher::compile(pointers);
  ASSERT_FALSE(compiled.has_value());
  EXPECT_EQ(compiled.error().to_string().substr(0, 60), "rules/bad.yaml:4:3: rule demo.bad: pattern of 'trigger.x': m");
  EXPECT_EQ(RuleMatcher::check(bad).size(), 2u) << "check finds all of them";
}

TEST(RuleMatcher, ASearchReportsTheFailuresOfItsChildrenAlsoWhereTheRuleMatches) {
  const Value pattern = Value::object({{"item.n", Value::object({{"type", "gt"}, {"pattern", 1}})}});
  Criterion search = when("trigger.list", "search", pattern);
  search.condition = "any";
  const Compiled c({rule("s", {search})});
  const Value payload =
      Value::object({{"list", Value::array({Value::object({{"n", "x"}}), Value::object({{"n", 2}})})}});
  const MatchResult result = c.match(payload);
  EXPECT_EQ(result.matched.size(), 1u);
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_EQ(result.failures[0].reason,
            "There might be a problem with the criteria in rule demo.s: "
            "'>' not supported between instances of 'str' and 'int'");
}

TEST(RuleMatcher, AddingAndRemovingARuleLeavesTheOldMatcherAlone) {
  const Compiled c({rule("a", {when("trigger.host", "eq", "web1")})});
  const Rule b = rule("b", {when("trigger.host", "startswith", "web")});
  const auto with_b = c.matcher->with(b);
  ASSERT_TRUE(with_b.has_value());
  EXPECT_EQ(with_b->match(kHook, {}, cpu(1)).matched.size(), 2u);
  EXPECT_EQ(c.match(cpu(1)).matched.size(), 1u);
  const Rule changed = rule("b", {when("trigger.host", "eq", "db1")});
  const auto with_other_b = with_b->with(changed);
  ASSERT_TRUE(with_other_b.has_value());
  EXPECT_EQ(with_other_b->match(kHook, {}, cpu(1)).matched.size(), 1u) << "the rule of the same name is replaced";
  EXPECT_TRUE(with_b->without(b).without(c.rules.front()).match(kHook, {}, cpu(1)).matched.empty());
}

}  // namespace
}  // namespace midwatch
