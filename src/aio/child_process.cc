#include "aio/child_process.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "aio/child_spawn.h"
#include "aio/unique_fd.h"
#include "base/log.h"

namespace midwatch::aio {
namespace {

namespace asio = boost::asio;
using Descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;
using ErrorCode = boost::system::error_code;

constexpr std::size_t kReadBytesFirst = 4u << 10;
constexpr std::size_t kReadBytesMax = 64u << 10;
// How long the streams may take to close once everything that could hold them was killed.
constexpr Duration kAfterKill = std::chrono::milliseconds(200);
// A process in an uninterruptible wait does not die of SIGKILL: we stop waiting for it.
constexpr Duration kUnkillable = std::chrono::seconds(5);

// Writes one text to a descriptor and closes it. Owns itself through its handlers.
struct Feeder : std::enable_shared_from_this<Feeder> {
  Feeder(asio::io_context& io, SpawnedChild::Feed feed)
      : descriptor(io, feed.fd.release()), text(std::move(feed.text)) {}

  void write() {
    if (offset == text.reveal().size()) return;
    const auto rest = asio::buffer(text.reveal()) + offset;
    descriptor.async_write_some(rest, [self = shared_from_this()](const ErrorCode& error, std::size_t bytes) {
      if (error) return;  // the child closed it: that is its choice
      self->offset += bytes;
      self->write();
    });
  }

  Descriptor descriptor;
  Secret text;
  std::size_t offset = 0;
};

// The file that takes the whole of a stream which is too long to keep. Used on the pool, one call at a time.
class Spill {
 public:
  Spill(std::string path, std::uint64_t bytes_max) : path_(std::move(path)), bytes_max_(bytes_max) {}

  void append(std::string_view bytes) {
    if (!error_.empty()) return;
    if (!file_.is_open()) {
      file_ = UniqueFd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
      if (!file_.is_open()) return fail("cannot be made");
    }
    bytes = bytes.substr(0, bytes_max_ - std::min(bytes_max_, written_));
    while (!bytes.empty()) {
      const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return fail("cannot be written");
      written_ += static_cast<std::uint64_t>(count);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  void give_up(std::string_view why) { error_ = fmt::format("{}: {}", path_, why); }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint64_t written() const { return written_; }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] bool is_full() const { return written_ >= bytes_max_ || !error_.empty(); }

 private:
  void fail(std::string_view what) {
    error_ = fmt::format("{}: {}: {}", path_, what, std::generic_category().message(errno));
    file_.reset();
  }

  std::string path_;
  std::uint64_t bytes_max_;
  UniqueFd file_;
  std::uint64_t written_ = 0;
  std::string error_;
};

}  // namespace

struct ChildProcess::Impl : std::enable_shared_from_this<Impl> {
  // kRunning → (timeout or cancel) kTerminating → kKilled; any of them → (exit) kDraining →
  // (streams still open) kDrainKilled; each ends in kEnded.
  enum class Phase : std::uint8_t { kRunning, kTerminating, kKilled, kDraining, kDrainKilled, kEnded };

  struct Stream {
    Stream(asio::io_context& io, UniqueFd fd, std::optional<ChildStream> n, std::size_t max)
        : descriptor(io), name(n), bytes_max(max), open(fd.is_open()) {
      if (open) descriptor.assign(fd.release());
    }
    Descriptor descriptor;
    const std::optional<ChildStream> name;  // none: the report
    const std::size_t bytes_max;
    bool open;
    ChildOutput output;
    std::shared_ptr<Spill> spill;  // shared with the pool while it writes
    std::vector<char> buffer = std::vector<char>(kReadBytesFirst);
  };

