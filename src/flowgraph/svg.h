// flowgraph/svg.h — a picture as one SVG file that needs nothing else: no fonts, scripts or external programs.
//
// Every text of the workflow is escaped; what XML cannot hold is shown as U+FFFD. Deterministic.
#pragma once

#include <string>

#include "base/result.h"
#include "flowgraph/picture.h"

namespace midwatch {

// kLimit for pictures that are too big (flowgraph/layered_layout.h).
[[nodiscard]] Result<std::string> to_svg(const Picture& picture);

}  // namespace midwatch
