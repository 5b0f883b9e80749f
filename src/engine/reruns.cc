// Running tasks of a workflow again: the new execution takes over the journal of the old one (spec 4.10
// and 5.11), at once, so that a delay or a restart before it starts loses nothing.
#include <algorithm>

#include <fmt/core.h>

#include "engine/state.h"

namespace midwatch {
namespace {

std::vector<std::string> texts_of(const Value& list) {
  std::vector<std::string> texts;
  for (const Value& element : list.elements()) texts.push_back(element.text_or(""));
  return texts;
}

// A task may have run on several routes; all of them are asked for.
std::vector<RerunRequest> requests_for(const Conductor& conductor, const std::vector<std::string>& tasks,
                                       const std::vector<std::string>& reset) {
  std::vector<RerunRequest> requests;
  for (const std::string& task : tasks) {
    const bool resets = std::ranges::find(reset, task) != reset.end();
    const std::size_t before = requests.size();
    for (const TaskRun& run : conductor.task_runs()) {
      const bool known = std::any_of(requests.begin() + static_cast<std::ptrdiff_t>(before), requests.end(),
                                     [&](const RerunRequest& request) { return request.route == run.route; });
      if (run.id == task && !known) requests.push_back({task, run.route, resets});
    }
    if (requests.size() == before) requests.push_back({task, 0, resets});  // the conductor says that there is none
  }
  return requests;
}

}  // namespace

Status Engine::State::adopt(OpenExecution& open, const EarlierRun& earlier) {
  if (!earlier.completed) {
    return Error(Code::kConflict,
                 fmt::format("Unable to rerun workflow execution \"{}\" because it is not in a completed state.",
                             earlier.execution.hex()));
  }
  MW_CHECK(restore_workflow(open, earlier.journal));
  if (!open.workflow->conductor) return Error(Code::kInvalid, "the earlier run is no Orquesta workflow");
  open.workflow->deltas = 0;
  for (const Value& delta : earlier.journal) {
    out_->changes.deltas.push_back({open.record.id, ++open.workflow->deltas, delta});
  }
  // Of tasks that run again only in part, the results that are there stay: nothing else has them after a
  // restart.
  std::vector<Value> kept;
  for (const Execution& item : earlier.items) {
    if (!item.place || !item.place->item) continue;
    if (std::ranges::find(earlier.reset, item.place->task) != earlier.reset.end()) continue;
    kept.push_back(Value::array({item.place->task, item.place->route, *item.place->item, item.result}));
  }
  if (!kept.empty()) {
    const Value entry = Value::object({{"items", Value::array(std::move(kept))}});
    out_->changes.deltas.push_back({open.record.id, ++open.workflow->deltas, entry});
    keep_items(*open.workflow, entry);
  }
  open.workflow->repeats = true;
  return {};
}

// An entry of the journal that is the engine's own.
void Engine::State::keep_items(WorkflowRun& workflow, const Value& entry) {
  const Value items = entry.get("items");
  for (const Value& item : items.elements()) {
    const auto parts = item.elements();
    if (parts.size() != 4 || !parts[0].is_string()) continue;
    const auto route = static_cast<std::uint32_t>(parts[1].int_or(0));
    const auto number = static_cast<std::size_t>(parts[2].int_or(0));
    if (number >= kWorkflowItemsMax) continue;
    ItemResults& kept = workflow.items[{parts[0].to_text(), route}];
    if (kept.results.size() <= number) kept.results.resize(number + 1);
    kept.results[number] = parts[3];
    ++kept.ended;
  }
}

void Engine::State::run_again(OpenExecution& open) {
  open.workflow->repeats = false;
  const Value asked = open.record.context.get("re-run");
  Conductor& conductor = *open.workflow->conductor;
  const std::vector<RerunRequest> requests =
      requests_for(conductor, texts_of(asked.get("tasks")), texts_of(asked.get("reset")));
  if (Status again = conductor.rerun(requests); !again) {
    journal(open);
    const std::string text = again.error().message;
    return finish(open, ExecutionStatus::kFailed,
                  Value::object({{"errors", Value::array({Value::object({{"message", text}})})}, {"output", nullptr}}));
  }
  work_.emplace_back(Advance{open.record.id});
}

}  // namespace midwatch
