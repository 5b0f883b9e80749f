// promql/prom_lexer.h — the text of a PromQL query as tokens with their places.
//
// Whole query at once: a query is short (kPromQueryBytesMax). Words are not told apart here: whether
// `sum` is an aggregator, a metric or a label is the parser's question.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace midwatch {

enum class PromTokenKind : std::uint8_t {
  kEnd,
  kWord,
  kNumber,
  kDuration,
  kString,
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kComma,
  kColon,
  kAt,
  kAssign,
  kEqual,
  kNotEqual,
  kMatches,
  kNotMatches,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPower,
  kTrimUpper,
  kTrimLower
};

struct PromToken {
  PromTokenKind kind = PromTokenKind::kEnd;
  std::size_t begin = 0;  // bytes of the query
  std::size_t end = 0;
  std::string text;   // the unquoted value of a string, else what is written
  double number = 0;  // of a number; of a duration in seconds
};

// The place as line and column, and the line of the query with a caret under it:
//   sum by (job (up)
//               ^
[[nodiscard]] Location prom_location(std::string_view query, std::size_t offset);
[[nodiscard]] std::string prom_caret(std::string_view query, const Location& where);

// Ends with one kEnd token.
[[nodiscard]] Result<std::vector<PromToken>> lex_promql(std::string_view query);

}  // namespace midwatch
