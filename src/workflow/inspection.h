// workflow/inspection.h — the parts of inspect(); for workflow's own sources only.
//
// Each part goes over the located tree of the definition and adds what it finds. Paths are written as the
// reference writes them: "tasks.a.next[0].publish" and "properties.tasks.patternProperties.^\w+$.…".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/yaml.h"
#include "workflow/definition.h"
#include "workflow/inspect.h"

namespace midwatch::internal {

inline constexpr std::string_view kTaskSchemaPath = "properties.tasks.patternProperties.^\\w+$";

struct InspectionPlace {
  std::string spec_path;
  std::string schema_path;

  // "properties.<name>" below, "<spec>.<name>".
  [[nodiscard]] InspectionPlace property(std::string_view name) const;
  [[nodiscard]] InspectionPlace element(std::size_t index) const;       // spec path only
  [[nodiscard]] InspectionPlace schema(std::string_view suffix) const;  // schema path only
};
[[nodiscard]] InspectionPlace task_place(std::string_view task);

// Collects errors up to kInspectionErrorsMax.
class Findings {
 public:
  explicit Findings(std::string_view file) : file_(file) {}
  void add(InspectionError::Type type, std::string message, const InspectionPlace& place, const YamlNode& node,
           std::string_view language = {}, std::string_view expression = {});
  [[nodiscard]] std::size_t size() const { return errors_.size(); }
  [[nodiscard]] std::vector<InspectionError>& errors() { return errors_; }

 private:
  std::string file_;
  std::vector<InspectionError> errors_;
};

void inspect_syntax(const YamlNode& root, Findings& findings);
void inspect_semantics(const Definition& definition, Findings& findings);
void inspect_expressions(const Definition& definition, Findings& findings);
void inspect_context(const Definition& definition, std::span<const std::string> known, Findings& findings);

// What the reference makes of a task when it is loaded: inline parameters are its input.
struct TaskParts {
  const YamlNode* node = nullptr;
  Value action;
  Value input;
  bool has_input = false;
};
[[nodiscard]] TaskParts parts_of_task(const YamlNode& task);
// An inline publish as a list of one-key mappings; other values as they are.
[[nodiscard]] Value publish_value(const YamlNode& publish);
[[nodiscard]] const YamlNode* node_of_task(const Definition& definition, std::string_view task);

// The texts `open … close` on one line each, shortest form.
[[nodiscard]] std::vector<std::string_view> delimited_texts(std::string_view text, std::string_view open,
                                                            std::string_view close);

}  // namespace midwatch::internal
