#include "expr/pattern.h"

#include <re2/re2.h>

#include <algorithm>
#include <list>

#include "expr/python_text.h"

namespace midwatch {

struct Pattern::Engine {
  explicit Engine(const std::string& source, const RE2::Options& options) : re(source, options) {}
  RE2 re;
};

Pattern::Pattern() = default;
Pattern::~Pattern() = default;

namespace {

constexpr std::int64_t kPatternMemoryMax = 4 << 20;

// What Python spells otherwise than RE2.
std::string translated(std::string_view source, PatternFlags flags) {
  std::string out = "(?";
  if (flags.ignore_case) out += 'i';
  if (flags.multi_line) out += 'm';
  if (flags.dot_all) out += 's';
  out = out.size() > 2 ? out + ")" : "";
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\\' && i + 1 < source.size()) {
      if (source[i + 1] == 'Z') out += "\\z";
      else out.append(source.substr(i, 2));
      ++i;
    } else {
      out += source[i];
    }
  }
  return out;
}

struct CacheEntry {
  std::string key;
  std::shared_ptr<const Pattern> pattern;
};

}  // namespace

Outcome<std::shared_ptr<const Pattern>> Pattern::compile(std::string_view source, PatternFlags flags) {
  thread_local std::list<CacheEntry> kept;
  const std::string text = translated(source, flags);
  for (auto it = kept.begin(); it != kept.end(); ++it) {
    if (it->key == text) {
      kept.splice(kept.begin(), kept, it);
      return it->pattern;
    }
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternMemoryMax);
  std::shared_ptr<Pattern> pattern(new Pattern());
  pattern->engine_ = std::make_unique<Engine>(text, options);
  if (!pattern->engine_->re.ok()) {
    return Failure(ErrorKind::kValue, "error",
                   "cannot use the regular expression " + py_repr_text(source) + ": " + pattern->engine_->re.error());
  }
  pattern->source_ = source;
  kept.push_front({text, pattern});
  if (kept.size() > kPatternsKeptMax) kept.pop_back();
  return std::shared_ptr<const Pattern>(pattern);
}

std::size_t Pattern::group_count() const { return static_cast<std::size_t>(engine_->re.NumberOfCapturingGroups()); }

std::vector<std::pair<std::string, std::size_t>> Pattern::group_names() const {
  std::vector<std::pair<std::string, std::size_t>> out;
  for (const auto& [name, index] : engine_->re.NamedCapturingGroups())
    out.emplace_back(name, static_cast<std::size_t>(index));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return out;
}

std::optional<PatternMatch> Pattern::match(std::string_view text, std::size_t from, Anchor anchor) const {
  const std::size_t count = group_count() + 1;
  std::vector<re2::StringPiece> pieces(count);
  const RE2::Anchor how = anchor == Anchor::kNone    ? RE2::UNANCHORED
                          : anchor == Anchor::kStart ? RE2::ANCHOR_START
                                                     : RE2::ANCHOR_BOTH;
  const re2::StringPiece whole(text.data() == nullptr ? "" : text.data(), text.size());
  if (!engine_->re.Match(whole, from, text.size(), how, pieces.data(), static_cast<int>(count))) return std::nullopt;
  PatternMatch out;
  out.groups.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (pieces[i].data() == nullptr) continue;
    out.groups[i].start = static_cast<std::size_t>(pieces[i].data() - whole.data());
    out.groups[i].end = out.groups[i].start + pieces[i].size();
  }
  return out;
}

