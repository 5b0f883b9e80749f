// cli/eval_shell.h — the interactive mode of `midwatch eval`, without the terminal.
//
//   EvalShell shell(variables, out, err);
//   while (auto line = read(shell.prompt())) if (!shell.take(*line)) break;
//
// A line is an expression of the language that the prompt names, or a command that begins with `:`. Results
// go to `out`, errors with a caret below their place to `err`. One thread.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include "expr/diagnostic.h"
#include "value/value.h"

namespace midwatch::cli {

class EvalShell {
 public:
  EvalShell(Value variables, std::ostream& out, std::ostream& err);

  [[nodiscard]] std::string prompt() const;  // "yaql> "
  // False when the line asks to leave.
  bool take(std::string_view line);
  [[nodiscard]] bool any_failed() const { return any_failed_; }

 private:
  enum class Language : std::uint8_t { kYaql, kJinja, kTemplate };

  bool command(std::string_view line);
  void select(Language language, std::string_view text);
  void evaluate(Language language, std::string_view text);
  void load(const std::string& file);
  void set(std::string_view assignment);
  void complain(std::string_view text);
  [[nodiscard]] Outcome<Value> run(Language language, std::string_view text) const;

  Value variables_;
  std::ostream& out_;
  std::ostream& err_;
  Language language_ = Language::kYaql;
  bool any_failed_ = false;
};

// An object of variables from a YAML or JSON file; "-" is standard input.
[[nodiscard]] Result<Value> read_variables(const std::string& file);

// A terminal: lines are edited and kept in `history_file` (0600; empty: nowhere). Otherwise lines are read
// as they come, without a prompt. Returns when the input ends or the shell is left.
void run_shell(EvalShell& shell, const std::string& history_file);

}  // namespace midwatch::cli
