// YAML 1.1 plain scalars as PyYAML's SafeLoader resolves them: resolver.py says which texts are numbers,
// constructor.py says which. The expressions of resolver.py stand above the code that matches them.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "codec/json.h"
#include "codec/number.h"
#include "codec/yaml.h"
#include "codec/yaml_internal.h"

namespace midwatch {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A cursor over one scalar; each step returns whether, or how much, it took.
class Matcher {
 public:
  explicit Matcher(std::string_view text) : rest_(text) {}

  bool one_of(std::string_view set) {
    if (rest_.empty() || set.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::size_t many_of(std::string_view set) {
    const std::size_t count = std::min(rest_.find_first_not_of(set), rest_.size());
    rest_.remove_prefix(count);
    return count;
  }
  bool word(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  // (?::[0-5]?[0-9])+
  bool sexagesimal_parts() {
    std::size_t parts = 0;
    while (one_of(":")) {
      if (rest_.size() >= 2 && rest_[0] >= '0' && rest_[0] <= '5' && is_digit(rest_[1])) rest_.remove_prefix(2);
      else if (!one_of("0123456789")) return false;
      ++parts;
    }
    return parts != 0;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kDigitsAndLine = "0123456789_";

// (?:[eE][-+][0-9]+)?$
bool ends_with_exponent(Matcher m) {
  if (m.one_of("eE") && (!m.one_of("-+") || m.many_of(kDigits) == 0)) return false;
  return m.at_end();
}

// ^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?
//  |\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?
//  |[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*
//  |[-+]?\.(?:inf|Inf|INF)
//  |\.(?:nan|NaN|NAN))$
bool is_float(std::string_view text) {
  Matcher m(text);
  const bool is_signed = m.one_of("-+");
  if (m.one_of(".")) {
    if (m.word("inf") || m.word("Inf") || m.word("INF")) return m.at_end();
    if (is_signed) return false;
    if (m.word("nan") || m.word("NaN") || m.word("NAN")) return m.at_end();
    if (!m.one_of(kDigits)) return false;
    m.many_of(kDigitsAndLine);
    return ends_with_exponent(m);
  }
  if (!m.one_of(kDigits)) return false;
  m.many_of(kDigitsAndLine);
  if (m.one_of(".")) {
    m.many_of(kDigitsAndLine);
    return ends_with_exponent(m);
  }
  if (!m.sexagesimal_parts() || !m.one_of(".")) return false;
  m.many_of(kDigitsAndLine);
  return m.at_end();
}

// ^(?:[-+]?0b[0-1_]+
//  |[-+]?0[0-7_]+
//  |[-+]?(?:0|[1-9][0-9_]*)
//  |[-+]?0x[0-9a-fA-F_]+
//  |[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$
bool is_integer(std::string_view text) {
  Matcher m(text);
  m.one_of("-+");
  if (m.one_of("0")) {
    if (m.at_end()) return true;
    if (m.one_of("b")) return m.many_of("01_") != 0 && m.at_end();
    if (m.one_of("x")) return m.many_of("0123456789abcdefABCDEF_") != 0 && m.at_end();
    return m.many_of("01234567_") != 0 && m.at_end();
  }
  if (!m.one_of(kDigits)) return false;
  m.many_of(kDigitsAndLine);
  return m.at_end() || (m.sexagesimal_parts() && m.at_end());
}

// ^(?:[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]
//  |[0-9][0-9][0-9][0-9] -[0-9][0-9]? -[0-9][0-9]?
//   (?:[Tt]|[ \t]+)[0-9][0-9]?
//   :[0-9][0-9] :[0-9][0-9] (?:\.[0-9]*)?
//   (?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9][0-9])?))?)$   (verbose mode: plain spaces do not count)
bool is_timestamp(std::string_view text) {
  Matcher m(text);
  const auto digits = [&m](int least, int most) {
    int count = 0;
    while (count < most && m.one_of(kDigits)) ++count;
    return count >= least;
  };
  if (text.size() == 10 && digits(4, 4) && m.one_of("-") && digits(2, 2) && m.one_of("-") && digits(2, 2)) return true;
  m = Matcher(text);
  if (!digits(4, 4) || !m.one_of("-") || !digits(1, 2) || !m.one_of("-") || !digits(1, 2)) return false;
  if (!m.one_of("Tt") && m.many_of(" \t") == 0) return false;
  if (!digits(1, 2) || !m.one_of(":") || !digits(2, 2) || !m.one_of(":") || !digits(2, 2)) return false;
  if (m.one_of(".")) m.many_of(kDigits);
  if (m.at_end()) return true;
  m.many_of(" \t");
  if (m.one_of("Z")) return m.at_end();
  if (!m.one_of("-+") || !digits(1, 2)) return false;
  return m.at_end() || (m.one_of(":") && digits(2, 2) && m.at_end());
}

std::string without_underscores(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '_');
  return digits;
}

Value signed_integer(bool negative, const std::string& digits) {
  return *Value::integer(negative ? "-" + digits : digits);
}

// Digits of base 2, 8 or 16, as many as there are.
std::string decimal_from(std::string_view digits, int base) {
  std::uint64_t small = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), small, base);
  if (error == std::errc()) return std::to_string(small);
  internal::DecimalNumber number;
  while (!digits.empty()) {  // seven digits are below 2^28
    const std::string_view group = digits.substr(0, 7);
    std::uint32_t addend = 0;
    std::uint32_t factor = 1;
    std::from_chars(group.data(), group.data() + group.size(), addend, base);
    for (std::size_t i = 0; i < group.size(); ++i) factor *= static_cast<std::uint32_t>(base);
    number.multiply_add(factor, addend);
    digits.remove_prefix(group.size());
  }
  return number.digits();
}

std::string decimal_from_sexagesimal(std::string_view text) {
  internal::DecimalNumber number;
  std::size_t colon = text.find(':');
  for (const char c : text.substr(0, colon)) number.multiply_add(10, static_cast<std::uint32_t>(c - '0'));
  while (colon != std::string_view::npos) {
    text.remove_prefix(colon + 1);
    colon = text.find(':');
    std::uint32_t part = 0;
    const std::string_view digits = text.substr(0, colon);
    std::from_chars(digits.data(), digits.data() + digits.size(), part);
    number.multiply_add(60, part);
  }
  return number.digits();
}

// constructor.py: construct_yaml_int.
Result<Value> to_integer(std::string_view text) {
  if (text.size() > kIntegerDigitsMax) {
    return Error(Code::kLimit,
                 fmt::format("an integer of {} digits, at most {} are read", text.size(), kIntegerDigitsMax));
  }
  const std::string plain = without_underscores(text);
  std::string_view digits = plain;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  const int base = digits.starts_with("0b") ? 2 : (digits.starts_with("0x") ? 16 : (digits.starts_with('0') ? 8 : 10));
  if (base == 2 || base == 16) digits.remove_prefix(2);
  if (digits.empty()) {
    return Error(Code::kInvalid, fmt::format("found '{}', a number without digits", text), {},
                 "quote it if it is a text");
  }
  if (base != 10) return signed_integer(negative, decimal_from(digits, base));
  if (digits.find(':') != std::string_view::npos) return signed_integer(negative, decimal_from_sexagesimal(digits));
  return signed_integer(negative, std::string(digits));
}

// constructor.py: construct_yaml_float.
Result<Value> to_float(std::string_view text) {
  std::string plain = without_underscores(text);
  std::ranges::transform(plain, plain.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::string_view digits = plain;
  const double sign = digits.starts_with('-') ? -1.0 : 1.0;
  if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits == ".inf") return Value(sign * std::numeric_limits<double>::infinity());
  if (digits == ".nan") return Value(std::numeric_limits<double>::quiet_NaN());
  double number = 0;
  double base = 1;
  for (;;) {  // from the last part to the first
    const std::size_t colon = digits.rfind(':');
    const std::optional<double> part =
        internal::read_double(digits.substr(colon == std::string_view::npos ? 0 : colon + 1));
    if (!part) return Error(Code::kInvalid, fmt::format("found '{}', expected a number", text.substr(0, 40)));
    number += *part * base;
    base *= 60;
    if (colon == std::string_view::npos) return Value(sign * number);
    digits = digits.substr(0, colon);
  }
}

struct Word {
  std::string_view text;
  bool meaning;
};
constexpr std::array kBooleans = {Word{"yes", true},  Word{"Yes", true},    Word{"YES", true},    Word{"no", false},
                                  Word{"No", false},  Word{"NO", false},    Word{"true", true},   Word{"True", true},
                                  Word{"TRUE", true}, Word{"false", false}, Word{"False", false}, Word{"FALSE", false},
                                  Word{"on", true},   Word{"On", true},     Word{"ON", true},     Word{"off", false},
                                  Word{"Off", false}, Word{"OFF", false}};

}  // namespace

namespace internal {
bool is_yaml_timestamp(std::string_view text) { return is_timestamp(text); }
}  // namespace internal

Result<Value> resolve_yaml_scalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return Value();
  const char first = text.front();
  if (is_digit(first) || first == '-' || first == '+' || first == '.') {
    if (is_float(text)) return to_float(text);
    if (is_integer(text)) return to_integer(text);
    return Value(text);
  }
  if (text.size() <= 5) {
    for (const Word& word : kBooleans) {
      if (word.text == text) return Value(word.meaning);
    }
  }
  return Value(text);
}

}  // namespace midwatch
