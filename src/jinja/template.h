// jinja/template.h — Jinja 3.1 as StackStorm uses it: templates and expressions, compiled.
//
//   auto hello = jinja::Template::compile("Hi {{ name|upper }}");
//   Result<std::string> text = hello->render(evaluation);
//   auto native = jinja::compile_expression("trigger.body.load * 100");
//   Result<Value> value = native->evaluate(evaluation);
//
// Semantics: sandboxed environment, StrictUndefined, trim_blocks, lstrip_blocks, no auto-escape, one
// trailing line feed removed. Values print in Python's spelling (True, None, ['a']). `st2kv` is the
// evaluation's datastore when there is one and the scope has no such variable; workflow functions
// (ctx, result, …) are globals of compile_expression and of Orquesta templates only.
//
// Programs are immutable; share them between threads. Compile is linear in the source.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "expr/program.h"

namespace midwatch::jinja {

enum class Dialect : std::uint8_t {
  kStackStorm,  // plain templates: rules, parameters, aliases
  kOrquesta,    // adds ctx(), result(), task_status() … as functions and filters
};

class Template final : public Program {
 public:
  [[nodiscard]] static Result<std::shared_ptr<const Template>> compile(std::string_view source,
                                                                       Dialect dialect = Dialect::kStackStorm);
  [[nodiscard]] static Outcome<std::shared_ptr<const Template>> compile_outcome(std::string_view source,
                                                                                Dialect dialect = Dialect::kStackStorm);

  [[nodiscard]] Result<std::string> render(Evaluation& evaluation) const {
    return to_result(render_outcome(evaluation));
  }
  [[nodiscard]] Outcome<std::string> render_outcome(Evaluation& evaluation) const;
  [[nodiscard]] Outcome<Value> run(Evaluation& evaluation) const override;  // the text

  // Names that the template reads and does not set itself, sorted.
  [[nodiscard]] const std::vector<std::string>& free_variables() const { return reads().roots; }

  Template();
  ~Template() override;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

// One expression, whose value keeps its type.
[[nodiscard]] Outcome<std::shared_ptr<const Program>> compile_expression_outcome(
    std::string_view source, Dialect dialect = Dialect::kStackStorm);
[[nodiscard]] Result<std::shared_ptr<const Program>> compile_expression(std::string_view source,
                                                                        Dialect dialect = Dialect::kStackStorm);

// Every filter, test and global function of a dialect, sorted: for the reference and its test.
struct RegisteredNames {
  std::vector<std::string> filters, tests, globals;
};
[[nodiscard]] RegisteredNames registered_names(Dialect dialect);

}  // namespace midwatch::jinja
