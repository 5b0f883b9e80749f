#include "promql/prom_replace.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/core.h>
#include <re2/re2.h>

#include "series/label_matcher.h"

namespace midwatch::internal {
namespace {

bool is_group_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The group's name after a '$', and how much text it takes. Empty when there is none.
std::pair<std::string_view, std::size_t> group_name(std::string_view text) {
  const bool braces = !text.empty() && text[0] == '{';
  std::size_t size = braces ? 1 : 0;
  while (size < text.size() && is_group_character(text[size])) ++size;
  if (!braces) return {text.substr(0, size), size};
  if (size == 1 || size >= text.size() || text[size] != '}') return {{}, 0};
  return {text.substr(1, size - 1), size + 1};
}

}  // namespace

struct LabelReplacer::Pattern {
  explicit Pattern(const std::string& text) : re(text, RE2::Quiet) {}
  RE2 re;
};

Result<LabelReplacer> LabelReplacer::create(const std::string& pattern, std::string replacement) {
  LabelReplacer replacer;
  if (pattern.size() > LabelMatcher::kPatternBytesMax) {
    return Error(Code::kLimit, fmt::format("the pattern of label_replace() has {} bytes, at most {} are allowed",
                                           pattern.size(), LabelMatcher::kPatternBytesMax));
  }
  auto compiled = std::make_shared<Pattern>("^(?s:" + pattern + ")$");
  if (!compiled->re.ok()) {
    return Error(Code::kInvalid, fmt::format("invalid regular expression in label_replace(): {}", pattern));
  }
  replacer.pattern_ = std::move(compiled);
  replacer.replacement_ = std::move(replacement);
  return replacer;
}

std::optional<std::string> LabelReplacer::replace(std::string_view value) const {
  const RE2& re = pattern_->re;
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(re.NumberOfCapturingGroups()) + 1);
  const re2::StringPiece input(value.data(), value.size());
  if (!re.Match(input, 0, input.size(), RE2::ANCHOR_BOTH, groups.data(), static_cast<int>(groups.size()))) {
    return std::nullopt;
  }
  std::string out;
  std::string_view rest = replacement_;
  while (!rest.empty()) {
    const std::size_t dollar = rest.find('$');
    out += rest.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    rest.remove_prefix(dollar + 1);
    if (rest.starts_with('$')) {
      out += '$';
      rest.remove_prefix(1);
      continue;
    }
    const auto [name, size] = group_name(rest);
    if (name.empty()) {
      out += '$';  // "malformed; treat $ as raw text"
      continue;
    }
    rest.remove_prefix(size);
    std::size_t group = groups.size();
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), group);
    if (end != name.data() + name.size() || error != std::errc()) {
      const auto& named = re.NamedCapturingGroups();
      const auto found = named.find(std::string(name));
      group = found == named.end() ? groups.size() : static_cast<std::size_t>(found->second);
    }
    if (group < groups.size()) out.append(groups[group].data(), groups[group].size());
  }
  return out;
}

}  // namespace midwatch::internal
