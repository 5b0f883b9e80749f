// httpd/exchange.h — one request that waits for its answer, and the box in which late answers arrive.
//
// An answer may come on any thread. If the session is still inside the handler, it picks the answer up
// itself; else the exchange goes into the Outbox, which wakes the io thread once for all that are in
// it: a batch of a thousand answers after one commit costs one wake-up.
//
// Thread-safety: answer() on any thread; the rest on the io thread.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "aio/runtime.h"
#include "api/http.h"

namespace midwatch::httpd {

class Exchange;

class Outbox : public std::enable_shared_from_this<Outbox> {
 public:
  explicit Outbox(aio::Runtime& runtime) : runtime_(runtime) {}
  void put(std::shared_ptr<Exchange> answered);

 private:
  void deliver();

  aio::Runtime& runtime_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Exchange>> waiting_;  // guarded by mutex_
};

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  explicit Exchange(std::shared_ptr<Outbox> outbox) : outbox_(std::move(outbox)) {}

  // What the handler is given. Destroyed unused, it answers 503.
  static Reply make_reply(std::shared_ptr<Exchange> exchange);

  void answer(Response response);
  [[nodiscard]] bool is_answered() const { return state_.load(std::memory_order_acquire) == State::kAnswered; }

  // Calls `resume` on the io thread when the answer is there or abandon() is called. False when the
  // answer came in between: `resume` is not called then.
  [[nodiscard]] bool wait(aio::Task resume);
  // The server stops: whatever comes later is dropped, and the answer is 503.
  void abandon();

  [[nodiscard]] Response& response() { return response_; }

 private:
  friend class Outbox;
  enum class State : std::uint8_t { kOpen, kWaiting, kAnswered, kAbandoned };

  std::shared_ptr<Outbox> outbox_;
  std::atomic<State> state_ = State::kOpen;
  Response response_{};
  aio::Task resume_;
};

}  // namespace midwatch::httpd
