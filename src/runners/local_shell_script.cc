#include <iterator>

#include "aio/child_process.h"
#include "runners/local_shell.h"
#include "runners/process_action.h"
#include "runners/script_arguments.h"

namespace midwatch::runners {
namespace {

Result<std::vector<std::string>> command(const ActionRequest& request) {
  if (!request.runner_parameters.get("content_version").text_or("").empty()) {
    return Error(Code::kInvalid, "content_version: this version runs what is installed only, leave it out");
  }
  MW_TRY(std::string path, entry_point_path(request));
  MW_CHECK(aio::check_executable(path));
  // The script gets its arguments as they are; the shell only runs it, also without a first line "#!".
  std::vector<std::string> out{"-c", R"(exec "$0" "$@")", std::move(path)};
  std::vector<std::string> arguments = script_arguments(request.action_schema, request.parameters,
                                                        request.runner_parameters.get("kwarg_op").text_or("--"));
  out.insert(out.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  return out;
}

}  // namespace

void start_local_shell_script(std::shared_ptr<Attempt> attempt) {
  auto arguments = command(attempt->request());
  if (!arguments) return attempt->fail(arguments.error());
  std::string cwd = attempt->request().pack_path;
  run_shell(std::move(attempt), std::move(*arguments), std::move(cwd));
}

}  // namespace midwatch::runners
