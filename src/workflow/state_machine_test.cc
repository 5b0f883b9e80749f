#include "workflow/state_machine.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace midwatch {
namespace {

using S = FlowStatus;

void expect_sorted(std::span<const internal::StateRow> rows) {
  for (std::size_t i = 1; i < rows.size(); ++i) {
    EXPECT_LT(std::tie(rows[i - 1].from, rows[i - 1].event), std::tie(rows[i].from, rows[i].event))
        << "row " << i << ": a look-up is a binary search, and an event has one meaning in a status";
  }
}

TEST(StateMachines, TheirTablesAreSortedWithoutRepetitions) {
  expect_sorted(internal::workflow_rows());
  expect_sorted(internal::task_rows());
}

TEST(StateMachines, EveryRowIsFoundByTheLookUp) {
  for (const auto& row : internal::workflow_rows()) {
    EXPECT_EQ(next_status(FlowMachine::kWorkflow, row.from, row.event), row.to) << row.event;
  }
  for (const auto& row : internal::task_rows()) {
    EXPECT_EQ(next_status(FlowMachine::kTask, row.from, row.event), row.to) << row.event;
  }
}

TEST(StateMachines, AWorkflowThatFailedOrWasCanceledStaysSo) {
  for (const auto& row : internal::workflow_rows()) {
    EXPECT_NE(row.from, S::kFailed);
    EXPECT_NE(row.from, S::kCanceled);
    if (row.from == S::kSucceeded) {
      EXPECT_EQ(row.to, S::kFailed) << "only rendering its output can fail it";
    }
  }
}

TEST(StateMachines, AFinishedTaskTakesNothingButARetry) {
  for (const auto& row : internal::task_rows()) {
    if (is_completed(row.from)) {
      EXPECT_EQ(row.event, "task_retry_requested");
    }
  }
}

TEST(StateMachines, FromEveryUnfinishedStatusACompletedOneCanBeReached) {
  for (const auto rows : {internal::workflow_rows(), internal::task_rows()}) {
    std::set<S> statuses;
    for (const auto& row : rows) statuses.insert(row.from);
    for (const S start : statuses) {
      std::set<S> reached{start};
      for (bool grew = true; grew;) {
        grew = false;
        for (const auto& row : rows) grew |= reached.contains(row.from) && reached.insert(row.to).second;
      }
      bool ends = false;
      for (const S status : reached) ends |= is_completed(status);
      EXPECT_TRUE(ends) << to_string(start) << " would be stuck";
    }
  }
}

TEST(StateMachines, AnEventWithoutARowChangesNothing) {
  EXPECT_EQ(next_status(FlowMachine::kTask, S::kSucceeded, "action_running"), std::nullopt);
  EXPECT_EQ(next_status(FlowMachine::kWorkflow, S::kRunning, "no_such_event"), std::nullopt);
}

TEST(Statuses, AreReadAsTheyAreWritten) {
  for (std::size_t i = 0; i < kFlowStatusCount; ++i) {
    const auto status = static_cast<FlowStatus>(i);
    EXPECT_EQ(parse_flow_status(to_string(status)), status);
  }
  EXPECT_EQ(parse_flow_status("finished"), std::nullopt);
  EXPECT_EQ(to_string(S::kUnset), "null");
}

}  // namespace
}  // namespace midwatch
