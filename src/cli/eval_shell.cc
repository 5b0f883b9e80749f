#include "cli/eval_shell.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/core.h>

#include "codec/json.h"
#include "codec/yaml.h"
#include "expr/evaluation.h"
#include "jinja/template.h"
#include "yaql/expression.h"

namespace midwatch::cli {

namespace {

constexpr std::string_view kHelp =
    ":yaql [TEXT]        what stands between <% and %>, as workflows evaluate it\n"
    ":jinja [TEXT]       what stands between {{ and }}\n"
    ":template [TEXT]    a whole template, rendered to text\n"
    "                    with TEXT: this once, and the language stays\n"
    ":context FILE       takes the variables from a YAML or JSON file\n"
    ":set NAME = VALUE   sets a variable to a YAML value\n"
    ":help               this\n"
    ":quit               leaves, as the end of the input does\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool is_name(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
         std::string_view::npos;
}

}  // namespace

Result<Value> read_variables(const std::string& name) {
  std::string text;
  if (name == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream file(name);
    if (!file) return Error(Code::kNotFound, fmt::format("{}: cannot be read", name));
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  MW_TRY(Value variables, parse_yaml_value(text, name));  // JSON is YAML, but for tabs and escapes
  if (!variables.is_object()) return Error(Code::kInvalid, fmt::format("{}: expected an object of variables", name));
  return variables;
}

EvalShell::EvalShell(Value variables, std::ostream& out, std::ostream& err)
    : variables_(std::move(variables)), out_(out), err_(err) {}

std::string EvalShell::prompt() const {
  return language_ == Language::kYaql ? "yaql> " : language_ == Language::kJinja ? "jinja> " : "template> ";
}

bool EvalShell::take(std::string_view line) {
  // Blanks at the ends mean something in a template only.
  const std::string_view text = trimmed(line);
  if (text.starts_with(":")) return command(text);
  if (!text.empty()) evaluate(language_, language_ == Language::kTemplate ? line : text);
  return true;
}

bool EvalShell::command(std::string_view line) {
  const std::size_t space = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view word = line.substr(1, space - 1);
  const std::string_view rest = trimmed(line.substr(space));
  if (word == "yaql") select(Language::kYaql, rest);
  else if (word == "jinja") select(Language::kJinja, rest);
  else if (word == "template") select(Language::kTemplate, rest);
  else if (word == "context") load(std::string(rest));
  else if (word == "set") set(rest);
  else if (word == "help") out_ << kHelp;
  else if (word == "quit") return false;
  else complain(fmt::format("there is no command ':{}'; :help lists them", word));
  return true;
}

void EvalShell::select(Language language, std::string_view text) {
  if (text.empty()) language_ = language;
  else evaluate(language, text);
}

Outcome<Value> EvalShell::run(Language language, std::string_view text) const {
  const MapScope scope(variables_);
  Evaluation evaluation(scope);
  evaluation.now = instant_from_micros(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
  if (language == Language::kYaql) {
    MW_TRY(const auto program, yaql::compile_outcome(text));
    return program->run(evaluation);
  }
  if (language == Language::kJinja) {
    MW_TRY(const auto program, jinja::compile_expression_outcome(text, jinja::Dialect::kOrquesta));
    return program->run(evaluation);
  }
  MW_TRY(const auto program, jinja::Template::compile_outcome(text));
  return program->run(evaluation);
}

void EvalShell::evaluate(Language language, std::string_view text) {
  const Outcome<Value> value = run(language, text);
  if (!value) {
    complain(value.error().message());
    const std::string caret = value.error().diagnostic().caret();
    if (!caret.empty()) err_ << caret << "\n";
  } else if (language == Language::kTemplate) {
    out_ << value->text_or("") << "\n";
  } else {
    out_ << to_json_pretty(*value) << "\n";
  }
}

void EvalShell::load(const std::string& file) {
  if (file.empty() || file == "-") return complain(":context needs the name of a file");
  auto variables = read_variables(file);
  if (!variables) return complain(variables.error().to_string());
  variables_ = std::move(*variables);
}

void EvalShell::set(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  const std::string_view name = trimmed(assignment.substr(0, std::min(equals, assignment.size())));
  if (equals == std::string_view::npos || !is_name(name)) return complain("expected :set NAME = VALUE");
  const auto value = parse_yaml_value(std::string(trimmed(assignment.substr(equals + 1))), std::string(name));
  if (!value) return complain(value.error().to_string());
  ObjectBuilder variables(variables_);
  variables_ = std::move(variables.set(std::string(name), *value)).build();
}

void EvalShell::complain(std::string_view text) {
  any_failed_ = true;
  err_ << text << "\n";
}

}  // namespace midwatch::cli
