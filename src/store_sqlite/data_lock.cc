#include "store_sqlite/data_lock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fmt/core.h>

namespace midwatch::store_sqlite {
namespace {

std::string owner_of(int descriptor) {
  char text[32] = {};
  const ssize_t length = ::pread(descriptor, text, sizeof text - 1, 0);
  std::string digits;
  for (ssize_t i = 0; i < length && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? "another process" : "process " + digits;
}

// The process whose id is in the file; 0 when there is none.
pid_t owner_id(int descriptor) {
  char text[32] = {};
  return ::pread(descriptor, text, sizeof text - 1, 0) > 0 ? static_cast<pid_t>(std::strtol(text, nullptr, 10)) : 0;
}

// A process that was killed may leave a child that was about to start a program: until it does, it holds
// what its parent held. That passes; an owner that lives does not.
bool take_lock(int descriptor) {
  constexpr int kPauseMs = 20;
  constexpr int kTriesMax = 250;
  for (int tries = 0; ::flock(descriptor, LOCK_EX | LOCK_NB) != 0; ++tries) {
    const pid_t owner = owner_id(descriptor);
    const bool is_gone = owner > 0 && ::kill(owner, 0) != 0 && errno == ESRCH;
    if (!is_gone || tries == kTriesMax) return false;
    ::poll(nullptr, 0, kPauseMs);
  }
  return true;
}

}  // namespace

Result<DataLock> DataLock::take(const std::string& directory) {
  const std::string path = directory + "/lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return Error(Code::kUnavailable, fmt::format("cannot open {}: {}", path, std::strerror(errno)), {},
                 "the data directory must exist and be writable for this user");
  }
  DataLock lock(descriptor);
  if (!take_lock(descriptor)) {
    return Error(Code::kUnavailable, fmt::format("data directory {} is in use by {}", directory, owner_of(descriptor)),
                 {}, "stop that process, or choose another data directory");
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  // The process id is a courtesy to whoever is refused: a full disk must not keep us from starting.
  if (::ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(descriptor, pid.data(), pid.size(), 0);
  }
  return lock;
}

DataLock::DataLock(DataLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

DataLock& DataLock::operator=(DataLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

DataLock::~DataLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace midwatch::store_sqlite
