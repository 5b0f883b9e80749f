#include "tsdb/checkpoint.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/core.h>

namespace midwatch::tsdb {
namespace {

class File {
 public:
  File(const std::string& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

Error failed(const std::string& path, const char* what) {
  return Error(Code::kUnavailable, fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Status write_checkpoint(const std::string& path, std::string_view bytes) {
  const std::string fresh = path + ".new";
  {
    const File file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
    if (file.get() < 0) return failed(fresh, "cannot be made");
    if (!write_all(file.get(), bytes) || ::fdatasync(file.get()) != 0) {
      Error error = failed(fresh, "cannot be written");
      ::unlink(fresh.c_str());
      return error;
    }
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0) return failed(path, "cannot be replaced");
  return {};
}

Result<std::optional<SeriesHead>> read_checkpoint(const std::string& path, SeriesHead::Options options) {
  const File file(path, O_RDONLY);
  if (file.get() < 0) {
    if (errno == ENOENT) return std::optional<SeriesHead>();
    return failed(path, "cannot be read");
  }
  struct stat about{};
  if (::fstat(file.get(), &about) != 0) return failed(path, "cannot be read");
  std::string bytes(static_cast<std::size_t>(about.st_size), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return failed(path, "cannot be read");
    have += static_cast<std::size_t>(got);
  }
  auto head = SeriesHead::import_bytes(bytes, options);
  if (!head) return std::move(head).error().within(path);
  return std::optional<SeriesHead>(std::move(*head));
}

}  // namespace midwatch::tsdb
