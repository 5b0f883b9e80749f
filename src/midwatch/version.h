// midwatch/version.h — what this program is, and the reference that it prints of itself.
#pragma once

#include "cli/command.h"

namespace midwatch {

[[nodiscard]] cli::Command version_command();
// `midwatch reference cli|settings|expressions`: the tables of docs/cli.md and docs/settings.md, the names that
// docs/expressions-*.md show.
[[nodiscard]] cli::Command reference_command();

}  // namespace midwatch
