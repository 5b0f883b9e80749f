#include <gtest/gtest.h>

#include "expression_cases.h"
#include "jinja/template.h"
#include "params/render_parameters.h"

namespace midwatch::conformance {
namespace {

// Raise a floor when more passes; never lower one.
constexpr std::size_t kTemplateFloor = 2640;
constexpr std::size_t kValuesFloor = 35;
constexpr std::size_t kParametersFloor = 282;

Value with_key_values(const Value& record) { return record.get("kv"); }

Answer render_template(const Value& record) {
  const MapScope scope(record.get("context"));
  Evaluation evaluation(scope);
  const CaseDatastore datastore(with_key_values(record));
  if (record.find("kv") != nullptr) evaluation.datastore = &datastore;
  evaluation.lenient_undefined = record.get("options").get("allow_undefined").bool_or(false);
  const auto compiled = jinja::Template::compile_outcome(record.get("template").text_or(""));
  if (!compiled) return Answer::failure(compiled.error());
  return Answer::of((*compiled)->run(evaluation));
}

TEST(JinjaConformance, Templates) {
  const Score score = run_cases(
      "jinja.jsonl", [](const Value& record) { return record.get("layer").text_or("") == "jinja"; }, render_template);
  EXPECT_GE(score.passed, kTemplateFloor);
}

Answer render_mapping(const Value& record) {
  const MapScope scope(record.get("context"));
  Evaluation evaluation(scope);
  const CaseDatastore datastore(record.get("kv"));
  if (record.find("kv") != nullptr) evaluation.datastore = &datastore;
  evaluation.lenient_undefined = record.get("options").get("allow_undefined").bool_or(false);
  return Answer::of(render_values(record.get("template"), evaluation));
}

TEST(JinjaConformance, MappingsOfValues) {
  const Score score = run_cases(
      "jinja.jsonl", [](const Value& record) { return record.get("layer").text_or("") == "st2-values"; },
      render_mapping);
  EXPECT_GE(score.passed, kValuesFloor);
}

// One parameter `target` under test, the members of the context as the others; or a whole set.
Answer render_parameter(const Value& record) {
  const bool whole_set = record.get("options").get("params").bool_or(false);
  const CaseDatastore datastore(record.get("kv"));
  ParameterRequest request;
  request.datastore = &datastore;
  request.user = "stanley";
  const Value* action_context = record.find("action_context");
  request.contexts = Value::object(
      {{"action_context", action_context != nullptr ? *action_context : Value::object({{"user", "stanley"}})},
       {"config_context", record.find("config") != nullptr ? record.get("config") : Value::object({})}});
  if (whole_set) {
    request.supplied = record.get("template");
    request.schema = merge_parameter_schemas(record.get("runner_schemas"), record.get("schemas"));
  } else {
    ObjectBuilder supplied(record.get("context"));
    request.supplied = std::move(supplied.set("target", record.get("template"))).build();
    request.schema = Value::object({{"target", record.get("schema")}});
  }
  auto rendered = render_live_parameters_outcome(request);
  if (!rendered) return Answer::failure(rendered.error());
  return Answer{whole_set ? *rendered : rendered->get("target"), ErrorKind::kOther, ""};
}

TEST(JinjaConformance, ActionParameters) {
  const Score score = run_cases(
      "jinja.jsonl", [](const Value& record) { return record.get("layer").text_or("") == "st2-param"; },
      render_parameter);
  EXPECT_GE(score.passed, kParametersFloor);
}

}  // namespace
}  // namespace midwatch::conformance
