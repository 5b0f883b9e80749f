#include "expr/python_pattern.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>

#include "expr/python_text.h"

namespace midwatch {

namespace {

constexpr std::uint64_t kWidthMax = 1u << 31;

// How many code points an expression takes, at least and at most: a look-behind needs them equal.
struct Width {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  void add(Width other) {
    low = std::min(low + other.low, kWidthMax);
    high = std::min(high + other.high, kWidthMax);
  }
};

enum class ItemKind : std::uint8_t { kNone, kPlain, kAnchor, kRepeat, kGroup };

// What the parser knows of a sequence of items.
struct Sequence {
  Width width;
  bool start_anchor = false;
  bool end_anchor = false;
};

bool is_digit_at(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}
bool is_octal_at(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '7';
}
bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Translator {
 public:
  explicit Translator(std::string_view source) : source_(source), groups_(1) {}

  Outcome<TranslatedPattern> run() {
    MW_TRY(const Sequence all, alternatives(0));
    if (at_ < source_.size()) return error("unbalanced parenthesis", at_);
    out_.start_anchor = all.start_anchor;
    out_.end_anchor = all.end_anchor;
    return std::move(out_);
  }

 private:
  struct Group {
    Width width;
    bool open = true;
  };

  [[nodiscard]] Failure error(const std::string& what, std::size_t at) const {
    return {ErrorKind::kValue, "error",
            what + " at position " + std::to_string(code_point_count(source_.substr(0, std::min(at, source_.size()))))};
  }
  [[nodiscard]] bool next_is(char c) const { return at_ < source_.size() && source_[at_] == c; }
  bool skip(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }

  void emit(std::string_view text) { out_.text += text; }
  void emit_code(char32_t code) {
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, "\\x{%x}", static_cast<unsigned>(code));
    emit(buffer);
  }
  // One code point that means itself, wherever it stands.
  void emit_literal(std::string_view bytes) {
    if (bytes.size() == 1 && static_cast<unsigned char>(bytes[0]) < 0x80 && !is_ascii_letter(bytes[0]) &&
        !is_digit_at(bytes, 0)) {
      if (static_cast<unsigned char>(bytes[0]) < 0x20 || bytes[0] == 0x7f)
        return emit_code(static_cast<unsigned char>(bytes[0]));
      emit("\\");
    }
    emit(bytes);
  }
  std::string_view take_code_point() {
    const std::size_t start = at_;
    (void)next_code_point(source_, at_);
    return source_.substr(start, at_ - start);
  }

  // ---------------------------------------------------------------- sequences

  Outcome<Sequence> alternatives(int depth) {
    if (depth > kPatternDepthMax) {
      return limit_error("the regular expression is nested more than " + std::to_string(kPatternDepthMax) + " levels");
    }
    Sequence out;
    for (int branch = 0;; ++branch) {
      MW_TRY(const Sequence one, sequence(depth, depth == 0 && branch == 0));
      if (branch == 0) {
        out = one;
      } else {
        if (branch == 1) out.start_anchor = one.start_anchor, out.end_anchor = one.end_anchor;
        out.width.low = std::min(out.width.low, one.width.low);
        out.width.high = std::max(out.width.high, one.width.high);
      }
      if (!skip('|')) return out;
      emit("|");
    }
  }

