// policy/run_ledger.h — guards that limit how often a rule may act on one target.
//
// A guard `max_runs: {count: 2, window: 10m, key: …}` lets a rule's action run at most `count` times
// within any `window` for one value of `key`. A denial says what was counted, so that a person can
// read why nothing was done. An empty key is a denial too: an unset target is never "everything".
//
// The ledger is state of the engine: the runs that it counted are stored with the decision (ports
// GuardedRun) and loaded again at start. Thread-safety: one thread.
// Cost: O(log targets + count) a check; memory O(runs within the longest window).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "model/content.h"

namespace midwatch {

class RunLedger {
 public:
  static constexpr std::size_t kTargetsMax = 100'000;  // further targets are denied with kLimit

  // May the action run now for `key`? kDenied with the reason when not. `now` may go backwards: what
  // was counted stays counted.
  [[nodiscard]] Status check(std::string_view rule, const MaxRunsGuard& guard, std::string_view key, Instant now) const;

  // Counts a run. Call it with the decision to start.
  void record(std::string_view rule, std::string_view key, Instant at);

  // Forgets what no window can count any more.
  void forget_before(Instant horizon);
  [[nodiscard]] std::size_t target_count() const { return runs_.size(); }

 private:
  std::map<std::pair<std::string, std::string>, std::deque<Instant>> runs_;
};

}  // namespace midwatch
