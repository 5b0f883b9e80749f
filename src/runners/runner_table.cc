#include <algorithm>

#include "runners/attempt.h"

namespace midwatch::runners {
namespace {

constexpr RunnerEntry kRunners[] = {
    {"http-request", start_http_request},
    {"local-shell-cmd", start_local_shell_cmd},
    {"local-shell-script", start_local_shell_script},
    {"noop", start_noop},
    {"python-script", start_python_script},
};

}  // namespace

const RunnerEntry* find_runner(std::string_view name) {
  for (const RunnerEntry& entry : kRunners) {
    const bool is_same = std::equal(name.begin(), name.end(), entry.name.begin(), entry.name.end(),
                                    [](char asked, char known) { return (asked == '_' ? '-' : asked) == known; });
    if (is_same) return &entry;
  }
  return nullptr;
}

}  // namespace midwatch::runners
