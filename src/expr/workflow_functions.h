// expr/workflow_functions.h — what expressions may ask of the world: tasks, items, the datastore.
//
// The conductor implements WorkflowFunctions over its own state and hands it to an Evaluation; the
// functions result(), succeeded(), failed(), completed(), item(), task_status() and task() of both
// languages end here. ContextFunctions is a ready implementation for callers that keep that state in
// variables named as Orquesta does (`__current_task`, `__current_item`, `__state`).
// Datastore serves `st2kv`. Both are called on the evaluating thread and must not block.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "expr/scope.h"
#include "value/value.h"

namespace midwatch {

class WorkflowFunctions {
 public:
  virtual ~WorkflowFunctions() = default;
  // {"id", "route", "result"} of the task that the expression belongs to; nullopt outside of a task.
  [[nodiscard]] virtual std::optional<Value> current_task() const = 0;
  // The item of a task with items; nullopt elsewhere.
  [[nodiscard]] virtual std::optional<Value> current_item() const = 0;
  // The status of a task as seen from `route` (default: the current one); nullopt when it did not run.
  [[nodiscard]] virtual std::optional<std::string> task_status(std::string_view task,
                                                               std::optional<std::int64_t> route) const = 0;
  // The record of a task's last execution: {task_execution_id, workflow_execution_id, task_name,
  // task_id, route, result, status, start_timestamp, end_timestamp}.
  [[nodiscard]] virtual std::optional<Value> task_record(std::string_view task,
                                                         std::optional<std::int64_t> route) const = 0;
};

class ContextFunctions : public WorkflowFunctions {
 public:
  // `executions`: task execution records {id, workflow_execution, task_id, task_route, result, status,
  // start_timestamp, end_timestamp}, or null.
  explicit ContextFunctions(const Scope& scope, Value executions = {})
      : scope_(scope), executions_(std::move(executions)) {}
  [[nodiscard]] std::optional<Value> current_task() const override;
  [[nodiscard]] std::optional<Value> current_item() const override;
  [[nodiscard]] std::optional<std::string> task_status(std::string_view task,
                                                       std::optional<std::int64_t> route) const override;
  [[nodiscard]] std::optional<Value> task_record(std::string_view task,
                                                 std::optional<std::int64_t> route) const override;

 private:
  [[nodiscard]] std::int64_t current_route() const;
  // The route on which `from` sees the task.
  [[nodiscard]] std::optional<std::int64_t> visible_route(std::string_view task, std::int64_t from) const;
  [[nodiscard]] const Value* state_entry(std::string_view task, std::int64_t route) const;

  const Scope& scope_;
  Value executions_;
};

class Datastore {
 public:
  enum class Owner : std::uint8_t { kSystem, kUser };
  virtual ~Datastore() = default;
  // nullopt when there is no such key. `decrypt` asks for the clear text of a secret.
  [[nodiscard]] virtual Result<std::optional<std::string>> get(Owner owner, std::string_view user, std::string_view key,
                                                               bool decrypt) const = 0;
  // The clear text of a ciphertext made with the datastore's key (`decrypt_kv`). Without a key it fails.
  [[nodiscard]] virtual Result<std::string> decrypt(std::string_view ciphertext) const;
};

}  // namespace midwatch
