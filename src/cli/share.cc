#include "cli/share.h"

#include <cstdlib>
#include <filesystem>

namespace midwatch::cli {

namespace fs = std::filesystem;

std::string self_path() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).string();
}

Result<std::string> share_dir() {
  const auto holds_packs = [](const fs::path& dir) {
    std::error_code error;
    return fs::exists(dir / "packs" / "core" / "pack.yaml", error);
  };
  if (const char* set = std::getenv("MIDWATCH_SHARE"); set != nullptr) {
    if (holds_packs(set)) return std::string(set);
    return Error(Code::kNotFound, std::string("MIDWATCH_SHARE=") + set + ": there is no packs/core/pack.yaml in it");
  }
  const fs::path self = self_path();
  if (holds_packs(self.parent_path().parent_path() / "share" / "midwatch")) {
    return (self.parent_path().parent_path() / "share" / "midwatch").string();
  }
  for (fs::path above = self.parent_path(); above.has_relative_path(); above = above.parent_path()) {
    if (holds_packs(above)) return above.string();
  }
  return Error(Code::kNotFound, "the packs that ship with midwatch are not beside the program; set MIDWATCH_SHARE");
}

Result<std::string> packs_dir() {
  MW_TRY(const std::string share, share_dir());
  return share + "/packs";
}

}  // namespace midwatch::cli
