// cli/command.h — one subcommand of midwatch, as data.
//
// A command is its words, what it takes, a line of help, examples, and a function from Call to exit
// status. Results go to `out`, everything for people to `err`. Help, usage errors and docs/cli.md are
// made from the same table.
//
// Exit codes: 0 done, 1 it failed (the action, the check, the server), 2 it was called wrongly.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace midwatch::cli {

enum class Exit : int { kOk = 0, kFailed = 1, kUsage = 2 };

struct Option {
  std::string_view name;     // "--limit"
  std::string_view value;    // "N"; empty for a flag
  std::string_view help;     // starts with a verb, ends with a full stop
  std::string_view brief{};  // "-n", where one is worth having
};

struct Call {
  std::vector<std::string> arguments{};          // positional ones
  std::map<std::string, std::string> options{};  // "--limit" → "5"; a flag that is given → "true"
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::ostream& out;
  std::ostream& err;

  [[nodiscard]] bool has(const std::string& option) const { return options.contains(option); }
  [[nodiscard]] std::string get(const std::string& option, std::string_view fallback = "") const;
  // Prints "midwatch: <error>" to err.
  Exit fail(const Error& error) const;
  Exit fail(std::string_view text) const;
};

struct Command {
  std::string_view words;     // "trigger-instance why"
  std::string_view takes;     // "ID", "ACTION [NAME=VALUE…]"; empty for nothing
  std::size_t takes_min = 0;  // number of positional arguments
  std::size_t takes_max = 0;
  std::string_view summary;  // starts with a verb, ends with a full stop
  std::vector<Option> options{};
  std::vector<std::string_view> examples{};
  Exit (*run)(Call&) = nullptr;
};

// Finds the longest matching words, parses the rest, runs it. `help`, `--help` and mistakes are
// answered from the table.
Exit dispatch(std::span<const Command> commands, std::span<const std::string> argv, Call& call);

// The options of every command that talks to a server: --url, --token-file, --json.
[[nodiscard]] std::vector<Option> with_client_options(std::vector<Option> options);

// Commands that need no engine in this process: they talk to a server, or work on files.
[[nodiscard]] std::vector<Command> client_commands();
[[nodiscard]] Command demo_command();

// docs/cli.md is this text.
[[nodiscard]] std::string commands_markdown(std::span<const Command> commands);

// Every name that expressions know, one a line: `jinja filter abs`, `yaql method where`, …. The pages
// docs/expressions-*.md have an example of each.
[[nodiscard]] std::string expression_names();

}  // namespace midwatch::cli
