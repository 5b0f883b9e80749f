// workflow/inspect_context.cc — variables that are read before anything can have set them (spec 5.8). Only
// ctx().x, ctx(x), ctx('x') and ctx("x") are recognised, one of each in a text, as in the reference.
#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "workflow/graph.h"
#include "workflow/inline_parameters.h"
#include "workflow/inspection.h"

namespace midwatch::internal {
namespace {

using Type = InspectionError::Type;
using Names = std::set<std::string>;

struct VariableRead {
  std::string name;  // sorted by it
  std::string_view language;
  std::string expression;
  friend auto operator<=>(const VariableRead&, const VariableRead&) = default;
};

bool is_name(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}
bool is_reference(char c) {
  return (is_name(c) && c != '-') || std::string_view("[]'\".()").find(c) != std::string_view::npos;
}
bool is_word(char c) { return is_name(c) && c != '-'; }

std::string_view name_at(std::string_view text) {
  return text.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(text, is_name) - text.begin()));
}

// The variables of one reference such as "ctx().x.y" or "ctx(x)".
void names_of_reference(std::string_view reference, std::vector<std::string>& names) {
  bool found_bare = false;
  for (std::size_t at = reference.find("ctx("); at != std::string_view::npos; at = reference.find("ctx(", at + 1)) {
    if (at != 0 && is_word(reference[at - 1])) continue;
    const std::string_view rest = reference.substr(at + 4);
    if (rest.starts_with(").")) {
      const std::string_view name = name_at(rest.substr(2));
      const bool is_call = rest.substr(2 + name.size()).starts_with('(');
      if (!name.empty() && !is_call && !found_bare) {
        names.emplace_back(name);
        found_bare = true;
      }
      continue;
    }
    const char quote = rest.starts_with('\'') || rest.starts_with('"') ? rest.front() : '\0';
    const std::string_view inner = quote == '\0' ? rest : rest.substr(1);
    const std::string_view name = name_at(inner);
    std::string_view end = inner.substr(name.size());
    if (quote != '\0') {
      if (!end.starts_with(quote)) continue;
      end.remove_prefix(1);
    }
    if (!name.empty() && end.starts_with(')')) names.emplace_back(name);
  }
}

void names_of_expression(std::string_view expression, std::vector<std::string>& names) {
  std::size_t at = expression.find("ctx(");
  while (at != std::string_view::npos) {
    const std::string_view rest = expression.substr(at + 4);
    const auto run = static_cast<std::size_t>(std::ranges::find_if_not(rest, is_reference) - rest.begin());
    const bool starts = at == 0 || !is_word(expression[at - 1]);
    if (starts && rest.substr(0, run).find(')') != std::string_view::npos) {
      names_of_reference(expression.substr(at, 4 + run), names);
      at = expression.find("ctx(", at + 4 + run);
    } else {
      at = expression.find("ctx(", at + 4);
    }
  }
}

void collect_reads(const Value& value, std::set<VariableRead>& reads) {
  for (const Value& element : value.elements()) collect_reads(element, reads);
  for (const Value::Member& member : value.members()) {
    collect_reads(member.key, reads);
    collect_reads(member.value, reads);
  }
  if (!value.is_string()) return;
  const std::string_view text = value.as_string();
  const auto in_language = [&](std::string_view language, std::string_view open, std::string_view close) {
    std::vector<std::string> names;
    for (const std::string_view expression : delimited_texts(text, open, close)) {
      names_of_expression(expression.substr(2, expression.size() - 4), names);
    }
    for (std::string& name : names) reads.insert({std::move(name), language, std::string(text)});
  };
  in_language("jinja", "{{", "}}");
  in_language("yaql", "<%", "%>");
}

Names names_set_by(const Value& value) {
  Names names;
  for (const Value::Member& member : value.members()) names.insert(std::string(member.name()));
  if (value.is_string()) names.insert(value.to_text());
  return names;
}

class ContextInspector {
 public:
  ContextInspector(const Definition& definition, Findings& findings)
      : definition_(definition), references_(definition.tasks()), findings_(findings) {}

  void run(std::span<const std::string> known) {
    Names names(known.begin(), known.end());
    const YamlNode& root = definition_.root();
    for (const std::string_view part : {"input", "vars"}) {
      if (const YamlNode* node = root.find(part)) {
        property(node->to_value(), {std::string(part), "properties." + std::string(part)}, *node, true, names);
      }
    }
    tasks(names);
    if (const YamlNode* node = root.find("output")) {
      property(node->to_value(), {"output", "properties.output"}, *node, true, names);
    }
  }

