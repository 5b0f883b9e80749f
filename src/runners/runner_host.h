// runners/runner_host.h — the Runner port with real processes and requests behind it.
//
//   RunnerHost host(runtime, {.share_path = "/usr/share/midwatch"}, sink);
//   host.start(request);          // the outcome comes through sink.finished, once
//
// Every runner that can run here is one file and one line in the table of runner_table.cc. Orquesta is
// not among them: workflows are the engine's.
//
// Results are those of StackStorm (spec chapter 3); what is beyond output_bytes_max of a stream is in a
// file under spill_path, and the result says so in stdout_note and stderr_note.
//
// Environment. A process gets `environment`, then the action's `env`, then ST2_ACTION_*; nothing of
// ours. Secrets of Python actions go through a descriptor; the token is in the environment too, as
// packs expect it there.
//
// Thread-safety: all members on any thread. The sinks are called on threads of the runtime, output
// before the outcome. Lifetime: the runtime must outlive the host; stop() (or the destructor) ends what runs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "aio/runtime.h"
#include "base/secret.h"
#include "base/time.h"
#include "ports/runner.h"

namespace midwatch::runners {

struct RunnerOptions {
  std::string share_path;  // holds python/
  std::string python = "/usr/bin/python3";
  std::string virtualenvs_path{};  // <path>/<pack>/bin/python is used where it is there
  std::string spill_path{};        // directory for long outputs; empty: they are only counted
  std::vector<std::pair<std::string, std::string>> environment{
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, {"LANG", "C.UTF-8"}};
  std::string api_url{};  // "http://127.0.0.1:9101/api", without "/v1"; empty: actions have no API
  // A token for one execution, valid as long as it may run. Called on any thread.
  std::function<Secret(const ActionRequest&)> auth_token{};
  std::string user = "stanley";
  std::string user_agent = "midwatch";
  std::string ca_file{};  // certificates to trust in addition to the system's
  std::size_t output_bytes_max = 1u << 20;
  std::uint64_t spill_bytes_max = 64u << 20;
  Duration term_grace = std::chrono::seconds(2);
};

class RunnerHost final : public Runner {
 public:
  // Beyond it an action fails at once: policies and the queue in front should hold it back long before.
  static constexpr std::size_t kRunningMax = 1000;

  RunnerHost(aio::Runtime& runtime, RunnerOptions options, RunnerSink sink);
  ~RunnerHost() override;

  void start(ActionRequest request) override;
  void cancel(ObjectId execution) override;
  [[nodiscard]] bool knows(ObjectId execution) const override;

  [[nodiscard]] std::size_t running_count() const;
  // Nothing starts and no outcome is reported from now on; what runs is ended (SIGTERM, then SIGKILL).
  // Returns when all have ended or `patience` is over. Not on the io thread.
  void stop(Duration patience);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace midwatch::runners