  Outcome<Sequence> sequence(int depth, bool first) {
    Sequence out;
    Width last;
    Sequence last_group;
    ItemKind kind = ItemKind::kNone;
    const auto settle = [&] {
      out.width.add(last);
      if (kind == ItemKind::kGroup || kind == ItemKind::kAnchor) {
        out.start_anchor = out.start_anchor || last_group.start_anchor;
        out.end_anchor = out.end_anchor || last_group.end_anchor;
      }
      last = {};
      last_group = {};
    };
    while (at_ < source_.size() && source_[at_] != '|' && source_[at_] != ')') {
      if (verbose_ && skip_verbose()) continue;
      const std::size_t start = at_;
      std::uint64_t low = 0;
      std::uint64_t high = 0;
      MW_TRY(const bool repeats, repetition(low, high));
      if (repeats) {
        if (kind == ItemKind::kNone || kind == ItemKind::kAnchor) return error("nothing to repeat", start);
        if (kind == ItemKind::kRepeat) return error("multiple repeat", start);
        last.low = std::min(last.low * low, kWidthMax);
        last.high = last.high == 0 ? 0 : std::min(last.high * std::min(high, kWidthMax), kWidthMax);
        kind = ItemKind::kRepeat;
        continue;
      }
      const ItemKind before = kind;
      settle();
      MW_TRY(kind, item(depth, first && before == ItemKind::kNone, last, last_group));
      if (kind == ItemKind::kNone) kind = before;  // a comment or flags
    }
    settle();
    return out;
  }

  // White space and comments under (?x).
  bool skip_verbose() {
    const char c = source_[at_];
    if (std::string_view(" \t\n\r\v\f").find(c) != std::string_view::npos) {
      ++at_;
      return true;
    }
    if (c != '#') return false;
    while (at_ < source_.size() && source_[at_] != '\n') ++at_;
    return true;
  }

  // `*`, `+`, `?`, `{m,n}` with `?` or `+` behind; false, and nothing read, for anything else.
  Outcome<bool> repetition(std::uint64_t& low, std::uint64_t& high) {
    constexpr std::uint64_t kMany = UINT32_MAX;
    const std::size_t start = at_;
    const char c = source_[at_];
    low = 0;
    high = kMany;
    if (c == '*') {
      ++at_, emit("*");
    } else if (c == '+') {
      ++at_, emit("+"), low = 1;
    } else if (c == '?') {
      ++at_, emit("?"), high = 1;
    } else if (c == '{') {
      ++at_;
      const auto digits = [&] {
        const std::size_t from = at_;
        while (is_digit_at(source_, at_)) ++at_;
        return source_.substr(from, at_ - from);
      };
      if (next_is('}')) return at_ = start, false;
      const std::string_view low_text = digits();
      const bool comma = skip(',');
      const std::string_view high_text = comma ? digits() : low_text;
      if (!skip('}')) return at_ = start, false;
      if (low_text.size() > 9 || high_text.size() > 9) {
        return Failure(ErrorKind::kValue, "OverflowError", "the repetition number is too large");
      }
      if (!low_text.empty()) low = std::stoull(std::string(low_text));
      if (!high_text.empty()) high = std::stoull(std::string(high_text));
      if (high < low) return error("min repeat greater than max repeat", start + 1);
      emit("{" + std::to_string(low) + "," + (high_text.empty() ? "" : std::to_string(high)) + "}");
    } else {
      return false;
    }
    if (skip('?')) emit("?");
    else if (skip('+')) emit("+");
    return true;
  }

  Outcome<ItemKind> item(int depth, bool first, Width& width, Sequence& inner) {
    width = {1, 1};
    switch (source_[at_]) {
      case '\\': return escape(width, inner);
      case '[': MW_CHECK(set()); return ItemKind::kPlain;
      case '(': return group(depth, first, width, inner);
      case '.': ++at_, emit("."); return ItemKind::kPlain;
      case '^':
      case '$':
        (source_[at_] == '^' ? inner.start_anchor : inner.end_anchor) = true;
        emit(source_.substr(at_++, 1));
        width = {};
        return ItemKind::kAnchor;
      default: emit_literal(take_code_point()); return ItemKind::kPlain;
    }
  }

  // ---------------------------------------------------------------- escapes

