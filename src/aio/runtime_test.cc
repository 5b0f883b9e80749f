#include "aio/runtime.h"

#include <atomic>
#include <future>
#include <thread>

#include <gtest/gtest.h>

namespace midwatch::aio {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 10s;

// Waits for what was posted before.
void settle(Runtime& runtime) {
  std::promise<void> done;
  auto future = done.get_future();
  runtime.post([&done] { done.set_value(); });
  ASSERT_EQ(future.wait_for(kPatience), std::future_status::ready);
}

TEST(Runtime, RunsPostedTasksInOrderOnTheIoThread) {
  Runtime runtime;
  std::vector<int> order;
  bool on_io = false;
  for (int i = 0; i < 3; ++i) {
    runtime.post([&, i] {
      order.push_back(i);
      on_io = runtime.on_io_thread();
    });
  }
  settle(runtime);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
  EXPECT_TRUE(on_io);
  EXPECT_FALSE(runtime.on_io_thread());
}

TEST(Runtime, BlockingWorkRunsElsewhereAndItsSequelOnTheIoThread) {
  Runtime runtime;
  std::promise<std::pair<bool, bool>> answer;
  auto future = answer.get_future();
  auto where = std::make_shared<bool>(true);
  ASSERT_TRUE(runtime.run_blocking([&runtime, where] { *where = runtime.on_io_thread(); },
                                   [&] { answer.set_value({*where, runtime.on_io_thread()}); }));
  ASSERT_EQ(future.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(future.get(), std::pair(false, true));
}

TEST(Runtime, ATaskThatThrowsEndsAlone) {
  Runtime runtime;
  runtime.post([] { throw std::runtime_error("as the test wants"); });
  ASSERT_TRUE(runtime.run_blocking([] { throw std::runtime_error("as the test wants"); }));
  settle(runtime);
  std::promise<void> done;
  ASSERT_TRUE(runtime.run_blocking([] {}, [&done] { done.set_value(); }));
  EXPECT_EQ(done.get_future().wait_for(kPatience), std::future_status::ready);
}

TEST(Runtime, TakesNothingMoreAfterStop) {
  Runtime runtime;
  runtime.stop();
  runtime.stop();
  EXPECT_FALSE(runtime.run_blocking([] {}));
}

TEST(Runtime, TheBlockingQueueIsBounded) {
  Runtime runtime({.blocking_threads = 1});
  std::promise<void> gate;
  auto opened = gate.get_future().share();
  std::size_t accepted = 0;
  while (accepted <= 2 * Runtime::kBlockingQueueMax && runtime.run_blocking([opened] { opened.wait(); })) ++accepted;
  EXPECT_GE(accepted, Runtime::kBlockingQueueMax);
  EXPECT_LE(accepted, Runtime::kBlockingQueueMax + 1);
  gate.set_value();
}

TEST(Timer, FiresOnceAndARestartReplacesIt) {
  Runtime runtime;
  std::promise<int> fired;
  auto future = fired.get_future();
  std::unique_ptr<Timer> timer;
  runtime.post([&] {
    timer = std::make_unique<Timer>(runtime);
    timer->start(0ms, [&] { fired.set_value(1); });
    timer->start(1ms, [&] { fired.set_value(2); });
  });
  ASSERT_EQ(future.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(future.get(), 2);
  runtime.post([&] { timer.reset(); });
  settle(runtime);
}

TEST(Timer, DoesNotFireOnceCanceledEvenWhenItIsDue) {
  Runtime runtime;
  std::atomic<bool> fired = false;
  runtime.post([&] {
    Timer timer(runtime);
    timer.start(-1ms, [&] { fired = true; });
  });
  settle(runtime);
  settle(runtime);
  EXPECT_FALSE(fired);
}

}  // namespace
}  // namespace midwatch::aio
