// jsonpath/path_internal.h — the compiled form of a query (internal to the module).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace midwatch::jsonpath {

struct Path {
  enum class Kind : std::uint8_t {
    kRoot,
    kThis,
    kParent,
    kFields,
    kIndex,
    kSlice,
    kChild,
    kDescendants,
    kUnion,
    kIntersection,
    kWhere,
  };
  Kind kind;
  std::unique_ptr<const Path> left{}, right{};
  std::vector<std::string> fields{};  // "*" among them: every member
  std::int64_t index = 0;
  std::optional<std::int64_t> start{}, end{};  // of a slice
  int depth = 1;                               // of the tree below
};
using PathPtr = std::unique_ptr<const Path>;

[[nodiscard]] Result<PathPtr> parse(std::string_view text);

}  // namespace midwatch::jsonpath
