#include "query/execution_view.h"

#include <deque>
#include <utility>

#include <fmt/core.h>

#include "codec/json.h"
#include "query/masking.h"
#include "query/resource_id.h"

namespace midwatch {
namespace {

std::string_view pack_of(std::string_view ref) { return ref.substr(0, ref.find('.')); }
std::string_view name_of(std::string_view ref) {
  const std::size_t dot = ref.find('.');
  return dot == std::string_view::npos ? ref : ref.substr(dot + 1);
}

Value log_view(const std::vector<StatusChange>& log) {
  std::vector<Value> out;
  out.reserve(log.size());
  for (const StatusChange& change : log) {
    out.push_back(Value::object({{"timestamp", to_iso8601(change.at)}, {"status", to_string(change.status)}}));
  }
  return Value::array(std::move(out));
}

}  // namespace

Value ExecutionViews::action_of(const Execution& record) {
  if (const auto made = actions_.find(record.action); made != actions_.end()) return made->second;
  Value shape;
  if (const Action* action = content_->action(record.action); action != nullptr) {
    shape = action_view(*action);
  } else {
    shape = Value::object({{"ref", record.action},
                           {"pack", pack_of(record.action)},
                           {"name", name_of(record.action)},
                           {"runner_type", record.runner_type},
                           {"parameters", Value::object({})}});
  }
  return actions_.emplace(record.action, std::move(shape)).first->second;
}

Value ExecutionViews::runner_of(std::string_view name) {
  if (const auto made = runners_.find(name); made != runners_.end()) return made->second;
  const RunnerType* runner = find_runner_type(name);
  Value shape = runner != nullptr ? runner_type_view(*runner) : Value::object({{"name", name}});
  return runners_.emplace(std::string(name), std::move(shape)).first->second;
}

// The trigger, its instance and the rule that led to it.
Status ExecutionViews::add_origin(ObjectBuilder& out, const Execution& record) {
  if (record.trigger_instance) {
    auto instance = store_.trigger_instance(*record.trigger_instance);
    if (instance) {
      out.set("trigger_instance", trigger_instance_view(*instance));
      if (const TriggerType* type = content_->trigger_type(instance->trigger); type != nullptr) {
        out.set("trigger_type", trigger_type_view(*type));
      }
      out.set("trigger", Value::object({{"ref", instance->trigger},
                                        {"pack", pack_of(instance->trigger)},
                                        {"name", name_of(instance->trigger)},
                                        {"type", instance->trigger}}));
    } else if (instance.error().code != Code::kNotFound) {
      return std::move(instance).error();
    }
  }
  if (!record.rule.empty()) {
    const Rule* rule = content_->rule(record.rule);
    out.set("rule", rule != nullptr
                        ? rule_view(*rule, *content_, options_.secrets)
                        : Value::object(
                              {{"ref", record.rule}, {"pack", pack_of(record.rule)}, {"name", name_of(record.rule)}}));
  }
  return {};
}

Result<Value> ExecutionViews::view(const Execution& record, ExecutionDetail detail) {
  const Action* action = content_->action(record.action);
  const bool masked = options_.secrets == Secrets::kMasked;
  Value parameters = record.parameters.is_object() ? record.parameters : Value::object({});
  if (masked && action != nullptr) parameters = mask_parameters(parameters, merged_parameters(*action));
  const RunnerType* runner = find_runner_type(record.runner_type);
  const bool is_workflow = runner != nullptr && runner->is_workflow;

  ObjectBuilder out;
  out.set("action", action_of(record)).set("runner", runner_of(record.runner_type));
  out.set("liveaction", Value::object({{"action", record.action},
                                       {"action_is_workflow", is_workflow},
                                       {"parameters", parameters},
                                       {"callback", Value::object({})},
                                       {"runner_info", Value::object({})},
                                       {"id", record.id.hex()}}));
  if (detail == ExecutionDetail::kWhole) MW_CHECK(add_origin(out, record));
  out.set("status", to_string(record.status)).set("start_timestamp", to_iso8601(record.start));
  if (record.end) out.set("end_timestamp", to_iso8601(*record.end));
  out.set_if(parameters.size() != 0, "parameters", parameters);
  out.set_if(record.context.truthy(), "context", record.context);
  if (record.parent) out.set("parent", record.parent->hex());
  if (detail == ExecutionDetail::kWhole && is_workflow) {
    MW_TRY(const Page<Execution> below,
           store_.executions({.parent = record.id}, {.limit = kChildrenMax, .ascending = true, .count_total = false}));
    std::vector<Value> children;
    for (const Execution& child : below.items) children.emplace_back(child.id.hex());
    out.set_if(!children.empty(), "children", Value::array(std::move(children)));
  }
  out.set_if(!record.log.empty(), "log", log_view(record.log));
  out.set("web_url", fmt::format("{}/#/history/{}/general", options_.web_url, record.id.hex()));
  out.set("id", record.id.hex());
  if (record.result.truthy()) {
    out.set("result_size", to_json(record.result).size());
    out.set("result", masked && action != nullptr ? mask_result(record.result, *action) : record.result);
  }
  if (record.end && *record.end > record.start) out.set("elapsed_seconds", seconds(*record.end - record.start));
  if (record.incident) out.set("incident", record.incident->hex());
  return std::move(out).build();
}

Result<Value> ExecutionViews::descendants(ObjectId parent, int levels) {
  std::vector<Value> out;
  std::deque<std::pair<ObjectId, int>> open{{parent, 0}};
  while (!open.empty()) {
    const auto [id, level] = open.front();
    open.pop_front();
    if ((levels >= 0 && level >= levels) || level >= kDescendantLevelsMax) continue;
    MW_TRY(const Page<Execution> below,
           store_.executions({.parent = id}, {.limit = kDescendantsMax, .ascending = true, .count_total = false}));
    for (const Execution& child : below.items) {
      if (out.size() >= kDescendantsMax) return Value::array(std::move(out));
      MW_TRY(Value shown, view(child, ExecutionDetail::kRecord));
      out.push_back(std::move(shown));
      open.emplace_back(child.id, level + 1);
    }
  }
  return Value::array(std::move(out));
}

Result<Value> ExecutionViews::enforcement_overview(const RuleEnforcement& record) {
  Value shape = enforcement_view(record);
  auto instance = store_.trigger_instance(record.trigger_instance);
  if (instance) shape = with_member(shape, "trigger_instance", trigger_instance_view(*instance));
  else if (instance.error().code != Code::kNotFound) return std::move(instance).error();
  if (!record.execution) return shape;
  auto execution = store_.execution(*record.execution);
  if (!execution) {
    if (execution.error().code != Code::kNotFound) return std::move(execution).error();
    return shape;
  }
  MW_TRY(const Value whole, view(*execution, ExecutionDetail::kRecord));
  ObjectBuilder brief;
  const Value action = whole.get("action");
  const Value runner = whole.get("runner");
  brief.set("action", Value::object({{"ref", action.get("ref")}, {"parameters", action.get("parameters")}}));
  brief.set("runner",
            Value::object({{"name", runner.get("name")}, {"runner_parameters", runner.get("runner_parameters")}}));
  for (const char* name : {"status", "start_timestamp", "parameters", "id"}) {
    if (const Value* part = whole.find(name)) brief.set(name, *part);
  }
  return with_member(shape, "execution", std::move(brief).build());
}

Value trigger_instance_view(const TriggerInstance& record) {
  return Value::object({{"trigger", record.trigger},
                        {"occurrence_time", to_iso8601(record.occurrence_time)},
                        {"status", to_string(record.state)},
                        {"id", record.id.hex()},
                        {"payload", record.payload.is_null() ? Value::object({}) : record.payload}});
}

Value enforcement_view(const RuleEnforcement& record) {
  ObjectBuilder out;
  const std::string uid = fmt::format("rule:{}:{}", pack_of(record.rule), name_of(record.rule));
  out.set("trigger_instance_id", record.trigger_instance.hex());
  if (record.execution) out.set("execution_id", record.execution->hex());
  out.set_if(!record.succeeded(), "failure_reason", record.failure_reason);
  out.set("rule", Value::object({{"ref", record.rule}, {"id", resource_id(uid)}, {"uid", uid}}));
  out.set("enforced_at", to_iso8601(record.enforced_at));
  out.set("status", record.succeeded() ? "succeeded" : "failed").set("id", record.id.hex());
  return std::move(out).build();
}

Value key_view(const KeyValue& key) {
  ObjectBuilder out;
  out.set("id", key.id.hex()).set("uid", fmt::format("key_value_pair:st2kv.system:{}", key.name));
  out.set("scope", "st2kv.system").set("name", key.name).set("value", key.value);
  out.set("secret", false).set("encrypted", false);
  if (key.expires_at) out.set("expire_timestamp", to_iso8601(*key.expires_at));
  return std::move(out).build();
}

}  // namespace midwatch
