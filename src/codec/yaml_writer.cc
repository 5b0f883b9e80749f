// Value to YAML: block style for people, flow style below kBlockDepthMax.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "codec/json.h"
#include "codec/yaml.h"
#include "codec/yaml_internal.h"

namespace midwatch {
namespace {

// Indentation makes the cost of a line grow with its depth: deeper down it is flow style on one line.
constexpr std::size_t kBlockDepthMax = 50;
// libyaml reads a key of up to 1,024 characters on one line; longer ones need "? ".
constexpr std::size_t kPlainKeyBytesMax = 128;

struct CodePoint {
  std::uint32_t code;
  std::size_t length;
};

// Of well-formed UTF-8.
CodePoint decode(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xe0) return {(lead & 0x1f) << 6 | (byte(1) & 0x3f), 2};
  if (lead < 0xf0) return {(lead & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f), 3};
  return {(lead & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f), 4};
}

// Written as it is, on one line, by every reader: no control, no exotic line break, no byte order mark.
bool is_printable(std::uint32_t code) {
  if (code < 0x20 || code == 0x7f || (code > 0x7f && code < 0xa0)) return false;
  return code != 0x2028 && code != 0x2029 && code != 0xfeff && code != 0xfffe && code != 0xffff;
}

bool all_printable(std::string_view text, std::string_view also) {
  while (!text.empty()) {
    const CodePoint point = decode(text);
    if (!is_printable(point.code) && (point.length != 1 || also.find(text.front()) == std::string_view::npos))
      return false;
    text.remove_prefix(point.length);
  }
  return true;
}

bool is_plain(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  constexpr std::string_view kIndicators = "-?:,[]{}#&*!|>'\"%@`=<";
  if (kIndicators.find(text.front()) != std::string_view::npos) return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return false;
  if (text.starts_with("...") || !all_printable(text, "")) return false;
  const Result<Value> read = resolve_yaml_scalar(text);
  return read && read->is_string() && !internal::is_yaml_timestamp(text);
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const CodePoint point = decode(text);
    if (point.code == '"' || point.code == '\\') out += '\\';
    if (is_printable(point.code)) out += text.substr(0, point.length);
    else if (point.code == '\n') out += "\\n";
    else if (point.code == '\t') out += "\\t";
    else if (point.code == '\r') out += "\\r";
    else if (point.code <= 0xff) out += fmt::format("\\x{:02x}", point.code);
    else out += fmt::format("\\u{:04x}", point.code);
    text.remove_prefix(point.length);
  }
  out += '"';
}

// A literal block shows lines as they are; it cannot show trailing blanks or a first line that is indented.
bool is_literal(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || !all_printable(text, "\n\t")) return false;
  if (text.front() == ' ' || text.front() == '\t' || text.front() == '\n') return false;
  return text.find(" \n") == std::string_view::npos && text.find("\t\n") == std::string_view::npos &&
         text.back() != ' ' && text.back() != '\t';
}

void append_yaml_double(std::string& out, double number) {
  if (std::isnan(number)) out += ".nan";
  else if (std::isinf(number)) out += number > 0 ? ".inf" : "-.inf";
  else {
    std::string text = double_text(number);  // YAML 1.1 wants a dot: 1e+16 would be a text
    if (const std::size_t e = text.find('e'); e != std::string::npos && text.find('.') == std::string::npos) {
      text.insert(e, ".0");
    }
    out += text;
  }
}

void append_flow_scalar(std::string& out, const Value& value) {
  if (value.is_string()) append_quoted(out, value.as_string());
  else if (value.is_double()) append_yaml_double(out, value.as_double());
  else append_json(out, value);  // null, booleans, integers and empty containers are the same in both
}

// Open containers live on a heap stack, not on the call stack.
void append_flow(std::string& out, const Value& root) {
  struct Open {
    const Value* value;
    std::size_t next;
  };
  std::vector<Open> open;
  const auto begin = [&](const Value& value) {
    if (value.elements().empty() && value.members().empty()) return append_flow_scalar(out, value);
    out += value.is_object() ? '{' : '[';
    open.push_back({&value, 0});
  };
  begin(root);
  while (!open.empty()) {
    Open& top = open.back();
    const bool is_object = top.value->is_object();
    if (top.next == top.value->size()) {
      out += is_object ? '}' : ']';
      open.pop_back();
      continue;
    }
    if (top.next != 0) out += ", ";
    const std::size_t at = top.next++;
    if (is_object) {
      const Value::Member& member = top.value->members()[at];
      if (member.name().size() > kPlainKeyBytesMax) out += "? ";
      append_quoted(out, member.name());
      out += ": ";
      begin(member.value);
    } else {
      begin(top.value->elements()[at]);
    }
  }
}

class BlockWriter {
 public:
  explicit BlockWriter(std::string& out) : out_(out) {}

  // After "key:" or "-": a space and the scalar, or a line break and the block.
  void value(const Value& value, std::size_t depth, bool in_sequence) {
    if (value.elements().empty() && value.members().empty()) return scalar(value, depth);
    if (depth >= kBlockDepthMax) {
      out_ += ' ';
      append_flow(out_, value);
      out_ += '\n';
      return;
    }
    if (in_sequence) {
      out_ += ' ';  // the first line of a block inside a sequence stays on the line of its dash
      block(value, depth, false);
    } else {
      out_ += '\n';
      block(value, depth, true);
    }
  }

  void block(const Value& value, std::size_t depth, bool indent_first) {
    bool indent = indent_first;
    for (const Value::Member& member : value.members()) {
      if (indent) out_.append(depth * 2, ' ');
      indent = true;
      key(member.name(), depth);
      this->value(member.value, depth + 1, false);
    }
    for (const Value& element : value.elements()) {
      if (indent) out_.append(depth * 2, ' ');
      indent = true;
      out_ += '-';
      this->value(element, depth + 1, true);
    }
  }

  // `depth` is that of the lines of a literal block.
  void scalar(const Value& value, std::size_t depth) {
    out_ += ' ';
    if (!value.is_string()) {
      append_flow_scalar(out_, value);
      out_ += '\n';
      return;
    }
    const std::string_view text = value.as_string();
    if (is_literal(text)) return literal(text, depth);
    if (is_plain(text)) out_ += text;
    else append_quoted(out_, text);
    out_ += '\n';
  }

 private:
  void key(std::string_view name, std::size_t depth) {
    if (name.size() > kPlainKeyBytesMax) {
      out_ += "? ";
      append_quoted(out_, name);
      out_ += '\n';
      out_.append(depth * 2, ' ');
    } else if (is_plain(name)) {
      out_ += name;
    } else {
      append_quoted(out_, name);
    }
    out_ += ':';
  }

  void literal(std::string_view text, std::size_t depth) {
    const bool ends_with_break = text.back() == '\n';
    out_ += !ends_with_break ? "|-\n" : (text.ends_with("\n\n") ? "|+\n" : "|\n");
    if (ends_with_break) text.remove_suffix(1);
    for (;;) {
      const std::size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      if (!line.empty()) out_.append(std::max<std::size_t>(depth, 1) * 2, ' ');
      out_ += line;
      out_ += '\n';
      if (end == std::string_view::npos) return;
      text.remove_prefix(end + 1);
    }
  }

  std::string& out_;
};

}  // namespace

std::string to_yaml(const Value& value) {
  std::string text;
  BlockWriter writer(text);
  if (value.elements().empty() && value.members().empty()) {
    writer.scalar(value, 1);
    text.erase(0, 1);  // the space that separates a scalar from its key
  } else {
    writer.block(value, 0, true);
  }
  return text;
}

}  // namespace midwatch
