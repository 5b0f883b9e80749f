#include <atomic>
#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

#include "node/clock.h"
#include "node/engine_loop.h"
#include "node/output_hub.h"
#include "ports/memory_store.h"

namespace midwatch::node {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const Content> content() {
  auto core = std::make_shared<Pack>();
  core->ref = core->name = "core";
  core->config = Value::object({});
  TriggerType hook;
  hook.pack = "core";
  hook.name = "st2.webhook";
  core->trigger_types = {hook};
  Action noop;
  noop.pack = "core";
  noop.name = "noop";
  noop.runner_type = "noop";
  noop.parameters = Value::object({});
  core->actions = {noop};
  return *Content::make({core});
}

// A store whose disk is full as long as the test says so, and that a test may read while the loop commits.
class FullStore final : public MemoryStore {
 public:
  Status commit(std::span<const Batch> batches) override {
    ++commits;
    if (full) return Error(Code::kUnavailable, "no space left on device");
    const std::lock_guard lock(mutex_);
    return MemoryStore::commit(batches);
  }
  Result<Execution> execution(ObjectId id) override {
    const std::lock_guard lock(mutex_);
    return MemoryStore::execution(id);
  }
  std::atomic<bool> full{false};
  std::atomic<int> commits{0};

 private:
  std::mutex mutex_;
};

class InstantRunner final : public Runner {
 public:
  void start(ActionRequest request) override {
    if (loses_everything) return;
    finished(ActionOutcome{request.execution, request.attempt, ExecutionStatus::kSucceeded, Value()});
  }
  void cancel(ObjectId) override {}
  [[nodiscard]] bool knows(ObjectId) const override { return false; }
  std::function<void(ActionOutcome)> finished;
  bool loses_everything = false;
};
class NoPager final : public Notifier {
 public:
  void page(PageRequest) override {}
};

// Waits for answers; every wait has a deadline.
class Answers {
 public:
  Inbox::Done take() {
    return [this](Result<Value> answer) {
      const std::lock_guard lock(mutex_);
      answers_.push_back(std::move(answer));
      changed_.notify_all();
    };
  }
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return answers_.size() >= count; });
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return answers_.size();
  }
  Result<Value> last() {
    const std::lock_guard lock(mutex_);
    return answers_.back();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Result<Value>> answers_;
};

struct Running {
  FullStore store;
  Clock clock;
  InstantRunner runner;
  NoPager pager;
  EngineLoop loop;
  Answers answers;

  explicit Running(EngineLoop::Options options = {.commit_retry = 1ms}) : loop(store, clock, options) {
    runner.finished = [this](ActionOutcome outcome) { loop.finished(std::move(outcome)); };
    auto engine = Engine::create(content(), {});
    EXPECT_TRUE(engine.has_value());
    EXPECT_TRUE(loop.start(std::move(*engine), runner, pager).has_value());
  }
  bool post(int n) {
    return loop.submit(
        TriggerArrived{"core.st2.webhook", Value::object({{"url", "x"}}), Value::object({{"n", n}}), "", 0},
        answers.take());
  }
};

TEST(EngineLoop, AnswersAfterTheCommitAndLosesNothing) {
  Running running;
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(running.post(i));
  ASSERT_TRUE(running.answers.wait_for(500));
  running.loop.stop(5s);
  EXPECT_EQ(running.store.trigger_instances({}, {})->total, 500u);
  EXPECT_LE(running.loop.statistics().batches, 500u);
}

TEST(EngineLoop, AnActionRunsToItsEnd) {
  Running running;
  ASSERT_TRUE(running.loop.submit(ExecutionRequested{"core.noop", {}, {}, "tester", 0}, running.answers.take()));
  ASSERT_TRUE(running.answers.wait_for(1));
  const auto id = ObjectId::parse(running.answers.last()->get("id").to_text());
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (running.store.execution(*id)->status != ExecutionStatus::kSucceeded) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
}

TEST(EngineLoop, AnAttemptThatHasLostItsRunnerEndsAsAbandoned) {
  Running running({.commit_retry = 1ms, .orphan_check = 1ms});
  running.runner.loses_everything = true;
  ASSERT_TRUE(running.loop.submit(ExecutionRequested{"core.noop", {}, {}, "tester", 0}, running.answers.take()));
  ASSERT_TRUE(running.answers.wait_for(1));
  const auto id = ObjectId::parse(running.answers.last()->get("id").to_text());
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (running.store.execution(*id)->status != ExecutionStatus::kAbandoned) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
}

TEST(EngineLoop, AFullDiskHoldsTheAnswersAndRefusesNewOnes) {
  Running running;
  running.store.full = true;
  ASSERT_TRUE(running.post(1));
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (running.loop.degraded().empty()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
  EXPECT_EQ(running.loop.degraded(), "no space left on device");
  EXPECT_FALSE(running.post(2)) << "the sender is told to come back";
  EXPECT_EQ(running.answers.count(), 0u) << "nothing is acknowledged before it is stored";
  running.store.full = false;
  EXPECT_TRUE(running.answers.wait_for(1));
  EXPECT_EQ(running.store.trigger_instances({}, {})->total, 1u);
}

TEST(EngineLoop, StoppingOnAFullDiskEndsWhenPatienceDoes) {
  Running running;
  running.store.full = true;
  ASSERT_TRUE(running.post(1));
  running.loop.stop(10ms);
  EXPECT_EQ(running.answers.count(), 0u);
}

TEST(EngineLoop, AFullQueueIsAnAnswer) {
  Running running({.queue_max = 2, .commit_retry = 1ms});
  running.store.full = true;
  int taken = 0;
  for (int i = 0; i < 50; ++i) taken += running.post(i) ? 1 : 0;
  EXPECT_LT(taken, 50);
  EXPECT_GT(running.loop.statistics().refused, 0u);
  running.store.full = false;
  EXPECT_TRUE(running.answers.wait_for(static_cast<std::size_t>(taken)));
}

TEST(OutputHub, KeepsTheFirstPartAndForgetsTheOldest) {
  OutputHub hub;
  ObjectIdSource ids(1);
  const Instant start = instant_from_micros(1'700'000'000'000'000);
  const ObjectId first = ids.next(start);
  hub.append({first, OutputChunk::Stream::kStdout, std::string(OutputHub::kBytesPerExecutionMax, 'x')});
  hub.append({first, OutputChunk::Stream::kStdout, "more"});
  EXPECT_EQ(hub.find(first)->out.size(), OutputHub::kBytesPerExecutionMax);
  for (std::size_t i = 0; i < OutputHub::kExecutionsMax; ++i)
    hub.append({ids.next(start), OutputChunk::Stream::kStderr, "e"});
  EXPECT_FALSE(hub.find(first).has_value());
}

TEST(Clock, NeverGoesBack) {
  Clock clock;
  Instant last = clock.now();
  for (int i = 0; i < 1000; ++i) {
    const Instant now = clock.now();
    EXPECT_LE(last, now);
    last = now;
  }
}

}  // namespace
}  // namespace midwatch::node
