#include "alias/alias_format.h"

#include "expr/python_text.h"

namespace midwatch {

namespace {

// The grammar, as regular expressions. A key has no white space; a value is quoted, in braces or one word; a default
// may be any text. Groups of a pair: key, value, then the four spellings of a value without its quotes.
constexpr std::string_view kPair = R"re((?:^|\s+)\s*(\S+?)\s*=(""|''|"(.+?)"|'(.+?)'|({.+?})|(\S+)))re";
constexpr std::string_view kEnding = R"re(.*?(((?:^|\s+)\s*(\S+?)\s*=(""|''|"(.+?)"|'(.+?)'|({.+?})|(\S+))\s*)*)$)re";
// Group 1 is the white space before the braces, which may go with them; 2 the name; then the default's spellings.
constexpr std::string_view kOptional = R"re((\s*){{\s*(\S+?)\s*\s*=\s*(?:""|''|"(.+?)"|'(.+?)'|({.+?})|(.+?))\s*}})re";
constexpr std::string_view kRequired = R"re((\s*){{\s*(\S+?)\s*}})re";
// What stands for a parameter.
constexpr std::string_view kParameter = R"re(\1["\']?(?P<\2>(?:(?<=\').+?(?=\')|(?<=").+?(?=")|{.+?}|.+?))["\']?)re";
constexpr std::string_view kOptionalParameter =
    R"re((?:\1["\']?(?P<\2>(?:(?<=\').+?(?=\')|(?<=").+?(?=")|{.+?}|.+?))["\']?)?)re";

constexpr std::size_t kExpressionBytesMax = 1u << 20;
constexpr PatternFlags kDotAll{.ignore_case = false, .multi_line = false, .dot_all = true};

std::string_view group(std::string_view text, const PatternMatch& match, std::size_t index) {
  const PatternMatch::Range& range = match.groups[index];
  return range.matched() ? text.substr(range.start, range.end - range.start) : std::string_view();
}

// "".join of the groups from `first` on: one of the spellings of a value, without its quotes.
std::string joined(std::string_view text, const PatternMatch& match, std::size_t first) {
  std::string out;
  for (std::size_t i = first; i < match.groups.size(); ++i) out += group(text, match, i);
  return out;
}

Outcome<std::string> expression_of(std::string_view format) {
  MW_TRY(const auto optional, Pattern::compile(kOptional));
  MW_TRY(std::string text, optional->substitute(format, kOptionalParameter, SIZE_MAX, kExpressionBytesMax));
  MW_TRY(const auto required, Pattern::compile(kRequired));
  MW_TRY(text, required->substitute(text, kParameter, SIZE_MAX, kExpressionBytesMax));
  MW_TRY(const auto compiled, Pattern::compile(text, kDotAll));
  if (!compiled->has_start_anchor()) text.insert(0, R"(^\s*)");
  if (!compiled->has_end_anchor()) text += R"(\s*$)";
  return text;
}

}  // namespace

// A command without the pairs at its end.
struct AliasFormat::Command {
  std::string_view original;
  std::string rest;
  std::vector<std::pair<std::string, std::string>> pairs;

  static Outcome<Command> parse(std::string_view text) {
    if (text.size() > kAliasCommandBytesMax) {
      return limit_error("the command has " + std::to_string(text.size()) + " bytes, more than " +
                         std::to_string(kAliasCommandBytesMax));
    }
    Command out{text, std::string(text), {}};
    MW_TRY(const auto ending, Pattern::compile(kEnding, kDotAll));
    MW_TRY(const auto match, ending->match(text, 0, Pattern::Anchor::kStart));
    const std::string_view cut = match ? group(text, *match, 1) : std::string_view();
    if (!cut.empty()) {
      MW_TRY(const auto pair, Pattern::compile(kPair, kDotAll));
      MW_TRY(const std::vector<PatternMatch> found, pair->match_all(cut, SIZE_MAX));
      for (const PatternMatch& one : found) out.pairs.emplace_back(group(cut, one, 1), joined(cut, one, 3));
      out.rest = replace_all(text, cut, "");  // everywhere, as the reference does
    }
    out.rest = " " + out.rest + " ";
    return out;
  }
};

Outcome<AliasFormat> AliasFormat::compile_outcome(std::string_view format) {
  if (format.size() > kAliasFormatBytesMax) {
    return limit_error("the format has " + std::to_string(format.size()) + " bytes, more than " +
                       std::to_string(kAliasFormatBytesMax));
  }
  AliasFormat out;
  out.text_ = format;
  MW_TRY(const auto optional, Pattern::compile(kOptional, kDotAll));
  MW_TRY(const std::vector<PatternMatch> found, optional->match_all(format, SIZE_MAX));
  for (const PatternMatch& match : found) {
    out.defaults_.emplace_back(group(format, match, 2), joined(format, match, 3));
  }
  MW_TRY(const std::string expression, expression_of(format));
  MW_TRY(out.pattern_, Pattern::compile(expression, kDotAll));
  return out;
}

Result<AliasFormat> AliasFormat::compile(std::string_view format) { return to_result(compile_outcome(format)); }

Outcome<Value> AliasFormat::parameters(const Command& command, const PatternMatch& match) const {
  ObjectBuilder out;
  std::vector<std::pair<std::string, bool>> named;  // and whether it has a value
  for (const auto& [name, index] : pattern_->group_names()) {
    const bool taken = match.groups[index].matched();
    out.set(name, taken ? Value(group(command.rest, match, index)) : Value());
    named.emplace_back(name, taken && match.groups[index].end > match.groups[index].start);
  }
  bool any = false;
  for (const auto& [name, present] : named) any = any || present;
  for (const auto& [name, fallback] : defaults_) {
    bool known = false;
    bool present = false;
    for (const auto& [group_name, has_value] : named) {
      if (group_name == name) known = true, present = has_value;
    }
    // A default whose braces hold a line break is found, but makes no group.
    if (!known) return Failure(ErrorKind::kUndefined, "KeyError", py_repr_text(name));
    if (present) continue;
    out.set(name, Value(std::string_view(fallback)));
    any = any || !fallback.empty();
  }
  for (const auto& [name, text] : command.pairs) {
    out.set(name, Value(std::string_view(text)));
    any = any || !text.empty();
  }
  if (!text_.empty() && !any && strip_space(command.rest).empty()) {
    return Failure(ErrorKind::kValue, "ParseException", "No value supplied and no default value found.");
  }
  return std::move(out).build();
}

Outcome<Value> AliasFormat::match_outcome(std::string_view text) const {
  MW_TRY(const Command command, Command::parse(text));
  MW_TRY(const auto match, pattern_->match(command.rest));
  if (!match) {
    return Failure(ErrorKind::kValue, "ParseException",
                   "Command \"" + std::string(text) + "\" doesn't match format string \"" + text_ + "\"");
  }
  return parameters(command, *match);
}

Outcome<Value> AliasFormat::match_all_outcome(std::string_view text) const {
  MW_TRY(const Command command, Command::parse(text));
  MW_TRY(const std::vector<PatternMatch> matches, pattern_->match_all(command.rest, SIZE_MAX));
  std::vector<Value> out;
  for (const PatternMatch& match : matches) {
    MW_TRY(Value one, parameters(command, match));
    out.push_back(std::move(one));
  }
  return Value::array(std::move(out));
}

}  // namespace midwatch
