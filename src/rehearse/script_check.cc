// rehearse/script_check.cc — the script beside its workflow.
#include "model/suggest.h"
#include "rehearse/script.h"

namespace midwatch {

void check_script(const RehearsalScript& script, const Definition& definition, Diagnostics& wrong) {
  std::vector<std::string_view> names;
  for (const TaskSpec& task : definition.tasks()) names.push_back(task.name);
  const auto check = [&](std::string_view task, const Location& where) {
    if (definition.task(task) != nullptr) return;
    wrong.error(where, "the workflow has no task '" + std::string(task) + "'", did_you_mean(task, names));
  };
  for (const RehearsalCase& one : script.cases) {
    for (const auto& [task, answers] : one.tasks) check(task, answers.where);
    for (const auto* const expected : {&one.expect.count, &one.expect.inputs, &one.expect.context}) {
      for (const auto& [task, wanted] : *expected) check(task, wanted.where);
    }
    if (!one.expect.tasks) continue;
    for (const Value& task : one.expect.tasks->value.elements()) check(task.text_or(""), one.expect.tasks->where);
  }
}

}  // namespace midwatch
