#include <gtest/gtest.h>

#include "codec/json.h"
#include "orquesta_expr/compiled_value.h"

namespace midwatch {
namespace {

std::string shown(std::string_view statement, std::string_view context = "{}") {
  const MapScope scope(*parse_json(context));
  Evaluation evaluation(scope);
  const auto compiled = CompiledValue::compile_outcome(*parse_json(statement));
  if (!compiled) return compiled.error().message();
  const auto value = compiled->run(evaluation);
  return value ? to_json(*value) : value.error().message();
}

TEST(CompiledValue, ALoneExpressionKeepsItsType) {
  EXPECT_EQ(shown(R"("<% ctx().n %>")", R"({"n": 5})"), "5");
  EXPECT_EQ(shown(R"("{{ ctx().l }}")", R"({"l": [1]})"), "[1]");
}

TEST(CompiledValue, AnythingAroundItMakesText) {
  EXPECT_EQ(shown(R"("n=<% ctx().n %>, t=<% true %>")", R"({"n": 5})"), R"("n=5, t=True")");
  EXPECT_EQ(shown(R"("{% if ctx().n > 3 %}{{ ctx().n }}{% endif %}")", R"({"n": 5})"), R"("5")");
}

TEST(CompiledValue, KeysAndNestedValuesAreEvaluated) {
  EXPECT_EQ(shown(R"({"<% ctx().k %>": [{"a": "{{ ctx().k }}"}, 1]})", R"({"k": "x"})"), R"({"x":[{"a":"x"},1]})");
}

TEST(CompiledValue, ATextResultIsEvaluatedAgain) {
  EXPECT_EQ(shown(R"("<% ctx().t %>")", R"({"t": "<% ctx().h %>", "h": "web1"})"), R"("web1")");
  EXPECT_EQ(shown(R"("<% ctx().t %>")", R"({"t": "{{ ctx().h }}", "h": "web1"})"), R"("{{ ctx().h }}")")
      << "not in the other language";
}

TEST(CompiledValue, EvaluatingAgainEnds) {
  EXPECT_EQ(shown(R"("<% ctx().t %>")", R"({"t": "<% ctx().t %>"})"),
            "the result of the expression holds expressions again, more than 20 times");
  EXPECT_NE(shown(R"("<% ctx().t %>")", R"({"t": "<% ctx().t %><% ctx().t %>"})").find("more than"), std::string::npos);
}

TEST(CompiledValue, TwoLanguagesInOneTextAreRefused) {
  EXPECT_EQ(shown(R"("<% 1 %>{{ 2 }}")"), "Expression with multiple types is not supported.");
}

TEST(CompiledValue, ErrorsAreOrquestasOwn) {
  EXPECT_EQ(shown(R"("<% ctx().ghost %>")"),
            "Unable to resolve key 'ghost' in expression '<% ctx().ghost %>' from context.");
  EXPECT_EQ(
      shown(R"("<% ctx(ghost) %>")"),
      "Unable to evaluate expression '<% ctx(ghost) %>'. VariableUndefinedError: The variable \"ghost\" is undefined.");
}

TEST(CompiledValue, AnUndefinedJinjaResultIsUnresolvedAndAnUndefinedPartOnTheWayAnError) {
  EXPECT_EQ(shown(R"("{{ ctx().ghost }}")"), "There are unresolved variables: ctx().ghost");
  EXPECT_EQ(shown(R"("a {{ ctx().ghost }} b {{ ctx().other }}")"),
            "There are unresolved variables: ctx().ghost, ctx().other");
  EXPECT_EQ(shown(R"("{{ ctx().d.x.y }}")", R"({"d": {}})"),
            "Unable to evaluate expression '{{ ctx().d.x.y }}'. UndefinedError: 'dict object' has no attribute 'x'");
  EXPECT_EQ(shown(R"("{{ ctx().ghost }} {{ ctx().ghost + 1 }}")"),
            "Unable to evaluate expression '{{ ctx().ghost + 1 }}'. UndefinedError: 'dict object' has no attribute "
            "'ghost'");
}

TEST(CompiledValue, AConstantIsReturnedShared) {
  const Value statement = *parse_json(R"({"a": ["a long text that lives in a node of its own"]})");
  const auto compiled = CompiledValue::compile(statement);
  ASSERT_TRUE(compiled && compiled->is_constant());
  const MapScope scope;
  Evaluation evaluation(scope);
  EXPECT_EQ(compiled->evaluate(evaluation)->node_for_testing(), statement.node_for_testing());
}

TEST(CompiledValue, KnowsWhatItReads) {
  const auto compiled = CompiledValue::compile(*parse_json(R"(["<% ctx().a %>", {"k": "{{ ctx('b') }}"}])"));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->reads().context_names, (std::vector<std::string>{"a", "b"}));
}

TEST(CompiledValue, TaskFunctionsAskTheWorkflow) {
  const MapScope scope(*parse_json(R"({"__current_task": {"id": "t1", "route": 0, "result": {"v": 9}},
      "__state": {"tasks": {"t1__r0": 0}, "sequence": [{"id": "t1", "route": 0, "status": "succeeded"}], "routes": [[]]}})"));
  const ContextFunctions functions(scope);
  Evaluation evaluation(scope);
  evaluation.workflow = &functions;
  const auto compiled =
      CompiledValue::compile(*parse_json(R"(["<% succeeded() %>", "{{ result().v }}", "<% failed() %>"])"));
  EXPECT_EQ(to_json(*compiled->evaluate(evaluation)), "[true,9,false]");
}

}  // namespace
}  // namespace midwatch
