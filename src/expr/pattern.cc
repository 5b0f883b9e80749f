#include "expr/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <list>

#include "expr/python_pattern.h"
#include "expr/python_text.h"

namespace midwatch {

struct Pattern::Engine {
  pcre2_code* code = nullptr;
  pcre2_match_context* context = nullptr;
  pcre2_match_data* match = nullptr;  // of the thread that compiled it: patterns are kept per thread
  std::uint32_t groups = 0;

  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() {
    pcre2_match_data_free(match);
    pcre2_match_context_free(context);
    pcre2_code_free(code);
  }
};

Pattern::Pattern() = default;
Pattern::~Pattern() = default;

namespace {

struct CacheEntry {
  std::string key;
  std::shared_ptr<const Pattern> pattern;
};

std::string error_text(int number) {
  PCRE2_UCHAR buffer[200];
  pcre2_get_error_message(number, buffer, sizeof buffer);
  return reinterpret_cast<const char*>(buffer);
}

}  // namespace

Outcome<std::shared_ptr<const Pattern>> Pattern::compile(std::string_view source, PatternFlags flags) {
  thread_local std::list<CacheEntry> kept;
  if (source.size() > kPatternBytesMax) {
    return limit_error("the regular expression has more than " + std::to_string(kPatternBytesMax) + " bytes");
  }
  std::string key{flags.ignore_case ? 'i' : '-', flags.multi_line ? 'm' : '-', flags.dot_all ? 's' : '-'};
  key += source;
  for (auto it = kept.begin(); it != kept.end(); ++it) {
    if (it->key == key) {
      kept.splice(kept.begin(), kept, it);
      return it->pattern;
    }
  }
  std::uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
  if (flags.ignore_case) options |= PCRE2_CASELESS;
  if (flags.multi_line) options |= PCRE2_MULTILINE;
  if (flags.dot_all) options |= PCRE2_DOTALL;
  auto translated = translate_python_pattern(source);
  if (!translated) return std::move(translated).error();
  const std::string& text = translated->text;
  if (translated->ascii) options &= ~static_cast<std::uint32_t>(PCRE2_UCP);
  std::shared_ptr<Pattern> pattern(new Pattern());
  pattern->engine_ = std::make_unique<Engine>();
  Engine& engine = *pattern->engine_;
  int error = 0;
  PCRE2_SIZE offset = 0;
  engine.code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), options, &error, &offset, nullptr);
  if (engine.code == nullptr) {
    return Failure(ErrorKind::kValue, "error",
                   "cannot use the regular expression " + py_repr_text(source) + ": " + error_text(error) +
                       " at position " + std::to_string(offset));
  }
  engine.context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(engine.context, kPatternMatchStepsMax);
  pcre2_set_heap_limit(engine.context, kPatternHeapKiBMax);
  engine.match = pcre2_match_data_create_from_pattern(engine.code, nullptr);
  pcre2_pattern_info(engine.code, PCRE2_INFO_CAPTURECOUNT, &engine.groups);
  pattern->source_ = source;
  pattern->names_ = std::move(translated->names);
  pattern->start_anchor_ = translated->start_anchor;
  pattern->end_anchor_ = translated->end_anchor;
  kept.push_front({std::move(key), pattern});
  if (kept.size() > kPatternsKeptMax) kept.pop_back();
  return std::shared_ptr<const Pattern>(pattern);
}

std::size_t Pattern::group_count() const { return engine_->groups; }

Outcome<std::optional<PatternMatch>> Pattern::run(std::string_view text, std::size_t from,
                                                  std::uint32_t options) const {
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data() == nullptr ? "" : text.data());
  const int found = pcre2_match(engine_->code, subject, text.size(), from, options, engine_->match, engine_->context);
  if (found == PCRE2_ERROR_NOMATCH) return std::optional<PatternMatch>();
  if (found < 0) {
    const bool limit =
        found == PCRE2_ERROR_MATCHLIMIT || found == PCRE2_ERROR_HEAPLIMIT || found == PCRE2_ERROR_DEPTHLIMIT;
    const std::string message =
        "the regular expression " + py_repr_text(source_) + " cannot be matched: " + error_text(found);
    return limit ? limit_error(message) : value_error(message);
  }
  const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(engine_->match);
  PatternMatch out;
  out.groups.resize(group_count() + 1);
  for (std::size_t i = 0; i < out.groups.size(); ++i) {
    if (bounds[2 * i] == PCRE2_UNSET) continue;
    out.groups[i] = {bounds[2 * i], std::max(bounds[2 * i], bounds[2 * i + 1])};
  }
  return std::optional<PatternMatch>(std::move(out));
}

Outcome<std::optional<PatternMatch>> Pattern::match(std::string_view text, std::size_t from, Anchor anchor) const {
  std::uint32_t options = 0;
  if (anchor != Anchor::kNone) options |= PCRE2_ANCHORED;
  if (anchor == Anchor::kBoth) options |= PCRE2_ENDANCHORED;
  return run(text, from, options);
}

Outcome<std::vector<PatternMatch>> Pattern::match_all(std::string_view text, std::size_t count_max) const {
  std::vector<PatternMatch> out;
  std::size_t at = 0;
  bool after_empty = false;
  while (at <= text.size() && out.size() < count_max) {
    if (out.size() >= kPatternMatchesMax) {
      return limit_error("the regular expression matches more than " + std::to_string(kPatternMatchesMax) + " times");
    }
    // After an empty match Python first looks for one that is not empty at the same place.
    // The text is checked to be UTF-8 once, not for every match.
    const std::uint32_t checked = at == 0 && out.empty() ? 0u : PCRE2_NO_UTF_CHECK;
    MW_TRY(auto found, run(text, at, checked | (after_empty ? PCRE2_NOTEMPTY_ATSTART | PCRE2_ANCHORED : 0u)));
    if (!found && after_empty) {
      if (at >= text.size()) break;
      (void)next_code_point(text, at);
      after_empty = false;
      continue;
    }
    if (!found) break;
    const auto whole = found->groups[0];
    after_empty = whole.start == whole.end;
    at = whole.end;
    out.push_back(std::move(*found));
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
  MW_TRY(const std::vector<PatternMatch> matches, match_all(text, count_max));
  for (const PatternMatch& match : matches) {
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
