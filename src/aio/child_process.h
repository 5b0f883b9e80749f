// aio/child_process.h — runs a program as a supervised child: its own session, its own environment,
// bounded output, and an end that always comes.
//
//   auto child = ChildProcess::start(runtime, {.argv = {"/bin/sh", "-c", "df -h"}, .cwd = "/", .timeout = 60s},
//                                    {.on_output = …, .on_end = …});
//
// Started with posix_spawn, never fork: the engine may be large. The child sees exactly the
// environment given, stdin from `inputs` or empty, and no descriptor but 0, 1, 2, those in
// `inputs`, which is how secrets are handed over, and report_fd.
//
// Output. The first output_bytes_max bytes of each stream are kept and delivered as they come. What is
// beyond is counted, and the whole stream up to spill_bytes_max is written to a file if `spill_path` is
// set. Reading never stops, so the child never blocks on a full pipe.
//
// End. The child has ended when it has exited and its streams are closed. Others that hold the streams
// open get orphan_grace, then its process group is killed. A process that has let go of the streams, or
// left the group by setsid, is left alone unless the child timed out or was canceled. On a timeout or
// cancel() the group gets SIGTERM, then after term_grace SIGKILL.
//
// Thread-safety: start() and cancel() on any thread; callbacks on the io thread, on_end last and once.
// start() takes about a millisecond: prefer the blocking pool to the io thread for it. The callbacks
// own what they need: the handle may be dropped and the child goes on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aio/runtime.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace midwatch::aio {

enum class ChildStream : std::uint8_t { kStdout, kStderr };

// A text that the child reads from a descriptor: 0 is stdin, 3 to 9 are free.
struct ChildInput {
  static constexpr int kFdMax = 9;
  int fd = 0;
  Secret text;
};

struct ChildOptions {
  std::vector<std::string> argv{};  // argv[0]: a path, or a name looked up in PATH of `environment`
  std::vector<std::pair<std::string, std::string>> environment{};
  std::string cwd{};  // empty: "/"
  std::vector<ChildInput> inputs{};
  Duration timeout = std::chrono::minutes(10);
  Duration term_grace = std::chrono::seconds(2);
  Duration orphan_grace = std::chrono::milliseconds(500);
  std::size_t output_bytes_max = 1u << 20;
  std::string spill_path{};  // ".stdout" and ".stderr" are appended; empty: no spilling
  std::uint64_t spill_bytes_max = 64u << 20;
  int report_fd = -1;  // 3 to 9: a descriptor to which the child writes what is not for people
  std::size_t report_bytes_max = 16u << 20;
};

struct ChildOutput {
  std::string text;               // the first output_bytes_max bytes
  std::uint64_t bytes_total = 0;  // that the child wrote, as far as we read
  std::string spill_path{};       // where the first spill_bytes are, or empty
  std::uint64_t spill_bytes = 0;
  std::string spill_error{};  // why there is no (whole) spill file

  [[nodiscard]] bool is_whole() const { return bytes_total == text.size(); }
};

struct ChildResult {
  enum class End : std::uint8_t { kExited, kSignaled, kTimedOut, kCanceled };
  End end = End::kExited;
  int code = 0;                   // exit code, or the signal for kSignaled; for the others how it ended, if it did
  bool leftovers_killed = false;  // something held the streams open after the exit
  ChildOutput out{};
  ChildOutput err{};
  ChildOutput report{};  // bounded by report_bytes_max, never spilled
};

struct ChildCallbacks {
  std::move_only_function<void(ChildStream, std::string_view)> on_output{};
  std::move_only_function<void(ChildResult)> on_end;
};

class ChildProcess {
 public:
  // Fails when the program or the directory is not there or may not be run: the text names it.
  static Result<std::shared_ptr<ChildProcess>> start(Runtime& runtime, ChildOptions options, ChildCallbacks callbacks);

  void cancel();
  [[nodiscard]] int pid() const;

 private:
  struct Impl;
  explicit ChildProcess(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

// kInvalid with "x.sh: no such file" or "x.sh: not executable" and how to mend it.
[[nodiscard]] Status check_executable(const std::string& path);

}  // namespace midwatch::aio
