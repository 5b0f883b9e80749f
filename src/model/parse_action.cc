#include <algorithm>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "model/node_reader.h"
#include "model/pack_parts.h"
#include "model/runner_types.h"
#include "model/suggest.h"

namespace midwatch::internal {
namespace {

// Of StackStorm, and not of this version.
constexpr std::string_view kOtherRunners[] = {"remote-shell-cmd", "remote-shell-script", "action-chain",
                                              "inquirer",         "announcement",        "winrm-cmd",
                                              "winrm-ps-cmd",     "winrm-ps-script"};

const RunnerType* check_runner(NodeReader& in, const std::string& name) {
  if (name.empty()) return nullptr;  // reported as missing
  const RunnerType* runner = find_runner_type(name);
  if (runner != nullptr) return runner;
  std::vector<std::string_view> names;
  for (const RunnerType& type : runner_types()) names.push_back(type.name);
  const YamlNode& at = *in.node().find("runner_type");
  const bool known = std::find(std::begin(kOtherRunners), std::end(kOtherRunners), name) != std::end(kOtherRunners);
  if (known) {
    in.error(at, fmt::format("runner '{}' is not in this version", name), "runners: " + comma_list(names));
    return nullptr;
  }
  std::string hint = did_you_mean(name, names);
  if (hint.empty()) hint = "runners: " + comma_list(names);
  in.error(at, fmt::format("unknown runner '{}'", name.substr(0, 64)), std::move(hint));
  return nullptr;
}

// "a/../b" and "/a" are not.
bool is_normal_path(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.back() == '/' || path.find('\0') != path.npos) return false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

void check_entry_point(NodeReader& in, const Action& action, const RunnerType& runner, const HasFile& has_file) {
  const YamlNode* at = in.node().find("entry_point");
  const YamlNode& place = at == nullptr ? in.node() : *at;
  if (runner.entry_point == RunnerType::EntryPoint::kNone) {
    if (!action.entry_point.empty() && runner.name == "local-shell-cmd") {
      in.error(place, "entry_point is only valid for local-shell-script runner", "remove it, or change runner_type");
    }
    return;
  }
  if (action.entry_point.empty()) {
    in.error(place, fmt::format("runner '{}' needs an entry_point", runner.name), "the path of a file below actions/");
    return;
  }
  if (!is_normal_path(action.entry_point)) {
    in.error(place,
             fmt::format("entry_point '{}' must be a plain path below actions/", action.entry_point.substr(0, 256)),
             "no leading '/', no '.' and no '..'");
    return;
  }
  if (!has_file("actions/" + action.entry_point)) {
    in.error(place, fmt::format("entry_point: there is no file 'actions/{}'", action.entry_point));
  }
}

// Of a parameter that the runner has too, only some attributes may be changed.
void check_overrides(NodeReader& in, const YamlNode& name, const Value& schema, const Value& of_runner) {
  static constexpr std::string_view kMayDiffer[] = {"default", "description", "enum", "immutable", "required"};
  for (const Value::Member& member : schema.members()) {
    const bool may = std::find(std::begin(kMayDiffer), std::end(kMayDiffer), member.name()) != std::end(kMayDiffer);
    if (member.name() == "immutable" && of_runner.find("immutable") != nullptr) {
      in.error(name, fmt::format("parameter '{}' of the runner may not be made immutable", name.text));
    } else if (!may && !(of_runner.get(member.name()) == member.value)) {
      in.error(name, fmt::format("parameter '{}' of the runner: '{}' may not be changed", name.text, member.name()),
               "only " + comma_list(kMayDiffer) + " may differ");
    }
  }
}

void check_parameters(NodeReader& in, const YamlNode& parameters, const RunnerType* runner) {
  std::set<double> positions;
  for (const YamlPair& pair : parameters.pairs) {
    const Value schema = pair.value.to_value();
    const Value of_runner = runner == nullptr ? Value() : runner->parameters.get(pair.key.text);
    if (!of_runner.is_null()) check_overrides(in, pair.key, schema, of_runner);
    if (schema.get("immutable").bool_or(false) && schema.get("default").is_null() &&
        of_runner.get("default").is_null()) {
      in.error(pair.key, fmt::format("parameter '{}' is immutable and has no default", pair.key.text));
    }
    const Value position = schema.get("position");
    if (!position.is_number()) continue;
    if (!positions.insert(position.as_double()).second) {
      in.error(*pair.value.find("position"), fmt::format("position {} is given twice", position.as_double()));
    }
  }
  if (!positions.empty() && *positions.rbegin() - *positions.begin() != static_cast<double>(positions.size() - 1)) {
    in.error(parameters, "the positions of the parameters have a gap", "number them one after the other");
  }
}

}  // namespace

std::optional<Action> parse_action(const MetadataFile& source, const HasFile& has_file, Diagnostics& out) {
  NodeReader in(source.node, source.file, out);
  if (!in.is_mapping()) return std::nullopt;
  Action action;
  action.pack = source.pack;
  action.name = in.text("name", Need::kRequired);
  check_name_and_pack(in, action.name, source.pack);
  action.description = in.text("description");
  action.enabled = in.flag("enabled", true);
  action.runner_type = in.text("runner_type", Need::kRequired);
  action.entry_point = in.text("entry_point");
  action.idempotent = in.flag("idempotent", false);
  const YamlNode* parameters = in.any("parameters");
  action.parameters = parse_parameters(parameters, source.file, "'parameters'", out);
  const YamlNode* output_schema = in.mapping("output_schema");
  if (output_schema != nullptr) action.output_schema = output_schema->to_value();
  action.tags = in.array("tags");
  if (const YamlNode* notify = in.mapping("notify")) {
    NodeReader events(*notify, source.file, out);
    for (const char* event : {"on-complete", "on-success", "on-failure"}) events.mapping(event);
    events.refuse_unknown("notify");
    action.notify = notify->to_value();
  }
  in.ignore({"id", "ref", "uid", "metadata_file"});
  in.refuse_unknown("an action");
  const RunnerType* runner = check_runner(in, action.runner_type);
  if (runner != nullptr) {
    action.runner_type = runner->name;
    check_entry_point(in, action, *runner, has_file);
  }
  if (parameters != nullptr && parameters->is_mapping()) check_parameters(in, *parameters, runner);
  action.metadata_file = source.metadata_file;
  action.where = source.node.where(source.file);
  return action;
}

}  // namespace midwatch::internal
