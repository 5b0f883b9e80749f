// node/output_hub.h — what running actions have written so far, for whoever asks.
//
// Bounded: kBytesPerExecutionMax of each stream of an execution, kExecutionsMax executions; the oldest
// gives way. When an execution ends its result has the text, and the hub forgets it.
//
// Thread-safety: all members on any thread.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/object_id.h"
#include "ports/runner.h"

namespace midwatch::node {

class OutputHub {
 public:
  static constexpr std::size_t kBytesPerExecutionMax = 1 << 20;
  static constexpr std::size_t kExecutionsMax = 256;

  struct Output {
    std::string out;
    std::string err;
  };

  void append(const OutputChunk& chunk) {
    const std::lock_guard lock(mutex_);
    const auto [entry, is_new] = outputs_.try_emplace(chunk.execution);
    if (is_new) {
      order_.push_back(chunk.execution);
      if (order_.size() > kExecutionsMax) {
        outputs_.erase(order_.front());
        order_.pop_front();
      }
    }
    std::string& text = chunk.stream == OutputChunk::Stream::kStdout ? entry->second.out : entry->second.err;
    text.append(chunk.text, 0, kBytesPerExecutionMax - std::min(text.size(), kBytesPerExecutionMax));
  }
  [[nodiscard]] std::optional<Output> find(ObjectId execution) const {
    const std::lock_guard lock(mutex_);
    const auto entry = outputs_.find(execution);
    return entry == outputs_.end() ? std::nullopt : std::optional(entry->second);
  }
  void forget(ObjectId execution) {
    const std::lock_guard lock(mutex_);
    if (outputs_.erase(execution) > 0) std::erase(order_, execution);
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<ObjectId, Output> outputs_;
  std::deque<ObjectId> order_;
};

}  // namespace midwatch::node