  // The digits of \x, \u and \U.
  Outcome<char32_t> hex_escape(std::size_t start, std::size_t count) {
    char32_t code = 0;
    for (std::size_t i = 0; i < count; ++i, ++at_) {
      const int digit = at_ < source_.size() ? hex_value(source_[at_]) : -1;
      if (digit < 0) return error("incomplete escape " + std::string(source_.substr(start, at_ - start)), start);
      code = code * 16 + static_cast<char32_t>(digit);
    }
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      return error("bad escape " + std::string(source_.substr(start, at_ - start)), start);
    }
    return code;
  }

  // An escape for one code point, the same inside and outside of a set; at_ is behind its letter.
  Outcome<std::optional<char32_t>> code_escape(char c, std::size_t start) {
    constexpr std::string_view kNames = "afnrtv\\";
    constexpr std::string_view kCodes = "\a\f\n\r\t\v\\";
    if (const std::size_t known = kNames.find(c); known != std::string_view::npos) {
      return std::optional<char32_t>(static_cast<unsigned char>(kCodes[known]));
    }
    if (c == 'x' || c == 'u' || c == 'U') {
      MW_TRY(const char32_t code, hex_escape(start, c == 'x' ? 2 : c == 'u' ? 4 : 8));
      return std::optional<char32_t>(code);
    }
    if (is_ascii_letter(c)) return error(std::string("bad escape \\") + c, start);
    return std::optional<char32_t>();
  }

  Outcome<ItemKind> escape(Width& width, Sequence& inner) {
    const std::size_t start = at_++;
    if (at_ >= source_.size()) return error("bad escape (end of pattern)", start);
    const char c = source_[at_];
    if (c == 'A' || c == 'Z' || c == 'b' || c == 'B') {
      ++at_;
      if (c == 'A') inner.start_anchor = true;
      if (c == 'Z') inner.end_anchor = true;
      // In Python an empty text has no place that is no word boundary either.
      if (c == 'B') emit("(?:(?!\\A\\z)\\B)");
      else emit(c == 'Z' ? "\\z" : source_.substr(start, 2));
      width = {};
      return ItemKind::kAnchor;
    }
    if (std::string_view("dDsSwW").find(c) != std::string_view::npos) {
      ++at_, emit(source_.substr(start, 2));
      return ItemKind::kPlain;
    }
    if (c >= '0' && c <= '9') return numeric_escape(start, width);
    if (static_cast<unsigned char>(c) >= 0x80) {
      emit_literal(take_code_point());
      return ItemKind::kPlain;
    }
    ++at_;
    MW_TRY(const auto code, code_escape(c, start));
    if (code) emit_code(*code);
    else emit_literal(source_.substr(start + 1, 1));
    return ItemKind::kPlain;
  }

  // Octal, or a reference to a group.
  Outcome<ItemKind> numeric_escape(std::size_t start, Width& width) {
    const char c = source_[at_++];
    const auto octal = [&](std::size_t count_max) {
      char32_t code = static_cast<char32_t>(c - '0');
      for (std::size_t i = 0; i < count_max && is_octal_at(source_, at_); ++i, ++at_) {
        code = code * 8 + static_cast<char32_t>(source_[at_] - '0');
      }
      return code;
    };
    if (c == '0') {
      emit_code(octal(2));
      return ItemKind::kPlain;
    }
    std::size_t number = static_cast<std::size_t>(c - '0');
    if (is_digit_at(source_, at_)) {
      if (c <= '7' && is_octal_at(source_, at_) && is_octal_at(source_, at_ + 1)) {
        const char32_t code = octal(2);
        if (code > 0377) {
          return error(
              "octal escape value " + std::string(source_.substr(start, at_ - start)) + " outside of range 0-0o377",
              start);
        }
        emit_code(code);
        return ItemKind::kPlain;
      }
      number = number * 10 + static_cast<std::size_t>(source_[at_++] - '0');
    }
    MW_CHECK(reference(number, start + 1, width));
    return ItemKind::kPlain;
  }

