#include "runners/local_shell.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runners/process_action.h"
#include "runners/text.h"

namespace midwatch::runners {
namespace {

using End = aio::ChildResult::End;

// Spec 3.2: "0 → succeeded; 1 → failed; -9 → timeout; -15 → abandoned; anything else → failed".
ExecutionStatus status_of(const aio::ChildResult& result) {
  if (result.end == End::kCanceled) return ExecutionStatus::kCanceled;
  switch (return_code(result)) {
    case 0: return ExecutionStatus::kSucceeded;
    case -9: return ExecutionStatus::kTimeout;
    case -15: return ExecutionStatus::kAbandoned;
    default: return ExecutionStatus::kFailed;
  }
}

Value output_value(const aio::ChildOutput& output) {
  const std::string_view text = without_last_newline(output.text);
  // Half a document is not one.
  return output.is_whole() ? value_of_output(text) : Value(utf8_or_replaced(text));
}

// "sudo: 1 incorrect password attempt".
bool is_sudo_refusal(std::string_view text) {
  const std::size_t at = text.find(" incorrect password attempt");
  if (at == std::string_view::npos || at == 0) return false;
  const std::size_t sudo = text.substr(0, at).rfind("sudo: ");
  if (sudo == std::string_view::npos) return false;
  const std::string_view count = text.substr(sudo + 6, at - sudo - 6);
  return std::all_of(count.begin(), count.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void finish_shell(Attempt& attempt, aio::ChildResult result, std::int64_t timeout, bool with_sudo) {
  ExecutionStatus status = status_of(result);
  int code = return_code(result);
  std::string error;
  if (result.end == End::kTimedOut) error = timeout_text(timeout);
  if (with_sudo && code != 0 && is_sudo_refusal(result.err.text)) {
    error = fmt::format("Invalid sudo password provided or sudo is not configured for this user ({})",
                        attempt.services().options.user);
    code = -1;
    status = ExecutionStatus::kFailed;
  }
  const bool succeeded = status == ExecutionStatus::kSucceeded;
  ObjectBuilder out;
  out.set("failed", !succeeded).set("succeeded", succeeded).set("return_code", code);
  out.set("stdout", output_value(result.out)).set("stderr", output_value(result.err));
  if (!error.empty()) out.set("error", error);
  if (!result.out.is_whole()) out.set("stdout_note", utf8_or_replaced(output_note(result.out)));
  if (!result.err.is_whole()) out.set("stderr_note", utf8_or_replaced(output_note(result.err)));
  attempt.finish(status, std::move(out).build());
}

Result<aio::ChildOptions> shell_options(const Attempt& attempt, std::vector<std::string> arguments, std::string cwd,
                                        std::int64_t timeout) {
  const Value& parameters = attempt.request().runner_parameters;
  aio::ChildOptions options{.timeout = std::chrono::seconds(timeout)};
  MW_TRY(options.environment, action_environment(attempt));
  options.cwd = parameters.get("cwd").text_or("");
  if (options.cwd.empty()) options.cwd = std::move(cwd);
  if (parameters.get("sudo").bool_or(false)) {
    const std::string password = parameters.get("sudo_password").text_or("");
    options.argv = {"sudo", "-E", "--", "bash"};
    if (!password.empty()) {
      options.argv.insert(options.argv.begin() + 1, "-S");
      options.inputs.push_back({.fd = 0, .text = Secret(password + "\n")});
    }
  } else {
    options.argv = {"/bin/sh"};
  }
  options.argv.insert(options.argv.end(), std::make_move_iterator(arguments.begin()),
                      std::make_move_iterator(arguments.end()));
  return options;
}

}  // namespace

void run_shell(std::shared_ptr<Attempt> attempt, std::vector<std::string> shell_arguments, std::string cwd) {
  const auto timeout = timeout_seconds(attempt->request(), kShellTimeoutSeconds);
  if (!timeout) return attempt->fail(timeout.error());
  auto options = shell_options(*attempt, std::move(shell_arguments), std::move(cwd), *timeout);
  if (!options) return attempt->fail(options.error());
  const bool with_sudo = options->argv.front() == "sudo";
  run_process(attempt, std::move(*options), [attempt, with_sudo, seconds = *timeout](aio::ChildResult result) {
    finish_shell(*attempt, std::move(result), seconds, with_sudo);
  });
}

}  // namespace midwatch::runners
