// Goal: the network decides as plain evaluation does, failures and their order included. Method: random rules
// over few fields and few values, so that they meet often, against random events of every shape.
#include "rules/rule_network.h"

#include <deque>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "codec/json.h"
#include "rules/test_network_cases.h"

namespace midwatch {
namespace {

// A small generator with a state of its own: the same numbers everywhere.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed * 2 + 1) {}
  std::uint32_t operator()() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::uint32_t>(state_ >> 33);
  }

 private:
  std::uint64_t state_;
};

struct Network {
  explicit Network(std::deque<Rule> given) : rules(std::move(given)) {
    std::vector<std::shared_ptr<const CompiledRule>> compiled;
    for (const Rule& rule : rules)
      compiled.push_back(std::make_shared<const CompiledRule>(CompiledRule::compile(rule)));
    network = RuleNetwork(std::move(compiled));
  }
  std::deque<Rule> rules;
  RuleNetwork network;
};

std::string text(const MatchResult& result) {
  std::string out;
  for (const Rule* rule : result.matched) out += rule->name + " ";
  for (const RuleFailure& failure : result.failures) out += "\n" + failure.rule->name + ": " + failure.reason;
  return out;
}

class NetworkProperty : public testing::TestWithParam<int> {};

TEST_P(NetworkProperty, DecidesAsPlainEvaluationDoes) {
  Numbers numbers(static_cast<std::uint64_t>(GetParam()));
  const auto next = [&](std::uint32_t below) { return numbers() % below; };
  std::size_t matched = 0;
  std::size_t failed = 0;
  for (int round = 0; round < 40; ++round) {
    const Network net(network_cases::rules(next, 1 + next(60)));
    for (int event = 0; event < 40; ++event) {
      const Value payload = network_cases::event(next);
      MatchResult plain;
      MatchResult quick;
      net.network.match_each(payload, {.now = instant_from_micros(1'710'504'000'000'000)}, plain);
      net.network.match(payload, {.now = instant_from_micros(1'710'504'000'000'000)}, quick);
      ASSERT_EQ(text(plain), text(quick)) << "round " << round << ", event " << to_json(payload) << "\n"
                                          << network_cases::shown(net.rules);
      matched += plain.matched.size();
      failed += plain.failures.size();
    }
  }
  EXPECT_GT(matched, 500u) << "the cases are no good if hardly any rule matches";
  EXPECT_GT(failed, 500u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, NetworkProperty, testing::Range(1, 9));

Rule one(const char* name, const char* key, const char* op, Value pattern) {
  Rule rule;
  rule.pack = "t";
  rule.name = name;
  rule.criteria.push_back({key, op, std::move(pattern), "", {}});
  return rule;
}

std::string matches(const Network& net, const Value& payload) {
  MatchResult result;
  net.network.match(payload, {}, result);
  return text(result);
}

TEST(RuleNetwork, EachKindOfIndexFindsItsRules) {
  const Network net({one("prefix", "trigger.a", "startswith", "web"), one("suffix", "trigger.a", "endswith", ".log"),
                     one("lower", "trigger.a", "iequals", "WEB.LOG"),
                     one("wild", "trigger.a", "matchwildcard", "*b.l*"), one("regex", "trigger.a", "regex", "b\\.l"),
                     one("tied", "trigger.a", "regex", "^web\\."), one("part", "trigger.a", "contains", "eb.l"),
                     one("not", "trigger.a", "neq", "web"),
                     one("none", "trigger.a", "nin", Value::array({"x", "web.log"})),
                     one("above", "trigger.n.x", "gt", 5), one("below", "trigger.n.x", "lt", 5),
                     one("there", "trigger.n.x", "exists", true), one("absent", "trigger.b", "nexists", true)});
  EXPECT_EQ(matches(net, Value::object({{"a", "web.log"}, {"n", Value::object({{"x", 6}})}})),
            "prefix suffix lower wild regex tied part not above there absent ");
  EXPECT_EQ(matches(net, Value::object({{"a", "x"}, {"b", 1}, {"n", Value::object({{"x", 4.5}})}})),
            "not below there ");
}

TEST(RuleNetwork, BothBoundsOfARuleAreOneInterval) {
  std::deque<Rule> rules;
  for (int i = 0; i < 1000; ++i) {
    Rule rule = one(("r" + std::to_string(i)).c_str(), "trigger.n#1", "gt", i);
    rule.criteria.push_back({"trigger.n#2", "lt", i + 2, "", {}});
    rules.push_back(std::move(rule));
  }
  const Network net(std::move(rules));
  EXPECT_EQ(matches(net, Value::object({{"n", 500}})), "r499 ");
  EXPECT_EQ(matches(net, Value::object({{"n", 500.5}})), "r499 r500 ");
}

TEST(RuleNetwork, ManyExpressionsAreOnePassEachBlock) {
  std::deque<Rule> rules;
  for (int i = 0; i < 300; ++i) {
    rules.push_back(one(("r" + std::to_string(i)).c_str(), "trigger.a", "regex", "x" + std::to_string(i) + "(y|$)"));
  }
  const Network net(std::move(rules));
  EXPECT_EQ(matches(net, Value::object({{"a", "--x250y-x7"}})), "r7 r250 ");
}

}  // namespace
}  // namespace midwatch
