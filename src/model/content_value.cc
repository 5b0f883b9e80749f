#include <utility>

#include <fmt/core.h>

#include "model/content.h"
#include "model/record_reader.h"

namespace midwatch {
namespace {

Value object_or_empty(const Value& value) { return value.is_object() ? value : Value::object({}); }
Value array_or_empty(const Value& value) { return value.is_array() ? value : Value::array({}); }

// The keys with which the API shape of everything in a pack begins.
template <class Thing>
ObjectBuilder begin(std::string_view kind, const Thing& thing) {
  ObjectBuilder out;
  out.set("uid", fmt::format("{}:{}:{}", kind, thing.pack, thing.name));
  out.set("ref", thing.ref()).set("pack", thing.pack).set("name", thing.name).set("description", thing.description);
  return out;
}

Value criteria_value(const std::vector<Criterion>& criteria) {
  ObjectBuilder out;
  for (const Criterion& criterion : criteria) {
    ObjectBuilder one;
    one.set("type", criterion.op).set("pattern", criterion.pattern);
    one.set_if(!criterion.condition.empty(), "condition", criterion.condition);
    out.set(criterion.key, std::move(one).build());
  }
  return std::move(out).build();
}

std::vector<Criterion> read_criteria(const Value& value, RecordReader& in) {
  std::vector<Criterion> criteria;
  for (const Value::Member& member : value.members()) {
    if (!member.value.is_object()) in.fail("criteria", "expected an object for each key");
    Criterion criterion;
    criterion.key = member.name();
    criterion.op = member.value.get("type").text_or("");
    criterion.pattern = member.value.get("pattern");
    criterion.condition = member.value.get("condition").text_or("");
    criteria.push_back(std::move(criterion));
  }
  return criteria;
}

Value guards_value(const MaxRunsGuard& guard) {
  const Value max_runs =
      Value::object({{"count", guard.count}, {"window", to_duration_text(guard.window)}, {"key", guard.key}});
  return Value::object({{"max_runs", max_runs}});
}

std::optional<MaxRunsGuard> read_guards(const Value& value, RecordReader& in) {
  const Value max_runs = value.get("max_runs");
  if (max_runs.is_null()) return std::nullopt;
  const std::int64_t count = max_runs.get("count").int_or(-1);
  const auto window = parse_duration(max_runs.get("window").text_or(""));
  if (count < 0 || count > INT32_MAX || !window) {
    in.fail("guards", "max_runs: expected count and window");
    return std::nullopt;
  }
  return MaxRunsGuard{static_cast<std::uint32_t>(count), *window, max_runs.get("key").text_or("")};
}

}  // namespace

Value to_value(const Rule& rule) {
  ObjectBuilder out = begin("rule", rule);
  const std::string_view type = rule.type == Rule::Type::kBackstop ? "backstop" : "standard";
  out.set("type", Value::object({{"ref", type}, {"parameters", Value::object({})}}));
  out.set("enabled", rule.enabled);
  out.set("trigger", Value::object({{"type", rule.trigger},
                                    {"ref", rule.trigger},
                                    {"parameters", object_or_empty(rule.trigger_parameters)}}));
  out.set("criteria", criteria_value(rule.criteria));
  out.set("action", Value::object({{"ref", rule.action}, {"parameters", object_or_empty(rule.action_parameters)}}));
  out.set("context", object_or_empty(rule.context)).set("tags", array_or_empty(rule.tags));
  if (rule.max_runs) out.set("guards", guards_value(*rule.max_runs));
  out.set("metadata_file", rule.metadata_file);
  return std::move(out).build();
}

Result<Rule> rule_from_value(const Value& value) {
  RecordReader in(value, "rule");
  Rule rule;
  rule.pack = in.text("pack");
  rule.name = in.text("name");
  rule.description = in.optional_text("description");
  rule.enabled = in.flag("enabled", false);
  const Value type = in.value("type");
  const std::string type_ref = type.is_string() ? type.to_text() : type.get("ref").text_or("standard");
  if (type_ref == "backstop") rule.type = Rule::Type::kBackstop;
  else if (type_ref != "standard") in.fail("type", "expected standard or backstop");
  const Value trigger = in.value("trigger");
  rule.trigger = trigger.get("type").text_or("");
  if (rule.trigger.empty()) in.fail("trigger", "expected an object with a type");
  rule.trigger_parameters = object_or_empty(trigger.get("parameters"));
  rule.criteria = read_criteria(in.value("criteria"), in);
  const Value action = in.value("action");
  rule.action = action.get("ref").text_or("");
  if (rule.action.empty()) in.fail("action", "expected an object with a ref");
  rule.action_parameters = object_or_empty(action.get("parameters"));
  rule.context = object_or_empty(in.value("context"));
  rule.tags = array_or_empty(in.value("tags"));
  rule.max_runs = read_guards(in.value("guards"), in);
  rule.metadata_file = in.optional_text("metadata_file");
  rule.where.file = rule.metadata_file;
  return in.finish(std::move(rule));
}

Value to_value(const Action& action) {
  ObjectBuilder out = begin("action", action);
  out.set("enabled", action.enabled).set("runner_type", action.runner_type).set("entry_point", action.entry_point);
  out.set("parameters", object_or_empty(action.parameters)).set("output_schema", object_or_empty(action.output_schema));
  out.set("tags", array_or_empty(action.tags)).set("notify", object_or_empty(action.notify));
  out.set_if(action.idempotent, "idempotent", true);
  out.set("metadata_file", action.metadata_file);
  return std::move(out).build();
}

Value to_value(const TriggerType& type) {
  ObjectBuilder out = begin("trigger_type", type);
  out.set("payload_schema", object_or_empty(type.payload_schema));
  out.set("parameters_schema", object_or_empty(type.parameters_schema));
  out.set("tags", array_or_empty(type.tags)).set("metadata_file", type.metadata_file);
  return std::move(out).build();
}

Value to_value(const Pack& pack) {
  ObjectBuilder out;
  out.set("uid", "pack:" + pack.ref).set("ref", pack.ref).set("name", pack.name);
  out.set("description", pack.description);
  out.set("keywords", array_or_empty(pack.manifest.get("keywords"))).set("version", pack.version);
  out.set("stackstorm_version", pack.manifest.get("stackstorm_version").text_or(""));
  out.set("python_versions", array_or_empty(pack.manifest.get("python_versions")));
  out.set("author", pack.author).set("email", pack.email);
  out.set("contributors", array_or_empty(pack.manifest.get("contributors")));
  std::vector<Value> files;
  files.reserve(pack.files.size());
  for (const std::string& file : pack.files) files.emplace_back(file);
  out.set("files", Value::array(std::move(files)));
  out.set("dependencies", array_or_empty(pack.manifest.get("dependencies")));
  out.set("system", object_or_empty(pack.manifest.get("system"))).set("path", pack.path);
  return std::move(out).build();
}

}  // namespace midwatch
