#include "codec/json_scanner.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "codec/number.h"
#include "codec/text_place.h"

namespace midwatch::internal {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// What people write who come from another language, and what JSON has for it.
std::string_view hint_for_word(std::string_view word) {
  if (word == "True" || word == "TRUE") return "JSON writes true";
  if (word == "False" || word == "FALSE") return "JSON writes false";
  if (word == "None" || word == "nil" || word == "undefined" || word == "NULL") return "JSON writes null";
  if (word == "NaN" || word == "Infinity") return "JSON has no such number: use null or a text";
  return "texts are written in double quotes";
}

class Scanner {
 public:
  Scanner(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  // One loop over values; containers that are open live on open_, so depth costs heap only.
  Result<Value> run() {
    if (const std::size_t bad = first_invalid_utf8(text_); bad != std::string_view::npos) {
      return error(bad, fmt::format("found byte {:#04x} that is not UTF-8", static_cast<unsigned char>(text_[bad])),
                   "save the text as UTF-8");
    }
    for (;;) {
      MW_TRY(const bool opened, open_container());
      if (opened) continue;
      MW_TRY(Value value, scan_scalar_or_empty());
      MW_TRY(const bool finished, place(std::move(value)));
      if (finished) return std::move(root_);
    }
  }

 private:
  struct Open {
    bool is_object;
    std::size_t at;    // of its bracket
    std::size_t base;  // where its children begin on elements_ or members_
    Value key;         // of an object: read, its value is next
  };

  Error error(std::size_t at, std::string message, std::string hint = {}) const {
    return Error(Code::kInvalid, std::move(message), place_of(text_, at), std::move(hint));
  }
  Error unexpected(std::string_view expected, std::string hint = {}) const {
    return error(at_, fmt::format("found {}, expected {}", found_at(text_, at_), expected), std::move(hint));
  }
  [[nodiscard]] bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  // Opens a container that is not empty and reads up to its first value; false where there is none to open.
  Result<bool> open_container() {
    skip_space();
    if (!next_is('[') && !next_is('{')) return false;
    if (open_.size() >= limits_.depth_max) {
      return Error(Code::kLimit, fmt::format("arrays and objects are nested deeper than {}", limits_.depth_max),
                   place_of(text_, at_));
    }
    const bool is_object = text_[at_] == '{';
    const std::size_t bracket = at_++;
    skip_space();
    if (next_is(is_object ? '}' : ']')) {
      at_ = bracket;
      return false;
    }
    open_.push_back({is_object, bracket, is_object ? members_.size() : elements_.size(), {}});
    if (is_object) MW_CHECK(scan_name());
    return true;
  }

  Status scan_name() {
    skip_space();
    if (!next_is('"')) {
      const bool single = next_is('\'');
      const bool trailing = next_is('}');
      return unexpected("a name in double quotes",
                        trailing ? "remove the comma before it" : (single ? "JSON quotes with \", not '" : ""));
    }
    MW_TRY(const std::string name, scan_text());
    open_.back().key = Value(name);
    skip_space();
    if (!next_is(':')) return unexpected("':' after a name");
    ++at_;
    return {};
  }

  Result<Value> scan_scalar_or_empty() {
    skip_space();
    if (at_ >= text_.size()) return unexpected("a value");
    const char c = text_[at_];
    if (c == '[' || c == '{') {  // empty, or open_container had taken it
      ++at_;
      skip_space();
      ++at_;
      return c == '[' ? Value::array({}) : Value::object({});
    }
    if (c == '"') {
      MW_TRY(const std::string text, scan_text());
      return Value(text);
    }
    if (c == '-' || is_digit(c)) return scan_number();
    if (is_letter(c)) return scan_word();
    if (c == ']' && text_.substr(0, at_).find_last_not_of(" \n\t\r") == comma_) {
      return unexpected("a value", "remove the comma before it");
    }
    if (c == '\'') return unexpected("a value", "JSON quotes with \", not '");
    if (text_.substr(at_).starts_with("\xef\xbb\xbf")) {
      return error(at_, "found a byte order mark, expected a value", "save the text without one");
    }
    return unexpected("a value");
  }

  Result<Value> scan_word() {
    std::size_t end = at_;
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    const std::size_t start = std::exchange(at_, end);
    if (word == "true") return Value(true);
    if (word == "false") return Value(false);
    if (word == "null") return Value();
    return error(start, fmt::format("found '{}', expected a value", word.substr(0, 20)),
                 std::string(hint_for_word(word)));
  }

  // RFC 8259, 6: number = [ minus ] int [ frac ] [ exp ].
  Result<Value> scan_number() {
    const std::size_t start = at_;
    const auto digits = [this] {
      const std::size_t first = at_;
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
      return at_ - first;
    };
    if (next_is('-')) ++at_;
    const std::size_t whole_at = at_;
    const std::size_t whole = digits();
    if (whole == 0) return unexpected("a digit after '-'");
    if (whole > 1 && text_[whole_at] == '0') {
      return error(start, fmt::format("found '{}', expected a number without leading zeros",
                                      text_.substr(start, std::min<std::size_t>(at_ - start, 20))));
    }
    bool is_integer = true;
    if (next_is('.')) {
      is_integer = false;
      ++at_;
      if (digits() == 0) return unexpected("a digit after the dot of a number");
    }
    if (next_is('e') || next_is('E')) {
      is_integer = false;
      ++at_;
      if (next_is('+') || next_is('-')) ++at_;
      if (digits() == 0) return unexpected("a digit in the exponent of a number");
    }
    const std::string_view number = text_.substr(start, at_ - start);
    if (is_integer) {
      if (whole > kIntegerDigitsMax) {
        return Error(Code::kLimit,
                     fmt::format("an integer of {} digits, at most {} are read", whole, kIntegerDigitsMax),
                     place_of(text_, start));
      }
      return *Value::integer(number);
    }
    const double value = *read_double(number);
    if (!std::isfinite(value)) {
      return error(start, fmt::format("number {} is beyond the range of a double", number.substr(0, 40)));
    }
    return Value(value);
  }

  Result<std::string> scan_text() {
    const std::size_t quote = at_++;
    std::string text;
    for (;;) {
      const std::size_t from = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20) {
        ++at_;
      }
      text += text_.substr(from, at_ - from);
      if (at_ >= text_.size()) return error(quote, "found a text without a closing '\"'");
      if (text_[at_] == '"') {
        ++at_;
        return text;
      }
      if (text_[at_] != '\\') {
        return unexpected("a text without control characters", "write it as an escape, as in \\n");
      }
      MW_CHECK(scan_escape(text));
    }
  }

