// alias/alias_format.h — one format of an action alias: what a command has to look like, and its parameters.
//
//   auto format = AliasFormat::compile("restart {{ service }} on {{ host = localhost }}");
//   Result<Value> parameters = format->match("restart nginx on web1 force=true");
//   // {"service": "nginx", "host": "web1", "force": "true"}
//
// The grammar is StackStorm's, accidents included, because packs rest on them. `key=value` pairs at the
// end of a command are cut off and become parameters of their own; what is left gets a space on
// each side. `{{ name }}` takes a quoted text, `{…}` or as little as possible; `{{ name = default }}` may
// be missing together with the white space before it. Everything else in a format is a regular expression
// of Python's, whose named groups are parameters too. It has to match the whole command unless it
// has anchors itself. All values are texts; a named group that took no part is null.
//
// Limits: kAliasFormatBytesMax, kAliasCommandBytesMax; the work of a match is bounded as expr/pattern.h says.
// Errors: value, for a command that does not match and for a format that is not a regular expression;
// limit. One thread at a time uses an AliasFormat; compiling costs tens of microseconds.
// Source: StackStorm's ActionAliasFormatParser, as the cases of tests/conformance/expressions record it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expr/pattern.h"
#include "value/value.h"

namespace midwatch {

inline constexpr std::size_t kAliasFormatBytesMax = 16u << 10;
inline constexpr std::size_t kAliasCommandBytesMax = 16u << 10;

class AliasFormat {
 public:
  [[nodiscard]] static Result<AliasFormat> compile(std::string_view format);
  // The same, with the kind of the error.
  [[nodiscard]] static Outcome<AliasFormat> compile_outcome(std::string_view format);

  // The parameters of a command, as an object.
  [[nodiscard]] Result<Value> match(std::string_view command) const { return to_result(match_outcome(command)); }
  [[nodiscard]] Outcome<Value> match_outcome(std::string_view command) const;
  // `match_multiple`: every place where the format matches, as an array of objects; none is no error.
  [[nodiscard]] Result<Value> match_all(std::string_view command) const {
    return to_result(match_all_outcome(command));
  }
  [[nodiscard]] Outcome<Value> match_all_outcome(std::string_view command) const;

  [[nodiscard]] const std::string& text() const { return text_; }
  // The regular expression that a format stands for.
  [[nodiscard]] const std::string& expression() const { return pattern_->source(); }

 private:
  struct Command;
  AliasFormat() = default;
  [[nodiscard]] Outcome<Value> parameters(const Command& command, const PatternMatch& match) const;

  std::string text_;
  std::shared_ptr<const Pattern> pattern_;
  std::vector<std::pair<std::string, std::string>> defaults_;  // of `{{ name = default }}`
};

}  // namespace midwatch
