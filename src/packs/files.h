// packs/files.h — the files of a pack's directory, read with care.
//
// A directory is something that anyone may have put there: sizes and counts are bounded, links that lead
// out of the pack are refused, only regular files are opened, and text that is not UTF-8 is an error with
// its place. Blocking; call it where files may be read.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/content.h"
#include "model/diagnostics.h"

namespace midwatch::packs {

struct FileLimits {
  std::size_t files_max = 20'000;           // of a pack, read or not
  std::size_t file_bytes_max = 1u << 20;    // of one file that is read
  std::size_t total_bytes_max = 64u << 20;  // of all files that are read
  std::size_t depth_max = 16;               // of directories
};

struct PackFiles {
  std::vector<SourceText> texts;   // metadata and the YAML files below actions/
  std::vector<std::string> files;  // all, sorted
};

// `shown` is what places in `out` begin with.
[[nodiscard]] PackFiles read_pack_files(const std::string& directory, const std::string& shown,
                                        const FileLimits& limits, Diagnostics& out);

// One text file, by the same rules.
[[nodiscard]] Result<std::string> read_text_file(const std::string& path, const std::string& shown,
                                                 std::size_t bytes_max);

}  // namespace midwatch::packs
