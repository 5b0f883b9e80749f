// cli/share.h — where what ships beside the program is: packs/ and python/.
//
// Looked for in MIDWATCH_SHARE, in ../share/midwatch beside the program (installed), and in the
// folders above it (a build tree).
#pragma once

#include <string>

#include "base/result.h"

namespace midwatch::cli {

[[nodiscard]] std::string self_path();
[[nodiscard]] Result<std::string> share_dir();
[[nodiscard]] Result<std::string> packs_dir();

}  // namespace midwatch::cli
