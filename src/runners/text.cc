#include "runners/text.h"

#include <utility>

#include <fmt/format.h>

#include "codec/json.h"

namespace midwatch::runners {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr int kReprDepthMax = 200;

// How long the sequence that starts with `lead` is; 0 when none starts so.
std::size_t sequence_bytes(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

// The start of an unfinished character at the end of `text`, or its size.
std::size_t unfinished_at(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    return sequence_bytes(byte) > back ? text.size() - back : text.size();
  }
  return text.size();
}

void append_repr(std::string& out, const Value& value, int depth);

// Python prefers single quotes, and takes double ones when only single ones are inside.
void append_repr(std::string& out, std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  out += quote;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += quote;
}

void append_container(std::string& out, const Value& value, int depth) {
  const bool is_object = value.is_object();
  out += is_object ? '{' : '[';
  bool first = true;
  const auto separate = [&] {
    if (!std::exchange(first, false)) out += ", ";
  };
  if (depth > kReprDepthMax) {
    out += "...";
  } else if (is_object) {
    for (const Value::Member& member : value.members()) {
      separate();
      append_repr(out, member.name());
      out += ": ";
      append_repr(out, member.value, depth);
    }
  } else {
    for (const Value& element : value.elements()) {
      separate();
      append_repr(out, element, depth);
    }
  }
  out += is_object ? '}' : ']';
}

void append_repr(std::string& out, const Value& value, int depth) {
  switch (value.kind()) {
    case Value::Kind::kNull: out += "None"; return;
    case Value::Kind::kBool: out += value.as_bool() ? "True" : "False"; return;
    case Value::Kind::kInt: out += std::to_string(value.as_int()); return;
    case Value::Kind::kBigInt: out += value.bigint_digits(); return;
    case Value::Kind::kDouble: append_double(out, value.as_double()); return;
    case Value::Kind::kString: append_repr(out, value.as_string()); return;
    case Value::Kind::kArray:
    case Value::Kind::kObject: append_container(out, value, depth + 1); return;
  }
}

}  // namespace

std::string utf8_or_replaced(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string(bytes);
  std::string out;
  out.reserve(bytes.size() + 16);
  while (!bytes.empty()) {
    const std::size_t size = sequence_bytes(static_cast<unsigned char>(bytes.front()));
    if (size > 0 && size <= bytes.size() && is_utf8(bytes.substr(0, size))) {
      out += bytes.substr(0, size);
      bytes.remove_prefix(size);
    } else {
      out += kReplacement;
      bytes.remove_prefix(1);
    }
  }
  return out;
}

std::string Utf8Stream::next(std::string_view bytes) {
  held_ += bytes;
  const std::size_t end = unfinished_at(held_);
  std::string out = utf8_or_replaced(std::string_view(held_).substr(0, end));
  held_.erase(0, end);
  return out;
}

std::string_view without_last_newline(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

Value value_of_output(std::string_view text) {
  // Most output is not JSON, and its first character says so.
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start != std::string_view::npos &&
      std::string_view("{[\"-0123456789tfn").find(text[start]) != std::string_view::npos) {
    if (auto parsed = parse_json(text)) return std::move(*parsed);
  }
  return Value(utf8_or_replaced(text));
}

std::string python_str(const Value& value) {
  if (value.is_string()) return value.to_text();
  std::string out;
  append_repr(out, value, 0);
  return out;
}

}  // namespace midwatch::runners
