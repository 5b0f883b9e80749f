#include "policy/run_ledger.h"

#include <gtest/gtest.h>

namespace midwatch {
namespace {

using namespace std::chrono_literals;

const MaxRunsGuard kTwiceInTenMinutes{.count = 2, .window = 10min, .key = ""};
const Instant kStart = instant_from_micros(1'000'000'000'000);

TEST(RunLedger, DeniesBeyondTheCountWithinTheWindowAndSaysWhy) {
  RunLedger ledger;
  EXPECT_TRUE(ledger.check("demo.repair", kTwiceInTenMinutes, "web", kStart).has_value());
  ledger.record("demo.repair", "web", kStart);
  ledger.record("demo.repair", "web", kStart + 1min);
  const Status denied = ledger.check("demo.repair", kTwiceInTenMinutes, "web", kStart + 2min);
  ASSERT_FALSE(denied.has_value());
  EXPECT_EQ(denied.error().code, Code::kDenied);
  EXPECT_EQ(denied.error().message, "guard max_runs: 2 runs for 'web' within 10m, at most 2 are allowed");
  EXPECT_TRUE(ledger.check("demo.repair", kTwiceInTenMinutes, "web", kStart + 10min).has_value())
      << "the first run left";
}

TEST(RunLedger, CountsEachTargetAndRuleByItself) {
  RunLedger ledger;
  ledger.record("a", "web", kStart);
  ledger.record("a", "web", kStart);
  EXPECT_TRUE(ledger.check("a", kTwiceInTenMinutes, "db", kStart).has_value());
  EXPECT_TRUE(ledger.check("b", kTwiceInTenMinutes, "web", kStart).has_value());
}

TEST(RunLedger, AnEmptyKeyIsADenial) {
  EXPECT_EQ(RunLedger().check("a", kTwiceInTenMinutes, "", kStart).error().code, Code::kDenied);
}

TEST(RunLedger, ForgetsWhatNoWindowCanCount) {
  RunLedger ledger;
  ledger.record("a", "web", kStart);
  ledger.record("a", "db", kStart + 5min);
  ledger.forget_before(kStart + 1min);
  EXPECT_EQ(ledger.target_count(), 1u);
}

TEST(RunLedger, AClockThatGoesBackDoesNotFreeATarget) {
  RunLedger ledger;
  ledger.record("a", "web", kStart);
  ledger.record("a", "web", kStart - 1h);
  EXPECT_FALSE(
      ledger.check("a", MaxRunsGuard{.count = 1, .window = 10min, .key = ""}, "web", kStart - 30min).has_value());
}

}  // namespace
}  // namespace midwatch
