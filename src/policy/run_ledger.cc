#include "policy/run_ledger.h"

#include <algorithm>

#include <fmt/core.h>

namespace midwatch {

Status RunLedger::check(std::string_view rule, const MaxRunsGuard& guard, std::string_view key, Instant now) const {
  if (key.empty()) {
    return Error(Code::kDenied, "guard max_runs: the key is empty, and an unset target is never everything");
  }
  const auto found = runs_.find({std::string(rule), std::string(key)});
  if (found == runs_.end()) {
    if (runs_.size() >= kTargetsMax) {
      return Error(Code::kLimit, fmt::format("guard max_runs: {} targets are counted already, at most {} can be",
                                             runs_.size(), kTargetsMax));
    }
    return {};
  }
  const auto counted = std::ranges::count_if(found->second, [&](Instant run) { return run > now - guard.window; });
  if (static_cast<std::uint32_t>(counted) < guard.count) return {};
  return Error(Code::kDenied, fmt::format("guard max_runs: {} runs for '{}' within {}, at most {} are allowed", counted,
                                          key, to_duration_text(guard.window), guard.count));
}

void RunLedger::record(std::string_view rule, std::string_view key, Instant at) {
  auto& runs = runs_[{std::string(rule), std::string(key)}];
  // Nearly always at the end; an insertion keeps the order when the clock went back.
  runs.insert(std::ranges::upper_bound(runs, at), at);
}

void RunLedger::forget_before(Instant horizon) {
  for (auto entry = runs_.begin(); entry != runs_.end();) {
    auto& runs = entry->second;
    while (!runs.empty() && runs.front() < horizon) runs.pop_front();
    entry = runs.empty() ? runs_.erase(entry) : std::next(entry);
  }
}

}  // namespace midwatch
