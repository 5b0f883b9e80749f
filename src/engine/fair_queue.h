// engine/fair_queue.h — executions that wait for a slot, so that no workflow keeps the others from theirs.
//
// Each group (a workflow with all below it, or an action on its own) has its own line; pop() takes from
// the lines in turn. One workflow with 10,000 items and one with two tasks get every other slot each.
// Order depends on the calls alone. Cost: O(log groups) a call. Thread-safety: one thread.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>

#include "base/object_id.h"

namespace midwatch {

class FairQueue {
 public:
  void push(ObjectId group, ObjectId execution) {
    std::deque<ObjectId>& line = lines_[group];
    if (line.empty()) turns_.push_back(group);
    line.push_back(execution);
    ++size_;
  }
  [[nodiscard]] std::optional<ObjectId> pop() {
    if (turns_.empty()) return std::nullopt;
    const ObjectId group = turns_.front();
    turns_.pop_front();
    const auto line = lines_.find(group);
    const ObjectId execution = line->second.front();
    line->second.pop_front();
    --size_;
    if (line->second.empty()) lines_.erase(line);
    else turns_.push_back(group);
    return execution;
  }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::map<ObjectId, std::deque<ObjectId>> lines_;  // none is empty
  std::deque<ObjectId> turns_;                      // each group once
  std::size_t size_ = 0;
};

}  // namespace midwatch