  Status scan_escape(std::string& text) {
    static constexpr std::string_view kEscapes = "\"\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const std::size_t start = at_++;
    if (at_ < text_.size()) {
      if (const std::size_t which = kEscapes.find(text_[at_]); which != std::string_view::npos) {
        text += kMeanings[which];
        ++at_;
        return {};
      }
    }
    if (!next_is('u')) return unexpected("one of \"\\/bfnrtu after '\\'");
    ++at_;
    MW_TRY(std::uint32_t code, scan_hex4());
    if (code >= 0xdc00 && code <= 0xdfff) {
      return error(start, fmt::format("found \\u{:04x}, the second half of a surrogate pair without the first", code));
    }
    if (code >= 0xd800 && code <= 0xdbff) {
      if (!text_.substr(at_).starts_with("\\u")) {
        return error(start,
                     fmt::format("found \\u{:04x}, the first half of a surrogate pair without the second", code));
      }
      at_ += 2;
      MW_TRY(const std::uint32_t low, scan_hex4());
      if (low < 0xdc00 || low > 0xdfff) {
        return error(start,
                     fmt::format("found \\u{:04x}\\u{:04x}, expected a second half of \\udc00 to \\udfff", code, low));
      }
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(text, code);
    return {};
  }

  Result<std::uint32_t> scan_hex4() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const int digit = at_ < text_.size() ? hex_digit(text_[at_]) : -1;
      if (digit < 0) return unexpected("four hexadecimal digits after \\u");
      code = code << 4 | static_cast<std::uint32_t>(digit);
    }
    return code;
  }

  Value take_object(std::size_t base) {
    Value object = Value::object_from(std::span(members_).subspan(base));
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(base), members_.end());
    return object;
  }
  Value take_array(std::size_t base) {
    Value array = Value::array_from(std::span(elements_).subspan(base));
    elements_.resize(base);
    return array;
  }

  // Puts a finished value where it belongs, closes what ends after it, and goes on to where the next
  // value begins. True when the whole text has been read.
  Result<bool> place(Value value) {
    while (!open_.empty()) {
      Open& open = open_.back();
      if (open.is_object) {
        members_.emplace_back(std::exchange(open.key, {}), std::move(value));
      } else {
        elements_.push_back(std::move(value));
      }
      skip_space();
      if (next_is(',')) {
        comma_ = at_++;
        if (open.is_object) MW_CHECK(scan_name());
        return false;
      }
      if (!next_is(open.is_object ? '}' : ']')) {
        const Location from = place_of(text_, open.at);
        return unexpected(fmt::format("',' or '{}' ({} begins at line {}, column {})", open.is_object ? '}' : ']',
                                      open.is_object ? "the object" : "the array", from.line, from.column));
      }
      ++at_;
      value = open.is_object ? take_object(open.base) : take_array(open.base);
      open_.pop_back();
    }
    skip_space();
    if (at_ < text_.size()) return unexpected("nothing more after the value");
    root_ = std::move(value);
    return true;
  }

  const std::string_view text_;
  const JsonLimits limits_;
  std::size_t at_ = 0;
  std::size_t comma_ = std::string_view::npos;  // the last one between values
  std::vector<Open> open_;
  std::vector<Value> elements_;  // of all open arrays
  std::vector<Value::Member> members_;
  Value root_;
};

}  // namespace

Result<Value> scan_json(std::string_view text, const JsonLimits& limits) { return Scanner(text, limits).run(); }

}  // namespace midwatch::internal
