#include "aio/child_spawn.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace midwatch::aio {
namespace {

std::string errno_text(int number) { return std::generic_category().message(number); }

// Descriptors the child is given are first made above this number, so that no dup2 of the child's
// set-up can land on one that is still needed.
constexpr int kFdFloor = 64;

Result<UniqueFd> lifted(UniqueFd fd) {
  if (fd.get() >= kFdFloor) return fd;
  UniqueFd high(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFdFloor));
  if (!high.is_open()) return Error(Code::kUnavailable, fmt::format("no descriptor: {}", errno_text(errno)));
  return high;
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) {
    return Error(Code::kUnavailable, fmt::format("no pipe: {}", errno_text(errno)));
  }
  UniqueFd raw_read(fds[0]);
  UniqueFd raw_write(fds[1]);
  MW_TRY(UniqueFd read, lifted(std::move(raw_read)));
  MW_TRY(UniqueFd write, lifted(std::move(raw_write)));
  return Pipe{std::move(read), std::move(write)};
}

void set_nonblocking(const UniqueFd& fd) { ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK); }

Result<std::string> find_program(const ChildOptions& options) {
  const std::string& name = options.argv.front();
  if (name.find('/') != std::string::npos) {
    MW_CHECK(check_executable(name));
    return name;
  }
  std::string_view path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (const auto& [key, value] : options.environment) {
    if (key == "PATH") path = value;
  }
  while (!path.empty()) {
    const std::size_t colon = path.find(':');
    const std::string candidate = fmt::format("{}/{}", path.substr(0, colon), name);
    if (check_executable(candidate)) return candidate;
    if (colon == std::string_view::npos) break;
    path.remove_prefix(colon + 1);
  }
  return Error(Code::kInvalid, fmt::format("{}: no such program in PATH", name));
}

Status check_options(const ChildOptions& options) {
  if (options.argv.empty() || options.argv.front().empty()) return Error(Code::kInvalid, "no program to run");
  for (const std::string& argument : options.argv) {
    if (argument.find('\0') != std::string::npos) {
      return Error(Code::kInvalid, "an argument contains a NUL byte, which no program can be given");
    }
  }
  for (const auto& [name, value] : options.environment) {
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
      return Error(Code::kInvalid, fmt::format("environment variable '{}': not a name", name));
    }
    if (value.find('\0') != std::string::npos) {
      return Error(Code::kInvalid, fmt::format("environment variable '{}': its value contains a NUL byte", name));
    }
  }
  struct stat status{};
  if (!options.cwd.empty() && (::stat(options.cwd.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))) {
    return Error(Code::kInvalid, fmt::format("{}: no such directory to run in", options.cwd));
  }
  return {};
}

// Wraps the two objects of posix_spawn, which must be destroyed on every path.
struct SpawnSetup {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int first_error = 0;

  SpawnSetup() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnSetup() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  void note(int error) {
    if (first_error == 0) first_error = error;
  }
  void give(const UniqueFd& fd, int as) { note(::posix_spawn_file_actions_adddup2(&actions, fd.get(), as)); }

