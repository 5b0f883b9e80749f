#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "base/time.h"
#include "model/criteria_operator.h"
#include "model/node_reader.h"
#include "model/pack_parser.h"
#include "model/pack_parts.h"
#include "model/suggest.h"

namespace midwatch::internal {
namespace {

std::vector<std::string_view> known_names() {
  std::vector<std::string_view> names;
  for (const OperatorName& entry : operator_names()) names.push_back(entry.name);
  return names;
}

void check_operator(NodeReader& in, const YamlNode& at, const std::string& name) {
  static const std::vector<std::string_view> known = known_names();
  if (find_operator(name)) return;
  std::string hint = did_you_mean(name, known);
  if (hint.empty()) hint = "operators: " + comma_list(known);
  in.error(at, fmt::format("unknown operator '{}'", name.substr(0, 64)), std::move(hint));
}

Criterion parse_criterion(const YamlPair& pair, std::string_view file, Diagnostics& out) {
  Criterion criterion;
  criterion.key = pair.key.text;
  criterion.where = pair.key.where(file);
  NodeReader in(pair.value, file, out);
  if (!in.is_mapping()) return criterion;
  criterion.op = in.text("type", Need::kRequired);
  if (!criterion.op.empty()) check_operator(in, *in.node().find("type"), criterion.op);
  // Also for exists and nexists: StackStorm wants one for every operator.
  const YamlNode* pattern = in.any("pattern");
  if (pattern != nullptr) criterion.pattern = pattern->to_value();
  else
    in.error(fmt::format("criterion '{}' has no pattern", criterion.key.substr(0, 64)),
             "every operator needs one, also exists and nexists");
  criterion.condition = in.text("condition");
  in.refuse_unknown("a criterion");
  // Legal there, but it finds nothing. JSONPath can get to the payload without its name.
  if (criterion.key.find("trigger") == criterion.key.npos && criterion.key.find_first_of("$*(") == criterion.key.npos) {
    out.error(criterion.where, fmt::format("criterion '{}' does not look at the trigger", criterion.key.substr(0, 64)),
              "begin the key with 'trigger.'");
  }
  return criterion;
}

std::vector<Criterion> parse_criteria(const YamlNode* node, std::string_view file, Diagnostics& out) {
  std::vector<Criterion> criteria;
  if (node == nullptr) return criteria;
  if (node->pairs.size() > kRuleCriteriaMax) {
    out.error(node->where(file),
              fmt::format("{} criteria, at most {} are allowed", node->pairs.size(), kRuleCriteriaMax));
    return criteria;
  }
  criteria.reserve(node->pairs.size());
  for (const YamlPair& pair : node->pairs) criteria.push_back(parse_criterion(pair, file, out));
  return criteria;
}

// `type: backstop` or `type: {ref: backstop, parameters: {}}`.
Rule::Type parse_rule_type(NodeReader& in, Diagnostics& out) {
  const YamlNode* type = in.any("type");
  if (type == nullptr) return Rule::Type::kStandard;
  const YamlNode* ref = type;
  if (type->is_mapping()) {
    NodeReader inner(*type, in.file(), out);
    ref = inner.any("ref", Need::kRequired);
    inner.mapping("parameters");
    inner.refuse_unknown("type");
  }
  if (ref == nullptr || ref->text == "standard") return Rule::Type::kStandard;
  if (ref->text != "backstop") {
    in.error(*ref, fmt::format("unknown type of rule '{}'", ref->text.substr(0, 64)), "standard or backstop");
  }
  return Rule::Type::kBackstop;
}

// A reference is "<pack>.<name>".
std::string parse_ref(NodeReader& in, std::string_view key, std::string_view what) {
  std::string ref = in.text(key, Need::kRequired);
  if (!ref.empty() && ref.find('.') == ref.npos) {
    in.error(*in.node().find(key), fmt::format("'{}' is not the reference of {}", ref.substr(0, 64), what),
             "write <pack>.<name>");
  }
  return ref;
}

std::optional<MaxRunsGuard> parse_guards(const YamlNode* node, std::string_view file, Diagnostics& out) {
  if (node == nullptr) return std::nullopt;
  NodeReader guards(*node, file, out);
  const YamlNode* max_runs = guards.mapping("max_runs");
  guards.refuse_unknown("guards");
  if (max_runs == nullptr) return std::nullopt;
  NodeReader in(*max_runs, file, out);
  MaxRunsGuard guard;
  if (const YamlNode* count = in.any("count", Need::kRequired)) {
    if (!count->scalar.is_int() || count->scalar.as_int() < 0 ||
        count->scalar.as_int() > std::numeric_limits<std::uint32_t>::max()) {
      in.error(*count, fmt::format("'count' must be a number of runs, found '{}'", count->text.substr(0, 64)));
    } else {
      guard.count = static_cast<std::uint32_t>(count->scalar.as_int());
    }
  }
  if (const YamlNode* window = in.any("window", Need::kRequired)) {
    const auto span = parse_duration(window->text);
    if (!span || *span <= Duration::zero()) {
      in.error(*window, fmt::format("'window' must be a duration, found '{}'", window->text.substr(0, 64)),
               "for example 10m or 1h30m");
    } else {
      guard.window = *span;
    }
  }
  guard.key = in.text("key", Need::kRequired);
  in.refuse_unknown("max_runs");
  return guard;
}

}  // namespace

std::optional<Rule> parse_rule_node(const MetadataFile& source, Diagnostics& out) {
  NodeReader in(source.node, source.file, out);
  if (!in.is_mapping()) return std::nullopt;
  Rule rule;
  rule.pack = source.pack;
  rule.name = in.text("name", Need::kRequired);
  check_name_and_pack(in, rule.name, source.pack);
  rule.description = in.text("description");
  rule.enabled = in.flag("enabled", false);
  rule.type = parse_rule_type(in, out);
  rule.trigger_parameters = Value::object({});
  if (const YamlNode* trigger = in.mapping("trigger", Need::kRequired)) {
    NodeReader inner(*trigger, source.file, out);
    rule.trigger = parse_ref(inner, "type", "a trigger type");
    rule.trigger_parameters = inner.object("parameters");
  }
  rule.criteria = parse_criteria(in.mapping("criteria"), source.file, out);
  rule.action_parameters = Value::object({});
  if (const YamlNode* action = in.mapping("action", Need::kRequired)) {
    NodeReader inner(*action, source.file, out);
    rule.action = parse_ref(inner, "ref", "an action");
    rule.action_parameters = inner.object("parameters");
    inner.text("description");
    inner.refuse_unknown("action");
  }
  rule.context = in.object("context");
  rule.tags = in.array("tags");
  rule.max_runs = parse_guards(in.mapping("guards"), source.file, out);
  in.ignore({"id", "ref", "uid", "metadata_file"});
  in.refuse_unknown("a rule");
  rule.metadata_file = source.metadata_file;
  rule.where = source.node.where(source.file);
  return rule;
}

}  // namespace midwatch::internal

namespace midwatch {

std::optional<Rule> parse_rule(std::string_view text, std::string_view file, std::string_view pack, Diagnostics& out) {
  const std::size_t before = out.error_count();
  auto node = parse_yaml(text, file);
  if (!node) {
    out.error(node.error());
    return std::nullopt;
  }
  std::optional<Rule> rule = internal::parse_rule_node({*node, file, file, pack}, out);
  if (out.error_count() != before) return std::nullopt;
  return rule;
}

}  // namespace midwatch
