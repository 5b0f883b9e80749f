// A checker that cannot fail checks nothing: each is shown a history that breaks its invariant.
#include <gtest/gtest.h>

#include "simkit/checkers.h"
#include "simkit/world.h"

namespace midwatch {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const Content> content() {
  auto pack = std::make_shared<Pack>();
  pack->ref = pack->name = "p";
  Rule guarded;
  guarded.pack = "p";
  guarded.name = "guarded";
  guarded.trigger = "p.t";
  guarded.action = "p.a";
  guarded.max_runs = MaxRunsGuard{1, 10min, "x"};
  pack->rules = {guarded};
  Action once;
  once.pack = "p";
  once.name = "a";
  once.runner_type = "noop";
  pack->actions = {once};
  return *Content::make({pack});
}

const Instant kStart = instant_from_micros(1'700'000'000'000'000);

struct Told {
  std::shared_ptr<const Content> rules = content();
  History history{*rules};
  ObjectIdSource ids{1};

  Execution execution(ExecutionStatus status, std::uint32_t attempt) {
    Execution record;
    record.id = ids.next(kStart);
    record.action = "p.a";
    record.runner_type = "noop";
    record.status = status;
    record.attempt = attempt;
    return record;
  }
  void commit(const Execution& record) {
    Batch batch;
    batch.executions = {record};
    history.committed(batch);
  }
  std::string violations() const {
    std::string text;
    for (const std::string& line : history.violations()) text += line + "\n";
    return text;
  }
};

TEST(Checkers, AStartBeforeItsCommitIsSeen) {
  Told told;
  ActionRequest request;
  request.execution = told.ids.next(kStart);
  told.history.started(request);
  EXPECT_NE(told.violations().find("2 commit-then-act"), std::string::npos);
}

TEST(Checkers, ASecondStartOfAnAttemptIsSeen) {
  Told told;
  const Execution record = told.execution(ExecutionStatus::kRunning, 1);
  told.commit(record);
  ActionRequest request;
  request.execution = record.id;
  told.history.started(request);
  EXPECT_EQ(told.violations(), "");
  told.history.started(request);
  EXPECT_NE(told.violations().find("3 once: attempt 1"), std::string::npos);
}

TEST(Checkers, ASecondOutcomeAndASecondAttemptAreSeen) {
  Told told;
  Execution record = told.execution(ExecutionStatus::kSucceeded, 1);
  told.commit(record);
  record.status = ExecutionStatus::kFailed;
  told.commit(record);
  EXPECT_NE(told.violations().find("was recorded as failed after succeeded"), std::string::npos);
  told.commit(told.execution(ExecutionStatus::kRunning, 2));
  EXPECT_NE(told.violations().find("not idempotent"), std::string::npos);
}

TEST(Checkers, AResponseThatIsNotKeptOrComesTwiceIsSeen) {
  Told told;
  Execution inquiry = told.execution(ExecutionStatus::kPending, 1);
  inquiry.runner_type = "inquirer";
  told.commit(inquiry);
  told.history.acknowledged_response(inquiry.id);
  EXPECT_NE(told.violations().find("before it was durable"), std::string::npos);
  inquiry.status = ExecutionStatus::kSucceeded;
  inquiry.result = Value::object({{"response", Value::object({})}});
  told.commit(inquiry);
  told.history.acknowledged_response(inquiry.id);
  EXPECT_NE(told.violations().find("responded to twice"), std::string::npos);
}

TEST(Checkers, AnActionThatIsPausedOrPendingIsSeen) {
  Told told;
  told.commit(told.execution(ExecutionStatus::kPaused, 1));
  EXPECT_NE(told.violations().find("of runner noop is paused"), std::string::npos);
}

TEST(Checkers, ARunThatAGuardShouldHaveStoppedIsSeen) {
  Told told;
  Batch batch;
  batch.guarded_runs = {{"p.guarded", "web", kStart}, {"p.guarded", "web", kStart + 1min}};
  told.history.committed(batch);
  EXPECT_NE(told.violations().find("4 guarded: 2 runs of p.guarded"), std::string::npos);
}

TEST(Checkers, ARunThatWasNotCountedIsSeen) {
  Told told;
  Batch batch;
  RuleEnforcement record;
  record.id = told.ids.next(kStart);
  record.rule = "p.guarded";
  batch.enforcements = {record};
  told.history.committed(batch);
  EXPECT_NE(told.violations().find("counted 0"), std::string::npos);
}

TEST(Checkers, WhatNeverEndsWhatIsLostAndWhatDiffersIsSeen) {
  Told told;
  told.commit(told.execution(ExecutionStatus::kRunning, 1));
  told.history.acknowledged_event(told.ids.next(kStart));
  told.history.decided_twice("run a", "run b");
  told.history.saw_running(5, 4);
  told.history.finish();
  for (const char* expected : {"7 ends: execution", "lost: acknowledged", "1 deterministic", "6 limits"}) {
    EXPECT_NE(told.violations().find(expected), std::string::npos) << expected;
  }
}

TEST(World, RunsInOrderOfTimeThenOfAsking) {
  World world(1);
  std::string seen;
  world.after(2s, [&] { seen += "c"; });
  world.after(1s, [&] {
    seen += "a";
    world.after(0s, [&] { seen += "b"; });
  });
  world.after(5s, [&] { seen += "never"; });
  const Instant start = world.now();
  EXPECT_EQ(world.run_until(start + 3s), 3u);
  EXPECT_EQ(seen, "abc");
  EXPECT_EQ(world.now(), start + 3s);
}

TEST(World, TheGeneratorIsTheSameEverywhere) {
  SeededRandom random(42);
  EXPECT_EQ(random.next(), 13679457532755275413ULL);
  EXPECT_EQ(random.next(), 2949826092126892291ULL);
}

}  // namespace
}  // namespace midwatch