  Impl(Runtime& rt, ChildOptions opts, ChildCallbacks calls, SpawnedChild spawned)
      : runtime(rt),
        options(std::move(opts)),
        callbacks(std::move(calls)),
        pid(spawned.pid),
        pidfd(rt.io(), spawned.pidfd.release()),
        out(rt.io(), std::move(spawned.out), ChildStream::kStdout, options.output_bytes_max),
        err(rt.io(), std::move(spawned.err), ChildStream::kStderr, options.output_bytes_max),
        report(rt.io(), std::move(spawned.report), std::nullopt, options.report_bytes_max),
        feeds(std::move(spawned.feeds)),
        timer(rt) {
    options.inputs.clear();
  }
  ~Impl() {
    // Only a runtime that stops gets here with a child alive: it must not outlive its supervisor.
    if (!reaped) {
      ::kill(-pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }

  // --- on the io thread from here on ---

  void begin() {
    for (SpawnedChild::Feed& feed : feeds) std::make_shared<Feeder>(runtime.io(), std::move(feed))->write();
    feeds.clear();
    timer.start(options.timeout, [self = shared_from_this()] { self->on_timer(); });
    pidfd.async_wait(Descriptor::wait_read, [self = shared_from_this()](const ErrorCode& error) {
      if (!error) self->on_exit();
    });
    read(out);
    read(err);
    if (report.open) read(report);
  }

  void read(Stream& stream) {
    const auto target = asio::buffer(stream.buffer);
    stream.descriptor.async_read_some(target,
                                      [self = shared_from_this(), &stream](const ErrorCode& error, std::size_t bytes) {
                                        if (self->phase == Phase::kEnded) return;
                                        if (error) return self->on_closed(stream);
                                        self->on_bytes(stream, std::string_view(stream.buffer.data(), bytes));
                                      });
  }

  void on_bytes(Stream& stream, std::string_view bytes) {
    ChildOutput& output = stream.output;
    const std::size_t room = stream.bytes_max - std::min(stream.bytes_max, output.text.size());
    const std::string_view kept = bytes.substr(0, room);
    output.bytes_total += bytes.size();
    if (!kept.empty()) {
      output.text.append(kept);
      if (stream.name && callbacks.on_output) callbacks.on_output(*stream.name, kept);
    }
    // Beyond the bound: the file takes it, then reading goes on.
    if (kept.size() == bytes.size() || !spill(stream, bytes.size(), bytes.substr(kept.size()))) {
      continue_reading(stream, bytes.size());
    }
  }

  void continue_reading(Stream& stream, std::size_t bytes_read) {
    if (bytes_read == stream.buffer.size() && bytes_read < kReadBytesMax) stream.buffer.resize(kReadBytesMax);
    read(stream);
  }

  // Hands `rest`, after all that was kept when it is the first, to the pool. False when there is nothing
  // to write or no way to.
  bool spill(Stream& stream, std::size_t bytes_read, std::string_view rest) {
    if (options.spill_path.empty() || !stream.name) return false;
    std::string chunk;
    if (!stream.spill) {
      const char* suffix = *stream.name == ChildStream::kStdout ? ".stdout" : ".stderr";
      stream.spill = std::make_shared<Spill>(options.spill_path + suffix, options.spill_bytes_max);
      chunk = stream.output.text;
    }
    if (stream.spill->is_full()) return false;
    chunk += rest;
    const bool accepted =
        runtime.run_blocking([spill = stream.spill, chunk = std::move(chunk)] { spill->append(chunk); },
                             [self = shared_from_this(), &stream, bytes_read] {
                               stream.output.spill_bytes = stream.spill->written();
                               stream.output.spill_error = stream.spill->error();
                               if (self->phase != Phase::kEnded) self->continue_reading(stream, bytes_read);
                             });
    if (!accepted) stream.spill->give_up("too much is waiting for the disk");
    return accepted;
  }

  void on_closed(Stream& stream) {
    stream.open = false;
    ErrorCode ignored;
    stream.descriptor.close(ignored);
    if (all_closed() && phase >= Phase::kDraining) end();
  }

  void on_exit() {
    siginfo_t status{};
    // WNOWAIT: as long as the child is a zombie, its process group cannot be anyone else's.
    if (::waitid(P_PID, static_cast<id_t>(pid), &status, WEXITED | WNOHANG | WNOWAIT) == 0 && status.si_pid == pid) {
      result.code = status.si_status;
      if (status.si_code != CLD_EXITED) died_of_signal = true;
    }
    exited = true;
    if (phase == Phase::kEnded) return reap();
    phase = Phase::kDraining;
    if (all_closed()) return end();
    timer.start(options.orphan_grace, [self = shared_from_this()] { self->on_timer(); });
  }

  void on_timer() {
    switch (phase) {
      case Phase::kRunning: result.end = ChildResult::End::kTimedOut; return terminate();
      case Phase::kTerminating:
        kill_group(SIGKILL);
        phase = Phase::kKilled;
        timer.start(kUnkillable, [self = shared_from_this()] { self->on_timer(); });
        return;
      case Phase::kDraining:
        kill_group(SIGKILL);
        result.leftovers_killed = true;
        phase = Phase::kDrainKilled;
        timer.start(kAfterKill, [self = shared_from_this()] { self->on_timer(); });
        return;
      case Phase::kKilled:
      case Phase::kDrainKilled: return end();
      case Phase::kEnded: return;
    }
  }

  void on_cancel() {
    if (phase != Phase::kRunning) return;
    result.end = ChildResult::End::kCanceled;
    terminate();
  }

  void terminate() {
    phase = Phase::kTerminating;
    kill_group(SIGTERM);
    timer.start(options.term_grace, [self = shared_from_this()] { self->on_timer(); });
  }

  [[nodiscard]] bool all_closed() const { return !out.open && !err.open && !report.open; }
  [[nodiscard]] bool stopped_by_us() const {
    return result.end == ChildResult::End::kTimedOut || result.end == ChildResult::End::kCanceled;
  }
  void kill_group(int signal) {
    if (!reaped) ::kill(-pid, signal);
  }
  void reap() {
    if (reaped) return;
    ::waitpid(pid, nullptr, WNOHANG);
    reaped = true;
  }

  void end() {
    phase = Phase::kEnded;
    timer.cancel();
    if (stopped_by_us()) kill_group(SIGKILL);
    if (exited) {
      reap();
    } else {
      MW_LOG(kWarning, "a child does not die of SIGKILL", {{"pid", pid}});
    }
    if (died_of_signal && !stopped_by_us()) result.end = ChildResult::End::kSignaled;
    result.out = finished(out);
    result.err = finished(err);
    result.report = finished(report);
    callbacks.on_output = {};
    auto on_end = std::move(callbacks.on_end);
    on_end(std::move(result));
  }

  ChildOutput finished(Stream& stream) {
    ErrorCode ignored;
    stream.descriptor.close(ignored);
    // The figures are those of the last write that was reported: one may be under way on the pool.
    if (stream.output.spill_bytes > 0) stream.output.spill_path = stream.spill->path();
    return std::move(stream.output);
  }

  Runtime& runtime;
  ChildOptions options;
  ChildCallbacks callbacks;
  const pid_t pid;
  Descriptor pidfd;
  Stream out;
  Stream err;
  Stream report;
  std::vector<SpawnedChild::Feed> feeds;
  Timer timer;
  Phase phase = Phase::kRunning;
  ChildResult result;
  bool exited = false;
  bool died_of_signal = false;
  bool reaped = false;
};

Result<std::shared_ptr<ChildProcess>> ChildProcess::start(Runtime& runtime, ChildOptions options,
                                                          ChildCallbacks callbacks) {
  MW_TRY(SpawnedChild spawned, spawn_child(options));
  auto impl = std::make_shared<Impl>(runtime, std::move(options), std::move(callbacks), std::move(spawned));
  runtime.post([impl] { impl->begin(); });
  return std::shared_ptr<ChildProcess>(new ChildProcess(std::move(impl)));
}

void ChildProcess::cancel() {
  impl_->runtime.post([impl = impl_] { impl->on_cancel(); });
}

int ChildProcess::pid() const { return impl_->pid; }

}  // namespace midwatch::aio
