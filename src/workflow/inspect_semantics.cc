// workflow/inspect_semantics.cc — whether the tasks of a definition make a workflow (spec 5.8).
#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <tuple>

#include "workflow/graph.h"
#include "workflow/inspection.h"

namespace midwatch::internal {
namespace {

using Type = InspectionError::Type;

class SemanticsInspector {
 public:
  SemanticsInspector(const Definition& definition, Findings& findings)
      : definition_(definition), references_(definition.tasks()), findings_(findings) {}

  void run() {
    for (const TaskSpec& task : definition_.tasks()) {
      if (!is_engine_command(task.name)) continue;
      add("The task name \"" + task.name + "\" is reserved with special function.", task_place(task.name), task.name);
    }
    if (!definition_.tasks().empty() && references_.start_tasks().empty()) {
      findings_.add(Type::kSemantic,
                    "Unable to identify any tasks to start the workflow. If the workflow has a loop, please add a task "
                    "that serves as an entry point (or lead) into the loop.",
                    {"tasks", "properties.tasks"}, *definition_.root().find("tasks"));
    }
    find_undefined_tasks();
    find_unreachable_joins();
    for (const TaskSpec& task : definition_.tasks()) {
      if (!task.with || task.action) continue;
      add("The action property is required for with items task.", task_place(task.name), task.name);
    }
  }

 private:
  void add(std::string message, const InspectionPlace& place, std::string_view task) {
    const YamlNode* const node = node_of_task(definition_, task);
    findings_.add(Type::kSemantic, std::move(message), place, node != nullptr ? *node : definition_.root());
  }

  // From the start tasks on. A task that is waited for twice before it is visited is visited twice, and so are
  // its mistakes reported, as in the reference.
  void find_undefined_tasks() {
    std::set<std::string_view> traversed;
    std::deque<const TaskSpec*> open(references_.start_tasks().begin(), references_.start_tasks().end());
    for (std::size_t visits = 0; !open.empty(); ++visits) {
      const TaskSpec& task = *open.front();
      open.pop_front();
      if (visits > kInspectionVisitsMax && traversed.contains(task.name)) continue;
      traversed.insert(task.name);
      for (std::size_t i = 0; i < task.next.size(); ++i) {
        for (const std::string& target : task.next[i].targets) {
          if (traversed.contains(target)) continue;
          const TaskSpec* const next = references_.task(target);
          if (is_engine_command(target)) continue;
          if (next != nullptr) {
            open.push_back(next);
            continue;
          }
          const InspectionPlace place =
              task_place(task.name).property("next").element(i).schema("items").property("do");
          const YamlNode* const written = node_of_task(definition_, task.name)->find("next");
          const YamlNode* const entry = &written->items[i];
          const YamlNode* const targets = entry->find("do");
          findings_.add(Type::kSemantic, "The task \"" + target + "\" is not defined.", place,
                        targets != nullptr ? *targets : *entry);
        }
      }
    }
  }

  // A join is ambiguous when a task before it was reached through other splits than the join itself.
  void find_unreachable_joins() {
    struct Reached {
      std::set<std::string_view> splits;
      std::set<std::string_view> previous;
    };
    struct Visit {
      std::string_view previous;
      const TaskSpec* task;
      std::set<std::string_view> splits;
    };
    std::map<std::string_view, Reached> reached;
    std::set<std::tuple<std::string_view, std::string_view, std::set<std::string_view>>> seen;
    std::deque<Visit> open;
    for (const TaskSpec* start : references_.start_tasks()) open.push_back({{}, start, {}});
    for (std::size_t visits = 0; !open.empty() && visits < kInspectionVisitsMax; ++visits) {
      Visit visit = std::move(open.front());
      open.pop_front();
      const std::string_view name = visit.task->name;
      if (!seen.emplace(visit.previous, name, visit.splits).second) continue;
      if (references_.is_split(name) && !references_.in_cycle(name)) visit.splits.insert(name);
      Reached& here = reached[name];
      here.splits.insert(visit.splits.begin(), visit.splits.end());
      if (!visit.previous.empty()) here.previous.insert(visit.previous);
      for (const TransitionRef& transition : sorted_transitions(*visit.task)) {
        const TaskSpec* const next = references_.task(transition.target);
        if (next == nullptr) continue;
        if (reached.contains(next->name) && references_.in_cycle(next->name)) continue;
        open.push_back({name, next, visit.splits});
      }
    }
    for (const auto& [name, here] : reached) {
      if (!references_.task(name)->is_join()) continue;
      const bool ambiguous = std::ranges::any_of(
          here.previous, [&](std::string_view previous) { return reached.at(previous).splits != here.splits; });
      if (!ambiguous) continue;
      add("The join task \"" + std::string(name) +
              "\" is unreachable. A join task is determined to be unreachable if there are nested forks from "
              "multi-referenced tasks that join on the said task. This is ambiguous to the workflow engine because it "
              "does not know at which level should the join occurs.",
          task_place(name), name);
    }
  }

  const Definition& definition_;
  TaskReferences references_;
  Findings& findings_;
};

}  // namespace

void inspect_semantics(const Definition& definition, Findings& findings) {
  SemanticsInspector(definition, findings).run();
}

}  // namespace midwatch::internal
