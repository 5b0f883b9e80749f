// eval: expressions and templates without a server.
#include <chrono>
#include <fstream>
#include <iostream>
#include <ostream>
#include <set>

#include <fmt/core.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/eval_shell.h"
#include "codec/json.h"
#include "expr/evaluation.h"
#include "expr_cases/expression_case.h"
#include "jinja/template.h"
#include "orquesta_expr/compiled_value.h"
#include "yaql/expression.h"

namespace midwatch::cli {
namespace {

Result<Value> read_context(const Call& call) {
  if (!call.has("--context")) return Value::object({});
  return read_variables(call.get("--context"));
}

Instant wall_clock() {
  return instant_from_micros(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
}

Result<Value> evaluate(const Call& call, const Value& context) {
  MapScope scope(context);
  Evaluation evaluation(scope);
  evaluation.now = wall_clock();
  if (call.has("--jinja")) {
    MW_TRY(const auto program, jinja::compile_expression(call.get("--jinja"), jinja::Dialect::kOrquesta));
    return program->evaluate(evaluation);
  }
  if (call.has("--yaql")) {
    MW_TRY(const auto program, yaql::compile(call.get("--yaql")));
    return program->evaluate(evaluation);
  }
  if (call.has("--template")) {
    MW_TRY(const auto program, jinja::Template::compile(call.get("--template")));
    return program->evaluate(evaluation);
  }
  MW_TRY(const CompiledValue program, CompiledValue::compile(Value(call.arguments.front())));
  return program.evaluate(evaluation);
}

// One answer a line, in the order of the lines; a line that is no case is reported and skipped.
Exit run_batch(Call& call) {
  const std::string name = call.get("--batch");
  std::ifstream file;
  if (name != "-") {
    file.open(name);
    if (!file) return call.fail(fmt::format("{}: cannot be read", name));
  }
  std::istream& lines = name == "-" ? std::cin : file;
  bool all_good = true;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto answer = [&line]() -> Result<Value> {
      MW_TRY(const Value record, parse_json(line));
      MW_TRY(const Outcome<Value> outcome, run_expression_case(record));
      return expression_answer(record, outcome);
    }();
    if (answer) {
      call.out << to_json(*answer) << "\n";
      continue;
    }
    all_good = false;
    call.err << fmt::format("midwatch eval: {}:{}: {}\n", name, number, answer.error().to_string());
  }
  return all_good ? Exit::kOk : Exit::kFailed;
}

std::string history_file(const Call& call) {
  const auto state = call.environment ? call.environment("XDG_STATE_HOME") : std::nullopt;
  if (state && !state->empty()) return *state + "/midwatch/eval_history";
  const auto home = call.environment ? call.environment("HOME") : std::nullopt;
  return home && !home->empty() ? *home + "/.local/state/midwatch/eval_history" : "";
}

Exit run_interactive(Call& call, const Value& context) {
  EvalShell shell(context, call.out, call.err);
  run_shell(shell, history_file(call));
  return shell.any_failed() ? Exit::kFailed : Exit::kOk;
}

Exit eval(Call& call) {
  const bool interactive = call.has("--interactive");
  const int given = interactive + call.has("--jinja") + call.has("--yaql") + call.has("--template") +
                    call.has("--batch") + !call.arguments.empty();
  if (given != 1) {
    call.err << "midwatch eval: give exactly one of --jinja, --yaql, --template, --batch, --interactive or a text with "
                "<% %> or {{ }}\n";
    return Exit::kUsage;
  }
  if (call.has("--batch")) return run_batch(call);
  const auto context = read_context(call);
  if (!context) return call.fail(context.error());
  if (interactive) return run_interactive(call, *context);
  const auto value = evaluate(call, *context);
  if (!value) return call.fail(value.error());
  if (call.has("--template")) call.out << value->text_or("") << "\n";
  else call.out << to_json_pretty(*value) << "\n";
  return Exit::kOk;
}

}  // namespace

std::string expression_names() {
  std::set<std::string> lines;
  const auto add = [&lines](std::string_view kind, const std::vector<std::string>& names) {
    for (const std::string& name : names) lines.insert(fmt::format("{} {}\n", kind, name));
  };
  for (const jinja::Dialect dialect : {jinja::Dialect::kStackStorm, jinja::Dialect::kOrquesta}) {
    const jinja::RegisteredNames names = jinja::registered_names(dialect);
    add("jinja filter", names.filters);
    add("jinja test", names.tests);
    add("jinja global", names.globals);
  }
  const yaql::LibraryNames names = yaql::library_names();
  add("yaql function", names.functions);
  add("yaql method", names.methods);
  std::string out;
  for (const std::string& line : lines) out += line;
  return out;
}

Command eval_command() {
  return {
      "eval",
      "[TEXT]",
      0,
      1,
      "Evaluates an expression or a template, as workflows and rules do.",
      {{"--jinja", "EXPRESSION", "Evaluates what would stand between {{ and }}."},
       {"--yaql", "EXPRESSION", "Evaluates what would stand between <% and %>."},
       {"--template", "TEXT", "Renders a Jinja template to text."},
       {"--context", "FILE", "Takes the variables from this YAML or JSON file; - is standard input."},
       {"--batch", "FILE", "Evaluates recorded cases, one JSON object a line; prints one answer a line."},
       {"--interactive", "", "Reads expressions line by line; :help lists its commands.", "-i"}},
      {"midwatch eval --yaql 'ctx().hosts.where($.load > 0.8)' --context hosts.yaml",
       "midwatch eval --template 'hello {{ name }}' --context -", "midwatch eval --interactive --context hosts.yaml",
       "midwatch eval --batch tests/conformance/expressions/yaql.jsonl"},
      eval};
}

}  // namespace midwatch::cli
