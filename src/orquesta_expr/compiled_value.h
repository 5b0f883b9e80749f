// orquesta_expr/compiled_value.h — any value in which texts may hold expressions, as Orquesta means it.
//
//   auto input = CompiledValue::compile(task_input);          // {"host": "<% ctx().host %>", "n": 3}
//   Result<Value> rendered = input->evaluate(evaluation);
//
// `<% … %>` is YAQL, `{{ … }}` and `{% … %}` are Jinja; a text may use one language only. A text that
// is one expression keeps its native type, any other becomes text with the results written in Python's
// spelling. Keys are evaluated too. A result that is itself a text with expressions is evaluated
// again in the same language, at most kReevaluationsMax times. Without expressions the value is returned as it is,
// shared. Variables come from evaluation.scope (names beginning with `__` are hidden from ctx()); task functions from
// evaluation.workflow.
//
// Immutable and safe to share between threads. Compile once, keep it with the definition.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "expr/program.h"
#include "value/value.h"

namespace midwatch {

inline constexpr int kReevaluationsMax = 20;

class CompiledValue {
 public:
  // Fails on a syntax error or on two languages in one text; message as Orquesta's inspection gives it.
  [[nodiscard]] static Result<CompiledValue> compile(const Value& statement);
  // The same, with the kind of the error.
  [[nodiscard]] static Outcome<CompiledValue> compile_outcome(const Value& statement);

  [[nodiscard]] Result<Value> evaluate(Evaluation& evaluation) const;
  [[nodiscard]] Outcome<Value> run(Evaluation& evaluation) const;
  // True when the value holds no expression.
  [[nodiscard]] bool is_constant() const;
  // Every variable that any of its expressions reads.
  [[nodiscard]] const Reads& reads() const;

  struct Part;  // one node of the compiled statement

 private:
  explicit CompiledValue(std::shared_ptr<const Part> root) : root_(std::move(root)) {}
  std::shared_ptr<const Part> root_;
};

// Whether a text holds an expression of either language.
[[nodiscard]] bool has_expression(std::string_view text);

}  // namespace midwatch
