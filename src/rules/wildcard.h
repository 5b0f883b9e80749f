// rules/wildcard.h — the shell's patterns as Python's fnmatch has them: *, ?, [seq] and [!seq] over a whole text.
//
//   auto logs = Wildcard::compile("web-[0-9]*.log");
//   logs.matches("web-1.log");
//
// Case counts, and ? is a code point. Nothing is an error: a `[` without an end is itself, an empty range
// such as [z-a] matches nothing. Thread-safety: immutable. Cost of matches(): O(pattern · text) at worst,
// O(text) for patterns with one star; no recursion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace midwatch {

class Wildcard {
 public:
  static Wildcard compile(std::string_view pattern);

  [[nodiscard]] bool matches(std::string_view text) const;

  // What every text that matches begins and ends with: for indexes.
  [[nodiscard]] std::string literal_prefix() const;
  [[nodiscard]] std::string literal_suffix() const;
  // The same in RE2's syntax, tied to both ends: for sets.
  [[nodiscard]] std::string re2_source() const;

 private:
  enum class Kind : std::uint8_t { kCharacter, kAnyOne, kAnyRun, kSet };
  struct Element {
    Kind kind = Kind::kCharacter;
    char32_t character = 0;
    bool negated = false;
    std::vector<std::pair<char32_t, char32_t>> ranges{};
    [[nodiscard]] bool accepts(char32_t c) const;
  };
  static Element set_of(std::u32string_view inside);

  std::vector<Element> elements_;
};

}  // namespace midwatch
