// midwatch/serve.h — `midwatch serve`: settings, signals, and the node's life from start to stop.
#pragma once

#include "cli/command.h"

namespace midwatch {

[[nodiscard]] cli::Command serve_command();

}  // namespace midwatch
