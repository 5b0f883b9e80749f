#include <gtest/gtest.h>

#include "expression_cases.h"

namespace midwatch::conformance {
namespace {

// Raise a floor when more passes; never lower one.
constexpr std::size_t kTemplateFloor = 2687;
constexpr std::size_t kValuesFloor = 35;
constexpr std::size_t kParametersFloor = 288;
constexpr std::size_t kOrquestaFloor = 258;

Score run_layer(std::string_view layer) {
  return run_cases("jinja.jsonl", [layer](const Value& record) { return record.get("layer").text_or("") == layer; });
}

TEST(JinjaConformance, Templates) { EXPECT_GE(run_layer("jinja").passed, kTemplateFloor); }
TEST(JinjaConformance, MappingsOfValues) { EXPECT_GE(run_layer("st2-values").passed, kValuesFloor); }
TEST(JinjaConformance, ActionParameters) { EXPECT_GE(run_layer("st2-param").passed, kParametersFloor); }
TEST(JinjaConformance, OrquestaExpressions) { EXPECT_GE(run_layer("orquesta").passed, kOrquestaFloor); }

}  // namespace
}  // namespace midwatch::conformance
