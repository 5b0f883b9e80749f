// base/bounded_queue.h — many senders, one receiver, never more than `capacity` waiting.
//
// A full queue is an answer, not a wait: try_push says no and the sender does what its policy says
// (429 and Retry-After, skip, count). The receiver takes everything there is at once, which is what
// makes group commit possible.
//
// Thread-safety: any thread may push; one thread receives. Cost: one lock per push and per drain.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace midwatch {

template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // False when full or closed; `item` is untouched then.
  [[nodiscard]] bool try_push(T&& item) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || items_.size() >= capacity_) return false;
      items_.push_back(std::move(item));
    }
    ready_.notify_one();
    return true;
  }

  // For what must not be refused because it was admitted before: the outcome of an action that runs.
  // Its number is bounded by what was admitted. False only when closed.
  bool push_admitted(T&& item) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return false;
      items_.push_back(std::move(item));
    }
    ready_.notify_one();
    return true;
  }

  // Moves up to `max` items to `out` (cleared first), waiting until there is one, the time has
  // passed or the queue is closed. Returns false when closed and empty.
  template <class Rep, class Period>
  bool drain(std::vector<T>& out, std::size_t max, std::chrono::duration<Rep, Period> wait) {
    out.clear();
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, wait, [this] { return closed_ || !items_.empty(); });
    if (items_.size() <= max) {
      out.swap(items_);
    } else {
      const auto middle = items_.begin() + static_cast<std::ptrdiff_t>(max);
      out.assign(std::make_move_iterator(items_.begin()), std::make_move_iterator(middle));
      items_.erase(items_.begin(), middle);
    }
    return !(closed_ && out.empty());
  }

  // Nothing is accepted from now on; what is inside can still be drained.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<T> items_;
  bool closed_ = false;
};

}  // namespace midwatch
