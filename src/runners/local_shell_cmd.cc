#include "runners/local_shell.h"

namespace midwatch::runners {

void start_local_shell_cmd(std::shared_ptr<Attempt> attempt) {
  const ActionRequest& request = attempt->request();
  if (!request.entry_point.empty()) {
    return attempt->fail(Error(Code::kInvalid, "entry_point is only valid for local-shell-script runner"));
  }
  const Value cmd = request.runner_parameters.get("cmd");
  if (!cmd.is_string()) return attempt->fail(Error(Code::kInvalid, "cmd: there is none, a command line is expected"));
  std::vector<std::string> arguments{"-c", cmd.to_text()};
  run_shell(std::move(attempt), std::move(arguments), "/");
}

}  // namespace midwatch::runners
