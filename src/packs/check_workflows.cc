#include <utility>

#include <fmt/core.h>

#include "action_chain/chain_definition.h"
#include "packs/checks.h"
#include "workflow/definition.h"
#include "workflow/inspect.h"

namespace midwatch::packs {
namespace {

// What the context of a workflow holds before its own variables.
const std::string kKnownVariables[] = {"st2", "parent"};

}  // namespace

std::vector<Error> check_workflows(const Pack& pack) {
  std::vector<Error> errors;
  for (const SourceText& workflow : pack.workflows) {
    const auto definition = Definition::parse(workflow.text, workflow.path);
    if (!definition) {
      errors.push_back(definition.error());
      continue;
    }
    for (const InspectionError& wrong : inspect(**definition, kKnownVariables)) {
      const std::string path = wrong.spec_path.empty() ? "" : " (" + wrong.spec_path + ")";
      Error error(Code::kInvalid, fmt::format("{}: {}{}", to_string(wrong.type), wrong.message, path));
      error.where = wrong.where;
      error.where.file = workflow.path;
      errors.push_back(std::move(error));
    }
  }
  return errors;
}

std::vector<Error> check_chains(const Pack& pack) {
  std::vector<Error> errors;
  for (const SourceText& chain : pack.chains) {
    for (Error& error : ChainDefinition::check(chain.text, chain.path)) errors.push_back(std::move(error));
  }
  return errors;
}

std::vector<Error> check_workflow_actions(const Pack& pack, const std::function<bool(std::string_view)>& has_action) {
  std::vector<Error> errors;
  for (const SourceText& workflow : pack.workflows) {
    const auto definition = Definition::parse(workflow.text, workflow.path);
    if (!definition) continue;  // reported by check_workflows
    for (const TaskSpec& task : (*definition)->tasks()) {
      if (!task.action || !task.action->is_constant() || !task.action->source().is_string()) continue;
      const std::string ref = task.action->source().to_text();
      if (has_action(ref)) continue;
      Location where = task.where;
      where.file = workflow.path;
      errors.emplace_back(Code::kNotFound,
                          fmt::format("task '{}' has an unknown action '{}'", task.name, ref.substr(0, 128)),
                          std::move(where), "the workflow fails when it comes to this task");
    }
  }
  for (const SourceText& chain : pack.chains) {
    const auto definition = ChainDefinition::parse(chain.text, chain.path);
    if (!definition) continue;
    for (const ChainTask& task : (*definition)->tasks()) {
      if (has_action(task.ref)) continue;
      errors.emplace_back(Code::kNotFound,
                          fmt::format("task '{}' has an unknown action '{}'", task.name, task.ref.substr(0, 128)),
                          task.where, "the chain fails when it comes to this task");
    }
  }
  return errors;
}

}  // namespace midwatch::packs
