// Value to JSON text: compact and pretty.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "codec/json.h"

namespace midwatch {
namespace {

// For each byte: 0 when it is written as it is, the letter after the backslash, or 'u'.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}();

// True when one of the eight bytes cannot be written as it is. (Haszero and hasless of "Bit Twiddling
// Hacks", S. E. Anderson: exact for the question whether there is any.)
bool any_needs_escape(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  constexpr std::uint64_t kHighs = 0x8080808080808080ULL;
  const auto has_zero = [](std::uint64_t v) { return (v - kOnes) & ~v & kHighs; };
  const std::uint64_t control = (word - kOnes * 0x20) & ~word & kHighs;
  return (control | has_zero(word ^ kOnes * '"') | has_zero(word ^ kOnes * '\\')) != 0;
}

// Appends to a string through pointers: a string's own append checks and terminates each time.
class Output {
 public:
  explicit Output(std::string& text) : text_(text), at_(text.data() + text.size()), end_(at_) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() { text_.resize(used()); }

  void put(char c) {
    reserve(1);
    *at_++ = c;
  }
  void put(std::string_view text) {
    reserve(text.size());
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void fill(std::size_t count, char c) {
    reserve(count);
    std::memset(at_, c, count);
    at_ += count;
  }
  void put(std::int64_t number) {
    reserve(24);
    at_ = std::to_chars(at_, end_, number).ptr;
  }
  void put(double number) {
    scratch_.clear();
    append_double(scratch_, number);
    put(std::string_view(scratch_));
  }

  void put_quoted(std::string_view text) {
    // Room for the worst case is made for a piece at a time, so that the loops need not ask.
    constexpr std::size_t kPiece = 512;
    put('"');
    do {
      const std::string_view piece = text.substr(0, kPiece);
      reserve(piece.size() * 6 + 8);
      at_ = escaped(at_, piece);
      text.remove_prefix(piece.size());
    } while (!text.empty());
    put('"');
  }

 private:
  static char* escaped(char* at, std::string_view text) {
    const char* from = text.data();
    const char* end = from + text.size();
    while (end - from >= 8) {
      std::uint64_t word;
      std::memcpy(&word, from, 8);
      if (any_needs_escape(word)) {
        for (const char* stop = from + 8; from != stop; ++from) at = escaped(at, *from);
      } else {
        std::memcpy(at, &word, 8);
        at += 8;
        from += 8;
      }
    }
    for (; from != end; ++from) at = escaped(at, *from);
    return at;
  }

  static char* escaped(char* at, char c) {
    static constexpr char kHex[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    const char escape = kEscapes[byte];
    if (escape == 0) {
      *at++ = c;
      return at;
    }
    *at++ = '\\';
    *at++ = escape;
    if (escape != 'u') return at;
    *at++ = '0';
    *at++ = '0';
    *at++ = kHex[byte >> 4];
    *at++ = kHex[byte & 0xf];
    return at;
  }

  [[nodiscard]] std::size_t used() const { return static_cast<std::size_t>(at_ - text_.data()); }
  void reserve(std::size_t count) {
    if (static_cast<std::size_t>(end_ - at_) < count) [[unlikely]]
      grow(count);
  }
  [[gnu::noinline]] void grow(std::size_t count) {
    const std::size_t before = used();
    const std::size_t size = std::max<std::size_t>({256, text_.size() * 2, before + count});
    text_.resize_and_overwrite(size, [](char*, std::size_t n) { return n; });
    at_ = text_.data() + before;
    end_ = text_.data() + size;
  }

  std::string& text_;
  std::string scratch_;
  char* at_;
  char* end_;
};

void put_scalar(Output& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull: out.put("null"); return;
    case Value::Kind::kBool: out.put(std::string_view(value.as_bool() ? "true" : "false")); return;
    case Value::Kind::kInt: out.put(value.as_int()); return;
    case Value::Kind::kBigInt: out.put(value.bigint_digits()); return;
    case Value::Kind::kDouble:
      if (std::isfinite(value.as_double())) {
        out.put(value.as_double());
      } else {
        out.put("null");
      }
      return;
    case Value::Kind::kString: out.put_quoted(value.as_string()); return;
    case Value::Kind::kArray: out.put("[]"); return;
    case Value::Kind::kObject: out.put("{}"); return;
  }
}

// Compact when `indent` is negative. Open containers live on a heap stack, not on the call stack.
class Writer {
 public:
  Writer(std::string& text, int indent) : out_(text), indent_(indent) { open_.reserve(8); }

  void write(const Value& root) {
    begin(root);
    while (!open_.empty()) {
      Open& top = open_.back();
      if (top.next == top.size) {
        const char bracket = top.members != nullptr ? '}' : ']';
        open_.pop_back();
        new_line();
        out_.put(bracket);
        continue;
      }
      if (top.next != 0) out_.put(',');
      new_line();
      const std::size_t at = top.next++;
      if (top.members == nullptr) {
        begin(top.elements[at]);
        continue;
      }
      const Value::Member& member = top.members[at];
      out_.put_quoted(member.name());
      out_.put(':');
      if (indent_ >= 0) out_.put(' ');
      begin(member.value);
    }
  }

 private:
  struct Open {
    const Value* elements;
    const Value::Member* members;  // null in an array
    std::size_t next;
    std::size_t size;
  };

  // Writes a scalar or empty container whole, or the bracket of one that is then open. May move open_.
  void begin(const Value& value) {
    if (const auto members = value.members(); !members.empty()) {
      out_.put('{');
      open_.push_back({.elements = nullptr, .members = members.data(), .next = 0, .size = members.size()});
    } else if (const auto elements = value.elements(); !elements.empty()) {
      out_.put('[');
      open_.push_back({.elements = elements.data(), .members = nullptr, .next = 0, .size = elements.size()});
    } else {
      put_scalar(out_, value);
    }
  }

  void new_line() {
    if (indent_ < 0) return;
    out_.put('\n');
    out_.fill(open_.size() * static_cast<std::size_t>(indent_), ' ');
  }

  Output out_;
  const int indent_;
  std::vector<Open> open_;
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) { Output(out).put_quoted(text); }

void append_json(std::string& out, const Value& value) { Writer(out, -1).write(value); }

std::string to_json(const Value& value) {
  std::string text;
  append_json(text, value);
  return text;
}

std::string to_json_pretty(const Value& value, int indent) {
  std::string text;
  Writer(text, indent).write(value);
  return text;
}

}  // namespace midwatch