std::vector<PatternMatch> Pattern::match_all(std::string_view text, std::size_t count_max) const {
  std::vector<PatternMatch> out;
  std::size_t at = 0;
  std::size_t last_end = std::string_view::npos;
  while (at <= text.size() && out.size() < count_max) {
    auto found = match(text, at);
    if (!found) break;
    const auto whole = found->groups[0];
    const bool empty = whole.start == whole.end;
    if (empty && whole.start == last_end && at == whole.start && !out.empty() &&
        out.back().groups[0].start == out.back().groups[0].end) {
      // The same empty match again: go on behind the next code point.
      if (at >= text.size()) break;
      (void)next_code_point(text, at);
      continue;
    }
    last_end = whole.end;
    out.push_back(std::move(*found));
    at = whole.end;
    if (empty) {
      if (at >= text.size()) break;
      (void)next_code_point(text, at);
    }
  }
  return out;
}

namespace {

// A piece of a replacement: text, or the number of a group.
struct Piece {
  std::string text;
  std::size_t group = std::string_view::npos;
};

Failure bad_reference(std::string message) { return {ErrorKind::kValue, "error", std::move(message)}; }

Outcome<std::size_t> group_number(const Pattern& pattern, std::string_view name) {
  if (!name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
      name.size() < 4) {
    return static_cast<std::size_t>(std::stoul(std::string(name)));
  }
  for (const auto& [known, index] : pattern.group_names()) {
    if (known == name) return index;
  }
  return Failure(ErrorKind::kValue, "IndexError", "unknown group name " + py_repr_text(name));
}

Outcome<std::vector<Piece>> parse_replacement(const Pattern& pattern, std::string_view text) {
  std::vector<Piece> out{{}};
  const auto add_group = [&](std::size_t group) -> Outcome<void> {
    if (group > pattern.group_count()) return bad_reference("invalid group reference " + std::to_string(group));
    out.push_back({.text = {}, .group = group});
    out.push_back({});
    return {};
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.back().text += text[i];
      continue;
    }
    if (++i == text.size()) return bad_reference("bad escape (end of pattern)");
    const char c = text[i];
    constexpr std::string_view kEscapes = "abfnrtv\\";
    constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
    if (c >= '1' && c <= '9') {
      std::size_t group = static_cast<std::size_t>(c - '0');
      if (i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9')
        group = group * 10 + static_cast<std::size_t>(text[++i] - '0');
      MW_CHECK(add_group(group));
    } else if (c == 'g') {
      const std::size_t close = text.find('>', i);
      if (i + 1 >= text.size() || text[i + 1] != '<' || close == std::string_view::npos)
        return bad_reference("missing <");
      MW_TRY(const std::size_t group, group_number(pattern, text.substr(i + 2, close - i - 2)));
      MW_CHECK(add_group(group));
      i = close;
    } else if (const std::size_t known = kEscapes.find(c); known != std::string_view::npos) {
      out.back().text += kMeanings[known];
    } else if (c == '0') {
      out.back().text += '\0';
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      return bad_reference(std::string("bad escape \\") + c);
    } else {
      out.back().text += '\\';
      out.back().text += c;
    }
  }
  return out;
}

}  // namespace

Outcome<std::string> Pattern::substitute(std::string_view text, std::string_view replacement, std::size_t count_max,
                                         std::size_t bytes_max) const {
  MW_TRY(const std::vector<Piece> pieces, parse_replacement(*this, replacement));
  std::string out;
  std::size_t at = 0;
  for (const PatternMatch& match : match_all(text, count_max)) {
    const auto whole = match.groups[0];
    out += text.substr(at, whole.start - at);
    for (const Piece& piece : pieces) {
      out += piece.text;
      if (piece.group == std::string_view::npos || !match.groups[piece.group].matched()) continue;
      const auto group = match.groups[piece.group];
      out += text.substr(group.start, group.end - group.start);
    }
    at = whole.end;
    if (out.size() > bytes_max)
      return limit_error("the substitution makes more than " + std::to_string(bytes_max) + " bytes");
  }
  return out.append(text.substr(at));
}

std::string escaped_pattern(std::string_view text) {
  constexpr std::string_view kSpecial = "()[]{}?*+-|^$\\.&~# \t\n\r\v\f";
  std::string out;
  for (const char c : text) {
    if (kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace midwatch