 private:
  void check(const Value& value, const InspectionPlace& place, const YamlNode& node, const Names& names) {
    std::set<VariableRead> reads;
    collect_reads(value, reads);
    for (const VariableRead& read : reads) {
      if (read.name.starts_with("__")) {
        findings_.add(Type::kContext,
                      "Variable \"" + read.name +
                          "\" that is prefixed with double underscores is considered a private variable and cannot be "
                          "referenced.",
                      place, node, read.language, read.expression);
      }
      if (names.contains(read.name)) continue;
      findings_.add(Type::kContext, "Variable \"" + read.name + "\" is referenced before assignment.", place, node,
                    read.language, read.expression);
    }
  }

  // Checks a part of the definition; what it assigns is known to what comes after it.
  void property(const Value& given, const InspectionPlace& place, const YamlNode& node, bool assigns, Names& names) {
    Value value = given;
    if (!value.truthy()) return;
    if (value.is_string()) {
      std::vector<Value> parameters;
      for (auto& [name, parameter] : parse_inline_parameters(value.as_string())) {
        parameters.push_back(Value::object({{name, std::move(parameter)}}));
      }
      if (!parameters.empty()) value = Value::array(std::move(parameters));
    }
    if (!value.is_array()) {
      check(value, place, node, names);
      if (assigns) names.merge(names_set_by(value));
      return;
    }
    for (std::size_t i = 0; i < value.elements().size(); ++i) {
      const YamlNode& item = node.is_sequence() && i < node.items.size() ? node.items[i] : node;
      check(value.elements()[i], place.element(i), item, names);
      if (assigns) names.merge(names_set_by(value.elements()[i]));
    }
  }

  void task(const TaskSpec& spec, Names names) {
    const YamlNode& node = *node_of_task(definition_, spec.name);
    const InspectionPlace place = task_place(spec.name);
    const auto part = [&](const YamlNode& parent, std::string_view name, const InspectionPlace& at) {
      if (const YamlNode* child = parent.find(name))
        property(child->to_value(), at.property(name), *child, false, names);
    };
    part(node, "delay", place);
    if (const YamlNode* with = node.find("with"); with != nullptr && with->is_mapping()) {
      part(*with, "items", place.property("with"));
      part(*with, "concurrency", place.property("with"));
    }
    const TaskParts parts = parts_of_task(node);
    const YamlNode* const action = node.find("action");
    if (action != nullptr) property(parts.action, place.property("action"), *action, false, names);
    const YamlNode* const input = node.find("input");
    property(parts.input, place.property("input"), input != nullptr ? *input : node, false, names);
  }

  // Breadth first from the start tasks, each with what the way to it published; a join with what came so far.
  // Engine commands are visited too: what is published on the way to the first ones counts for the output.
  void tasks(Names& all) {
    struct Visit {
      std::string_view name;
      std::optional<Names> names;  // nullopt: a join
    };
    std::map<std::string_view, Names> at_joins;
    std::set<std::string_view> traversed;
    std::deque<Visit> open;
    for (const TaskSpec* start : references_.start_tasks()) open.push_back({start->name, all});
    for (std::size_t visits = 0; !open.empty(); ++visits) {
      Visit visit = std::move(open.front());
      open.pop_front();
      if (visits > kInspectionVisitsMax && traversed.contains(visit.name)) continue;
      traversed.insert(visit.name);
      const Names names = visit.names && !visit.names->empty() ? *visit.names : at_joins[visit.name];
      all.insert(names.begin(), names.end());
      const TaskSpec* const spec = references_.task(visit.name);
      if (spec == nullptr) continue;
      task(*spec, names);
      for (std::size_t i = 0; i < spec->next.size(); ++i) {
        for (const std::string& target : spec->next[i].targets) {
          Names after = names;
          transition(*spec, i, after);
          const TaskSpec* const next = references_.task(target);
          if (traversed.contains(target) || (next == nullptr && !is_engine_command(target))) continue;
          if (next != nullptr && next->is_join()) {
            at_joins[next->name].insert(after.begin(), after.end());
            open.push_back({next->name, std::nullopt});
          } else {
            open.push_back({target, std::move(after)});
          }
        }
      }
    }
  }

  void transition(const TaskSpec& spec, std::size_t index, Names& names) {
    const YamlNode& entry = node_of_task(definition_, spec.name)->find("next")->items[index];
    const InspectionPlace place = task_place(spec.name).property("next").element(index).schema("items");
    if (const YamlNode* when = entry.find("when")) {
      property(when->to_value(), place.property("when"), *when, false, names);
    }
    if (const YamlNode* publish = entry.find("publish")) {
      property(publish_value(*publish), place.property("publish"), *publish, true, names);
    }
    if (const YamlNode* targets = entry.find("do")) {
      property(targets->to_value(), place.property("do"), *targets, false, names);
    }
  }

  const Definition& definition_;
  TaskReferences references_;
  Findings& findings_;
};

}  // namespace

void inspect_context(const Definition& definition, std::span<const std::string> known, Findings& findings) {
  ContextInspector(definition, findings).run(known);
}

}  // namespace midwatch::internal
