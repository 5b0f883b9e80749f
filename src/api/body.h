// api/body.h — the body of a request as a Value, by its content type (spec 9.1).
//
// JSON (also without a content type; empty is {}), a form (an object of lists of texts, as parse_qs makes
// it), text as a text. Errors are kInvalid with what was wrong and where.
#pragma once

#include <cstddef>

#include "api/http.h"
#include "base/result.h"
#include "value/value.h"

namespace midwatch {

inline constexpr std::size_t kFormFieldsMax = 1'000;
inline constexpr std::size_t kBodyDepthMax = 512;
inline constexpr std::size_t kBodyTextMax = 64u << 20;

[[nodiscard]] Result<Value> parse_body(const Request& request);
// The same, and it must be an object.
[[nodiscard]] Result<Value> parse_object_body(const Request& request);
// "str", "list", …: Python's name for the type, as the original's texts use it.
[[nodiscard]] std::string_view python_type_name(const Value& value);

}  // namespace midwatch
