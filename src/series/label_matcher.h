// series/label_matcher.h — one condition of a selector: job="api", path!="/", code=~"5..".
//
// Patterns are RE2's, match the whole value, and "." matches newlines, as in Prometheus. A missing
// label has the empty value. An alternation of plain words ("a|b|c") is known as a set, so that an
// index need not be searched.
//
// Copying shares the compiled pattern. Thread-safety: const methods may run on any thread at once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace midwatch {

class LabelMatcher {
 public:
  enum class Op : std::uint8_t { kEqual, kNotEqual, kMatches, kNotMatches };
  static constexpr std::size_t kPatternBytesMax = 8 * 1024;

  // Fails with kInvalid on a pattern that RE2 refuses, with kLimit on one that is too long.
  static Result<LabelMatcher> create(Op op, std::string name, std::string value);

  [[nodiscard]] Op op() const { return op_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& value() const { return value_; }
  [[nodiscard]] bool matches(std::string_view value) const;
  [[nodiscard]] bool matches_empty() const { return matches_empty_; }
  // Every value that can match, for = and for alternations of plain words; else empty.
  [[nodiscard]] std::span<const std::string> set() const { return set_; }
  [[nodiscard]] std::string to_string() const;  // code=~"5.."

 private:
  struct Pattern;  // an RE2, see the .cc
  LabelMatcher() = default;

  Op op_ = Op::kEqual;
  bool matches_empty_ = false;
  std::string name_;
  std::string value_;
  std::vector<std::string> set_;
  std::shared_ptr<const Pattern> pattern_;
};

}  // namespace midwatch
