#include <gtest/gtest.h>

#include "expression_cases.h"

namespace midwatch::conformance {
namespace {

TEST(AliasConformance, EveryCommandIsReadAsTheReferenceReadsIt) {
  const Score score = run_cases("aliases.jsonl");
  EXPECT_EQ(score.passed, score.total);
  EXPECT_EQ(score.kinds, score.total);
}

}  // namespace
}  // namespace midwatch::conformance
