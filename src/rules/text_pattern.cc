#include "rules/text_pattern.h"

#include <algorithm>

#include <re2/re2.h>

#include "expr/pattern.h"
#include "expr/python_text.h"

namespace midwatch {
namespace {

constexpr int kRepeatMax = 1000;  // RE2's

// Rewrites the part of Python's syntax that RE2 has too; knows of each construct whether RE2 has it and
// with the same meaning for texts of ASCII that do not end in a line feed (where `$` is the very end).
class ForRe2 {
 public:
  explicit ForRe2(std::string_view source) : source_(source) {}

  // False when RE2 cannot have it.
  bool run() {
    while (at_ < source_.size()) {
      if (!step()) return false;
    }
    return true;
  }
  [[nodiscard]] const std::string& text() const { return out_; }

 private:
  [[nodiscard]] char next(std::size_t ahead = 1) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  bool take(std::size_t count) {
    out_.append(source_.substr(at_, count));
    at_ += count;
    return true;
  }

  bool step() {
    const char c = source_[at_];
    if ((c & 0x80) != 0) return take(1);
    switch (c) {
      case '\\': return escape(false);
      case '[': return set();
      case '(':
        // (?:…) and plain groups only; flags in the middle, names and assertions are left to PCRE2.
        if (next() != '?') return take(1);
        return next(2) == ':' && take(3);
      case '$':
        out_ += "\\z";
        ++at_;
        return true;
      case '*':
      case '+':
      case '?': return quantifier(1);
      case '{': return counted();
      default: return take(1);
    }
  }

  // A second '+' would be possessive, another '*' or '{' is an error in Python.
  bool quantifier(std::size_t length) {
    take(length);
    if (at_ < source_.size() && source_[at_] == '?') take(1);
    const char after = at_ < source_.size() ? source_[at_] : '\0';
    return after != '+' && after != '*' && after != '?' && after != '{';
  }

  // {n}, {n,}, {n,m}; anything else with a brace is left to PCRE2.
  bool counted() {
    const std::size_t close = source_.find('}', at_);
    if (close == source_.npos) return false;
    const std::string_view inside = source_.substr(at_ + 1, close - at_ - 1);
    const std::size_t comma = inside.find(',');
    for (const std::string_view bound :
         {inside.substr(0, comma), comma == inside.npos ? "" : inside.substr(comma + 1)}) {
      if (bound.size() > 4 || !std::ranges::all_of(bound, [](char c) { return c >= '0' && c <= '9'; })) return false;
      int count = 0;
      for (const char c : bound) count = count * 10 + (c - '0');
      if (count > kRepeatMax) return false;
    }
    if (inside.empty() || inside[0] == ',') return false;
    return quantifier(close - at_ + 1);
  }

  bool escape(bool in_set) {
    const char c = next();
    if (c == '\0' || (c & 0x80) != 0) return false;
    switch (c) {
      case 's': out_ += in_set ? "\\t-\\r\\x1c-\\x20" : "[\\t-\\r\\x1c-\\x20]"; break;
      case 'S':
        if (in_set) return false;
        out_ += "[^\\t-\\r\\x1c-\\x20]";
        break;
      case 'Z':
        if (in_set) return false;
        out_ += "\\z";
        break;
      case 'b':
      case 'B':
      case 'A':
        if (in_set) return false;
        [[fallthrough]];
      case 'd':
      case 'D':
      case 'w':
      case 'W':
      case 'n':
      case 't':
      case 'r':
      case 'f':
      case 'v': out_.append({'\\', c}); break;
      default:
        // Letters and digits that are left are hexadecimal, octal, references or errors.
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return false;
        out_ += re2::RE2::QuoteMeta(std::string(1, c));
    }
    at_ += 2;
    return true;
  }

  // The members are written with escapes; ranges between plain characters only.
  bool set() {
    take(1);
    if (at_ < source_.size() && source_[at_] == '^') take(1);
    for (bool first = true; at_ < source_.size(); first = false) {
      const char c = source_[at_];
      if (c == ']' && !first) return take(1);
      if (c == '\\') {
        if (!escape(true)) return false;
        if (at_ < source_.size() && source_[at_] == '-' && next() != ']') return false;
        continue;
      }
      if ((c & 0x80) != 0) return false;
      if (c == '[' || c == ']' || c == '^') out_ += '\\';
      if (c == '-' && next() == '\\') return false;
      if (c == '-' && !first && next() != ']' && next() == '-') return false;
      take(1);
    }
    return false;
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::string out_;
};

PatternFlags flags_of(TextPattern::Mode mode) {
  return {.ignore_case = mode == TextPattern::Mode::kSearchIgnoringCase,
          .multi_line = false,
          .dot_all = mode == TextPattern::Mode::kMatchDotAll};
}

}  // namespace

Outcome<TextPattern> TextPattern::compile(std::string_view source, Mode mode) {
  // PCRE2 decides what is an error, so that the errors are the same for all.
  MW_TRY(const auto checked, Pattern::compile(source, flags_of(mode)));
  TextPattern out(source, mode);
  ForRe2 translated(source);
  // Folding maps some letters beyond ASCII to ones within.
  const bool folds = mode == Mode::kSearchIgnoringCase && !is_ascii(source);
  if (folds || !translated.run()) return out;
  std::string prefix = mode == Mode::kMatchDotAll ? "\\A(?s:" : (mode == Mode::kSearchIgnoringCase ? "(?i:" : "(?:");
  out.re2_source_ = prefix + translated.text() + ")";
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexProgramBytesMax);
  options.set_never_capture(true);
  auto regex = std::make_shared<const re2::RE2>(out.re2_source_, options);
  if (regex->ok()) out.regex_ = std::move(regex);
  else out.re2_source_.clear();
  return out;
}

Outcome<bool> TextPattern::matches(std::string_view text) const {
  if (regex_ != nullptr && is_ascii(text) && !text.ends_with('\n')) {
    return regex_->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
  }
  MW_TRY(const auto pattern, Pattern::compile(source_, flags_of(mode_)));
  const auto anchor = mode_ == Mode::kMatchDotAll ? Pattern::Anchor::kStart : Pattern::Anchor::kNone;
  MW_TRY(const auto found, pattern->match(text, 0, anchor));
  return found.has_value();
}

std::string TextPattern::literal_prefix() const {
  if (mode_ == Mode::kSearchIgnoringCase || source_.find('|') != source_.npos) return {};
  std::string_view rest = source_;
  if (rest.starts_with('^')) rest.remove_prefix(1);
  else if (mode_ != Mode::kMatchDotAll) return {};
  constexpr std::string_view kSpecial = "\\^$.|?*+()[]{}";
  std::size_t length = std::min(rest.find_first_of(kSpecial), rest.size());
  // A quantifier is about the character before it.
  const char after = length < rest.size() ? rest[length] : '\0';
  if (after == '?' || after == '*' || after == '{') {
    while (length > 0 && (rest[length - 1] & 0xC0) == 0x80) --length;
    length -= std::min<std::size_t>(length, 1);
  }
  return std::string(rest.substr(0, length));
}

}  // namespace midwatch
