// Code points, character classes and case.
#include <algorithm>
#include <optional>

#include "expr/python_text.h"
#include "expr/unicode_tables.h"

namespace midwatch {

std::size_t code_point_count(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::size_t code_point_offset(std::string_view text, std::size_t index) {
  if (is_ascii(text)) return std::min(index, text.size());
  std::size_t at = 0;
  while (index-- > 0 && at < text.size()) (void)next_code_point(text, at);
  return at;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const unsigned char lead = byte(at);
  std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t c = length == 1 ? lead : length == 2 ? lead & 0x1F : length == 3 ? lead & 0x0F : lead & 0x07;
  for (std::size_t i = 1; i < length; ++i) c = (c << 6) | (byte(at + i) & 0x3F);
  at = std::min(at + length, text.size());
  return c;
}

void append_code_point(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    if (c >= 0xD800 && c <= 0xDFFF) c = 0xFFFD;
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::u32string to_code_points(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) out += next_code_point(text, at);
  return out;
}

std::string from_code_points(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) append_code_point(out, c);
  return out;
}

bool is_space(char32_t c) {
  return (c >= 9 && c <= 13) || (c >= 28 && c <= 32) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

namespace {

using unicode::Case;
using unicode::Class;

bool belongs(Class to, char32_t c) {
  const auto ranges = unicode::ranges(to);
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), c,
                       [](char32_t wanted, const unicode::Range& range) { return wanted < range.first; });
  if (after == ranges.begin()) return false;
  const unicode::Range& range = *(after - 1);
  return c <= range.last && (c - range.first) % range.step == 0;
}

char32_t shifted(Case to, char32_t c) {
  const auto shifts = unicode::case_table(to).shifts;
  const auto after =
      std::upper_bound(shifts.begin(), shifts.end(), c,
                       [](char32_t wanted, const unicode::Shift& shift) { return wanted < shift.first; });
  if (after == shifts.begin()) return c;
  const unicode::Shift& shift = *(after - 1);
  if (c > shift.last || (c - shift.first) % shift.step != 0) return c;
  return static_cast<char32_t>(static_cast<std::int64_t>(c) + shift.difference);
}

const unicode::Special* special(Case to, char32_t c) {
  const auto specials = unicode::case_table(to).specials;
  const auto found =
      std::lower_bound(specials.begin(), specials.end(), c,
                       [](const unicode::Special& known, char32_t wanted) { return known.from < wanted; });
  return found != specials.end() && found->from == c ? &*found : nullptr;
}

// The full mapping: "ß" becomes "SS".
void append_cased(std::string& out, Case to, char32_t c) {
  if (c < 0x80) {
    const bool lower = to == Case::kToLower || to == Case::kFold;
    if (lower && c >= 'A' && c <= 'Z') c += 32;
    if (!lower && c >= 'a' && c <= 'z') c -= 32;
    out += static_cast<char>(c);
  } else if (const unicode::Special* full = special(to, c)) {
    for (const char32_t part : full->to) {
      if (part != 0) append_code_point(out, part);
    }
  } else {
    append_code_point(out, shifted(to, c));
  }
}

std::string cased(std::string_view text, Case to) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) append_cased(out, to, next_code_point(text, at));
  return out;
}

bool is_cased(char32_t c) { return is_upper(c) || is_lower(c) || is_title(c); }

// A sigma ends a word when a cased letter comes before it and none after it; what is case-ignorable between
// them is looked through, at most this far, so that no text costs more than linear time.
constexpr std::size_t kSigmaLookMax = 64;

bool is_final_sigma(std::u32string_view text, std::size_t at) {
  const auto cased_at = [&](auto next) {
    for (std::size_t i = 1; i <= kSigmaLookMax; ++i) {
      const std::optional<char32_t> c = next(i);
      if (!c) return false;
      if (!belongs(Class::kCaseIgnorable, *c)) return is_cased(*c);
    }
    return false;
  };
  const auto before = [&](std::size_t i) { return i <= at ? std::optional(text[at - i]) : std::nullopt; };
  const auto after = [&](std::size_t i) { return at + i < text.size() ? std::optional(text[at + i]) : std::nullopt; };
  return cased_at(before) && !cased_at(after);
}

constexpr char32_t kSigma = 0x3a3;
constexpr char32_t kFinalSigma = 0x3c2;

// text[from, …) in lower case; what stands before `from` counts for a final sigma.
std::string lower_from(std::string_view text, std::size_t from) {
  std::string out;
  if (text.find("\u03a3") == std::string_view::npos) return cased(text.substr(from), Case::kToLower);
  const std::u32string points = to_code_points(text);
  for (std::size_t i = code_point_count(text.substr(0, from)); i < points.size(); ++i) {
    if (points[i] == kSigma && is_final_sigma(points, i)) append_code_point(out, kFinalSigma);
    else append_cased(out, Case::kToLower, points[i]);
  }
  return out;
}

}  // namespace

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_upper(char32_t c) { return c < 0x80 ? c >= 'A' && c <= 'Z' : belongs(Class::kUpper, c); }
bool is_lower(char32_t c) { return c < 0x80 ? c >= 'a' && c <= 'z' : belongs(Class::kLower, c); }
bool is_title(char32_t c) { return c >= 0x80 && belongs(Class::kTitle, c); }
bool is_letter(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return belongs(Class::kAlpha, c);
}
bool is_decimal(char32_t c) { return c < 0x80 ? is_digit(c) : belongs(Class::kDecimal, c); }
bool is_digit_character(char32_t c) { return c < 0x80 ? is_digit(c) : belongs(Class::kDigit, c); }
bool is_numeric(char32_t c) { return c < 0x80 ? is_digit(c) : belongs(Class::kNumeric, c); }
bool is_identifier_start(char32_t c) {
  return c < 0x80 ? is_letter(c) || c == '_' : belongs(Class::kIdentifierStart, c);
}
bool is_identifier_part(char32_t c) {
  return c < 0x80 ? is_letter(c) || is_digit(c) || c == '_' : belongs(Class::kIdentifierPart, c);
}
bool is_printable(char32_t c) { return c < 0x7f ? c >= 0x20 : !belongs(Class::kUnprintable, c); }

