#include "alias/alias_format.h"

#include <gtest/gtest.h>

#include "codec/json.h"

namespace midwatch {
namespace {

std::string match(std::string_view format, std::string_view command) {
  const auto compiled = AliasFormat::compile_outcome(format);
  if (!compiled) return "format: " + compiled.error().message();
  const auto found = compiled->match_outcome(command);
  return found ? to_json(*found) : std::string(to_string(found.error().kind())) + ": " + found.error().message();
}

TEST(AliasFormat, TakesParametersQuotedOrNot) {
  EXPECT_EQ(match("restart {{ service }} on {{host}}", "restart nginx on web1"),
            R"({"service":"nginx","host":"web1"})");
  EXPECT_EQ(match("restart {{ service }}", "restart 'my service'"), R"({"service":"my service"})");
  EXPECT_EQ(match("restart {{ service }}", R"(restart {"a": 1})"), R"({"service":"{\"a\": 1}"})");
}

TEST(AliasFormat, ADefaultStandsInForWhatIsMissing) {
  EXPECT_EQ(match("ping {{ host = localhost }}", "ping"), R"({"host":"localhost"})");
  EXPECT_EQ(match("ping {{ host = 'a b' }} {{ n = 3 }}", "ping x"), R"({"host":"x","n":"3"})");
}

TEST(AliasFormat, PairsAtTheEndBecomeParameters) {
  EXPECT_EQ(match("act {{n}}", "act x k='a b' l=2"), R"({"n":"x","k":"a b","l":"2"})");
  EXPECT_EQ(match("", "k=v"), R"({"k":"v"})");
}

TEST(AliasFormat, TheRestIsARegularExpressionOfPythons) {
  EXPECT_EQ(match(R"((?:run|exec) (?P<count>\d{,2}) {{cmd}})", "exec 12 ls"), R"({"count":"12","cmd":"ls"})");
  EXPECT_EQ(match("x {{a-b}}", "x 1"), "format: bad character in group name 'a-b' at position 12");
  EXPECT_EQ(match("x (", "x"), "format: missing ), unterminated subpattern at position 2");
}

TEST(AliasFormat, WhatDoesNotMatchSaysSo) {
  EXPECT_EQ(match("status", "statu"), R"(value: Command "statu" doesn't match format string "status")");
}

TEST(AliasFormat, ManyMatchesAreAListOfParameters) {
  const auto format = AliasFormat::compile(R"(^.*?(?P<key>[A-Z]+-\d+)|(?P<other>\w+)\s*$)");
  ASSERT_TRUE(format);
  EXPECT_EQ(to_json(*format->match_all("see ST-1 or that")),
            R"([{"key":"ST-1","other":null},{"key":null,"other":"that"}])");
}

TEST(AliasFormat, AHugeCommandIsALimit) {
  const auto format = AliasFormat::compile("x");
  EXPECT_EQ(format->match_outcome(std::string(kAliasCommandBytesMax + 1, 'x')).error().kind(), ErrorKind::kLimit);
}

TEST(AliasFormat, AHostileCommandEndsInALimit) {
  const auto format = AliasFormat::compile("(a+)+ {{x}}");
  const auto found = format->match_outcome(std::string(4'000, 'a') + "!");
  ASSERT_FALSE(found);
}

}  // namespace
}  // namespace midwatch
