// Commands that need no server: validate and eval.
#include <fstream>
#include <iostream>
#include <iterator>
#include <ostream>
#include <sstream>

#include <fmt/core.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/share.h"
#include "codec/json.h"
#include "codec/yaml.h"
#include "expr/evaluation.h"
#include "jinja/template.h"
#include "orquesta_expr/compiled_value.h"
#include "packs/packs.h"
#include "yaql/expression.h"

namespace midwatch::cli {
namespace {

Exit validate(Call& call) {
  packs::ValidateOptions options;
  if (const auto shipped = packs_dir()) options.known = {*shipped + "/core", *shipped + "/midwatch"};
  const packs::ValidationReport report = packs::validate(call.arguments, options);
  if (call.has("--json")) call.out << to_json_pretty(report.to_value()) << "\n";
  else call.out << report.to_text();
  return report.ok() ? Exit::kOk : Exit::kFailed;
}

Result<Value> read_context(const Call& call) {
  if (!call.has("--context")) return Value::object({});
  const std::string name = call.get("--context");
  std::string text;
  if (name == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream file(name);
    if (!file) return Error(Code::kNotFound, fmt::format("{}: cannot be read", name));
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  MW_TRY(Value context, parse_yaml_value(text, name));  // JSON is YAML, but for tabs and escapes
  if (!context.is_object()) return Error(Code::kInvalid, fmt::format("{}: expected an object of variables", name));
  return context;
}

Result<Value> evaluate(const Call& call, const Value& context) {
  MapScope scope(context);
  Evaluation evaluation(scope);
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

Exit eval(Call& call) {
  const int given = call.has("--jinja") + call.has("--yaql") + call.has("--template") + !call.arguments.empty();
  if (given != 1) {
    call.err << "midwatch eval: give exactly one of --jinja, --yaql, --template or a text with <% %> or {{ }}\n";
    return Exit::kUsage;
  }
  const auto context = read_context(call);
  if (!context) return call.fail(context.error());
  const auto value = evaluate(call, *context);
  if (!value) return call.fail(value.error());
  if (call.has("--template")) call.out << value->text_or("") << "\n";
  else call.out << to_json_pretty(*value) << "\n";
  return Exit::kOk;
}

}  // namespace

std::vector<Command> local_commands() {
  return {
      {"validate",
       "PATH…",
       1,
       1'000,
       "Checks packs and reports everything that is wrong with them; exit 1 with errors.",
       {{"--json", "", "Prints JSON."}},
       {"midwatch validate packs/hello", "midwatch validate packs/* --json"},
       validate},
      {"eval",
       "[TEXT]",
       0,
       1,
       "Evaluates an expression or a template, as workflows and rules do.",
       {{"--jinja", "EXPRESSION", "Evaluates what would stand between {{ and }}."},
        {"--yaql", "EXPRESSION", "Evaluates what would stand between <% and %>."},
        {"--template", "TEXT", "Renders a Jinja template to text."},
        {"--context", "FILE", "Takes the variables from this YAML or JSON file; - is standard input."}},
       {"midwatch eval --yaql 'ctx().hosts.where($.load > 0.8)' --context hosts.yaml",
        "midwatch eval --template 'hello {{ name }}' --context -"},
       eval},
  };
}

std::vector<Command> client_commands() {
  std::vector<Command> commands = local_commands();
  for (Command& command : api_commands()) commands.push_back(std::move(command));
  return commands;
}

}  // namespace midwatch::cli
