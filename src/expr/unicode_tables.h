// expr/unicode_tables.h — what Python's str knows of code points, as sorted ranges (internal to expr).
//
// The tables are constants made by scripts/unicode_tables.py; look-ups are binary searches.
#pragma once

#include <cstdint>
#include <span>

namespace midwatch::unicode {

struct Range {
  char32_t first, last;
  std::uint32_t step;  // 1, or 2 where every other code point belongs to the class
};
struct Shift {
  char32_t first, last;
  std::uint32_t step;
  std::int32_t difference;
};
struct Special {
  char32_t from;
  char32_t to[3];  // zero beyond the end
};
struct CaseTable {
  std::span<const Shift> shifts;
  std::span<const Special> specials;
};

enum class Class : std::uint8_t {
  kAlpha,
  kDecimal,
  kDigit,
  kNumeric,
  kUpper,
  kLower,
  kTitle,
  kIdentifierStart,
  kIdentifierPart,
  kUnprintable,
  kCaseIgnorable,
};
enum class Case : std::uint8_t { kToUpper, kToLower, kToTitle, kFold };

[[nodiscard]] std::span<const Range> ranges(Class of);
[[nodiscard]] CaseTable case_table(Case to);

}  // namespace midwatch::unicode
