#include <gtest/gtest.h>

#include "expression_cases.h"
#include "rules/rule_case.h"

namespace midwatch::conformance {
namespace {

// Raise a floor when more passes; never lower one.
constexpr std::size_t kOperatorsFloor = 714;
constexpr std::size_t kCriteriaFloor = 92;

Answer answer(const Value& record) {
  const Outcome<bool> output = run_rule_case(record);
  if (!output) return Answer::failure(output.error());
  return {Value(*output), ErrorKind::kOther, ""};
}

bool every(const Value&) { return true; }

TEST(RulesConformance, Operators) {
  const Score score = run_cases("operators.jsonl", every, answer);
  EXPECT_GE(score.passed, kOperatorsFloor);
  EXPECT_EQ(score.kinds, score.passed) << "the kind of each error agrees too";
}

TEST(RulesConformance, Criteria) {
  const Score score = run_cases("criteria.jsonl", every, answer);
  EXPECT_GE(score.passed, kCriteriaFloor);
  EXPECT_EQ(score.kinds, score.passed) << "the kind of each error agrees too";
}

}  // namespace
}  // namespace midwatch::conformance
