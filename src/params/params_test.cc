#include <gtest/gtest.h>

#include "codec/json.h"
#include "params/python_literal.h"
#include "params/render_parameters.h"
#include "params/validate_parameters.h"

namespace midwatch {
namespace {

Value json(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value.has_value()) << text;
  return value ? *value : Value();
}

Result<Value> live(std::string_view supplied, std::string_view schema, std::string_view contexts = "{}") {
  ParameterRequest request;
  request.supplied = json(supplied);
  request.schema = json(schema);
  request.contexts = json(contexts);
  return render_live_parameters(request);
}

TEST(RenderParameters, TemplatesAreRenderedInOrderOfDependencyAndCastByTheSchema) {
  const auto rendered = live(R"({"sum": "{{ a }}{{ b }}", "a": "{{ trigger.n }}", "b": 2})",
                             R"({"sum": {"type": "integer"}, "a": {"type": "string"}, "b": {"type": "integer"}})",
                             R"({"trigger": {"n": 4}})");
  ASSERT_TRUE(rendered.has_value()) << rendered.error().message;
  EXPECT_EQ(to_json(*rendered), R"({"sum":42,"a":"4","b":2})");
}

TEST(RenderParameters, InAListOnlyABareReferenceKeepsItsType) {
  const auto rendered =
      live(R"({"list": ["{{n}}", "{{ n }}"], "n": 5})", R"({"list": {"type": "array"}, "n": {"type": "integer"}})");
  ASSERT_TRUE(rendered.has_value()) << rendered.error().message;
  EXPECT_EQ(to_json(rendered->get("list")), R"([5,"5"])");
}

TEST(RenderParameters, CyclesAndUnknownNamesAreNamed) {
  const auto cycle = live(R"({"a": "{{ b }}", "b": "{{ a }}"})", R"({})");
  ASSERT_FALSE(cycle.has_value());
  EXPECT_NE(cycle.error().message.find("Cyclic dependency found in the following variables: a, b"), std::string::npos)
      << cycle.error().message;
  const auto unknown = live(R"({"a": "{{ nobody }}"})", R"({})");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_NE(unknown.error().message.find("Dependency unsatisfied in variable \"nobody\""), std::string::npos)
      << unknown.error().message;
}

TEST(RenderParameters, LiveKeepsWhatWasSuppliedAndFinalFillsInDefaults) {
  const char* schema = R"({"a": {"type": "string"}, "plain": {"type": "integer", "default": 3},
                           "templated": {"type": "string", "default": "{{ a }}!"}})";
  EXPECT_EQ(to_json(*live(R"({"a": "x"})", schema)), R"({"a":"x","templated":"x!"})");
  ParameterRequest request;
  request.supplied = json(R"({"a": "{{ not rendered twice }}"})");
  request.schema = json(R"({"a": {"type": "string"}, "plain": {"type": "integer", "default": 3}})");
  EXPECT_EQ(to_json(*render_final_parameters(request)), R"({"a":"{{ not rendered twice }}","plain":3})");
}

TEST(CastParameter, FollowsPython) {
  EXPECT_TRUE(cast_parameter("7", "integer")->is_int());
  EXPECT_FALSE(cast_parameter("1.0", "integer").has_value());
  EXPECT_EQ(*cast_parameter("true", "boolean"), Value(true));
  EXPECT_FALSE(cast_parameter("yes", "boolean").has_value());
  EXPECT_TRUE(identical(*cast_parameter("1", "boolean"), Value(1)));
  EXPECT_EQ(*cast_parameter("{'a': [1, True, None]}", "object"), json(R"({"a": [1, true, null]})"));
  EXPECT_TRUE(cast_parameter("2", "number")->is_double());
  EXPECT_TRUE(cast_parameter("%*****__%NONE%__*****%", "string")->is_null());
  EXPECT_FALSE(cast_parameter(5, "string").has_value());
}

TEST(PythonLiteral, RefusesWhatIsNoLiteralAndWhatIsTooDeep) {
  EXPECT_EQ(*parse_python_literal("(1, 'a\\n', {\"k\": -2.5},)"), json(R"([1, "a\n", {"k": -2.5}])"));
  for (const char* bad : {"", "x", "[1", "{[1]: 2}", "'open", "[1] 2", "\\"})
    EXPECT_FALSE(parse_python_literal(bad).has_value()) << bad;
  EXPECT_EQ(parse_python_literal(std::string(10'000, '[')).error().code, Code::kLimit);
}

std::string refused(std::string_view schema, std::string_view values) {
  const auto checked = validate_parameters(json(schema), json(values));
  return checked ? "accepted " + to_json(*checked) : checked.error().message;
}

TEST(ValidateParameters, SaysWhatIsWrongAsStackStormDoes) {
  EXPECT_EQ(refused(R"({"n": {"type": "integer"}})", R"({"n": "x"})"), "'n': 'x' is not of type 'integer'");
  EXPECT_EQ(refused(R"({"n": {"type": "integer"}})", R"({"n": true})"), "'n': True is not of type 'integer'");
  EXPECT_EQ(refused(R"({"n": {"type": "number"}})", R"({"n": 1})"), R"(accepted {"n":1})");
  EXPECT_EQ(refused(R"({"n": {"required": true, "type": "string"}})", "{}"), "'n' is a required property");
  EXPECT_EQ(refused("{}", R"({"a": 1, "b": 2})"), "Additional properties are not allowed ('a', 'b' were unexpected)");
  EXPECT_EQ(refused(R"({"c": {"type": "string", "enum": ["x", "y"]}})", R"({"c": "z"})"),
            "'c': 'z' is not one of ['x', 'y']");
  EXPECT_EQ(refused(R"({"p": {"type": "string", "pattern": "^a+$"}})", R"({"p": "b"})"),
            "'p': 'b' does not match '^a+$'");
  EXPECT_EQ(refused(R"({"l": {"type": "array", "items": {"type": "integer"}}})", R"({"l": [1, "2"]})"),
            "'l': [1]: '2' is not of type 'integer'");
}

TEST(ValidateParameters, OptionalOnesMayBeNullAndDefaultsAreFilledIn) {
  EXPECT_EQ(
      refused(R"({"a": {"type": "string"}, "b": {"type": "integer", "default": 4}})", R"({"a": null, "b": null})"),
      R"(accepted {"a":null,"b":4})");
  EXPECT_EQ(
      refused(R"({"o": {"type": "object", "properties": {"x": {"type": "integer", "default": 1}}}})", R"({"o": {}})"),
      R"(accepted {"o":{"x":1}})");
}

}  // namespace
}  // namespace midwatch
