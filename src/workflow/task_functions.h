// workflow/task_functions.h — what result(), item(), task_status() and their kin answer inside a workflow.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "expr/workflow_functions.h"
#include "workflow/conductor.h"
#include "workflow/flow_state.h"

namespace midwatch {

class TaskFunctions final : public WorkflowFunctions {
 public:
  // Outside of a task: input, vars, output.
  TaskFunctions(const FlowState& state, const Graph& graph, const TaskRecords* records)
      : state_(state), graph_(graph), records_(records) {}
  TaskFunctions(const FlowState& state, const Graph& graph, const TaskRecords* records, NodeIndex node,
                std::uint32_t route, Value result = {})
      : state_(state),
        graph_(graph),
        records_(records),
        in_task_(true),
        node_(node),
        route_(route),
        result_(std::move(result)) {}

  void set_item(Value item) { item_ = std::move(item); }
  void clear_item() { item_ = Value(); }

  [[nodiscard]] std::optional<Value> current_task() const override;
  // Null outside of an item: item() gives null there, it does not fail.
  [[nodiscard]] std::optional<Value> current_item() const override { return item_; }
  [[nodiscard]] std::optional<std::string> task_status(std::string_view task,
                                                       std::optional<std::int64_t> route) const override;
  [[nodiscard]] std::optional<Value> task_record(std::string_view task,
                                                 std::optional<std::int64_t> route) const override;

 private:
  // The latest run of the task. One that did not run on the route is looked for on the nearest earlier route
  // whose transitions are all part of this one.
  [[nodiscard]] std::optional<std::uint32_t> find_run(std::string_view task, std::optional<std::int64_t> route) const;

  const FlowState& state_;
  const Graph& graph_;
  const TaskRecords* records_;
  bool in_task_ = false;
  NodeIndex node_ = 0;
  std::uint32_t route_ = 0;
  Value result_;
  Value item_;
};

}  // namespace midwatch
