#include <gtest/gtest.h>

#include "expression_cases.h"

namespace midwatch::conformance {
namespace {

// Raise a floor when more passes; never lower one.
constexpr std::size_t kYaqlFloor = 2131;

TEST(YaqlConformance, Expressions) { EXPECT_GE(run_cases("yaql.jsonl").passed, kYaqlFloor); }

}  // namespace
}  // namespace midwatch::conformance
