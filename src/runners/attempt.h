// runners/attempt.h — one attempt of one action: what a runner gets, and where it reports. Internal.
//
// Thread-safety: all members on any thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include "aio/http_client.h"
#include "aio/runtime.h"
#include "ports/runner.h"
#include "runners/runner_host.h"

namespace midwatch::runners {

// What all attempts share.
struct Services {
  Services(aio::Runtime& rt, RunnerOptions o)
      : runtime(rt), options(std::move(o)), http(rt, {.ca_file = options.ca_file, .user_agent = options.user_agent}) {}
  aio::Runtime& runtime;
  const RunnerOptions options;
  aio::HttpClient http;
};

class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  struct Sinks {
    std::move_only_function<void(ActionOutcome)> finished;  // called once
    std::function<void(OutputChunk)> output;
  };
  Attempt(std::shared_ptr<Services> services, ActionRequest request, Sinks sinks)
      : services_(std::move(services)), request_(std::move(request)), sinks_(std::move(sinks)) {}

  [[nodiscard]] const ActionRequest& request() const { return request_; }
  [[nodiscard]] Services& services() const { return *services_; }

  // The first of these decides; later ones are ignored.
  void finish(ExecutionStatus status, Value result);
  void fail(const Error& error);  // status failed, result {"error": …}
  void output(OutputChunk::Stream stream, std::string_view text);

  // The runner says how to end what it has begun; called at once if cancel() came before. Then the
  // runner still finishes, with kCanceled.
  void on_cancel(aio::Task task);
  void cancel();
  [[nodiscard]] bool is_canceled() const;

 private:
  const std::shared_ptr<Services> services_;
  const ActionRequest request_;
  mutable std::mutex mutex_;
  Sinks sinks_;            // guarded by mutex_
  aio::Task on_cancel_;    // guarded by mutex_
  bool canceled_ = false;  // guarded by mutex_
};

using StartAttempt = void (*)(std::shared_ptr<Attempt> attempt);

void start_noop(std::shared_ptr<Attempt> attempt);
void start_local_shell_cmd(std::shared_ptr<Attempt> attempt);
void start_local_shell_script(std::shared_ptr<Attempt> attempt);
void start_python_script(std::shared_ptr<Attempt> attempt);
void start_http_request(std::shared_ptr<Attempt> attempt);

struct RunnerEntry {
  std::string_view name;
  StartAttempt start;
};
// Null when no runner of that name runs here. '_' counts as '-'.
[[nodiscard]] const RunnerEntry* find_runner(std::string_view name);

}  // namespace midwatch::runners
