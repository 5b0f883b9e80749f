// node/clock.h — the only real clock of the engine: wall time that never goes back.
//
// now() follows the wall clock forwards; when the wall goes back (NTP, a person), it goes on at the
// pace of the steady clock until the wall has caught up. Thread-safety: any thread.
#pragma once

#include <chrono>
#include <mutex>

#include "base/time.h"

namespace midwatch::node {

class Clock {
 public:
  [[nodiscard]] Instant now() {
    const auto wall =
        Instant(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
    const auto steady = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    const Instant at_pace = last_ + std::chrono::duration_cast<Duration>(steady - seen_);
    last_ = wall > at_pace ? wall : at_pace;
    seen_ = steady;
    return last_;
  }

 private:
  std::mutex mutex_;
  Instant last_{};
  std::chrono::steady_clock::time_point seen_ = std::chrono::steady_clock::now();
};

}  // namespace midwatch::node
