#include "rules/operators.h"

#include <gtest/gtest.h>

#include "rules/key_path.h"

namespace midwatch {
namespace {

// "yes", "no" or "error: …".
std::string ask(std::string_view name, const Value& value, Value pattern) {
  const auto check = OperatorCheck::compile(*find_operator(name), std::move(pattern));
  if (!check) return "refused: " + check.error().message;
  const auto matched = check->matches(value);
  if (!matched) return "error: " + matched.error().message;
  return *matched ? "yes" : "no";
}

TEST(Operators, EqualityIsPythons) {
  EXPECT_EQ(ask("equals", 1, 1.0), "yes");
  EXPECT_EQ(ask("eq", "1", 1), "no");
  EXPECT_EQ(ask("eq", true, 1), "yes");
  EXPECT_EQ(ask("eq", Value::array({true}), Value::array({1})), "yes");
  EXPECT_EQ(ask("nequals", "a", "b"), "yes");
  EXPECT_EQ(ask("neq", Value(), Value()), "no");
  EXPECT_EQ(ask("eq", Value(), Value()), "no") << "a null pattern is false for all but four operators";
  EXPECT_EQ(ask("ieq", "WEB1", "web1"), "yes");
  EXPECT_EQ(ask("iequals", 1, "1"), "error: both must be texts: the value is an integer and the pattern a text");
}

TEST(Operators, OrderNeedsOperandsOfOneKind) {
  EXPECT_EQ(ask("gt", 0.95, 0.9), "yes");
  EXPECT_EQ(ask("greaterthan", 1, 1), "no") << "greater is strict";
  EXPECT_EQ(ask("lt", 1, 1.5), "yes");
  EXPECT_EQ(ask("lessthan", "a", "b"), "yes");
  EXPECT_EQ(ask("lt", false, 1), "yes");
  EXPECT_EQ(ask("lt", Value::array({1, 2}), Value::array({1, 3})), "yes");
  EXPECT_EQ(ask("gt", "10", 9), "error: no order between them: the value is a text and the pattern an integer");
  EXPECT_EQ(ask("gt", Value(), 9), "error: no order between them: the value is nothing and the pattern an integer");
}

TEST(Operators, ContainmentWorksOnTextsListsAndKeys) {
  EXPECT_EQ(ask("contains", "hello", "ell"), "yes");
  EXPECT_EQ(ask("contains", Value::array({1, 2}), 2.0), "yes");
  EXPECT_EQ(ask("contains", Value::object({{"a", 1}}), "a"), "yes");
  EXPECT_EQ(ask("ncontains", "hello", "x"), "yes");
  EXPECT_EQ(ask("icontains", "HeLLo", "ELL"), "yes");
  EXPECT_EQ(ask("incontains", "hello", "ELL"), "no");
  EXPECT_EQ(ask("contains", Value(), "x"), "error: nothing can be in it: the value is nothing and the pattern a text");
  EXPECT_EQ(ask("contains", "1", 1),
            "error: a text contains only texts: the value is a text and the pattern an integer");
  EXPECT_EQ(ask("in", "b", Value::array({"a", "b"})), "yes");
  EXPECT_EQ(ask("inside", "b", "abc"), "yes");
  EXPECT_EQ(ask("nin", 3, Value::array({1, 2})), "yes");
  EXPECT_EQ(ask("ninside", 1, Value::array({1, 2})), "no");
}

TEST(Operators, BeginningsAndEnds) {
  EXPECT_EQ(ask("startswith", "web1", "web"), "yes");
  EXPECT_EQ(ask("startswith", "Web1", "web"), "no");
  EXPECT_EQ(ask("istartswith", "Web1", "wEB"), "yes");
  EXPECT_EQ(ask("endswith", "a.log", ".log"), "yes");
  EXPECT_EQ(ask("iendswith", "a.LOG", ".log"), "yes");
  EXPECT_EQ(ask("startswith", 5, "5"), "error: both must be texts: the value is an integer and the pattern a text");
}

TEST(Operators, RegularExpressionsAreSearchedOrAnchored) {
  EXPECT_EQ(ask("regex", "web-01", "\\d+"), "yes");
  EXPECT_EQ(ask("matchregex", "web-01", "\\d+"), "no") << "anchored at the start";
  EXPECT_EQ(ask("matchregex", "web\n01", "web.01"), "yes") << "a dot is any byte";
  EXPECT_EQ(ask("regex", "web\n01", "web.01"), "no");
  EXPECT_EQ(ask("iregex", "ERROR", "error"), "yes");
  EXPECT_EQ(ask("regex", "done\n", "done$"), "yes") << "before a last line feed, as in Python";
  EXPECT_EQ(ask("regex", "done\nx", "done$"), "no");
  EXPECT_EQ(ask("regex", "cost $", "\\$"), "yes");
  EXPECT_EQ(ask("regex", 5, "5"), "error: both must be texts: the value is an integer and the pattern a text");
  EXPECT_EQ(ask("regex", "x", "(?=x)").substr(0, 42), "refused: regular expression '(?=x)': inval");
  EXPECT_EQ(ask("regex", "x", std::string(kRegexBytesMax + 1, 'a')).substr(0, 34),
            "refused: regular expression of 163");
}

TEST(Operators, WildcardsAreThoseOfTheShell) {
  EXPECT_EQ(ask("matchwildcard", "web-01.log", "web-*.log"), "yes");
  EXPECT_EQ(ask("matchwildcard", "web1", "web?"), "yes");
  EXPECT_EQ(ask("matchwildcard", "web12", "web?"), "no");
  EXPECT_EQ(ask("matchwildcard", "web1", "web[0-9]"), "yes");
  EXPECT_EQ(ask("matchwildcard", "web1", "web[!0-9]"), "no");
  EXPECT_EQ(ask("matchwildcard", "a[b", "a[b"), "yes") << "a set without an end is itself";
  EXPECT_EQ(ask("matchwildcard", "a]", "a[]]"), "yes");
  EXPECT_EQ(ask("matchwildcard", "a.b", "a?b"), "yes");
  EXPECT_EQ(ask("matchwildcard", "größe", "gr??e"), "yes") << "code points, not bytes";
}

TEST(Operators, ExistenceAsksOnlyWhetherThereIsAValue) {
  EXPECT_EQ(ask("exists", 0, true), "yes");
  EXPECT_EQ(ask("exists", Value(), true), "no");
  EXPECT_EQ(ask("nexists", Value(), true), "yes");
}

TEST(Operators, WhatIsNotEvaluatedIsRefused) {
  EXPECT_EQ(ask("search", 1, 1), "refused: the operator is not evaluated by this version");
  EXPECT_EQ(ask("td_lt", 1, 1), "refused: the operator is not evaluated by this version");
}

const Value kEvent = Value::object(
    {{"host", "web1"},
     {"labels", Value::object({{"with-dash", 1}, {"with.dot", 2}})},
     {"list", Value::array({Value::object({{"a", 1}}), Value::object({{"b", 2}}), Value::object({{"b", 3}})})}});

std::string at(std::string_view key) {
  const auto path = KeyPath::parse(key);
  if (!path) return path.error().message;
  const Value* found = path->first(kEvent);
  if (found == nullptr) return "nothing";
  return found->is_int() ? std::to_string(found->as_int()) : found->text_or("something");
}

TEST(KeyPath, FindsTheFirstValueThatFits) {
  EXPECT_EQ(at("trigger.host"), "web1");
  EXPECT_EQ(at("$.trigger.host"), "web1");
  EXPECT_EQ(at("trigger.host#2"), "web1");
  EXPECT_EQ(at("trigger.labels.with-dash"), "1");
  EXPECT_EQ(at("trigger.labels.'with.dot'"), "2");
  EXPECT_EQ(at("trigger.labels['with.dot']"), "2");
  EXPECT_EQ(at("trigger['labels'].\"with-dash\""), "1");
  EXPECT_EQ(at("trigger.list[1].b"), "2");
  EXPECT_EQ(at("trigger.list[-1].b"), "3");
  EXPECT_EQ(at("trigger.list[*].b"), "2") << "the first that has it";
  EXPECT_EQ(at("trigger.labels.*"), "1");
  EXPECT_EQ(at("trigger.list[9]"), "nothing");
  EXPECT_EQ(at("trigger.host.name"), "nothing");
  EXPECT_EQ(at("trigger"), "something");
}

TEST(KeyPath, RefusesWhatItDoesNotUnderstand) {
  EXPECT_EQ(at("body.x"), "criterion key 'body.x': expected 'trigger'");
  EXPECT_EQ(at("trigger..x"), "criterion key 'trigger..x': '..' is not supported");
  EXPECT_EQ(at("trigger.a|b"), "criterion key 'trigger.a|b': unexpected '|'");
  EXPECT_EQ(at("trigger.a[1:2]"), "criterion key 'trigger.a[1:2]': expected ']'");
  EXPECT_EQ(at("trigger.'a"), "criterion key 'trigger.'a': a quote is not closed");
  EXPECT_EQ(at("trigger."), "criterion key 'trigger.': expected a name at the end");
  EXPECT_EQ(at("trigger[--1]"), "criterion key 'trigger[--1]': expected a whole number between brackets");
  std::string deep = "trigger";
  for (std::size_t i = 0; i <= kKeyStepsMax; ++i) deep += ".a";
  EXPECT_NE(at(deep).find("more than 64 steps"), std::string::npos);
}

}  // namespace
}  // namespace midwatch
