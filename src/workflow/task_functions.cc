#include "workflow/task_functions.h"

#include <algorithm>

namespace midwatch {

std::optional<Value> TaskFunctions::current_task() const {
  if (!in_task_) return std::nullopt;
  return Value::object({{"id", Value(graph_.node(node_).name)}, {"route", Value(route_)}, {"result", result_}});
}

std::optional<std::uint32_t> TaskFunctions::find_run(std::string_view task, std::optional<std::int64_t> route) const {
  const std::optional<NodeIndex> node = graph_.find(task);
  const std::int64_t asked = route.value_or(in_task_ ? route_ : 0);
  if (!node || asked < 0 || static_cast<std::size_t>(asked) >= state_.route_count()) return std::nullopt;
  auto at = static_cast<std::uint32_t>(asked);
  while (true) {
    if (const std::optional<std::uint32_t> run = state_.current_run(*node, at)) return run;
    if (at == 0) return std::nullopt;
    const std::vector<std::string_view> own = state_.route_details(at);
    const auto is_part = [&](std::uint32_t earlier) {
      return std::ranges::all_of(state_.route_details(earlier),
                                 [&](std::string_view taken) { return std::ranges::find(own, taken) != own.end(); });
    };
    do {
      --at;  // route 0 is empty, and so part of every other
    } while (!is_part(at));
  }
}

std::optional<std::string> TaskFunctions::task_status(std::string_view task, std::optional<std::int64_t> route) const {
  const std::optional<std::uint32_t> run = find_run(task, route);
  if (!run) return std::nullopt;
  return std::string(to_string(state_.runs()[*run].status));
}

std::optional<Value> TaskFunctions::task_record(std::string_view task, std::optional<std::int64_t> route) const {
  const std::optional<std::uint32_t> run = find_run(task, route);
  if (!run || records_ == nullptr) return std::nullopt;
  return records_->task_record(task, state_.runs()[*run].route);
}

}  // namespace midwatch
