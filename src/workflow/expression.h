// workflow/expression.h — a part of a definition in which texts may hold expressions, compiled once.
//
// An expression that does not compile is kept with its error: the definition still parses, inspection
// reports it, and a run that reaches it fails there, as in Orquesta.
// Immutable; safe to share between threads.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "expr/evaluation.h"
#include "orquesta_expr/compiled_value.h"
#include "value/value.h"

namespace midwatch {

// What an evaluation failed with, in the form of the workflow's error log: "ClassName: text".
struct ExpressionError {
  std::string exception;
  std::string message;
  [[nodiscard]] std::string text() const { return exception + ": " + message; }
};

template <class T>
using Evaluated = std::expected<T, ExpressionError>;

// Variables, and what the task functions (result(), item(), task_status(), …) answer.
struct ExpressionInputs {
  const Scope& scope;
  const WorkflowFunctions& functions;
  const Datastore* datastore = nullptr;
};

class Expression {
 public:
  Expression() = default;  // the constant null
  explicit Expression(Value source);

  [[nodiscard]] Evaluated<Value> evaluate(const ExpressionInputs& inputs) const;
  [[nodiscard]] const Value& source() const { return source_; }
  // No expression in it: evaluates to source() itself.
  [[nodiscard]] bool is_constant() const { return program_ == nullptr && !compile_error_; }
  [[nodiscard]] const std::optional<ExpressionError>& compile_error() const { return compile_error_; }

 private:
  Value source_;
  std::shared_ptr<const CompiledValue> program_;  // null for constants
  std::optional<ExpressionError> compile_error_;
};

}  // namespace midwatch
