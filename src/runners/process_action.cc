#include "runners/process_action.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "codec/json.h"
#include "runners/text.h"

namespace midwatch::runners {
namespace {

using Environment = std::vector<std::pair<std::string, std::string>>;

std::string variable_text(const Value& value) {
  if (value.is_string()) return value.to_text();
  if (value.is_null()) return "";
  return value.is_array() || value.is_object() ? to_json(value) : python_str(value);
}

}  // namespace

void set_variable(Environment& environment, std::string_view name, std::string value) {
  const auto found = std::find_if(environment.begin(), environment.end(),
                                  [name](const auto& variable) { return variable.first == name; });
  if (found != environment.end()) {
    found->second = std::move(value);
  } else {
    environment.emplace_back(std::string(name), std::move(value));
  }
}

const std::string* find_variable(const Environment& environment, std::string_view name) {
  for (const auto& [key, value] : environment) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<Environment> action_environment(const Attempt& attempt) {
  const ActionRequest& request = attempt.request();
  const RunnerOptions& options = attempt.services().options;
  Environment environment = options.environment;
  const Value env = request.runner_parameters.get("env");
  if (!env.is_null() && !env.is_object()) {
    return Error(Code::kInvalid, "env: it must be an object of names and values");
  }
  for (const Value::Member& variable : env.members()) {
    set_variable(environment, variable.name(), variable_text(variable.value));
  }
  set_variable(environment, "ST2_ACTION_PACK_NAME", request.pack);
  set_variable(environment, "ST2_ACTION_EXECUTION_ID", request.execution.hex());
  set_variable(environment, "ST2_ACTION_DEBUG", "False");
  if (!options.api_url.empty()) set_variable(environment, "ST2_ACTION_API_URL", options.api_url + "/v1");
  if (options.auth_token) {
    const Secret token = options.auth_token(request);
    if (!token.empty()) set_variable(environment, "ST2_ACTION_AUTH_TOKEN", token.reveal());
  }
  return environment;
}

Result<std::string> entry_point_path(const ActionRequest& request) {
  if (request.entry_point.empty()) return Error(Code::kInvalid, "Missing entry_point action metadata attribute");
  if (request.entry_point.front() == '/') return request.entry_point;
  if (("/" + request.entry_point + "/").find("/../") != std::string::npos) {
    return Error(Code::kInvalid, fmt::format("entry_point '{}': it must stay inside the pack", request.entry_point));
  }
  return request.pack_path + "/actions/" + request.entry_point;
}

Result<std::int64_t> timeout_seconds(const ActionRequest& request, std::int64_t fallback) {
  const Value timeout = request.runner_parameters.get("timeout");
  if (timeout.is_null()) return fallback;
  if (!timeout.is_int() || timeout.as_int() < 1 || timeout.as_int() > kTimeoutSecondsMax) {
    return Error(Code::kInvalid, fmt::format("timeout: it must be 1 to {} seconds", kTimeoutSecondsMax));
  }
  return timeout.as_int();
}

void run_process(std::shared_ptr<Attempt> attempt, aio::ChildOptions options,
                 std::move_only_function<void(aio::ChildResult)> ended) {
  const RunnerOptions& settings = attempt->services().options;
  options.output_bytes_max = settings.output_bytes_max;
  options.spill_bytes_max = settings.spill_bytes_max;
  options.term_grace = settings.term_grace;
  if (!settings.spill_path.empty()) {
    options.spill_path =
        fmt::format("{}/{}-{}", settings.spill_path, attempt->request().execution.hex(), attempt->request().attempt);
  }
  auto on_output = [attempt, streams = std::array<Utf8Stream, 2>()](aio::ChildStream stream,
                                                                    std::string_view bytes) mutable {
    const bool is_stdout = stream == aio::ChildStream::kStdout;
    const std::string text = streams[is_stdout ? 0 : 1].next(bytes);
    if (!text.empty()) attempt->output(is_stdout ? OutputChunk::Stream::kStdout : OutputChunk::Stream::kStderr, text);
  };
  auto callbacks = std::make_shared<aio::ChildCallbacks>(
      aio::ChildCallbacks{.on_output = std::move(on_output), .on_end = std::move(ended)});
  aio::Runtime& runtime = attempt->services().runtime;
  const bool accepted = runtime.run_blocking([attempt, &runtime, options = std::move(options), callbacks]() mutable {
    if (attempt->is_canceled()) return attempt->fail(Error(Code::kDenied, "canceled before it started"));
    auto child = aio::ChildProcess::start(runtime, std::move(options), std::move(*callbacks));
    if (!child) return attempt->fail(child.error());
    attempt->on_cancel([child = std::move(*child)] { child->cancel(); });
  });
  if (!accepted) {
    runtime.post([attempt] { attempt->fail(Error(Code::kLimit, "too many actions wait to be started")); });
  }
}

int return_code(const aio::ChildResult& result) {
  using End = aio::ChildResult::End;
  if (result.end == End::kTimedOut) return -SIGKILL;
  return result.end == End::kSignaled || result.end == End::kCanceled ? -result.code : result.code;
}

std::string output_note(const aio::ChildOutput& output) {
  if (output.is_whole()) return "";
  std::string note = fmt::format("{} bytes, the first {} are shown", output.bytes_total, output.text.size());
  if (output.spill_bytes > 0) {
    const bool is_whole = output.spill_bytes == output.bytes_total;
    note += is_whole ? fmt::format(", all are in {}", output.spill_path)
                     : fmt::format(", the first {} are in {}", output.spill_bytes, output.spill_path);
  }
  if (!output.spill_error.empty()) note += fmt::format(", {}", output.spill_error);
  return note;
}

std::string timeout_text(std::int64_t seconds) {
  return fmt::format("Action failed to complete in {} seconds", seconds);
}

}  // namespace midwatch::runners
