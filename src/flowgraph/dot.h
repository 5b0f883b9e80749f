// flowgraph/dot.h — a picture in Graphviz' language, for people who have it. Every text is quoted.
#pragma once

#include <string>

#include "flowgraph/picture.h"

namespace midwatch {

[[nodiscard]] std::string to_dot(const Picture& picture);

}  // namespace midwatch
