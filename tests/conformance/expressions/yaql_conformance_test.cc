#include <gtest/gtest.h>

#include "expression_cases.h"
#include "orquesta_expr/compiled_value.h"

namespace midwatch::conformance {
namespace {

// Raise a floor when more passes; never lower one.
constexpr std::size_t kYaqlFloor = 2127;
constexpr std::size_t kOrquestaFloor = 256;
constexpr Instant kNow = instant_from_micros(1'770'000'000'000'000);

Answer evaluate(const Value& record, const Value& statement) {
  const MapScope scope(record.get("context"));
  const ContextFunctions functions(scope, record.get("task_executions"));
  const CaseDatastore datastore(record.get("kv"));
  Evaluation evaluation(scope);
  evaluation.workflow = &functions;
  evaluation.datastore = &datastore;
  evaluation.now = kNow;
  evaluation.foreign = Foreign::kMarked;
  const auto compiled = CompiledValue::compile_outcome(statement);
  if (!compiled) return Answer::failure(compiled.error());
  return Answer::of(compiled->run(evaluation));
}

TEST(YaqlConformance, Expressions) {
  const Score score = run_cases(
      "yaql.jsonl", [](const Value&) { return true; },
      [](const Value& record) {
        const Value source = record.get("expr");
        if (record.get("form").text_or("") != "expression") return evaluate(record, source);
        return evaluate(record, Value("<% " + source.text_or("") + " %>"));
      });
  EXPECT_GE(score.passed, kYaqlFloor);
}

TEST(JinjaConformance, OrquestaExpressions) {
  const Score score = run_cases(
      "jinja.jsonl", [](const Value& record) { return record.get("layer").text_or("") == "orquesta"; },
      [](const Value& record) { return evaluate(record, record.get("template")); });
  EXPECT_GE(score.passed, kOrquestaFloor);
}

}  // namespace
}  // namespace midwatch::conformance
