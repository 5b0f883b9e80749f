// Spec 3.4, with one difference that no pack can see: parameters, configuration and result travel by
// descriptors of their own (see python/action_wrapper.py) and not in the command line and in stdout.
#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "api/http.h"
#include "codec/json.h"
#include "runners/attempt.h"
#include "runners/process_action.h"
#include "runners/text.h"

namespace midwatch::runners {
namespace {

using End = aio::ChildResult::End;

constexpr std::int64_t kPythonTimeoutSeconds = 600;
constexpr int kInputFd = 3;
constexpr int kReportFd = 4;
constexpr int kInvalidStatusExitCode = 220;

// A virtual environment of the pack wins over the interpreter of the settings.
struct Interpreter {
  std::string python;
  std::string virtualenv;  // or empty
};

Interpreter interpreter_of(const RunnerOptions& options, const std::string& pack) {
  if (!options.virtualenvs_path.empty()) {
    std::string virtualenv = options.virtualenvs_path + "/" + pack;
    std::string python = virtualenv + "/bin/python";
    if (::access(python.c_str(), X_OK) == 0) return {std::move(python), std::move(virtualenv)};
  }
  return {options.python, ""};
}

void set_python_environment(aio::ChildOptions& child, const ActionRequest& request, const RunnerOptions& options,
                            const Interpreter& interpreter) {
  // "User env parameter may not set PYTHONPATH (case-insensitive, silently dropped)."
  std::erase_if(child.environment,
                [](const auto& variable) { return equals_ignoring_case(variable.first, "PYTHONPATH"); });
  child.environment.emplace_back(
      "PYTHONPATH", fmt::format("{0}/lib:{0}/actions/lib:{1}/python", request.pack_path, options.share_path));
  if (find_variable(child.environment, "PYTHONDONTWRITEBYTECODE") == nullptr) {
    child.environment.emplace_back("PYTHONDONTWRITEBYTECODE", "1");  // packs may be read-only or shared
  }
  if (!interpreter.virtualenv.empty()) {
    const std::string* path = find_variable(child.environment, "PATH");
    std::string longer = fmt::format("{}/bin:{}", interpreter.virtualenv, path != nullptr ? *path : "/usr/bin:/bin");
    set_variable(child.environment, "PATH", std::move(longer));
  }
  // The names that StackStorm's client library reads.
  if (const std::string* url = find_variable(child.environment, "ST2_ACTION_API_URL")) {
    set_variable(child.environment, "ST2_API_URL", std::string(*url));
  }
  if (const std::string* token = find_variable(child.environment, "ST2_ACTION_AUTH_TOKEN")) {
    set_variable(child.environment, "ST2_AUTH_TOKEN", std::string(*token));
  }
}

Result<aio::ChildOptions> python_options(const Attempt& attempt, std::int64_t timeout) {
  const ActionRequest& request = attempt.request();
  const RunnerOptions& options = attempt.services().options;
  const Value& parameters = request.runner_parameters;
  if (!parameters.get("content_version").text_or("").empty()) {
    return Error(Code::kInvalid, "content_version: this version runs what is installed only, leave it out");
  }
  MW_TRY(const std::string path, entry_point_path(request));
  if (::access(path.c_str(), R_OK) != 0) {
    return Error(Code::kInvalid, fmt::format("{}: no such file, or it may not be read", path));
  }
  const Interpreter interpreter = interpreter_of(options, request.pack);
  aio::ChildOptions child{.timeout = std::chrono::seconds(timeout), .report_fd = kReportFd};
  MW_TRY(child.environment, action_environment(attempt));
  set_python_environment(child, request, options, interpreter);
  child.cwd = request.pack_path;
  child.argv = {interpreter.python,
                "-u",
                options.share_path + "/python/action_wrapper.py",
                "--pack=" + request.pack,
                "--file-path=" + path,
                fmt::format("--input-fd={}", kInputFd),
                fmt::format("--report-fd={}", kReportFd)};
  const Value input = Value::object({{"parameters", request.parameters},
                                     {"config", request.config},
                                     {"log_level", parameters.get("log_level").text_or("DEBUG")}});
  child.inputs.push_back({.fd = kInputFd, .text = Secret(to_json(input))});
  return child;
}

// What the wrapper reported; a null `status` means that the exit code decides.
struct Report {
  Value result{"None"};  // StackStorm's word for "nothing was reported"
  Value status;
};

Report read_report(const aio::ChildOutput& report) {
  Report out;
  if (report.text.empty()) return out;
  auto parsed = report.is_whole() ? parse_json(report.text) : Result<Value>(Error(Code::kLimit, "too large"));
  if (!parsed || !parsed->is_object()) {
    out.result = Value(utf8_or_replaced(report.text.substr(0, 1024)));
    return out;
  }
  out.result = parsed->get("result");
  out.status = parsed->get("status");
  return out;
}

void finish_python(Attempt& attempt, const aio::ChildResult& ended, std::int64_t timeout) {
  const Report report = read_report(ended.report);
  const int code = return_code(ended);
  ExecutionStatus status = ExecutionStatus::kFailed;
  std::string error;
  if (ended.end == End::kTimedOut) {
    status = ExecutionStatus::kTimeout;
    error = timeout_text(timeout);
  } else if (ended.end == End::kCanceled) {
    status = ExecutionStatus::kCanceled;
  } else if (code == kInvalidStatusExitCode) {
    error = utf8_or_replaced(without_last_newline(ended.err.text));
  } else if (!ended.report.is_whole()) {
    error = fmt::format("the result is too large: {} bytes, at most {} are accepted", ended.report.bytes_total,
                        ended.report.text.size());
  } else if (code == 0 && report.status.bool_or(true)) {
    status = ExecutionStatus::kSucceeded;
  }
  ObjectBuilder out;
  out.set("stdout", utf8_or_replaced(ended.out.text)).set("stderr", utf8_or_replaced(ended.err.text));
  out.set("exit_code", code).set("result", report.result);
  if (!error.empty()) out.set("error", error);
  if (!ended.out.is_whole()) out.set("stdout_note", utf8_or_replaced(output_note(ended.out)));
  if (!ended.err.is_whole()) out.set("stderr_note", utf8_or_replaced(output_note(ended.err)));
  attempt.finish(status, std::move(out).build());
}

}  // namespace

void start_python_script(std::shared_ptr<Attempt> attempt) {
  const auto timeout = timeout_seconds(attempt->request(), kPythonTimeoutSeconds);
  if (!timeout) return attempt->fail(timeout.error());
  auto options = python_options(*attempt, *timeout);
  if (!options) return attempt->fail(options.error());
  run_process(attempt, std::move(*options), [attempt, seconds = *timeout](const aio::ChildResult& ended) {
    finish_python(*attempt, ended, seconds);
  });
}

}  // namespace midwatch::runners