  Outcome<void> reference(std::size_t number, std::size_t at, Width& width) {
    if (number >= groups_.size()) return error("invalid group reference " + std::to_string(number), at);
    if (groups_[number].open) return error("cannot refer to an open group", at);
    width = groups_[number].width;
    emit("\\g{" + std::to_string(number) + "}");
    return {};
  }

  // ---------------------------------------------------------------- sets

  struct Member {
    bool is_class = false;  // \d and its kin: no end of a range
    char32_t code = 0;
    std::string text;
  };

  Outcome<Member> set_member() {
    const std::size_t start = at_;
    Member out;
    if (source_[at_] != '\\') {
      out.code = next_code_point(source_, at_);
      return out;
    }
    ++at_;
    if (at_ >= source_.size()) return error("bad escape (end of pattern)", start);
    const char c = source_[at_];
    if (static_cast<unsigned char>(c) >= 0x80) {
      out.code = next_code_point(source_, at_);
      return out;
    }
    ++at_;
    if (std::string_view("dDsSwW").find(c) != std::string_view::npos) {
      out.is_class = true;
      out.text = source_.substr(start, 2);
    } else if (c == 'b') {
      out.code = '\b';
    } else if (c >= '0' && c <= '7') {
      out.code = static_cast<char32_t>(c - '0');
      for (int i = 0; i < 2 && is_octal_at(source_, at_); ++i)
        out.code = out.code * 8 + static_cast<char32_t>(source_[at_++] - '0');
      if (out.code > 0377) {
        return error(
            "octal escape value " + std::string(source_.substr(start, at_ - start)) + " outside of range 0-0o377",
            start);
      }
    } else if (c == '8' || c == '9') {
      return error(std::string("bad escape \\") + c, start);
    } else {
      MW_TRY(const auto code, code_escape(c, start));
      out.code = code.value_or(static_cast<unsigned char>(c));
    }
    return out;
  }

  Outcome<void> set() {
    const std::size_t start = at_++;
    emit("[");
    if (skip('^')) emit("^");
    const std::size_t first = at_;
    while (true) {
      if (at_ >= source_.size()) return error("unterminated character set", start);
      if (source_[at_] == ']' && at_ != first) break;
      const std::size_t member_at = at_;
      MW_TRY(const Member low, set_member());
      if (!next_is('-')) {
        emit_member(low);
        continue;
      }
      ++at_;
      if (at_ >= source_.size()) return error("unterminated character set", start);
      if (source_[at_] == ']') {
        emit_member(low);
        emit("\\-");
        break;
      }
      MW_TRY(const Member high, set_member());
      if (low.is_class || high.is_class || high.code < low.code) {
        return error("bad character range " + std::string(source_.substr(member_at, at_ - member_at)), member_at);
      }
      emit_code(low.code);
      emit("-");
      emit_code(high.code);
    }
    ++at_;
    emit("]");
    return {};
  }

  void emit_member(const Member& member) {
    if (member.is_class) emit(member.text);
    else emit_code(member.code);
  }

  // ---------------------------------------------------------------- groups

  // A name up to `end`.
  Outcome<std::string_view> name_until(char end) {
    const std::size_t start = at_;
    const std::size_t stop = source_.find(end, start);
    if (stop == std::string_view::npos) return error(std::string("missing ") + end + ", unterminated name", start);
    if (stop == start) return error("missing group name", start);
    at_ = stop + 1;
    return source_.substr(start, stop - start);
  }
  Outcome<void> check_name(std::string_view name, std::size_t at) const {
    std::size_t i = 0;
    for (bool first = true; i < name.size(); first = false) {
      const char32_t c = next_code_point(name, i);
      if (c != '_' && !is_letter(c) && (first || !is_digit(c))) {
        return error("bad character in group name " + py_repr_text(name), at);
      }
    }
    return {};
  }
  [[nodiscard]] std::optional<std::size_t> named(std::string_view name) const {
    for (const auto& [known, number] : out_.names) {
      if (known == name) return number;
    }
    return std::nullopt;
  }

