#include "workflow/inspect.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "workflow/inline_parameters.h"
#include "workflow/inspection.h"

namespace midwatch {
namespace internal {

InspectionPlace InspectionPlace::property(std::string_view name) const {
  InspectionPlace below = *this;
  below.spec_path += (below.spec_path.empty() ? "" : ".") + std::string(name);
  below.schema_path += (below.schema_path.empty() ? "properties." : ".properties.") + std::string(name);
  return below;
}

InspectionPlace InspectionPlace::element(std::size_t index) const {
  return {spec_path + "[" + std::to_string(index) + "]", schema_path};
}

InspectionPlace InspectionPlace::schema(std::string_view suffix) const {
  return {spec_path, schema_path + (schema_path.empty() ? "" : ".") + std::string(suffix)};
}

InspectionPlace task_place(std::string_view task) {
  return {"tasks." + std::string(task), std::string(kTaskSchemaPath)};
}

void Findings::add(InspectionError::Type type, std::string message, const InspectionPlace& place, const YamlNode& node,
                   std::string_view language, std::string_view expression) {
  if (errors_.size() >= kInspectionErrorsMax) return;
  errors_.push_back({.type = type,
                     .language = std::string(language),
                     .expression = std::string(expression),
                     .message = std::move(message),
                     .spec_path = place.spec_path,
                     .schema_path = place.schema_path,
                     .where = node.where(file_)});
}

TaskParts parts_of_task(const YamlNode& task) {
  TaskParts parts{.node = &task, .action = {}, .input = {}};
  if (const YamlNode* input = task.find("input"); input != nullptr) {
    parts.input = input->to_value();
    parts.has_input = true;
  }
  const YamlNode* const action = task.find("action");
  if (action == nullptr) return parts;
  parts.action = action->to_value();
  if (!action->scalar.is_string()) return parts;
  std::vector<Value::Member> members;
  for (auto& [name, value] : parse_inline_parameters(action->text)) members.emplace_back(name, std::move(value));
  if (members.empty()) return parts;
  parts.action = Value(std::string_view(action->text).substr(0, action->text.find(' ')));
  parts.input = Value::object(std::move(members));
  parts.has_input = true;
  return parts;
}

Value publish_value(const YamlNode& publish) {
  if (!publish.is_scalar() || !publish.scalar.is_string()) return publish.to_value();
  std::vector<Value> assignments;
  for (auto& [name, value] : parse_inline_parameters(publish.text)) {
    assignments.push_back(Value::object({{name, std::move(value)}}));
  }
  return Value::array(std::move(assignments));
}

const YamlNode* node_of_task(const Definition& definition, std::string_view task) {
  const YamlNode* const tasks = definition.root().find("tasks");
  return tasks == nullptr ? nullptr : tasks->find(task);
}

std::vector<std::string_view> delimited_texts(std::string_view text, std::string_view open, std::string_view close) {
  std::vector<std::string_view> found;
  std::size_t at = text.find(open);
  while (at != std::string_view::npos) {
    const std::size_t end = text.find(close, at + open.size());
    if (end == std::string_view::npos) break;
    const std::size_t line = text.find('\n', at);
    if (line < end) {
      // An expression does not go over the end of a line; a later beginning may close.
      at = text.find(open, at + 1);
      continue;
    }
    found.push_back(text.substr(at, end + close.size() - at));
    at = text.find(open, end + close.size());
  }
  return found;
}

}  // namespace internal

std::string_view to_string(InspectionError::Type type) {
  switch (type) {
    case InspectionError::Type::kSyntax: return "syntax";
    case InspectionError::Type::kSemantic: return "semantic";
    case InspectionError::Type::kExpression: return "expression";
    case InspectionError::Type::kContext: return "context";
  }
  return "";
}

Value InspectionError::to_value() const {
  ObjectBuilder entry;
  entry.set("type", Value(midwatch::to_string(type)));
  if (type == Type::kExpression || type == Type::kContext) {
    entry.set("language", language.empty() ? Value() : Value(language)).set("expression", Value(expression));
  }
  entry.set("message", Value(message));
  entry.set("spec_path", spec_path.empty() ? Value() : Value(spec_path));
  entry.set("schema_path", schema_path.empty() ? Value() : Value(schema_path));
  entry.set("line", Value(where.line)).set("column", Value(where.column));
  return std::move(entry).build();
}

std::string InspectionError::to_string() const {
  std::string text = where.to_string() + ": " + message;
  if (!expression.empty()) text += " in " + expression;
  if (!spec_path.empty()) text += " (" + spec_path + ")";
  return text;
}

std::vector<InspectionError> inspect(const Definition& definition, std::span<const std::string> known_variables) {
  internal::Findings findings(definition.file());
  internal::inspect_syntax(definition.root(), findings);
  internal::inspect_semantics(definition, findings);
  internal::inspect_expressions(definition, findings);
  internal::inspect_context(definition, known_variables, findings);
  // By kind and place; those of one place stay in the order in which they were found.
  std::vector<InspectionError>& errors = findings.errors();
  std::vector<std::size_t> order(errors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t left, std::size_t right) {
    const InspectionError& a = errors[left];
    const InspectionError& b = errors[right];
    return std::tie(a.type, a.schema_path, a.spec_path, left) < std::tie(b.type, b.schema_path, b.spec_path, right);
  });
  std::vector<InspectionError> sorted;
  sorted.reserve(errors.size());
  for (const std::size_t index : order) sorted.push_back(std::move(errors[index]));
  return sorted;
}

}  // namespace midwatch
