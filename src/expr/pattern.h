// expr/pattern.h — regular expressions as the filters and functions use them.
//
// Python's syntax (expr/python_pattern.h), matched by PCRE2 with Unicode classes: look-around,
// back-references, named groups. The work of one match is bounded by kPatternMatchStepsMax and
// kPatternHeapKiBMax, so a pattern cannot hang an evaluation: beyond them the match is an error of kind
// limit. Compiled patterns are kept, the last kPatternsKeptMax of each thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expr/diagnostic.h"

namespace midwatch {

inline constexpr std::size_t kPatternsKeptMax = 64;
inline constexpr std::size_t kPatternBytesMax = 64u << 10;
inline constexpr std::uint32_t kPatternMatchStepsMax = 1'000'000;
inline constexpr std::uint32_t kPatternHeapKiBMax = 20'000;
inline constexpr std::size_t kPatternMatchesMax = 1'000'000;

struct PatternFlags {
  bool ignore_case = false;
  bool multi_line = false;
  bool dot_all = false;
};

// One match: byte ranges of the whole and of each group; {npos, npos} for a group that took no part.
struct PatternMatch {
  struct Range {
    std::size_t start = std::string_view::npos;
    std::size_t end = std::string_view::npos;
    [[nodiscard]] bool matched() const { return start != std::string_view::npos; }
  };
  std::vector<Range> groups;  // [0] is the whole match
};

class Pattern {
 public:
  [[nodiscard]] static Outcome<std::shared_ptr<const Pattern>> compile(std::string_view source,
                                                                       PatternFlags flags = {});
  ~Pattern();

  enum class Anchor { kNone, kStart, kBoth };
  [[nodiscard]] Outcome<std::optional<PatternMatch>> match(std::string_view text, std::size_t from = 0,
                                                           Anchor anchor = Anchor::kNone) const;
  // All matches from left to right as Python's finditer gives them; at most `count_max`.
  [[nodiscard]] Outcome<std::vector<PatternMatch>> match_all(std::string_view text, std::size_t count_max) const;
  // re.sub with Python's replacement syntax; fails for a bad reference.
  [[nodiscard]] Outcome<std::string> substitute(std::string_view text, std::string_view replacement,
                                                std::size_t count_max, std::size_t bytes_max) const;
  [[nodiscard]] std::size_t group_count() const;
  // In the order of the groups.
  [[nodiscard]] const std::vector<std::pair<std::string, std::size_t>>& group_names() const { return names_; }
  // Whether it is tied to the start or the end of the text (expr/python_pattern.h says how that is found).
  [[nodiscard]] bool has_start_anchor() const { return start_anchor_; }
  [[nodiscard]] bool has_end_anchor() const { return end_anchor_; }
  [[nodiscard]] const std::string& source() const { return source_; }

 private:
  struct Engine;
  Pattern();
  [[nodiscard]] Outcome<std::optional<PatternMatch>> run(std::string_view text, std::size_t from,
                                                         std::uint32_t options) const;
  std::unique_ptr<Engine> engine_;
  std::string source_;
  std::vector<std::pair<std::string, std::size_t>> names_;
  bool start_anchor_ = false;
  bool end_anchor_ = false;
};

// re.escape
[[nodiscard]] std::string escaped_pattern(std::string_view text);

}  // namespace midwatch
