// runners/local_shell.h — what both local shell runners have in common (spec 3.2). Internal.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runners/attempt.h"

namespace midwatch::runners {

inline constexpr std::int64_t kShellTimeoutSeconds = 60;

// Runs `shell_arguments` ("-c", "text", …) with /bin/sh, or with bash under sudo, and finishes the
// attempt. `cwd` is used when the action names none.
void run_shell(std::shared_ptr<Attempt> attempt, std::vector<std::string> shell_arguments, std::string cwd);

}  // namespace midwatch::runners