char32_t to_upper(char32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
  return shifted(Case::kToUpper, c);
}
char32_t to_lower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  return shifted(Case::kToLower, c);
}

std::string upper_text(std::string_view text) { return cased(text, Case::kToUpper); }
std::string lower_text(std::string_view text) { return lower_from(text, 0); }
std::string folded_text(std::string_view text) { return cased(text, Case::kFold); }

std::string capitalize_text(std::string_view text) {
  if (text.empty()) return {};
  std::size_t at = 0;
  std::string out;
  append_cased(out, Case::kToTitle, next_code_point(text, at));
  return out + lower_from(text, at);
}

std::string swapped_case_text(std::string_view text) {
  const std::u32string points = to_code_points(text);
  std::string out;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const char32_t c = points[i];
    if (c == kSigma && is_final_sigma(points, i)) append_code_point(out, kFinalSigma);
    else if (is_upper(c)) append_cased(out, Case::kToLower, c);
    else if (is_lower(c)) append_cased(out, Case::kToUpper, c);
    else append_code_point(out, c);
  }
  return out;
}

std::string title_text(std::string_view text) {
  const std::u32string points = to_code_points(text);
  std::string out;
  bool inside = false;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const char32_t c = points[i];
    if (inside && c == kSigma && is_final_sigma(points, i)) append_code_point(out, kFinalSigma);
    else append_cased(out, inside ? Case::kToLower : Case::kToTitle, c);
    inside = is_cased(c);
  }
  return out;
}

namespace {

template <class Drop>
std::u32string_view stripped(std::u32string_view text, Strip side, Drop drop) {
  if (side != Strip::kRight)
    while (!text.empty() && drop(text.front())) text.remove_prefix(1);
  if (side != Strip::kLeft)
    while (!text.empty() && drop(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view strip_space(std::string_view text, Strip side) {
  if (side != Strip::kRight) {
    for (std::size_t at = 0; at < text.size();) {
      std::size_t after = at;
      if (!is_space(next_code_point(text, after))) {
        text.remove_prefix(at);
        break;
      }
      at = after;
      if (at == text.size()) return {};
    }
  }
  if (side != Strip::kLeft) {
    while (!text.empty()) {
      std::size_t start = text.size() - 1;
      while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
      std::size_t at = start;
      if (!is_space(next_code_point(text, at))) break;
      text.remove_suffix(text.size() - start);
    }
  }
  return text;
}

std::string strip_characters(std::string_view text, std::string_view characters, Strip side) {
  const std::u32string set = to_code_points(characters);
  const std::u32string whole = to_code_points(text);
  return from_code_points(stripped(whole, side, [&](char32_t c) { return set.find(c) != std::u32string::npos; }));
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to, std::int64_t count_max) {
  std::string out;
  if (from.empty()) {
    // Python inserts the replacement between all code points and at both ends.
    std::size_t at = 0;
    while (count_max != 0) {
      out += to;
      --count_max;
      if (at >= text.size()) return out;
      const std::size_t start = at;
      (void)next_code_point(text, at);
      out += text.substr(start, at - start);
    }
    return out.append(text.substr(at));
  }
  std::size_t at = 0;
  while (count_max != 0) {
    const std::size_t hit = text.find(from, at);
    if (hit == std::string_view::npos) break;
    out += text.substr(at, hit - at);
    out += to;
    at = hit + from.size();
    --count_max;
  }
  return out.append(text.substr(at));
}

std::vector<std::string> lines_of(std::string_view text, bool keep_ends) {
  std::vector<std::string> out;
  const auto is_break = [](char32_t c) {
    return (c >= 0xa && c <= 0xd) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
  };
  for (std::size_t start = 0; start < text.size();) {
    std::size_t end = start;
    std::size_t after = start;
    while (after < text.size()) {
      end = after;
      const char32_t c = next_code_point(text, after);
      if (is_break(c)) {
        if (c == '\r' && after < text.size() && text[after] == '\n') ++after;
        break;
      }
      end = after;
    }
    out.emplace_back(text.substr(start, (keep_ends ? after : end) - start));
    start = after;
  }
  return out;
}

std::vector<std::string> split_space(std::string_view text, std::int64_t splits_max) {
  std::vector<std::string> out;
  text = strip_space(text, Strip::kLeft);
  while (!text.empty()) {
    if (splits_max >= 0 && static_cast<std::int64_t>(out.size()) >= splits_max) {
      out.emplace_back(text);
      return out;
    }
    std::size_t at = 0;
    std::size_t end = 0;
    while (at < text.size()) {
      end = at;
      if (is_space(next_code_point(text, at))) break;
      end = at;
    }
    out.emplace_back(text.substr(0, end));
    text = strip_space(text.substr(end), Strip::kLeft);
  }
  return out;
}

std::vector<std::string> split_on(std::string_view text, std::string_view separator, std::int64_t splits_max) {
  std::vector<std::string> out;
  while (splits_max != 0) {
    const std::size_t hit = text.find(separator);
    if (hit == std::string_view::npos) break;
    out.emplace_back(text.substr(0, hit));
    text.remove_prefix(hit + separator.size());
    --splits_max;
  }
  out.emplace_back(text);
  return out;
}

}  // namespace midwatch
