#include <gtest/gtest.h>

#include "codec/json.h"
#include "yaql/expression.h"

namespace midwatch::yaql {
namespace {

Outcome<Value> evaluate(std::string_view source, std::string_view context = "{}", EvalLimits limits = {}) {
  const MapScope scope(*parse_json(context));
  Evaluation evaluation(scope, limits);
  MW_TRY(const auto program, compile_outcome(source));
  return program->run(evaluation);
}

std::string shown(std::string_view source, std::string_view context = "{}") {
  const auto value = evaluate(source, context);
  return value ? to_json(*value) : std::string(to_string(value.error().kind())) + ": " + value.error().message();
}

ErrorKind kind(std::string_view source, EvalLimits limits = {}) {
  const auto value = evaluate(source, "{}", limits);
  EXPECT_FALSE(value) << source;
  return value ? ErrorKind::kOther : value.error().kind();
}

TEST(Yaql, ReadsTheContext) {
  EXPECT_EQ(shown("ctx().a.b[1]", R"({"a": {"b": [1, 2]}})"), "2");
  EXPECT_EQ(shown("ctx(a).keys()", R"({"a": {"b": 1}})"), R"(["b"])");
  EXPECT_EQ(shown("ctx().ghost"), "undefined: ghost");
}

TEST(Yaql, QueriesChainLazily) {
  EXPECT_EQ(shown("ctx().hosts.where($.load > 0.8).select($.name)",
                  R"({"hosts": [{"name": "a", "load": 0.9}, {"name": "b", "load": 0.1}]})"),
            R"(["a"])");
  EXPECT_EQ(shown("sequence().where($ mod 7 = 6).select($ * 2).limit(2)"), "[12,26]");
}

TEST(Yaql, BareWordsAreTexts) { EXPECT_EQ(shown("[True, true, a + b]"), R"(["True",true,"ab"])"); }

TEST(Yaql, IntegersDivideToIntegersAndBooleansAreNoNumbers) {
  EXPECT_EQ(shown("-7 / 2"), "-4");
  EXPECT_EQ(kind("true + 1"), ErrorKind::kType);
}

TEST(Yaql, NotFindingAFunctionTellsUnknownFromUnfit) {
  EXPECT_EQ(kind("ghost(1)"), ErrorKind::kUndefined);
  EXPECT_EQ(kind("5.toUpper()"), ErrorKind::kType);
}

TEST(Yaql, ASyntaxErrorHasItsPlace) {
  const auto program = compile_outcome("1 + ) 2");
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().diagnostic().caret(), "1 + ) 2\n    ^");
}

TEST(Yaql, NamesWhatItReads) {
  const auto program = compile("ctx().a + ctx(b) + ctx().c.d");
  ASSERT_TRUE(program);
  EXPECT_EQ((*program)->reads().context_names, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(Yaql, GeneratorsOverGeneratorsAreALimitNotACrash) {
  EXPECT_EQ(kind("range(50000).aggregate($1.where(true), [1]).len()"), ErrorKind::kLimit);
}

TEST(Yaql, EndlessWorkAndDeepSourceAreLimits) {
  EXPECT_EQ(kind("sequence().len()", {.steps_max = 10'000}), ErrorKind::kLimit);
  EXPECT_EQ(kind("generateMany(1, [$, $]).len()", {.steps_max = 10'000}), ErrorKind::kLimit);
  EXPECT_EQ(kind("'x' * 100000000000"), ErrorKind::kLimit);
  EXPECT_EQ(kind(std::string(20000, '(')), ErrorKind::kLimit);
  EXPECT_EQ(kind(std::string(20000, '-')), ErrorKind::kLimit);
  std::string chain = "a";
  for (int i = 0; i < 20000; ++i) chain += ".a";
  EXPECT_EQ(kind(chain), ErrorKind::kLimit);
}

}  // namespace
}  // namespace midwatch::yaql
