#include "codec/number.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "codec/json.h"

namespace midwatch {
namespace internal {
namespace {

constexpr std::uint32_t kGroupBase = 1'000'000'000;

// Whether a number that no double can hold is too large, rather than too small: the sign of the
// exponent of its first digit that is not zero. Exponents are clamped; the text is no longer than 2^40.
bool is_too_large(std::string_view text) {
  std::int64_t exponent = 0;
  std::int64_t scale = -1;  // of the digit before the dot, once it was seen
  bool after_dot = false;
  bool significant = false;
  std::size_t at = 0;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    const char c = text[at];
    if (c == '-') continue;
    if (c == '.') {
      after_dot = true;
      continue;
    }
    significant = significant || c != '0';
    if (significant && !after_dot) ++scale;
    if (!significant && after_dot) --scale;
  }
  if (at < text.size()) {
    ++at;
    const bool negative = at < text.size() && text[at] == '-';
    for (; at < text.size(); ++at) {
      if (text[at] >= '0' && text[at] <= '9' && exponent < (std::int64_t{1} << 50)) {
        exponent = exponent * 10 + (text[at] - '0');
      }
    }
    if (negative) exponent = -exponent;
  }
  return exponent + scale > 0;
}

}  // namespace

std::optional<double> read_double(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    number = is_too_large(text) ? std::numeric_limits<double>::infinity() : 0.0;
    if (text.starts_with('-')) number = -number;
  }
  return number;
}

void DecimalNumber::multiply_add(std::uint32_t factor, std::uint32_t addend) {
  std::uint64_t carry = addend;
  for (std::uint32_t& group : groups_) {
    carry += std::uint64_t{group} * factor;
    group = static_cast<std::uint32_t>(carry % kGroupBase);
    carry /= kGroupBase;
  }
  for (; carry != 0; carry /= kGroupBase) groups_.push_back(static_cast<std::uint32_t>(carry % kGroupBase));
}

std::string DecimalNumber::digits() const {
  if (groups_.empty()) return "0";
  std::string text = std::to_string(groups_.back());
  for (std::size_t i = groups_.size() - 1; i-- > 0;) {
    const std::string group = std::to_string(groups_[i]);
    text.append(9 - group.size(), '0');
    text += group;
  }
  return text;
}

}  // namespace internal

void append_double(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += std::isnan(number) ? "nan" : (number > 0 ? "inf" : "-inf");
    return;
  }
  // The shortest digits as "[-]d[.ddd]e±xx". Python's repr keeps that form below 1e-4 and from 1e16 on
  // and else moves the dot.
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t e = text.find('e');
  int exponent = 0;
  const char* exponent_text = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(exponent_text, end, exponent);
  if (exponent < -4 || exponent >= 16) {
    out += text;
    return;
  }
  if (text.front() == '-') out += '-';
  const std::string_view mantissa = text.substr(text.front() == '-' ? 1 : 0, e - (text.front() == '-' ? 1 : 0));
  char digits[20];
  std::size_t count = 0;
  for (const char c : mantissa) {
    if (c != '.') digits[count++] = c;
  }
  if (exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0');
    out.append(digits, count);
    return;
  }
  const std::size_t whole = static_cast<std::size_t>(exponent) + 1;
  if (count <= whole) {
    out.append(digits, count);
    out.append(whole - count, '0');
    out += ".0";
  } else {
    out.append(digits, whole);
    out += '.';
    out.append(digits + whole, count - whole);
  }
}

std::string double_text(double number) {
  std::string text;
  append_double(text, number);
  return text;
}

}  // namespace midwatch
