#include "rules/operators.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "rules/key_path.h"

namespace midwatch {
namespace {

const Instant kNow = *parse_iso8601("2024-03-15T12:00:00Z");

// "yes", "no" or "error: …".
std::string ask(std::string_view name, const Value& value, Value pattern) {
  const auto check = OperatorCheck::compile(*find_operator(name), std::move(pattern));
  const auto matched = check.matches(value, kNow);
  const bool is_safe = overlap(check.safe_kinds(), kind_of(value));
  EXPECT_TRUE(matched || !is_safe) << name << ": an error for a value that is said to be safe";
  if (!matched) return fmt::format("{}: {}", to_string(matched.error().kind()), matched.error().message());
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
  EXPECT_EQ(ask("iequals", 1, "1"), "type: 'int' object has no attribute 'lower'");
}

TEST(Operators, OrderNeedsOperandsOfOneKind) {
  EXPECT_EQ(ask("gt", 0.95, 0.9), "yes");
  EXPECT_EQ(ask("greaterthan", 1, 1), "no") << "greater is strict";
  EXPECT_EQ(ask("lt", 1, 1.5), "yes");
  EXPECT_EQ(ask("lessthan", "a", "b"), "yes");
  EXPECT_EQ(ask("lt", false, 1), "yes");
  EXPECT_EQ(ask("lt", Value::array({1, 2}), Value::array({1, 3})), "yes");
  EXPECT_EQ(ask("gt", "10", 9), "type: '>' not supported between instances of 'str' and 'int'");
  EXPECT_EQ(ask("gt", Value(), 9), "type: '>' not supported between instances of 'NoneType' and 'int'");
}

TEST(Operators, ContainmentWorksOnTextsListsAndKeys) {
  EXPECT_EQ(ask("contains", "hello", "ell"), "yes");
  EXPECT_EQ(ask("contains", Value::array({1, 2}), 2.0), "yes");
  EXPECT_EQ(ask("contains", Value::object({{"a", 1}}), "a"), "yes");
  EXPECT_EQ(ask("ncontains", "hello", "x"), "yes");
  EXPECT_EQ(ask("icontains", "HeLLo", "ELL"), "yes");
  EXPECT_EQ(ask("incontains", "hello", "ELL"), "no");
  EXPECT_EQ(ask("contains", Value(), "x"), "type: argument of type 'NoneType' is not iterable");
  EXPECT_EQ(ask("contains", "1", 1), "type: 'in <string>' requires string as left operand, not int");
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
  EXPECT_EQ(ask("startswith", 5, "5"), "type: 'int' object has no attribute 'startswith'");
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
  EXPECT_EQ(ask("regex", 5, "5"), "type: expected string or bytes-like object, got 'int'");
  EXPECT_EQ(ask("regex", "xy", "x(?=y)"), "yes") << "what RE2 does not have is matched by PCRE2";
  EXPECT_EQ(ask("regex", "aa", "(a)\\1"), "yes");
  EXPECT_EQ(ask("regex", "naïve", "na\\wve"), "yes") << "classes are Unicode's";
  EXPECT_EQ(ask("regex", "x", "(").substr(0, 6), "value:");
  EXPECT_EQ(ask("regex", "x", std::string(kRegexBytesMax + 1, 'a')).substr(0, 34),
            "limit: regular expression of 16385");
  EXPECT_EQ(ask("regex", std::string(2000, 'a') + "!", "(a|aa)+\\1$(?=x)").substr(0, 6), "limit:")
      << "work is bounded: it ends";
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
  EXPECT_EQ(ask("matchwildcard", "b", "[z-a]"), "no") << "an empty range";
  EXPECT_EQ(ask("matchwildcard", "b", "[!z-a]"), "yes");
  EXPECT_EQ(ask("matchwildcard", "-", "[a-]"), "yes");
  EXPECT_EQ(ask("matchwildcard", "abcabd", "a*b?"), "yes") << "goes back to the last star";
}

TEST(Operators, ExistenceAsksOnlyWhetherThereIsAValue) {
  EXPECT_EQ(ask("exists", 0, true), "yes");
  EXPECT_EQ(ask("exists", Value(), true), "no");
  EXPECT_EQ(ask("nexists", Value(), true), "yes");
}

TEST(Operators, TimeDifferencesReadDatesFreely) {
  EXPECT_EQ(ask("td_lt", "2024-03-15T11:59:30Z", 31), "yes");
  EXPECT_EQ(ask("timediff_gt", "2024-03-15 13:58 +02:00", "60"), "yes") << "the period may be a text";
  EXPECT_EQ(ask("td_gt", "15 March 2024, 11am", 3599), "yes");
  EXPECT_EQ(ask("td_lt", "11:59:59", 2), "yes") << "today";
  EXPECT_EQ(ask("td_lt", "soon", 2), "value: Unknown string format: soon");
  EXPECT_EQ(ask("td_lt", "2024-03-15", "soon"), "value: could not convert string to float: 'soon'");
  const auto check = OperatorCheck::compile(CriteriaOperator::kTimeLess, 5);
  EXPECT_EQ(check.matches("2024-03-15", std::nullopt).error().message(), "the time is not known here");
}

const Value kEvent = Value::object(
    {{"host", "web1"},
     {"labels", Value::object({{"with-dash", 1}, {"with.dot", 2}})},
     {"list", Value::array({Value::object({{"a", 1}}), Value::object({{"b", 2}}), Value::object({{"b", 3}})})}});

std::string at(std::string_view key) {
  const KeyPath path = KeyPath::parse(key);
  const auto found = path.first(kEvent);
  if (!found) return "error";
  return found->is_null() ? "nothing" : found->is_int() ? std::to_string(found->as_int()) : found->text_or("something");
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

TEST(KeyPath, AKeyThatDoesNotParseFailsWhenItIsUsed) {
  EXPECT_EQ(at("trigger."), "error");
  EXPECT_EQ(at(""), "error");
  EXPECT_EQ(at("trigger.'a"), "error");
  EXPECT_NE(KeyPath::parse("trigger.").error(), "");
  EXPECT_EQ(at("host"), "nothing") << "what begins elsewhere finds nothing";
  EXPECT_TRUE(KeyPath::parse("trigger.a-b.c_d#2").is_plain());
  EXPECT_FALSE(KeyPath::parse("trigger.a[0]").is_plain());
}

}  // namespace
}  // namespace midwatch
