// query/rule_history.h — a rule against what has been recorded: events that it nearly met, and what a changed
// rule would have done.
//
// Both read stored trigger instances of the rule's trigger, newest first, at most `scan_max` of them, and
// evaluate each with the code that the engine uses (rules/rule_matcher.h). Time differences are those of the
// moment of each event; patterns that ask for the datastore are rendered with an empty one. Guards are not
// replayed: they depend on what ran since.
//
// Thread-safety: as the store's reading half. Cost: O(scan_max) events read and evaluated.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "base/time.h"
#include "model/content.h"
#include "ports/store.h"
#include "value/value.h"

namespace midwatch {

inline constexpr std::uint32_t kHistoryScanMax = 100'000;

struct HistoryOptions {
  std::optional<Instant> since{};   // exclusive
  std::uint32_t scan_max = 10'000;  // events that are looked at
  std::uint32_t shown_max = 20;     // events that are returned
};

// Events that failed by exactly one criterion. {"rule", "scanned", "near_misses": [{"trigger_instance",
// "occurrence_time", "criterion": {"key", "type", "pattern", "value", "error"?}}]}
[[nodiscard]] Result<Value> near_misses(StoreReader& store, const Rule& rule, const HistoryOptions& options);

// What `rule` does with recorded events, beside what the stored enforcements of its reference say happened.
// {"rule", "scanned", "matched", "failed", "acted", "only_now", "only_then", "events": [{"trigger_instance",
// "occurrence_time", "matched", "acted", "reason"}]}: `acted` counts events for which the rule of that
// reference started an execution then; `events` are those on which then and now differ, newest first.
[[nodiscard]] Result<Value> backtest(StoreReader& store, const Rule& rule, const HistoryOptions& options);

}  // namespace midwatch
