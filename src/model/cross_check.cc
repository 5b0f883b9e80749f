#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "model/pack_parser.h"
#include "model/runner_types.h"
#include "model/suggest.h"

namespace midwatch {
namespace {

class CrossCheck {
 public:
  explicit CrossCheck(std::span<const Pack* const> packs) {
    for (const Pack* pack : packs) {
      for (const Action& action : pack->actions) actions_.emplace(action.ref(), &action);
      for (const TriggerType& type : pack->trigger_types) types_.emplace(type.ref(), &type);
    }
    for (const auto& [ref, action] : actions_) action_refs_.push_back(ref);
    for (const auto& [ref, type] : types_) type_refs_.push_back(ref);
  }

  void check(const Rule& rule, Diagnostics& out) const {
    check_trigger(rule, out);
    check_action(rule, out);
  }

 private:
  void check_trigger(const Rule& rule, Diagnostics& out) const {
    const auto found = types_.find(rule.trigger);
    if (found == types_.end()) {
      out.error(rule.where,
                fmt::format("rule '{}' is on an unknown trigger '{}'", rule.name, rule.trigger.substr(0, 128)),
                suggest(rule.trigger, type_refs_, out));
      return;
    }
    const TriggerType& type = *found->second;
    const Value& schema = properties_of(type.parameters_schema);
    for (const Value::Member& member : schema.members()) {
      if (!member.value.get("required").bool_or(false) || rule.trigger_parameters.find(member.name()) != nullptr)
        continue;
      out.error(rule.where, fmt::format("rule '{}': trigger '{}' needs the parameter '{}'", rule.name, rule.trigger,
                                        member.name()));
    }
    std::vector<std::string_view> names;
    for (const Value::Member& member : schema.members()) names.push_back(member.name());
    for (const Value::Member& member : rule.trigger_parameters.members()) {
      if (schema.find(member.name()) != nullptr) continue;
      out.error(rule.where,
                fmt::format("rule '{}': trigger '{}' has no parameter '{}'", rule.name, rule.trigger, member.name()),
                did_you_mean(member.name(), names));
    }
    for (const Value& tag : type.tags.elements()) {
      if (tag.get("name") != Value("emitted") || tag.get("value") != Value("never")) continue;
      out.warning(rule.where, fmt::format("rule '{}': nothing in this version emits '{}', so it never fires", rule.name,
                                          rule.trigger));
    }
  }

  // Both the form of action parameters (name → schema) and a whole schema of an object are in use.
  static const Value& properties_of(const Value& schema) {
    static const Value none = Value::object({});
    const Value* properties = schema.find("properties");
    if (properties != nullptr && schema.find("type") != nullptr) return properties->is_object() ? *properties : none;
    return schema;
  }

  void check_action(const Rule& rule, Diagnostics& out) const {
    const auto found = actions_.find(rule.action);
    if (found == actions_.end()) {
      out.error(rule.where, fmt::format("rule '{}' has an unknown action '{}'", rule.name, rule.action.substr(0, 128)),
                suggest(rule.action, action_refs_, out));
      return;
    }
    const Action& action = *found->second;
    const RunnerType* runner = find_runner_type(action.runner_type);
    const Value schema = merge(runner == nullptr ? Value::object({}) : runner->parameters, action.parameters);
    std::vector<std::string_view> names;
    for (const Value::Member& member : schema.members()) names.push_back(member.name());
    for (const Value::Member& member : rule.action_parameters.members()) {
      if (schema.find(member.name()) != nullptr) continue;
      out.error(rule.where,
                fmt::format("rule '{}': action '{}' has no parameter '{}'", rule.name, rule.action, member.name()),
                did_you_mean(member.name(), names));
    }
    for (const Value::Member& member : schema.members()) {
      const bool needed = member.value.get("required").bool_or(false) && member.value.get("default").is_null();
      if (!needed || rule.action_parameters.find(member.name()) != nullptr) continue;
      out.warning(rule.where, fmt::format("rule '{}': action '{}' needs the parameter '{}'", rule.name, rule.action,
                                          member.name()));
    }
  }

  // A set of packs with very many mistakes does not get a search through all names for each.
  static std::string suggest(std::string_view word, std::span<const std::string_view> names, const Diagnostics& out) {
    return out.error_count() < kHintsMax ? did_you_mean(word, names) : std::string();
  }

  static constexpr std::size_t kHintsMax = 100;
  std::unordered_map<std::string, const Action*> actions_;
  std::unordered_map<std::string, const TriggerType*> types_;
  std::vector<std::string_view> action_refs_, type_refs_;
};

}  // namespace

std::vector<Diagnostics> cross_check_each(std::span<const Pack* const> packs) {
  std::vector<Diagnostics> found(packs.size());
  const CrossCheck checker(packs);
  for (std::size_t i = 0; i < packs.size(); ++i) {
    for (const Rule& rule : packs[i]->rules) checker.check(rule, found[i]);
  }
  return found;
}

void cross_check(std::span<const Pack* const> packs, Diagnostics& out) {
  for (const Diagnostics& found : cross_check_each(packs)) out.append(found);
}

}  // namespace midwatch
