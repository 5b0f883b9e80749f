// expr/python_number.h — numbers as Python has them: exact integers of any size, floor division, rounding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "expr/datum.h"
#include "expr/evaluation.h"

namespace midwatch {

enum class Arithmetic : std::uint8_t { kAdd, kSubtract, kMultiply, kDivide, kFloorDivide, kModulo, kPower };
[[nodiscard]] std::string_view symbol(Arithmetic op);

// Longest integer that a power or a shift may make.
inline constexpr std::size_t kIntegerBitsMax = 1u << 16;

// Both are numbers (not booleans).
[[nodiscard]] Outcome<Datum> number_arithmetic(Arithmetic op, const Value& a, const Value& b);
// -1, 0, 1; nullopt when one is not a number of the order (NaN).
[[nodiscard]] std::optional<int> compare_numbers(const Value& a, const Value& b);
[[nodiscard]] Value negate(const Value& number);
[[nodiscard]] Value absolute(const Value& number);

// int(text, base) and float(text); nullopt when the text is not such a number.
[[nodiscard]] std::optional<Value> parse_py_int(std::string_view text, int base = 10);
[[nodiscard]] std::optional<double> parse_py_float(std::string_view text);
// int(float): truncates; fails for inf and nan.
[[nodiscard]] Outcome<Value> truncate_to_int(double number);
// round(): half to even on the exact decimal value, as Python does.
[[nodiscard]] double round_half_even(double number, int digits);
[[nodiscard]] std::string int_digits(const Value& integer);
[[nodiscard]] std::string int_in_base(const Value& integer, int base);  // lower case, without prefix

enum class BitOperation : std::uint8_t { kAnd, kOr, kXor, kShiftLeft, kShiftRight };
[[nodiscard]] Outcome<Value> bit_arithmetic(BitOperation op, const Value& a, const Value& b);

}  // namespace midwatch
