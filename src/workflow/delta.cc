#include "workflow/delta.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace midwatch {
namespace {

using Field = std::uint32_t Delta::*;

struct Form {
  std::string_view name;
  bool node = false;
  std::array<Field, 4> indexes{};
  bool status = false;
  bool flag = false;
  bool value = false;
};

// By DeltaKind. Fields are written in this order: node, indexes, status, flag, value.
constexpr std::array<Form, kDeltaKindCount> kForms = {{
    {.name = "context", .value = true},
    {.name = "extend_path", .indexes = {&Delta::path, &Delta::context}},
    {.name = "join_path", .indexes = {&Delta::path, &Delta::other}},
    {.name = "route", .indexes = {&Delta::route, &Delta::edge}},
    {.name = "start", .node = true},
    {.name = "stage", .node = true, .indexes = {&Delta::route, &Delta::path, &Delta::edge, &Delta::run}, .flag = true},
    {.name = "stage_again", .indexes = {&Delta::run}, .flag = true},
    {.name = "arrive", .indexes = {&Delta::staged, &Delta::path, &Delta::edge, &Delta::run}, .flag = true},
    {.name = "unstage", .indexes = {&Delta::staged}},
    {.name = "run_on_fail", .indexes = {&Delta::staged}},
    {.name = "items", .indexes = {&Delta::staged, &Delta::count}},
    {.name = "item", .indexes = {&Delta::staged, &Delta::item}, .status = true},
    {.name = "hold", .indexes = {&Delta::staged}, .flag = true},
    {.name = "run", .indexes = {&Delta::staged}, .value = true},
    {.name = "run_again", .indexes = {&Delta::run}, .value = true},
    {.name = "run_status", .indexes = {&Delta::run}, .status = true},
    {.name = "run_next", .indexes = {&Delta::run, &Delta::edge}, .flag = true},
    {.name = "run_out", .indexes = {&Delta::run, &Delta::edge, &Delta::context}},
    {.name = "run_end", .indexes = {&Delta::run}, .flag = true},
    {.name = "retried", .indexes = {&Delta::run}},
    {.name = "workflow", .status = true},
    {.name = "error", .value = true},
    {.name = "forget", .node = true},
    {.name = "output", .value = true},
    {.name = "reruns", .value = true},
    {.name = "prepare", .indexes = {&Delta::path}},
    {.name = "prepare_end"},
}};

Error not_a_delta(std::string what) { return Error(Code::kInvalid, "not a workflow delta: " + std::move(what)); }

}  // namespace

Value Delta::to_value(const Graph& graph) const {
  const Form& form = kForms[static_cast<std::size_t>(kind)];
  std::vector<Value> parts;
  parts.reserve(8);
  parts.emplace_back(form.name);
  if (form.node) parts.emplace_back(graph.node(node).name);
  for (const Field field : form.indexes) {
    if (field != nullptr) parts.emplace_back(this->*field);
  }
  if (form.status) parts.emplace_back(to_string(status));
  if (form.flag) parts.emplace_back(flag);
  if (form.value) parts.push_back(value);
  return Value::array(std::move(parts));
}

Result<Delta> Delta::from_value(const Value& encoded, const Graph& graph) {
  const std::span<const Value> parts = encoded.elements();
  if (parts.empty() || !parts[0].is_string()) return not_a_delta("an array that begins with its kind is expected");
  const auto* const form = std::ranges::find(kForms, parts[0].as_string(), &Form::name);
  if (form == kForms.end()) return not_a_delta("unknown kind '" + parts[0].to_text() + "'");
  const auto indexes =
      static_cast<std::size_t>(std::ranges::count_if(form->indexes, [](Field f) { return f != nullptr; }));
  const std::size_t expected = 1 + form->node + indexes + form->status + form->flag + form->value;
  if (parts.size() != expected) return not_a_delta("'" + std::string(form->name) + "' with missing or extra fields");

  Delta delta{.kind = static_cast<DeltaKind>(form - kForms.begin())};
  std::size_t at = 1;
  if (form->node) {
    const std::string name = parts[at++].text_or("");
    const std::optional<NodeIndex> node = graph.find(name);
    if (!node) return not_a_delta("the definition has no task '" + name + "'");
    delta.node = *node;
  }
  for (std::size_t i = 0; i < indexes; ++i) {
    const std::int64_t index = parts[at++].int_or(-1);
    if (index < 0 || index > kNoIndex) return not_a_delta("an index is none");
    delta.*(form->indexes[i]) = static_cast<std::uint32_t>(index);
  }
  if (form->status) {
    const std::optional<FlowStatus> status = parse_flow_status(parts[at++].text_or(""));
    if (!status) return not_a_delta("a status is none");
    delta.status = *status;
  }
  if (form->flag) {
    if (!parts[at].is_bool()) return not_a_delta("a flag is none");
    delta.flag = parts[at++].as_bool();
  }
  if (form->value) delta.value = parts[at];
  return delta;
}

}  // namespace midwatch
