// workflow/inspect.h — everything that is wrong with a workflow definition, found without running it (spec 5.8).
//
//   std::vector<InspectionError> wrong = inspect(*definition, {"st2", "parent"});
//
// The list is the reference's (type, message, paths), so that the API can answer as StackStorm does, plus
// the place in the file. Sorted by type (syntax, semantic, expression, context), then by schema path and
// spec path. Empty: the definition may run. Action references are checked by whoever knows the actions.
//
// Cost: linear in the definition, but for the check of contexts, which visits a task once for each path
// that reaches it first, at most kInspectionVisitsMax times in all.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "value/value.h"
#include "workflow/definition.h"

namespace midwatch {

inline constexpr std::size_t kInspectionErrorsMax = 1'000;
inline constexpr std::size_t kInspectionVisitsMax = 100'000;

struct InspectionError {
  enum class Type : std::uint8_t { kSyntax, kSemantic, kExpression, kContext };

  Type type = Type::kSyntax;
  std::string language;    // "yaql", "jinja" or empty, of kExpression and kContext
  std::string expression;  // of kExpression and kContext
  std::string message;
  std::string spec_path;  // "tasks.task1.next[0].publish"; empty for the whole
  std::string schema_path;
  Location where;

  // {"type", "message", "spec_path", "schema_path", "language"?, "expression"?, "line", "column"}
  [[nodiscard]] Value to_value() const;
  // One line: "file:3:5: The task \"x\" is not defined. (tasks.a.next[0].do)"
  [[nodiscard]] std::string to_string() const;
};

[[nodiscard]] std::string_view to_string(InspectionError::Type type);  // "syntax", "semantic", …

// `known_variables` are those that the parent context will hold.
[[nodiscard]] std::vector<InspectionError> inspect(const Definition& definition,
                                                   std::span<const std::string> known_variables = {});

}  // namespace midwatch
