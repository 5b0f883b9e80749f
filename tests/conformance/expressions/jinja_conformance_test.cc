#include <gtest/gtest.h>

#include "expression_cases.h"
#include "jinja/template.h"

namespace midwatch::conformance {
namespace {

// Raise a floor when more passes; never lower one.
constexpr std::size_t kTemplateFloor = 2619;

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

}  // namespace
}  // namespace midwatch::conformance
