#include "series/number_text.h"

#include <charconv>
#include <cmath>

#include "series/sample.h"

namespace midwatch {
namespace {

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<double> parse_number_text(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const bool negative = text[0] == '-';
  const std::string_view digits = text[0] == '-' || text[0] == '+' ? text.substr(1) : text;
  if (digits.empty()) return std::nullopt;
  if ((digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.') {
    double value = 0;
    auto format = std::chars_format::general;
    std::string_view number = digits;
    if (number.size() > 2 && number[0] == '0' && (number[1] | 0x20) == 'x') {
      number.remove_prefix(2);
      format = std::chars_format::hex;
    }
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value, format);
    if (end != number.data() + number.size()) return std::nullopt;
    if (error == std::errc::result_out_of_range) {
      // libstdc++ does not say which side: an exponent below zero means "too small".
      const bool small = number.find("e-") != std::string_view::npos || number.find("E-") != std::string_view::npos ||
                         number.substr(0, 2) == "0.";
      value = small ? 0.0 : HUGE_VAL;
    } else if (error != std::errc()) {
      return std::nullopt;
    }
    return negative ? -value : value;
  }
  if (equals_ignoring_case(digits, "inf") || equals_ignoring_case(digits, "infinity")) {
    return negative ? -HUGE_VAL : HUGE_VAL;
  }
  // The one bit pattern for "not a number", so that no body can forge a stale marker.
  if (equals_ignoring_case(digits, "nan")) return normal_nan();
  return std::nullopt;
}

}  // namespace midwatch
