#include <gtest/gtest.h>

#include "expression_cases.h"

namespace midwatch::conformance {
namespace {

// Raise a floor when more passes; never lower one.
constexpr std::size_t kOperatorsFloor = 714;
constexpr std::size_t kCriteriaFloor = 95;

TEST(RulesConformance, Operators) {
  const Score score = run_cases("operators.jsonl");
  EXPECT_GE(score.passed, kOperatorsFloor);
  EXPECT_EQ(score.kinds, score.passed) << "the kind of each error agrees too";
}

TEST(RulesConformance, Criteria) {
  const Score score = run_cases("criteria.jsonl");
  EXPECT_GE(score.passed, kCriteriaFloor);
  EXPECT_EQ(score.kinds, score.passed) << "the kind of each error agrees too";
}

}  // namespace
}  // namespace midwatch::conformance