  Outcome<ItemKind> group(int depth, bool first, Width& width, Sequence& inner) {
    const std::size_t start = at_++;
    if (!skip('?')) return capture(depth, start, "", width, inner);
    if (at_ >= source_.size()) return error("unexpected end of pattern", at_);
    const char c = source_[at_++];
    switch (c) {
      case 'P': return python_group(depth, start, width, inner);
      case ':': return plain_group(depth, start, "(?:", width, inner);
      case '>': {
        MW_TRY(const ItemKind kind, plain_group(depth, start, "(?>", width, inner));
        inner = {};
        return kind;
      }
      case '#': {
        const std::size_t close = source_.find(')', at_);
        if (close == std::string_view::npos) return error("missing ), unterminated comment", start);
        at_ = close + 1;
        width = {};
        return ItemKind::kNone;
      }
      case '=':
      case '!': return look_around(depth, start, c == '=' ? "(?=" : "(?!", false, width);
      case '<': {
        if (at_ >= source_.size()) return error("unexpected end of pattern", at_);
        const char direction = source_[at_++];
        if (direction != '=' && direction != '!') {
          return error(std::string("unknown extension ?<") + direction, start + 1);
        }
        return look_around(depth, start, direction == '=' ? "(?<=" : "(?<!", true, width);
      }
      case '(': return conditional(depth, start, width);
      default: --at_; return flags(depth, start, first, width, inner);
    }
  }

  Outcome<Sequence> body(int depth, std::size_t start) {
    const bool verbose = verbose_;
    MW_TRY(const Sequence out, alternatives(depth + 1));
    verbose_ = verbose;
    if (!skip(')')) return error("missing ), unterminated subpattern", start);
    emit(")");
    return out;
  }

  Outcome<ItemKind> capture(int depth, std::size_t start, std::string_view name, Width& width, Sequence& inner) {
    const std::size_t number = groups_.size();
    groups_.emplace_back();
    if (!name.empty()) out_.names.emplace_back(name, number);
    emit("(");
    MW_TRY(inner, body(depth, start));
    width = inner.width;
    groups_[number] = {width, false};
    return ItemKind::kGroup;
  }
  Outcome<ItemKind> plain_group(int depth, std::size_t start, std::string_view open, Width& width, Sequence& inner) {
    emit(open);
    MW_TRY(inner, body(depth, start));
    width = inner.width;
    return ItemKind::kGroup;
  }
  Outcome<ItemKind> look_around(int depth, std::size_t start, std::string_view open, bool behind, Width& width) {
    emit(open);
    MW_TRY(const Sequence looked, body(depth, start));
    if (behind && looked.width.low != looked.width.high) {
      return Failure(ErrorKind::kValue, "error", "look-behind requires fixed-width pattern");
    }
    width = {};
    return ItemKind::kPlain;
  }

  // (?P<name>…) and (?P=name)
  Outcome<ItemKind> python_group(int depth, std::size_t start, Width& width, Sequence& inner) {
    if (skip('<')) {
      const std::size_t at = at_;
      MW_TRY(const std::string_view name, name_until('>'));
      MW_CHECK(check_name(name, at));
      if (const auto known = named(name)) {
        return error("redefinition of group name " + py_repr_text(name) + " as group " +
                         std::to_string(groups_.size()) + "; was group " + std::to_string(*known),
                     at);
      }
      return capture(depth, start, name, width, inner);
    }
    if (skip('=')) {
      const std::size_t at = at_;
      MW_TRY(const std::string_view name, name_until(')'));
      MW_CHECK(check_name(name, at));
      const auto number = named(name);
      if (!number) return error("unknown group name " + py_repr_text(name), at);
      MW_CHECK(reference(*number, at, width));
      return ItemKind::kPlain;
    }
    if (at_ >= source_.size()) return error("unexpected end of pattern", at_);
    return error("unknown extension ?P" + std::string(take_code_point()), start + 1);
  }

