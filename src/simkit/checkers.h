// simkit/checkers.h — the invariants of architecture.md, watched from outside.
//
// A History is told everything that leaves the engine: what was committed, what was started, who was
// paged, who got an answer. It knows nothing of how the engine decides. Each violation names its
// invariant:
//
//   1 deterministic      the same inputs gave the same decision twice
//   2 commit-then-act    an effect left before its cause was durable
//   3 once               decided, started or recorded more than once
//   4 guarded            an action that a guard should have stopped, or a run that was not counted
//   6 limits             a named limit was exceeded
//   7 ends               after the calm phase something neither ended nor says what it waits for
//   lost                 what was acknowledged is not there
//
// Invariants 5 (layers) and 8 (secrets) hold at compile time: scripts/lint and tests/nocompile.
//
// Thread-safety: one thread. Cost: O(log n) a call.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/object_id.h"
#include "base/time.h"
#include "model/content.h"
#include "ports/notifier.h"
#include "ports/runner.h"
#include "ports/store.h"

namespace midwatch {

class History {
 public:
  explicit History(const Content& content);

  void committed(const Batch& batch);
  void started(const ActionRequest& request);
  void paged(const PageRequest& request);
  void acknowledged_event(ObjectId trigger_instance);
  void acknowledged_response(ObjectId inquiry);
  void saw_running(std::size_t running, std::size_t limit);
  void decided_twice(const std::string& first, const std::string& second);

  // After the calm phase: everything has ended, everything acknowledged was decided once.
  void finish();

  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  [[nodiscard]] std::size_t started_count() const { return attempts_.size(); }
  [[nodiscard]] std::size_t completed_count() const { return completed_; }
  [[nodiscard]] std::size_t incident_count() const { return incidents_.size(); }

 private:
  void violated(std::string text);
  void check_execution(const Execution& record);
  void check_guards(const Batch& batch);

  struct RuleFacts {
    std::string ref;
    std::string action;
    std::optional<MaxRunsGuard> guard;
  };
  std::map<std::string, RuleFacts> rules_;
  std::map<std::string, bool> idempotent_;
  std::map<ObjectId, TriggerInstance> instances_;
  std::map<ObjectId, Execution> executions_;
  std::map<ObjectId, Incident> incidents_;
  std::map<ObjectId, std::uint64_t> deltas_;
  std::set<std::pair<ObjectId, std::string>> enforced_;    // trigger instance, rule
  std::set<std::pair<ObjectId, std::uint32_t>> attempts_;  // execution, attempt
  std::set<std::pair<ObjectId, std::uint32_t>> pages_;
  std::map<std::pair<std::string, std::string>, std::vector<Instant>> runs_;  // rule and key
  std::set<ObjectId> acknowledged_;
  std::set<ObjectId> answered_;
  std::size_t completed_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace midwatch
