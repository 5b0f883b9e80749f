// expr/python_pattern.h — Python's regular expressions (`re`, 3.11) as the engine below reads them.
//
// The two syntaxes differ in what they refuse and in the meaning of some escapes: `\v`, `\Z`, `{,3}`, `[[:x:]]`,
// `(*…)`,
// `(?<name>…)`, octal digits, group names of any length. translate_python_pattern() parses as Python's
// sre_parse does, refuses what Python refuses, and writes what is left in the syntax of PCRE2, with groups
// by number. Used by expr/pattern.cc only.
//
// Errors: value, with Python's text and the position in code points. Nesting at most kPatternDepthMax.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expr/diagnostic.h"

namespace midwatch {

inline constexpr int kPatternDepthMax = 100;

struct TranslatedPattern {
  std::string text;
  std::vector<std::pair<std::string, std::size_t>> names;  // of groups, in order
  bool ascii = false;                                      // (?a): \w, \d, \s, \b know ASCII only
  // Whether `^`, `\A` (`$`, `\Z`) stands outside of repetitions and look-arounds; of alternatives only the
  // second is looked at, as StackStorm's aliases do.
  bool start_anchor = false;
  bool end_anchor = false;
};

[[nodiscard]] Outcome<TranslatedPattern> translate_python_pattern(std::string_view source);

}  // namespace midwatch