  // A session of its own, no signal blocked or ignored, nothing open above `fd_last`.
  void finish(const std::string& cwd, int fd_last) {
    note(::posix_spawn_file_actions_addclosefrom_np(&actions, fd_last + 1));
    note(::posix_spawn_file_actions_addchdir_np(&actions, cwd.empty() ? "/" : cwd.c_str()));
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    note(::posix_spawnattr_setsigmask(&attributes, &none));
    note(::posix_spawnattr_setsigdefault(&attributes, &all));
    note(::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  }
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

Error spawn_error(const std::string& program, int number) {
  if (number == ENOENT) {
    return {Code::kInvalid, fmt::format("{}: the interpreter of its first line was not found", program)};
  }
  if (number == ENOEXEC) {
    return {Code::kInvalid, fmt::format("{}: not a program: its first line should be like #!/bin/sh", program)};
  }
  if (number == E2BIG) {
    return {Code::kLimit, fmt::format("{}: arguments and environment are too large for the system", program)};
  }
  return {Code::kUnavailable, fmt::format("{}: could not be started: {}", program, errno_text(number))};
}

// Opens the child's side of each input and of the report (the last descriptor is returned) and adds our
// side to `child`.
Result<int> open_inputs(const ChildOptions& options, SpawnSetup& setup, SpawnedChild& child,
                        std::vector<UniqueFd>& child_ends) {
  int fd_last = 2;
  bool has_stdin = false;
  for (const ChildInput& input : options.inputs) {
    if (input.fd == 1 || input.fd == 2 || input.fd < 0 || input.fd > ChildInput::kFdMax) {
      return Error(Code::kInvalid, fmt::format("descriptor {} cannot be an input, 0 or 3 to 9 can", input.fd));
    }
    MW_TRY(Pipe pipe, make_pipe());
    setup.give(pipe.read, input.fd);
    set_nonblocking(pipe.write);
    child_ends.push_back(std::move(pipe.read));
    child.feeds.push_back({std::move(pipe.write), input.text});
    has_stdin = has_stdin || input.fd == 0;
    fd_last = std::max(fd_last, input.fd);
  }
  if (options.report_fd >= 0) {
    if (options.report_fd < 3 || options.report_fd > ChildInput::kFdMax) {
      return Error(Code::kInvalid, fmt::format("descriptor {} cannot be for reports, 3 to 9 can", options.report_fd));
    }
    MW_TRY(Pipe report, make_pipe());
    setup.give(report.write, options.report_fd);
    set_nonblocking(report.read);
    child_ends.push_back(std::move(report.write));
    child.report = std::move(report.read);
    fd_last = std::max(fd_last, options.report_fd);
  }
  for (int fd = 3; fd < fd_last; ++fd) {
    const bool is_input = std::any_of(options.inputs.begin(), options.inputs.end(),
                                      [fd](const ChildInput& input) { return input.fd == fd; });
    if (!is_input && fd != options.report_fd) setup.note(::posix_spawn_file_actions_addclose(&setup.actions, fd));
  }
  if (!has_stdin) setup.note(::posix_spawn_file_actions_addopen(&setup.actions, 0, "/dev/null", O_RDONLY, 0));
  return fd_last;
}

}  // namespace

Status check_executable(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return Error(Code::kInvalid, fmt::format("{}: no such file", path));
    return Error(Code::kInvalid, fmt::format("{}: {}", path, errno_text(errno)));
  }
  if (!S_ISREG(status.st_mode)) return Error(Code::kInvalid, fmt::format("{}: not a file", path));
  if (::access(path.c_str(), X_OK) != 0) {
    return Error(Code::kInvalid, fmt::format("{}: not executable", path), {}, fmt::format("chmod +x {}", path));
  }
  return {};
}

Result<SpawnedChild> spawn_child(const ChildOptions& options) {
  MW_CHECK(check_options(options));
  MW_TRY(const std::string program, find_program(options));

  SpawnedChild child;
  SpawnSetup setup;
  std::vector<UniqueFd> child_ends;
  MW_TRY(const int fd_last, open_inputs(options, setup, child, child_ends));
  MW_TRY(Pipe out, make_pipe());
  MW_TRY(Pipe err, make_pipe());
  setup.give(out.write, 1);
  setup.give(err.write, 2);
  setup.finish(options.cwd, fd_last);
  if (setup.first_error != 0) return spawn_error(program, setup.first_error);

  std::vector<std::string> argv = options.argv;
  std::vector<std::string> environment;
  environment.reserve(options.environment.size());
  for (const auto& [name, value] : options.environment) environment.push_back(name + "=" + value);
  const std::vector<char*> argv_pointers = pointers(argv);
  const std::vector<char*> environment_pointers = pointers(environment);

  const int error = ::posix_spawn(&child.pid, program.c_str(), &setup.actions, &setup.attributes, argv_pointers.data(),
                                  environment_pointers.data());
  if (error != 0) return spawn_error(program, error);

  // Until the child is waited for, its pid cannot be another's.
  child.pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
  if (!child.pidfd.is_open()) {
    const int number = errno;
    ::kill(-child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    return Error(Code::kUnavailable, fmt::format("{}: pidfd_open: {}", program, errno_text(number)));
  }
  set_nonblocking(out.read);
  set_nonblocking(err.read);
  child.out = std::move(out.read);
  child.err = std::move(err.read);
  return child;
}

}  // namespace midwatch::aio
