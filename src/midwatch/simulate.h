// midwatch/simulate.h — `midwatch sim`: the simulator from the command line.
#pragma once

#include "cli/command.h"

namespace midwatch {

[[nodiscard]] cli::Command simulate_command();

}  // namespace midwatch
