// cli/commands.h — the parts of the table of commands; for cli's own sources only.
#pragma once

#include <vector>

#include "cli/command.h"

namespace midwatch::cli {

std::vector<Command> local_commands();
std::vector<Command> api_commands();
Command eval_command();

}  // namespace midwatch::cli
