// engine/compiled_content.h — content made ready to decide with: rules matched, actions planned,
// workflows parsed. Immutable; a running workflow keeps the one that it was started with.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "action_chain/chain_definition.h"
#include "base/result.h"
#include "jinja/template.h"
#include "model/content.h"
#include "model/runner_types.h"
#include "rules/rule_matcher.h"
#include "workflow/definition.h"

namespace midwatch {

// What is needed to start one action.
struct ActionPlan {
  const Action* action = nullptr;
  const Pack* pack = nullptr;
  const RunnerType* runner = nullptr;
  Value schema;                                  // runner's and action's parameters, merged
  std::shared_ptr<const Definition> workflow;    // of runner orquesta, else null
  std::shared_ptr<const ChainDefinition> chain;  // of runner action-chain, else null
};

// What is needed to enforce one rule.
struct RulePlan {
  const Rule* rule = nullptr;
  std::shared_ptr<const jinja::Template> guard_key;  // null when there is no guard
};

class CompiledContent {
 public:
  static Result<std::shared_ptr<const CompiledContent>> compile(std::shared_ptr<const Content> content);

  [[nodiscard]] const std::shared_ptr<const Content>& content() const { return content_; }
  [[nodiscard]] const RuleMatcher& matcher() const { return *matcher_; }
  [[nodiscard]] const ActionPlan* action(std::string_view ref) const;
  [[nodiscard]] const RulePlan& plan_of(const Rule& rule) const;

 private:
  explicit CompiledContent(std::shared_ptr<const Content> content) : content_(std::move(content)) {}
  std::shared_ptr<const Content> content_;
  std::unique_ptr<const RuleMatcher> matcher_;
  std::unordered_map<std::string, ActionPlan> actions_;
  std::unordered_map<const Rule*, RulePlan> rules_;
};

// Compiles a definition's text. Shared by content and by the recovery of workflows whose definition
// has changed or gone since.
[[nodiscard]] Result<std::shared_ptr<const Definition>> compile_workflow(std::string_view text, std::string_view file);

}  // namespace midwatch
