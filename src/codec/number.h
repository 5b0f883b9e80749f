// codec/number.h — the digits of numbers, for codec's own sources.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midwatch::internal {

// A decimal floating point number as strtod reads it (no hexadecimal, no inf, no nan, no '+'), the
// nearest double. Beyond the range it is an infinity, below it zero. nullopt when it is no number.
std::optional<double> read_double(std::string_view text);

// A non-negative integer of any length, built digit group by digit group. O(length) a group.
class DecimalNumber {
 public:
  // number = number * factor + addend; both below 2^31.
  void multiply_add(std::uint32_t factor, std::uint32_t addend);
  [[nodiscard]] std::string digits() const;

 private:
  std::vector<std::uint32_t> groups_;  // of nine decimal digits, lowest first
};

}  // namespace midwatch::internal
