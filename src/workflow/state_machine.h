// workflow/state_machine.h — what an event means for a workflow or a task: tables of status × event → status.
//
// The caller names the event with the suffixes that describe its surroundings ("_workflow_active",
// "_items_failed", …: spec 5.9). An event that has no row leaves the status as it is.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "workflow/status.h"

namespace midwatch {

enum class FlowMachine : std::uint8_t { kWorkflow, kTask };

// nullopt: no change. O(log rows).
[[nodiscard]] std::optional<FlowStatus> next_status(FlowMachine machine, FlowStatus from, std::string_view event);

// The statuses that an event may carry: a workflow cannot be asked to be pending, an action not to be retrying.
[[nodiscard]] bool is_workflow_event(FlowStatus status);
[[nodiscard]] bool is_action_event(FlowStatus status);
// Of a task's end, before suffixes: a task cannot end unremediated as timeout or abandoned.
[[nodiscard]] bool is_task_event(FlowStatus status);
// A task in one of the others (timeout, abandoned) takes no events at all.
[[nodiscard]] bool task_takes_events(FlowStatus status);

namespace internal {
struct StateRow {
  FlowStatus from;
  std::string_view event;
  FlowStatus to;
};
std::span<const StateRow> workflow_rows();
std::span<const StateRow> task_rows();
}  // namespace internal

}  // namespace midwatch
