// rules/text_pattern.h — regular expressions of criteria: Python's `re`, quickly where that is possible.
//
// A pattern that means the same to RE2 on texts of ASCII is matched by RE2 there, in time linear in the text.
// Any other pattern (look-around, back references, …) and any other text is matched by PCRE2 with bounded
// work (expr/pattern.h): beyond the bounds a match is an error, never a hang.
//
// Thread-safety: immutable; any number of threads may match at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "expr/diagnostic.h"

namespace re2 {
class RE2;
}

namespace midwatch {

inline constexpr std::int64_t kRegexProgramBytesMax = 4 << 20;  // of one compiled pattern

class TextPattern {
 public:
  enum class Mode : std::uint8_t {
    kSearch,              // re.search(p, v)
    kSearchIgnoringCase,  // re.search(p, v, re.IGNORECASE)
    kMatchDotAll,         // re.match(p, v, re.DOTALL)
  };

  // Fails as re.compile does: kind value.
  static Outcome<TextPattern> compile(std::string_view source, Mode mode);

  [[nodiscard]] Outcome<bool> matches(std::string_view text) const;

  // Whether texts of ASCII without a line feed at their end are left to RE2.
  [[nodiscard]] bool has_re2() const { return regex_ != nullptr; }
  // The pattern in RE2's syntax with its mode written into it, for sets over such texts; empty without RE2.
  [[nodiscard]] const std::string& re2_source() const { return re2_source_; }
  // What every text that matches begins with; empty where that is not known.
  [[nodiscard]] std::string literal_prefix() const;

 private:
  TextPattern(std::string_view source, Mode mode) : source_(source), mode_(mode) {}

  std::string source_;
  Mode mode_;
  std::shared_ptr<const re2::RE2> regex_;  // null where RE2 does not have the pattern
  std::string re2_source_;
};

}  // namespace midwatch
