#include "packs/files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "value/value.h"

namespace midwatch::packs {
namespace {

namespace fs = std::filesystem;

bool is_yaml(std::string_view path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

// Whether the text of this file is looked at.
bool is_read(std::string_view path) {
  if (path == "pack.yaml" || path == "config.schema.yaml" || path == "scrape.yaml") return true;
  if (!is_yaml(path)) return false;
  if (path.starts_with("actions/")) return true;  // metadata, and workflows at any depth
  for (const std::string_view folder : {"rules/", "triggers/", "detectors/", "aliases/"}) {
    if (path.starts_with(folder) && path.find('/', folder.size()) == path.npos) return true;
  }
  return false;
}

bool is_inside(const fs::path& path, const fs::path& root) {
  const auto [end, at] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return end == root.end();
}

// The line and column of the first byte that is no UTF-8.
Location place_of_bad_byte(std::string_view text, const std::string& file) {
  std::size_t good = 0;  // texts up to here are well formed
  std::uint32_t line = 1;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (!is_utf8(text.substr(begin, end - begin))) {
      good = begin;
      while (good < end && (text[good] & 0x80) == 0) ++good;
      return {file, line, static_cast<std::uint32_t>(good - begin + 1)};
    }
    begin = end + 1;
    ++line;
  }
  return {file, 0, 0};
}

class PackReader {
 public:
  PackReader(const std::string& directory, const std::string& shown, const FileLimits& limits, Diagnostics& out)
      : directory_(directory), shown_(shown), limits_(limits), out_(out) {}

  PackFiles run() {
    std::error_code failed;
    root_ = fs::canonical(directory_, failed);
    if (failed) {
      out_.error(Location{shown_, 0, 0}, fmt::format("cannot read the directory: {}", failed.message()));
      return {};
    }
    fs::recursive_directory_iterator it(root_, fs::directory_options::none, failed);
    for (const fs::recursive_directory_iterator end; !failed && it != end; it.increment(failed)) {
      if (!visit(it)) break;
    }
    if (failed) out_.error(Location{shown_, 0, 0}, fmt::format("cannot read the directory: {}", failed.message()));
    std::sort(files_.files.begin(), files_.files.end());
    std::sort(files_.texts.begin(), files_.texts.end(),
              [](const SourceText& a, const SourceText& b) { return a.path < b.path; });
    return std::move(files_);
  }

 private:
  // False to stop.
  bool visit(fs::recursive_directory_iterator& it) {
    std::error_code failed;
    const fs::path& path = it->path();
    const std::string name = path.filename().string();
    const std::string relative = path.lexically_relative(root_).generic_string();
    if (it->is_directory(failed) && !it->is_symlink(failed)) {
      if (name == ".git" || name == "__pycache__") it.disable_recursion_pending();
      if (static_cast<std::size_t>(it.depth()) + 1 >= limits_.depth_max) {
        it.disable_recursion_pending();
        out_.warning(Location{shown_ + relative, 0, 0},
                     fmt::format("deeper than {} directories: not read", limits_.depth_max));
      }
      return true;
    }
    if (name.ends_with(".pyc")) return true;
    if (!is_utf8(relative)) {
      out_.warning(Location{shown_, 0, 0}, "a file whose name is not UTF-8 is left out");
      return true;
    }
    if (it->is_symlink(failed) && leads_out(path, relative)) return true;
    if (!it->is_regular_file(failed)) return true;
    if (files_.files.size() >= limits_.files_max) {
      out_.error(Location{shown_, 0, 0}, fmt::format("more than {} files", limits_.files_max));
      return false;
    }
    files_.files.push_back(relative);
    if (is_read(relative)) read(path, relative);
    return true;
  }

  bool leads_out(const fs::path& path, const std::string& relative) {
    std::error_code failed;
    const fs::path target = fs::canonical(path, failed);
    if (!failed && is_inside(target, root_)) return false;
    if (is_read(relative) || relative.starts_with("actions/")) {
      out_.error(Location{shown_ + relative, 0, 0},
                 failed ? "a link that leads nowhere" : "a link that leads out of the pack",
                 "put the file itself there");
    }
    return true;
  }

  void read(const fs::path& path, const std::string& relative) {
    auto text = read_text_file(path.string(), shown_ + relative, limits_.file_bytes_max);
    if (!text) return out_.error(text.error());
    bytes_ += text->size();
    if (bytes_ > limits_.total_bytes_max) {
      if (bytes_ - text->size() <= limits_.total_bytes_max) {
        out_.error(Location{shown_, 0, 0},
                   fmt::format("the pack's YAML files have more than {} bytes", limits_.total_bytes_max));
      }
      return;
    }
    files_.texts.push_back({relative, std::move(*text)});
  }

  const std::string& directory_;
  const std::string& shown_;
  const FileLimits& limits_;
  Diagnostics& out_;
  fs::path root_;
  PackFiles files_;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<std::string> read_text_file(const std::string& path, const std::string& shown, std::size_t bytes_max) {
  const Location where{shown, 0, 0};
  std::error_code failed;
  if (!fs::is_regular_file(path, failed)) {
    return Error(failed ? Code::kNotFound : Code::kInvalid, failed ? failed.message() : "not a regular file", where);
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error(Code::kUnavailable, "cannot be opened", where, "check its permissions");
  std::string text;
  // One byte more than allowed, in case that the file grows while it is read.
  text.resize(bytes_max + 1);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return Error(Code::kUnavailable, "cannot be read", where);
  text.resize(static_cast<std::size_t>(in.gcount()));
  text.shrink_to_fit();
  if (text.size() > bytes_max) return Error(Code::kLimit, fmt::format("more than {} bytes", bytes_max), where);
  if (!is_utf8(text)) {
    return Error(Code::kInvalid, "not UTF-8", place_of_bad_byte(text, shown), "save the file as UTF-8");
  }
  return text;
}

PackFiles read_pack_files(const std::string& directory, const std::string& shown, const FileLimits& limits,
                          Diagnostics& out) {
  return PackReader(directory, shown, limits, out).run();
}

}  // namespace midwatch::packs