  // (?(1)yes|no)
  Outcome<ItemKind> conditional(int depth, std::size_t start, Width& width) {
    const std::size_t at = at_;
    MW_TRY(const std::string_view name, name_until(')'));
    std::size_t number = 0;
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      number = name.size() > 6 ? SIZE_MAX : static_cast<std::size_t>(std::stoul(std::string(name)));
      if (number == 0) return error("bad group number", at);
      if (number > 99'999) return error("invalid group reference " + std::string(name), at);
    } else {
      MW_CHECK(check_name(name, at));
      const auto known = named(name);
      if (!known) return error("unknown group name " + py_repr_text(name), at);
      number = *known;
    }
    emit("(?(" + std::to_string(number) + ")");
    MW_TRY(const Sequence yes, sequence(depth + 1, false));
    Sequence no;
    if (skip('|')) {
      emit("|");
      MW_TRY(no, sequence(depth + 1, false));
      if (next_is('|')) return error("conditional backref with more than two branches", at_);
    }
    if (!skip(')')) return error("missing ), unterminated subpattern", start);
    emit(")");
    width = {std::min(yes.width.low, no.width.low), std::max(yes.width.high, no.width.high)};
    return ItemKind::kPlain;
  }

  // (?i) for the whole expression, at its start only; (?i-s:…) for a part.
  Outcome<ItemKind> flags(int depth, std::size_t start, bool first, Width& width, Sequence& inner) {
    constexpr std::string_view kKnown = "aiLmsux";
    std::string on;
    std::string off;
    const std::size_t begin = at_;
    std::string* into = &on;
    while (at_ < source_.size() && source_[at_] != ')' && source_[at_] != ':') {
      const char c = source_[at_];
      if (c == '-' && into == &on) {
        into = &off;
      } else if (kKnown.find(c) == std::string_view::npos || c == 'L') {
        if (at_ == begin) return error("unknown extension ?" + std::string(take_code_point()), start + 1);
        return error(c == 'L' ? "bad inline flags: cannot use 'L' flag with a str pattern" : "unknown flag", at_);
      } else if (into == &off && (c == 'a' || c == 'u')) {
        return error("bad inline flags: cannot turn off flags 'a', 'u' and 'L'", at_);
      } else {
        *into += c;
      }
      ++at_;
    }
    if (at_ >= source_.size()) return error("missing -, : or )", at_);
    const bool turns_verbose = on.find('x') != std::string::npos;
    const bool whole = source_[at_] == ')';
    if (into == &off && (off.empty() || whole)) return error(whole ? "missing :" : "missing flag", at_);
    if (on.find_first_of(off) != std::string::npos && !off.empty())
      return error("bad inline flags: flag turned on and off", at_);
    if (whole && !first) return error("global flags not at the start of the expression", start);
    ++at_;
    if (on.find('a') != std::string::npos) out_.ascii = true;
    std::erase_if(on, [](char c) { return c == 'a' || c == 'u' || c == 'x'; });
    std::erase(off, 'x');
    if (whole) {
      if (turns_verbose) verbose_ = true;
      if (!on.empty()) emit("(?" + on + ")");
      width = {};
      return ItemKind::kNone;
    }
    const bool verbose = verbose_;
    if (turns_verbose) verbose_ = true;
    emit("(?" + on + (off.empty() ? "" : "-" + off) + ":");
    MW_TRY(inner, body(depth, start));
    verbose_ = verbose;
    width = inner.width;
    return ItemKind::kGroup;
  }

  std::string_view source_;
  std::size_t at_ = 0;
  bool verbose_ = false;
  std::vector<Group> groups_;
  TranslatedPattern out_;
};

}  // namespace

Outcome<TranslatedPattern> translate_python_pattern(std::string_view source) { return Translator(source).run(); }

}  // namespace midwatch
