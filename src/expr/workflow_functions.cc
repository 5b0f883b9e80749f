#include "expr/workflow_functions.h"

#include <algorithm>
#include <vector>

namespace midwatch {

std::optional<Value> ContextFunctions::current_task() const {
  const Value* task = scope_.find("__current_task");
  if (task == nullptr || task->is_null()) return std::nullopt;
  return *task;
}

std::optional<Value> ContextFunctions::current_item() const {
  const Value* item = scope_.find("__current_item");
  if (item == nullptr) return std::nullopt;
  return *item;
}

std::int64_t ContextFunctions::current_route() const {
  const auto task = current_task();
  return task ? task->get("route").int_or(0) : 0;
}

const Value* ContextFunctions::state_entry(std::string_view task, std::int64_t route) const {
  const Value* state = scope_.find("__state");
  if (state == nullptr) return nullptr;
  const Value* tasks = state->find("tasks");
  const Value* sequence = state->find("sequence");
  if (tasks == nullptr || sequence == nullptr) return nullptr;
  const Value* index = tasks->find(std::string(task) + "__r" + std::to_string(route));
  if (index == nullptr || !index->is_int()) return nullptr;
  const auto at = static_cast<std::size_t>(index->as_int());
  return index->as_int() >= 0 && at < sequence->elements().size() ? &sequence->elements()[at] : nullptr;
}

std::optional<std::int64_t> ContextFunctions::visible_route(std::string_view task, std::int64_t from) const {
  if (state_entry(task, from) != nullptr) return from;
  // "A task that is not on the current route is looked up on the nearest earlier route whose
  // transitions are all part of the current one."
  const Value* state = scope_.find("__state");
  const Value* routes = state == nullptr ? nullptr : state->find("routes");
  if (routes == nullptr || from < 0 || static_cast<std::size_t>(from) >= routes->elements().size()) return std::nullopt;
  const auto own = routes->elements()[static_cast<std::size_t>(from)].elements();
  for (std::int64_t earlier = from - 1; earlier >= 0; --earlier) {
    const auto other = routes->elements()[static_cast<std::size_t>(earlier)].elements();
    const bool contained = std::all_of(other.begin(), other.end(), [&](const Value& transition) {
      return std::find(own.begin(), own.end(), transition) != own.end();
    });
    if (contained && state_entry(task, earlier) != nullptr) return earlier;
  }
  return std::nullopt;
}

std::optional<std::string> ContextFunctions::task_status(std::string_view task,
                                                         std::optional<std::int64_t> route) const {
  const auto found = visible_route(task, route.value_or(current_route()));
  if (!found) return std::nullopt;
  return state_entry(task, *found)->get("status").text_or("");
}

std::optional<Value> ContextFunctions::task_record(std::string_view task, std::optional<std::int64_t> route) const {
  const auto found = visible_route(task, route.value_or(current_route()));
  if (!found) return std::nullopt;
  const Value* st2 = scope_.find("st2");
  const std::string workflow = st2 == nullptr ? "" : st2->get("workflow_execution_id").text_or("");
  const Value* best = nullptr;
  for (const Value& execution : executions_.elements()) {
    if (execution.get("task_id").text_or("") != task || execution.get("task_route").int_or(0) != *found) continue;
    if (execution.get("workflow_execution").text_or("") != workflow) continue;
    if (best == nullptr || order(best->get("start_timestamp"), execution.get("start_timestamp")) < 0) best = &execution;
  }
  if (best == nullptr) return std::nullopt;
  return Value::object({{"task_execution_id", best->get("id")},
                        {"workflow_execution_id", best->get("workflow_execution")},
                        {"task_name", best->get("task_name").is_null() ? best->get("task_id") : best->get("task_name")},
                        {"task_id", best->get("task_id")},
                        {"route", best->get("task_route")},
                        {"result", best->get("result")},
                        {"status", best->get("status")},
                        {"start_timestamp", best->get("start_timestamp")},
                        {"end_timestamp", best->get("end_timestamp")}});
}

Result<std::string> Datastore::decrypt(std::string_view) const {
  return Error(Code::kInvalid, "the datastore has no crypto key, nothing can be decrypted");
}

}  // namespace midwatch
