// workflow/inspect_expressions.cc — expressions that do not parse (spec 5.8).
#include "expr/python_text.h"
#include "jinja/template.h"
#include "workflow/inspection.h"
#include "yaql/expression.h"

namespace midwatch::internal {
namespace {

using Type = InspectionError::Type;

class ExpressionInspector {
 public:
  ExpressionInspector(const Definition& definition, Findings& findings)
      : definition_(definition), findings_(findings) {}

  void run() {
    const YamlNode& root = definition_.root();
    for (const std::string_view part : {"vars", "input", "output"}) {
      if (const YamlNode* node = root.find(part)) {
        validate(node->to_value(), {std::string(part), "properties." + std::string(part)}, *node);
      }
    }
    for (const TaskSpec& spec : definition_.tasks()) task(*node_of_task(definition_, spec.name), task_place(spec.name));
  }

 private:
  void task(const YamlNode& node, const InspectionPlace& place) {
    const TaskParts parts = parts_of_task(node);
    const YamlNode* const action = node.find("action");
    const YamlNode* const input = node.find("input");
    part(node, "delay", place);
    part(node, "join", place);
    if (action != nullptr) validate(parts.action, place.property("action"), *action);
    if (parts.has_input) {
      validate(parts.input, place.property("input"), input != nullptr ? *input : *action);
    }
    for (const auto& [name, children] : {std::pair{"with", std::vector<std::string_view>{"items", "concurrency"}},
                                         std::pair{"retry", std::vector<std::string_view>{"when", "count", "delay"}}}) {
      const YamlNode* const parent = node.find(name);
      if (parent == nullptr) continue;
      for (const std::string_view child : children) part(*parent, child, place.property(name));
    }
    const YamlNode* const next = node.find("next");
    if (next == nullptr) return;
    for (std::size_t i = 0; i < next->items.size(); ++i) {
      const YamlNode& entry = next->items[i];
      const InspectionPlace here = place.property("next").element(i).schema("items");
      part(entry, "when", here);
      if (const YamlNode* publish = entry.find("publish")) {
        validate(publish_value(*publish), here.property("publish"), *publish);
      }
      part(entry, "do", here);
    }
  }

  void part(const YamlNode& parent, std::string_view name, const InspectionPlace& place) {
    if (const YamlNode* child = parent.find(name)) validate(child->to_value(), place.property(name), *child);
  }

  void validate(const Value& value, const InspectionPlace& place, const YamlNode& node) {
    for (std::size_t i = 0; i < value.elements().size(); ++i) {
      const YamlNode& item = node.is_sequence() && i < node.items.size() ? node.items[i] : node;
      validate(value.elements()[i], place, item);
    }
    for (const Value::Member& member : value.members()) {
      validate(member.key, place, node);
      const YamlNode* const child = node.find(member.name());
      validate(member.value, place, child != nullptr ? *child : node);
    }
    if (!value.is_string()) return;
    const std::string_view text = value.as_string();
    const std::vector<std::string_view> yaql_texts = delimited_texts(text, "<%", "%>");
    const std::vector<std::string_view> jinja_texts = delimited_texts(text, "{{", "}}");
    const std::vector<std::string_view> blocks = delimited_texts(text, "{%", "%}");
    const bool has_jinja = !jinja_texts.empty() || !blocks.empty();
    if (!yaql_texts.empty() && has_jinja) {
      findings_.add(Type::kExpression, "Expression with multiple types is not supported.", place, node, "", text);
    } else if (!yaql_texts.empty()) {
      for (const std::string_view expression : yaql_texts) {
        const std::string_view code = code_of(expression, "<%>");
        const auto compiled = yaql::compile_outcome(code);
        if (!compiled) add("yaql", expression, yaql_message(compiled.error(), code), place, node);
      }
    } else if (has_jinja) {
      jinja_text(text, jinja_texts, place, node);
    }
  }

  // "Validate the entire text to cover malformed delimiters and blocks", then each expression by itself.
  void jinja_text(std::string_view text, std::span<const std::string_view> expressions, const InspectionPlace& place,
                  const YamlNode& node) {
    const auto whole = jinja::Template::compile_outcome(text, jinja::Dialect::kOrquesta);
    const bool is_wrong = !whole && is_grammar(whole.error());
    if (is_wrong) add("jinja", text, whole.error().message(), place, node);
    for (const std::string_view expression : expressions) {
      if (is_wrong && expression == text) continue;  // said already
      const auto compiled = jinja::compile_expression_outcome(code_of(expression, "{}"), jinja::Dialect::kOrquesta);
      // The reference reads one expression, and does not look at what is behind it.
      if (!compiled && compiled.error().message() == "chunk after expression") continue;
      if (!compiled && is_grammar(compiled.error())) add("jinja", expression, compiled.error().message(), place, node);
    }
  }

  // "strip(delimiter).strip()": any of the delimiter's characters go, as in <%% x %%>.
  static std::string_view code_of(std::string_view expression, std::string_view delimiter) {
    const std::size_t first = expression.find_first_not_of(delimiter);
    if (first == std::string_view::npos) return {};
    return strip_space(expression.substr(first, expression.find_last_not_of(delimiter) - first + 1));
  }

  // The reference's words: the place is part of the text, and a text that ends too early is an illegal quote.
  static std::string yaql_message(const Failure& failure, std::string_view code) {
    const std::string& message = failure.message();
    const std::uint32_t offset = failure.diagnostic().offset;
    if (message.starts_with("Parse error")) {
      if (message.find(" at position ") == std::string::npos) return message;
      return message + " of expression '" + std::string(code) + "'";
    }
    const bool is_character = message.starts_with("illegal character") || message.starts_with("a text without") ||
                              message.starts_with("a word must not");
    if (!is_character || offset >= code.size()) return message;
    std::size_t at = offset;
    std::string character;
    append_code_point(character, next_code_point(code, at));
    return "Lexical error: illegal character '" + character + "' at position " +
           std::to_string(code_point_count(code.substr(0, offset)));
  }

  // Filters and tests that do not exist are found when they are used, in the reference.
  static bool is_grammar(const Failure& failure) { return failure.diagnostic().exception != "TemplateAssertionError"; }

  void add(std::string_view language, std::string_view expression, std::string message, const InspectionPlace& place,
           const YamlNode& node) {
    findings_.add(Type::kExpression, std::move(message), place, node, language, expression);
  }

  const Definition& definition_;
  Findings& findings_;
};

}  // namespace

void inspect_expressions(const Definition& definition, Findings& findings) {
  ExpressionInspector(definition, findings).run();
}

}  // namespace midwatch::internal
