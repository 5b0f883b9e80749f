#include "workflow/state_machine.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace midwatch {
namespace {

constexpr std::array<std::string_view, kFlowStatusCount> kNames = {
    "null",     "requested", "scheduled", "delayed", "running",   "pending",  "pausing",   "paused",
    "resuming", "succeeded", "failed",    "timeout", "abandoned", "retrying", "canceling", "canceled"};

using S = FlowStatus;
constexpr std::uint32_t kAll = (1u << kFlowStatusCount) - 1;

}  // namespace

std::string_view to_string(FlowStatus status) { return kNames[static_cast<std::size_t>(status)]; }

std::optional<FlowStatus> parse_flow_status(std::string_view text) {
  const auto* const found = std::ranges::find(kNames, text);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<FlowStatus>(found - kNames.begin());
}

std::optional<FlowStatus> next_status(FlowMachine machine, FlowStatus from, std::string_view event) {
  const std::span<const internal::StateRow> rows =
      machine == FlowMachine::kWorkflow ? internal::workflow_rows() : internal::task_rows();
  const auto before = [](const internal::StateRow& row, const std::pair<FlowStatus, std::string_view>& key) {
    return std::tie(row.from, row.event) < std::tie(key.first, key.second);
  };
  const auto found = std::lower_bound(rows.begin(), rows.end(), std::pair{from, event}, before);
  if (found == rows.end() || found->from != from || found->event != event) return std::nullopt;
  return found->to;
}

bool is_workflow_event(FlowStatus status) {
  constexpr std::uint32_t kNone =
      internal::status_set(S::kUnset, S::kPending, S::kTimeout, S::kAbandoned, S::kRetrying);
  return internal::in_set(kAll & ~kNone, status);
}

bool is_action_event(FlowStatus status) {
  constexpr std::uint32_t kNone = internal::status_set(S::kUnset, S::kRetrying);
  return internal::in_set(kAll & ~kNone, status);
}

bool is_task_event(FlowStatus status) {
  constexpr std::uint32_t kNone = internal::status_set(S::kUnset, S::kTimeout, S::kAbandoned);
  return internal::in_set(kAll & ~kNone, status);
}

bool task_takes_events(FlowStatus status) { return status != S::kTimeout && status != S::kAbandoned; }

}  // namespace midwatch
