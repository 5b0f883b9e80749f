#include "workflow/inline_parameters.h"

#include <optional>

#include "codec/json.h"

namespace midwatch {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Python's \w, with every non-ASCII character taken as a letter.
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<signed char>(c) < 0;
}
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view line_of(std::string_view text) { return text.substr(0, text.find('\n')); }

// Bytes of `open … close` on one line, shortest form; 0 when there is none.
std::size_t delimited(std::string_view text, std::string_view open, std::string_view close) {
  if (!text.starts_with(open)) return 0;
  const std::size_t end = line_of(text).find(close, open.size());
  return end == std::string_view::npos ? 0 : end + close.size();
}

std::size_t digits(std::string_view text, std::size_t from) {
  std::size_t end = from;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - from;
}

std::size_t number(std::string_view text) {
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits(text, sign);
  const std::size_t dot = sign + whole;
  if (dot < text.size() && text[dot] == '.') {
    if (const std::size_t fraction = digits(text, dot + 1); fraction != 0) return dot + 1 + fraction;
  }
  return whole == 0 ? 0 : dot;
}

std::size_t word(std::string_view text, std::string_view lower, bool any_case) {
  if (text.size() < lower.size()) return 0;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    const char c = text[i];
    const char folded = any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (folded != lower[i]) return 0;
  }
  return lower.size();
}

// How many bytes at the start of `text` are a value, without blanks after it; tried in the reference's order.
std::size_t value_size(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = line_of(text).rfind(']');
    if (end != std::string_view::npos) return end + 1;
  }
  for (const char quote : {'"', '\''}) {
    if (!text.starts_with(quote)) continue;
    const std::size_t end = text.find(quote, 1);
    if (end != std::string_view::npos) return end + 1;
  }
  if (const std::size_t size = number(text); size != 0) return size;
  if (const std::size_t size = word(text, "true", true); size != 0) return size;
  if (const std::size_t size = word(text, "false", true); size != 0) return size;
  if (const std::size_t size = word(text, "null", false); size != 0) return size;
  if (const std::size_t size = delimited(text, "{{", "}}"); size != 0) return size;
  return delimited(text, "<%", "%>");
}

// Whether a text in quotes occurs anywhere in it.
bool has_quoted(std::string_view text) {
  for (const char quote : {'"', '\''}) {
    const std::size_t open = text.find(quote);
    if (open != std::string_view::npos && text.find(quote, open + 1) != std::string_view::npos) return true;
  }
  return false;
}

Value read_value(std::string_view text) {
  const bool quoted = has_quoted(text);
  for (const char quote : {'"', '\''}) {
    if (text.starts_with(quote)) text.remove_prefix(1);
    if (text.ends_with(quote)) text.remove_suffix(1);
  }
  if (text.empty()) return Value("");
  const bool braces = text.front() == '{' && text.back() == '}';
  if (quoted && !braces) return Value(text);
  if (word(text, "true", true) == text.size()) return Value(true);
  if (word(text, "false", true) == text.size()) return Value(false);
  Result<Value> json = parse_json(text);
  return json ? std::move(*json) : Value(text);
}

}  // namespace

std::vector<std::pair<std::string, Value>> parse_inline_parameters(std::string_view text) {
  std::vector<std::pair<std::string, Value>> parameters;
  std::size_t at = 0;
  while (at < text.size()) {
    if (!is_word(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string_view name = text.substr(at, end - at);
    at = end;
    if (end == text.size() || text[end] != '=') continue;
    const std::string_view rest = text.substr(end + 1);
    const std::size_t size = value_size(rest);
    if (size == 0) continue;
    parameters.emplace_back(name, read_value(rest.substr(0, size)));
    at = end + 1 + size;
    while (at < text.size() && is_space(text[at])) ++at;
  }
  return parameters;
}

}  // namespace midwatch
