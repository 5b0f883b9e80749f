// cli/commands.h — the parts of the table of commands; for cli's own sources only.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/api_client.h"
#include "cli/command.h"
#include "value/value.h"

namespace midwatch::cli {

std::vector<Command> local_commands();
std::vector<Command> workflow_commands();
std::vector<Command> api_commands();
Command eval_command();
std::vector<Command> control_commands();

// What several commands do.
Exit print_json(Call& call, const Value& value);
void print_execution(Call& call, const Value& execution);
// NAME=VALUE: the value is JSON where it reads as JSON of another type than text, else text.
[[nodiscard]] Result<Value> parse_parameters(std::span<const std::string> pairs);
// Waits until an execution that was just made has ended, and prints it: 0 when it succeeded.
Exit follow_execution(Call& call, ApiClient& client, const Value& execution);

struct ListSpec {
  std::string_view path;
  std::vector<std::string> columns;  // dotted paths
};
Exit print_list(Call& call, const ListSpec& spec, const std::string& query);
std::vector<Command> rule_commands();

}  // namespace midwatch::cli
