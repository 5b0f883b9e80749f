#include "query/content_view.h"

#include <map>
#include <utility>

#include <fmt/core.h>

#include "model/digest.h"
#include "params/render_parameters.h"
#include "query/masking.h"
#include "query/resource_id.h"

namespace midwatch {
namespace {

constexpr std::string_view kWebhook = "core.st2.webhook";
constexpr std::size_t kIdDigits = 24;
// md5 of "{}": the last part of the uid of a trigger without parameters (spec 1.4).
constexpr std::string_view kNoParametersDigest = "99914b932bd37a50b983c5e7c90ae93b";

Value object_or_empty(const Value& value) { return value.is_object() ? value : Value::object({}); }

// "rule:shop:restart" of a rule and so on, without making its whole shape.
template <class Thing>
std::string id_of(std::string_view kind, const Thing& thing) {
  return resource_id(fmt::format("{}:{}:{}", kind, thing.pack, thing.name));
}

template <class Thing>
const Thing* find_by_id(const std::vector<const Thing*>& things, std::string_view kind, std::string_view id) {
  if (id.size() != kIdDigits) return nullptr;
  for (const Thing* thing : things) {
    if (id_of(kind, *thing) == id) return thing;
  }
  return nullptr;
}

// A name in the form of a UUID, always the same for the same trigger.
std::string trigger_name(std::string_view type, const Value& parameters) {
  const std::string hex = digest(Value::array({type, parameters}));
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20, 12));
}

Value trigger_view(std::string_view type, std::string_view pack, std::string_view name, const Value& parameters) {
  ObjectBuilder out;
  const bool plain = parameters.size() == 0;
  out.set("uid", fmt::format("trigger:{}:{}:{}", pack, name, plain ? kNoParametersDigest : digest(parameters)));
  out.set("ref", fmt::format("{}.{}", pack, name)).set("name", name).set("pack", pack);
  out.set("type", type).set("parameters", object_or_empty(parameters));
  return with_resource_id(std::move(out).build());
}

}  // namespace

Value pack_view(const Pack& pack) { return with_resource_id(to_value(pack)); }
Value action_view(const Action& action) { return with_resource_id(to_value(action)); }
Value trigger_type_view(const TriggerType& type) { return with_resource_id(to_value(type)); }

Value merged_parameters(const Action& action) {
  const RunnerType* runner = find_runner_type(action.runner_type);
  if (runner == nullptr) return object_or_empty(action.parameters);
  return merge_parameter_schemas(object_or_empty(runner->parameters), object_or_empty(action.parameters));
}

Value action_overview(const Action& action) {
  return with_member(action_view(action), "parameters", merged_parameters(action));
}

Value rule_view(const Rule& rule, const Content& content, Secrets secrets) {
  Value shape = with_resource_id(to_value(rule));
  if (rule.description.empty()) shape = without_member(shape, "description");  // as the original does
  const Action* action = content.action(rule.action);
  if (secrets == Secrets::kShown || action == nullptr) return shape;
  const Value masked = mask_parameters(object_or_empty(rule.action_parameters), merged_parameters(*action));
  return with_path(shape, {"action", "parameters"}, masked);
}

Value rule_overview(const Rule& rule, const Content& content, Secrets secrets) {
  Value shape = rule_view(rule, content, secrets);
  if (const Action* action = content.action(rule.action); action != nullptr) {
    shape = with_path(shape, {"action", "description"}, action->description);
  }
  if (const TriggerType* type = content.trigger_type(rule.trigger); type != nullptr) {
    shape = with_path(shape, {"trigger", "description"}, type->description);
  }
  return shape;
}

Value runner_type_view(const RunnerType& runner) {
  ObjectBuilder out;
  out.set("name", runner.name).set("description", runner.description);
  out.set("uid", fmt::format("runner_type:{}", runner.name)).set("enabled", true);
  std::string module(runner.name);
  for (char& c : module) c = c == '-' ? '_' : c;
  out.set("runner_package", module).set("runner_module", module);
  out.set("runner_parameters", object_or_empty(runner.parameters));
  out.set_if(!runner.output_key.empty(), "output_key", runner.output_key);
  out.set("output_schema", Value::object({}));
  return with_resource_id(std::move(out).build());
}

std::vector<Value> trigger_views(const Content& content) {
  std::vector<Value> out;
  for (const TriggerType* type : content.trigger_types()) {
    if (type->parameters_schema.size() == 0) out.push_back(trigger_view(type->ref(), type->pack, type->name, Value()));
  }
  std::map<std::string, Value> wanted;  // by name: each once, in an order that does not change
  for (const Rule* rule : content.rules()) {
    if (rule->trigger_parameters.size() == 0) continue;
    const std::string name = trigger_name(rule->trigger, rule->trigger_parameters);
    const std::string_view pack = std::string_view(rule->trigger).substr(0, rule->trigger.find('.'));
    wanted.try_emplace(name, trigger_view(rule->trigger, pack, name, rule->trigger_parameters));
  }
  for (auto& [name, view] : wanted) out.push_back(std::move(view));
  return out;
}

std::vector<Value> webhook_views(const Content& content) {
  std::vector<Value> out;
  for (Value& view : trigger_views(content)) {
    if (view.get("type") == Value(kWebhook) && view.get("parameters").size() != 0) out.push_back(std::move(view));
  }
  return out;
}

const Action* find_action(const Content& content, std::string_view ref_or_id) {
  const Action* found = content.action(ref_or_id);
  return found != nullptr ? found : find_by_id(content.actions(), "action", ref_or_id);
}

const Rule* find_rule(const Content& content, std::string_view ref_or_id) {
  const Rule* found = content.rule(ref_or_id);
  return found != nullptr ? found : find_by_id(content.rules(), "rule", ref_or_id);
}

const TriggerType* find_trigger_type(const Content& content, std::string_view ref_or_id) {
  const TriggerType* found = content.trigger_type(ref_or_id);
  return found != nullptr ? found : find_by_id(content.trigger_types(), "trigger_type", ref_or_id);
}

const Pack* find_pack(const Content& content, std::string_view ref_or_id) {
  if (const Pack* found = content.pack(ref_or_id); found != nullptr) return found;
  for (const auto& pack : content.packs()) {
    if (ref_or_id.size() == kIdDigits && resource_id("pack:" + pack->ref) == ref_or_id) return pack.get();
  }
  return nullptr;
}

}  // namespace midwatch
