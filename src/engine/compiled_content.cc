#include "engine/compiled_content.h"

#include <fmt/core.h>

#include "params/render_parameters.h"

namespace midwatch {

Result<std::shared_ptr<const Definition>> compile_workflow(std::string_view text, std::string_view file) {
  return Definition::parse(text, file);
}

namespace {

Status compile_flow(ActionPlan& plan, const SourceText& source) {
  if (plan.runner->name == "action-chain") {
    auto chain = ChainDefinition::parse(source.text, source.path);
    if (!chain) return std::move(chain).error().within("action " + plan.action->ref());
    plan.chain = std::move(*chain);
    return {};
  }
  auto definition = compile_workflow(source.text, source.path);
  if (!definition) return std::move(definition).error().within("action " + plan.action->ref());
  plan.workflow = std::move(*definition);
  return {};
}

}  // namespace

Result<std::shared_ptr<const CompiledContent>> CompiledContent::compile(std::shared_ptr<const Content> content) {
  std::shared_ptr<CompiledContent> compiled(new CompiledContent(content));
  MW_TRY(RuleMatcher matcher, RuleMatcher::compile(content->rules()));
  compiled->matcher_ = std::make_unique<const RuleMatcher>(std::move(matcher));
  for (const Action* action : content->actions()) {
    ActionPlan plan;
    plan.action = action;
    plan.pack = content->pack(action->pack);
    plan.runner = find_runner_type(action->runner_type);
    if (plan.runner == nullptr) {
      return Error(Code::kInvalid,
                   fmt::format("action {}: there is no runner '{}'", action->ref(), action->runner_type));
    }
    plan.schema = merge_parameter_schemas(plan.runner->parameters, action->parameters);
    if (plan.runner->is_workflow) {
      const SourceText* source = plan.pack->workflow_of(*action);
      if (source == nullptr) {
        return Error(Code::kInvalid, fmt::format("action {}: no workflow at '{}'", action->ref(), action->entry_point));
      }
      MW_CHECK(compile_flow(plan, *source));
    }
    compiled->actions_.emplace(action->ref(), std::move(plan));
  }
  for (const Rule* rule : content->rules()) {
    RulePlan plan{rule, nullptr};
    if (rule->max_runs) {
      auto key = jinja::Template::compile(rule->max_runs->key);
      if (!key) return std::move(key).error().within("rule " + rule->ref() + ": guards.max_runs.key");
      plan.guard_key = std::move(*key);
    }
    compiled->rules_.emplace(rule, std::move(plan));
  }
  return std::shared_ptr<const CompiledContent>(std::move(compiled));
}

const ActionPlan* CompiledContent::action(std::string_view ref) const {
  const auto found = actions_.find(std::string(ref));
  return found == actions_.end() ? nullptr : &found->second;
}

const RulePlan& CompiledContent::plan_of(const Rule& rule) const { return rules_.at(&rule); }

}  // namespace midwatch
