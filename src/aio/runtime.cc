#include "aio/runtime.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/assert.h"
#include "base/log.h"

namespace midwatch::aio {
namespace {

namespace asio = boost::asio;

void run_caught(Task& task, const char* where) {
  try {
    task();
  } catch (const std::exception& error) {
    MW_LOG(kError, "a task failed", {{"on", where}, {"error", error.what()}});
  }
}

}  // namespace

struct Runtime::Impl {
  struct Blocking {
    Task work;
    Task then;
  };

  explicit Impl(Options options) : io(1), guard(asio::make_work_guard(io)) {
    std::signal(SIGPIPE, SIG_IGN);
    io_thread = std::thread([this] { run_io(); });
    const unsigned count = std::clamp(options.blocking_threads, 1u, kBlockingThreadsMax);
    for (unsigned i = 0; i < count; ++i) {
      pool.emplace_back([this, i] { run_pool(i); });
    }
  }

  void run_io() {
    pthread_setname_np(pthread_self(), "io");
    for (;;) {
      try {
        io.run();
        return;
      } catch (const std::exception& error) {
        MW_LOG(kError, "a handler failed", {{"on", "io"}, {"error", error.what()}});
      }
    }
  }

  void run_pool(unsigned number) {
    pthread_setname_np(pthread_self(), ("block-" + std::to_string(number)).c_str());
    for (;;) {
      Blocking next;
      {
        std::unique_lock lock(mutex);
        ready.wait(lock, [this] { return stopping || !waiting.empty(); });
        if (stopping) return;
        next = std::move(waiting.front());
        waiting.pop_front();
      }
      run_caught(next.work, "pool");
      next.work = {};
      if (next.then) asio::post(io, std::move(next.then));
    }
  }

  bool submit(Blocking item) {
    {
      const std::lock_guard lock(mutex);
      if (stopping || waiting.size() >= kBlockingQueueMax) return false;
      waiting.push_back(std::move(item));
    }
    ready.notify_one();
    return true;
  }

  void stop() {
    std::deque<Blocking> dropped;  // destroyed outside the lock
    {
      const std::lock_guard lock(mutex);
      if (stopping) return;
      stopping = true;
      dropped.swap(waiting);
    }
    ready.notify_all();
    guard.reset();
    io.stop();
    MW_ASSERT(std::this_thread::get_id() != io_thread.get_id(), "a runtime cannot be stopped on its own thread");
    io_thread.join();
    for (std::thread& thread : pool) thread.join();
  }

  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> guard;
  std::mutex mutex;
  std::condition_variable ready;
  std::deque<Blocking> waiting;
  bool stopping = false;
  std::thread io_thread;
  std::vector<std::thread> pool;
};

Runtime::Runtime() : Runtime(Options{}) {}
Runtime::Runtime(Options options) : impl_(std::make_unique<Impl>(options)) {}
Runtime::~Runtime() { stop(); }

boost::asio::io_context& Runtime::io() { return impl_->io; }
bool Runtime::on_io_thread() const { return std::this_thread::get_id() == impl_->io_thread.get_id(); }
void Runtime::post(Task task) { asio::post(impl_->io, std::move(task)); }
bool Runtime::run_blocking(Task work, Task then) { return impl_->submit({std::move(work), std::move(then)}); }
void Runtime::stop() { impl_->stop(); }

struct Timer::Impl {
  explicit Impl(asio::io_context& io) : timer(io) {}
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                             asio::io_context::executor_type>
      timer;
  std::uint64_t generation = 0;
};

Timer::Timer(Runtime& runtime) : impl_(std::make_shared<Impl>(runtime.io())) {}
Timer::~Timer() { cancel(); }

// The task is owned by the wait, not by the timer: tasks often own what owns the timer, and the wait is
// what ends with the runtime at the latest.
void Timer::start(Duration after, Task task) {
  const std::uint64_t generation = ++impl_->generation;
  impl_->timer.expires_after(after);
  impl_->timer.async_wait(
      [impl = impl_, generation, due = std::move(task)](const boost::system::error_code& error) mutable {
        // A newer start() or a cancel() wins even when this wait had already ended.
        if (error || impl->generation != generation) return;
        run_caught(due, "io");
      });
}

void Timer::cancel() {
  ++impl_->generation;
  impl_->timer.cancel();
}

}  // namespace midwatch::aio
