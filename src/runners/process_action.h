// runners/process_action.h — what the runners that start a process have in common: environment, time
// limit, output that streams, the end. Internal.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "aio/child_process.h"
#include "runners/attempt.h"

namespace midwatch::runners {

inline constexpr std::int64_t kTimeoutSecondsMax = 30LL * 24 * 3600;

// environment of the options, `env` of the action, ST2_ACTION_*: later ones win. kInvalid when `env` is
// not an object of names and values.
Result<std::vector<std::pair<std::string, std::string>>> action_environment(const Attempt& attempt);
void set_variable(std::vector<std::pair<std::string, std::string>>& environment, std::string_view name,
                  std::string value);
[[nodiscard]] const std::string* find_variable(const std::vector<std::pair<std::string, std::string>>& environment,
                                               std::string_view name);

// <pack>/actions/<entry point>. kInvalid when there is none or it leads out of the pack.
Result<std::string> entry_point_path(const ActionRequest& request);

// The runner parameter `timeout` in seconds. kInvalid unless 1 to kTimeoutSecondsMax.
Result<std::int64_t> timeout_seconds(const ActionRequest& request, std::int64_t fallback);

// Starts the process on the pool and calls `ended` on the io thread. Fills in the limits, the spill
// path, streaming and cancelling. What cannot be started fails the attempt.
void run_process(std::shared_ptr<Attempt> attempt, aio::ChildOptions options,
                 std::move_only_function<void(aio::ChildResult)> ended);

// Python's subprocess spelling: the exit code, or minus the signal; -9 for a timeout.
[[nodiscard]] int return_code(const aio::ChildResult& result);
// "stdout: 1073741824 bytes, the first 1048576 are shown, the first 67108864 are in /…", or empty.
[[nodiscard]] std::string output_note(const aio::ChildOutput& output);
[[nodiscard]] std::string timeout_text(std::int64_t seconds);

}  // namespace midwatch::runners
