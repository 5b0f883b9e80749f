// aio/runtime.h — where everything that waits lives: one io thread and a small pool for what blocks.
//
//   aio::Runtime runtime({.blocking_threads = 2});
//   runtime.post([] { … });                               // runs on the io thread
//   runtime.run_blocking([] { … }, [] { … });             // first on the pool, then on the io thread
//   aio::Timer timer(runtime);
//   timer.start(5s, [] { … });                            // on the io thread
//
// The io thread must never block: files, name look-ups by hand and long computations go to the pool.
// A handler that throws is logged and ends alone; the thread goes on.
//
// Construction ignores SIGPIPE for the process, as every write to a pipe or socket here reports
// EPIPE instead. Children get the default back.
//
// Lifetime: everything that was given to a Runtime is destroyed on stop() at the latest; objects that
// hold a Runtime& (servers, clients, children, timers) must be stopped before. stop() is idempotent,
// joins the threads, and must not be called on one of them.
//
// Thread-safety: all members may be called on any thread, except as said. Asio stays behind io().
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/time.h"

namespace boost::asio {
class io_context;
}

namespace midwatch::aio {

using Task = std::move_only_function<void()>;

class Runtime {
 public:
  static constexpr unsigned kBlockingThreadsMax = 16;
  static constexpr std::size_t kBlockingQueueMax = 4096;

  struct Options {
    unsigned blocking_threads = 2;  // 1 to kBlockingThreadsMax; more is taken as the most
  };

  Runtime();
  explicit Runtime(Options options);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  [[nodiscard]] boost::asio::io_context& io();
  [[nodiscard]] bool on_io_thread() const;

  // Runs `task` on the io thread, in order of posting. Dropped when the runtime has stopped.
  void post(Task task);

  // Runs `work` on the pool and, if given, `then` on the io thread after it. False when
  // kBlockingQueueMax works wait already or the runtime has stopped; nothing runs then.
  [[nodiscard]] bool run_blocking(Task work, Task then = {});

  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One pending call in the future. Restarting replaces it, cancelling or destroying drops it: when
// cancel() returns on the io thread, the call will not happen any more.
// Thread-safety: io thread only; the task may destroy its Timer.
class Timer {
 public:
  explicit Timer(Runtime& runtime);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void start(Duration after, Task task);
  void cancel();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace midwatch::aio
