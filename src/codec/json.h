// codec/json.h — JSON text to Value and back.
//
// parse_json() takes one RFC 8259 document. Integers are exact at any length (a big integer beyond 64
// bits), a number with a dot or an exponent is a double, a member that comes twice counts as its last
// occurrence (as in Python). Refused, always with line and column: anything that is not JSON, invalid
// UTF-8, lone surrogates, a byte order mark, numbers beyond the range of a double.
//
// The text written is exact: parse_json(to_json(v)) is identical to v, where v holds only finite
// doubles. Doubles are written as Python's repr does: the shortest digits that read back to the same
// double, and always with a dot or an exponent, so that a double stays a double; infinities and NaN
// are written as null. UTF-8 is written as it is; only `"`, `\` and control characters are escaped.
//
// Errors: kInvalid with Error.where (file empty, line and column) and what was expected; kLimit when
// a limit is reached. Thread-safety: free functions over const input, callable on any thread; each
// thread keeps a parser for reuse (up to kJsonKeptBytesMax of text; larger ones are given back).
// Cost: linear; no recursion, so depth costs heap, not stack, when reading and when writing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "value/value.h"

namespace midwatch {

struct JsonLimits {
  std::size_t depth_max = 512;        // arrays and objects inside each other
  std::size_t bytes_max = 64u << 20;  // of text
};

// The longest integer that is read, in digits: what Python accepts too. Longer ones are kLimit.
inline constexpr std::size_t kIntegerDigitsMax = 4300;
inline constexpr std::size_t kJsonKeptBytesMax = 1u << 20;

[[nodiscard]] Result<Value> parse_json(std::string_view text, const JsonLimits& limits = {});

// Compact: {"a":1,"b":[true,null]}.
[[nodiscard]] std::string to_json(const Value& value);
void append_json(std::string& out, const Value& value);

// One member or element a line; empty containers stay on theirs. No newline at the end.
[[nodiscard]] std::string to_json_pretty(const Value& value, int indent = 2);

// The quoted and escaped JSON form of one text.
void append_json_string(std::string& out, std::string_view text);

// A double as Python's repr writes it: "1.0", "0.1", "1e+16", "1e-05"; "inf", "-inf", "nan".
void append_double(std::string& out, double number);
[[nodiscard]] std::string double_text(double number);

}  // namespace midwatch
