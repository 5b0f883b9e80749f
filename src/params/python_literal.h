// params/python_literal.h — ast.literal_eval for what parameters hold: texts, numbers, True, False,
// None, lists, tuples (as arrays) and dictionaries; keys that are no texts become their JSON text.
#pragma once

#include <string_view>

#include "base/result.h"
#include "value/value.h"

namespace midwatch {

inline constexpr int kLiteralDepthMax = 100;

[[nodiscard]] Result<Value> parse_python_literal(std::string_view text);

}  // namespace midwatch
