// engine/timers.h — what is due when, as data. The engine has no clock: it says when it wants to be
// woken, and is told the time.
//
// A timer that is no longer wanted may be dropped, or ignored when it comes due: whoever set it checks
// that it still holds. Order is by time, then by the order of setting, so replay is exact.
// Cost: O(log n) a call. Thread-safety: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "base/object_id.h"
#include "base/time.h"

namespace midwatch {

struct Timer {
  enum class Kind : std::uint8_t { kIncidentDeadline, kDelayedStart, kAttemptDeadline, kInquiryDeadline };
  Kind kind;
  ObjectId id;  // of the incident or the execution
};

class Timers {
 public:
  using Handle = std::pair<Instant, std::uint64_t>;

  Handle set(Instant due, Timer timer) {
    const Handle handle(due, next_number_++);
    queue_.emplace(handle, timer);
    return handle;
  }
  void drop(const Handle& handle) { queue_.erase(handle); }

  // The next timer that is due at `now`, removed; nullopt when none is.
  [[nodiscard]] std::optional<Timer> take_due(Instant now) {
    if (queue_.empty() || queue_.begin()->first.first > now) return std::nullopt;
    const Timer timer = queue_.begin()->second;
    queue_.erase(queue_.begin());
    return timer;
  }
  [[nodiscard]] std::optional<Instant> next_due() const {
    return queue_.empty() ? std::nullopt : std::optional(queue_.begin()->first.first);
  }
  [[nodiscard]] std::size_t size() const { return queue_.size(); }

 private:
  std::map<Handle, Timer> queue_;
  std::uint64_t next_number_ = 0;
};

}  // namespace midwatch
