// jinja/lexer.h — template text to tokens: the rules of Jinja 3.1 with trim_blocks and lstrip_blocks.
//
// Linear in the source. Line ends become '\n' and one trailing line feed is dropped, as Jinja does;
// offsets are into that normalized text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/diagnostic.h"

namespace midwatch::jinja {

enum class Token : std::uint8_t {
  kData,
  kVariableBegin,
  kVariableEnd,
  kBlockBegin,
  kBlockEnd,
  kName,
  kString,
  kInteger,
  kFloat,
  kOperator,
  kEnd,
};

struct Lexeme {
  Token token;
  std::uint32_t offset;
  std::string text;  // data after stripping, name, decoded string, number without '_', operator
};

inline constexpr std::size_t kTokensMax = 200'000;

[[nodiscard]] std::string normalized_source(std::string_view source);
// Up to the first mistake: the parser may find one before it.
struct Lexed {
  std::vector<Lexeme> tokens;      // ends with kEnd
  std::optional<Failure> failure;  // with its place
};
// Fails only where a limit is passed.
[[nodiscard]] Outcome<Lexed> lex_template(std::string_view source);
// For one expression: no delimiters.
[[nodiscard]] Outcome<Lexed> lex_expression(std::string_view source);
// How a message names a token: "end of print statement", "integer", "'+'".
[[nodiscard]] std::string describe(const Lexeme& lexeme);

}  // namespace midwatch::jinja
