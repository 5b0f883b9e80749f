// Value to JSON text: compact and pretty.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
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

void append_scalar(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull: out += "null"; return;
    case Value::Kind::kBool: out += value.as_bool() ? "true" : "false"; return;
    case Value::Kind::kInt: {
      char digits[24];
      const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value.as_int());
      out.append(digits, end);
      return;
    }
    case Value::Kind::kBigInt: out += value.bigint_digits(); return;
    case Value::Kind::kDouble:
      if (std::isfinite(value.as_double())) append_double(out, value.as_double());
      else out += "null";
      return;
    case Value::Kind::kString: append_json_string(out, value.as_string()); return;
    case Value::Kind::kArray: out += "[]"; return;
    case Value::Kind::kObject: out += "{}"; return;
  }
}

// Compact when `indent` is negative. Open containers live on a heap stack, not on the call stack.
class Writer {
 public:
  Writer(std::string& out, int indent) : out_(out), indent_(indent) {}

  void write(const Value& root) {
    begin(root);
    while (!open_.empty()) {
      Open& top = open_.back();
      if (top.next == top.size) {
        const bool is_object = top.is_object;
        open_.pop_back();
        new_line();
        out_ += is_object ? '}' : ']';
        continue;
      }
      if (top.next != 0) out_ += ',';
      new_line();
      const std::size_t at = top.next++;
      if (top.is_object) {
        const Value::Member& member = top.value->members()[at];
        append_json_string(out_, member.name());
        out_ += indent_ < 0 ? ":" : ": ";
        begin(member.value);
      } else {
        begin(top.value->elements()[at]);
      }
    }
  }

 private:
  struct Open {
    const Value* value;
    std::size_t next;
    std::size_t size;
    bool is_object;
  };

  // Writes a scalar or empty container whole, or the bracket of one that is then open. May move open_.
  void begin(const Value& value) {
    const bool is_object = value.is_object();
    if ((!is_object && !value.is_array()) || value.size() == 0) return append_scalar(out_, value);
    out_ += is_object ? '{' : '[';
    open_.push_back({.value = &value, .next = 0, .size = value.size(), .is_object = is_object});
  }

  void new_line() {
    if (indent_ < 0) return;
    out_ += '\n';
    out_.append(open_.size() * static_cast<std::size_t>(indent_), ' ');
  }

  std::string& out_;
  const int indent_;
  std::vector<Open> open_;
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t written = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const char escape = kEscapes[byte];
    if (escape == 0) continue;
    out.append(text, written, at - written);
    written = at + 1;
    out += '\\';
    out += escape;
    if (escape == 'u') {
      static constexpr std::string_view kHex = "0123456789abcdef";
      out += "00";
      out += kHex[byte >> 4];
      out += kHex[byte & 0xf];
    }
  }
  out.append(text, written);
  out += '"';
}

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
