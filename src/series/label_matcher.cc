#include "series/label_matcher.h"

#include <algorithm>

#include <fmt/core.h>
#include <re2/re2.h>

#include "series/labels.h"

namespace midwatch {
namespace {

// "a|b|c" without anything that means more: its words, or nothing.
std::vector<std::string> plain_alternatives(std::string_view pattern) {
  if (pattern.find_first_of("\\.+*?()[]{}^$") != std::string_view::npos) return {};
  std::vector<std::string> words;
  while (true) {
    const std::size_t bar = pattern.find('|');
    words.emplace_back(pattern.substr(0, bar));
    if (bar == std::string_view::npos) break;
    pattern.remove_prefix(bar + 1);
  }
  return words;
}

}  // namespace

struct LabelMatcher::Pattern {
  explicit Pattern(const std::string& text) : re(text, options()) {}
  static RE2::Options options() {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(4 << 20);
    return options;
  }
  RE2 re;
};

Result<LabelMatcher> LabelMatcher::create(Op op, std::string name, std::string value) {
  LabelMatcher matcher;
  matcher.op_ = op;
  matcher.name_ = std::move(name);
  matcher.value_ = std::move(value);
  if (op == Op::kEqual) matcher.set_ = {matcher.value_};
  if (op == Op::kMatches || op == Op::kNotMatches) {
    if (matcher.value_.size() > kPatternBytesMax) {
      return Error(Code::kLimit, fmt::format("pattern of label {} has {} bytes, at most {} are allowed", matcher.name_,
                                             matcher.value_.size(), kPatternBytesMax));
    }
    auto pattern = std::make_shared<Pattern>("^(?s:" + matcher.value_ + ")$");
    if (!pattern->re.ok()) {
      return Error(Code::kInvalid, fmt::format("pattern of label {}: {}", matcher.name_, pattern->re.error()));
    }
    matcher.pattern_ = std::move(pattern);
    if (op == Op::kMatches) matcher.set_ = plain_alternatives(matcher.value_);
  }
  matcher.matches_empty_ = matcher.matches({});
  return matcher;
}

bool LabelMatcher::matches(std::string_view value) const {
  switch (op_) {
    case Op::kEqual: return value == value_;
    case Op::kNotEqual: return value != value_;
    case Op::kMatches:
      if (!set_.empty()) return std::find(set_.begin(), set_.end(), value) != set_.end();
      return RE2::FullMatch(re2::StringPiece(value.data(), value.size()), pattern_->re);
    case Op::kNotMatches: return !RE2::FullMatch(re2::StringPiece(value.data(), value.size()), pattern_->re);
  }
  std::unreachable();
}

std::string LabelMatcher::to_string() const {
  constexpr std::string_view kOps[] = {"=", "!=", "=~", "!~"};
  std::string out = name_;
  out += kOps[static_cast<std::size_t>(op_)];
  append_quoted_label(out, value_);
  return out;
}

}  // namespace midwatch
