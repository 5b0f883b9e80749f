// Code points, character classes and case, as far as texts in practice need them: ASCII, Latin,
// Greek and Cyrillic letters have case; every other letter has none.
#include <algorithm>

#include "expr/python_text.h"

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

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }

bool is_upper(char32_t c) { return to_lower(c) != c; }
bool is_lower(char32_t c) { return to_upper(c) != c || c == 0xdf || c == 0xaa || c == 0xba; }

bool is_letter(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  if (c < 0xc0) return c == 0xaa || c == 0xb5 || c == 0xba;
  if (c == 0xd7 || c == 0xf7) return false;
  return c < 0x2000 || (c >= 0x2c00 && c < 0x2e00) || (c >= 0x3040 && c < 0xd800) || (c >= 0xf900 && c < 0xfe00) ||
         (c >= 0x20000 && c < 0x30000);
}

char32_t to_upper(char32_t c) {
  if (c >= 'a' && c <= 'z') return c - 32;
  if (c < 0x80) return c;
  if (c == 0xb5) return 0x39c;
  if ((c >= 0xe0 && c <= 0xfe && c != 0xf7)) return c - 32;
  if (c == 0xff) return 0x178;
  if (c == 0x131) return 'I';
  if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177)) return c & 1 ? c - 1 : c;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e)) return c & 1 ? c : c - 1;
  if (c == 0x3ac) return 0x386;
  if (c >= 0x3ad && c <= 0x3af) return c - 37;
  if (c == 0x3c2) return 0x3a3;
  if (c >= 0x3b1 && c <= 0x3cb) return c - 32;
  if (c == 0x3cc) return 0x38c;
  if (c == 0x3cd || c == 0x3ce) return c - 63;
  if (c >= 0x430 && c <= 0x44f) return c - 32;
  if (c >= 0x450 && c <= 0x45f) return c - 80;
  if ((c >= 0x460 && c <= 0x481) || (c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f)) return c & 1 ? c - 1 : c;
  if (c >= 0x1e00 && c <= 0x1e95) return c & 1 ? c - 1 : c;
  if (c >= 0x1ea0 && c <= 0x1eff) return c & 1 ? c - 1 : c;
  return c;
}

char32_t to_lower(char32_t c) {
  if (c >= 'A' && c <= 'Z') return c + 32;
  if (c < 0x80) return c;
  if (c >= 0xc0 && c <= 0xde && c != 0xd7) return c + 32;
  if (c == 0x178) return 0xff;
  if (c == 0x130) return 'i';
  if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177)) return c & 1 ? c : c + 1;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e)) return c & 1 ? c + 1 : c;
  if (c == 0x386) return 0x3ac;
  if (c >= 0x388 && c <= 0x38a) return c + 37;
  if (c == 0x38c) return 0x3cc;
  if (c == 0x38e || c == 0x38f) return c + 63;
  if (c >= 0x391 && c <= 0x3ab && c != 0x3a2) return c + 32;
  if (c >= 0x410 && c <= 0x42f) return c + 32;
  if (c >= 0x400 && c <= 0x40f) return c + 80;
  if ((c >= 0x460 && c <= 0x481) || (c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f)) return c & 1 ? c : c + 1;
  if (c == 0x1e9e) return 0xdf;
  if ((c >= 0x1e00 && c <= 0x1e95) || (c >= 0x1ea0 && c <= 0x1eff)) return c & 1 ? c : c + 1;
  return c;
}

std::string upper_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    if (c == 0xdf) out += "SS";
    else append_code_point(out, to_upper(c));
  }
  return out;
}

std::string lower_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) append_code_point(out, to_lower(next_code_point(text, at)));
  return out;
}

std::string capitalize_text(std::string_view text) {
  if (text.empty()) return {};
  std::size_t at = 0;
  const char32_t first = next_code_point(text, at);
  std::string out;
  if (first == 0xdf) out += "Ss";
  else append_code_point(out, to_upper(first));
  return out + lower_text(text.substr(at));
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

std::vector<std::string> split_space(std::string_view text, std::int64_t splits_max) {
  std::vector<std::string> out;
  text = strip_space(text, Strip::kLeft);
  while (!text.empty()) {
    if (splits_max >= 0 && static_cast<std::int64_t>(out.size()) >= splits_max) {
      out.emplace_back(strip_space(text, Strip::kRight));
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
