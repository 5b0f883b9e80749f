#include "workflow/inspection_runner.h"

#include <string_view>
#include <vector>

#include "codec/json.h"
#include "workflow/inspect.h"
#include "workflow/trace_runner.h"

namespace midwatch {
namespace {

Value as_recorded(const std::vector<InspectionError>& errors) {
  ObjectBuilder kinds;
  constexpr std::string_view kNames[] = {"syntax", "semantics", "expressions", "context"};
  for (std::size_t kind = 0; kind < 4; ++kind) {
    std::vector<Value> list;
    for (const InspectionError& error : errors) {
      if (static_cast<std::size_t>(error.type) != kind) continue;
      ObjectBuilder entry;
      if (kind >= 2) {
        entry.set("type", error.language.empty() ? Value() : Value(error.language));
        entry.set("expression", Value(error.expression));
      }
      entry.set("message", Value(error.message));
      entry.set("spec_path", error.spec_path.empty() ? Value() : Value(error.spec_path));
      entry.set("schema_path", error.schema_path.empty() ? Value() : Value(error.schema_path));
      list.push_back(std::move(entry).build());
    }
    if (!list.empty()) kinds.set(kNames[kind], Value::array(std::move(list)));
  }
  return std::move(kinds).build();
}

}  // namespace

Value replay_inspection(const Value& recorded) {
  const auto definition = Definition::parse(recorded.get("workflow").text_or(""), recorded.get("id").text_or(""));
  if (!definition) {
    // The reference refuses what is no workflow with a ValueError while it loads.
    return Value::object({{"raises", Value::object({{"type", "ValueError"},
                                                    {"message", Value(definition.error().message)},
                                                    {"stage", "load"},
                                                    {"deliberate", true}})}});
  }
  std::vector<std::string> known;
  for (const Value::Member& member : recorded.get("context").members()) known.emplace_back(member.name());
  return Value::object({{"errors", as_recorded(inspect(**definition, known))}});
}

InspectionVerdict run_inspection(const Value& recorded) {
  const Value* const expect = recorded.find("expect");
  const bool refused = expect != nullptr && expect->find("raises") != nullptr;
  const Value expected = expect != nullptr ? expect->get("errors") : recorded.get("inspect");
  const Value found = replay_inspection(recorded);
  if (const Value* const raises = found.find("raises")) {
    return {refused, refused ? "" : "\n  refused: " + to_json(*raises)};
  }
  if (refused) return {found.get("errors").size() != 0, "expected a refusal: " + to_json(*expect)};
  if (same_value(found.get("errors"), expected)) return {true, ""};
  return {false, "\n  found    " + to_json(found) + "\n  expected " + to_json(expected)};
}

}  // namespace midwatch
