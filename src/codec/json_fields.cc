#include "codec/json_fields.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "codec/number.h"

namespace midwatch {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// RFC 8259, 6, for numbers with a fraction or an exponent, and integers of at most 18 digits.
bool read_number(std::string_view token, Value& out) {
  std::size_t at = token.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t first = at;
    while (at < token.size() && is_digit(token[at])) ++at;
    return at - first;
  };
  const bool zero_first = at < token.size() && token[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && zero_first)) return false;
  if (at == token.size()) {
    if (whole > 18) return false;
    std::int64_t integer = 0;
    std::from_chars(token.data(), token.data() + token.size(), integer);
    out = Value(integer);
    return true;
  }
  if (token[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    ++at;
    if (at < token.size() && (token[at] == '+' || token[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  if (at != token.size()) return false;
  const auto number = internal::read_double(token);
  if (!number || !std::isfinite(*number)) return false;
  out = Value(*number);
  return true;
}

// Reads forwards; every function is false at the first thing that it does not take.
class FieldScanner {
 public:
  bool read(std::string_view text, std::span<const JsonFields::Node> nodes, const JsonLimits& limits, Value& out) {
    text_ = text;
    at_ = 0;
    nodes_ = nodes;
    limits_ = limits;
    members_.clear();
    skip_space();
    if (nodes.front().whole || !next_is('{') || !object(0, out)) return false;
    skip_space();
    return at_ == text_.size();
  }

 private:
  [[nodiscard]] bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }

  // The bytes between the quotes; no escapes.
  bool plain_text(std::string_view& out) {
    if (!next_is('"')) return false;
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
           static_cast<unsigned char>(text_[at_]) >= 0x20) {
      ++at_;
    }
    if (!next_is('"')) return false;
    out = text_.substr(begin, at_++ - begin);
    return true;
  }

  // As deep as the longest path.
  bool object(std::uint32_t node, Value& out) {
    const std::size_t base = members_.size();
    ++at_;
    skip_space();
    for (bool first = true; !next_is('}'); first = false) {
      if (!first && !take(',')) return false;
      skip_space();
      std::string_view name;
      if (!plain_text(name) || !take(':')) return false;
      skip_space();
      if (!member(node, name)) return false;
      skip_space();
    }
    ++at_;
    out = Value::object_from(std::span(members_).subspan(base));
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(base), members_.end());
    return true;
  }

  bool member(std::uint32_t node, std::string_view name) {
    for (const std::uint32_t part : nodes_[node].parts) {
      if (nodes_[part].name.as_string() != name) continue;
      Value value;
      if (!nodes_[part].whole && next_is('{') ? !object(part, value) : !whole(value)) return false;
      members_.emplace_back(nodes_[part].name, std::move(value));
      return true;
    }
    return skip_value();
  }

  bool whole(Value& out) {
    const std::size_t begin = at_;
    if (next_is('"')) {
      std::string_view text;
      if (!plain_text(text) || !is_utf8(text)) return false;
      out = Value(text);
      return true;
    }
    if (next_is('{') || next_is('[')) {
      if (!skip_container()) return false;
      auto parsed = parse_json(text_.substr(begin, at_ - begin), limits_);
      if (!parsed) return false;
      out = std::move(*parsed);
      return true;
    }
    if (!skip_scalar()) return false;
    const std::string_view token = text_.substr(begin, at_ - begin);
    if (token == "null") return true;
    if (token == "true" || token == "false") {
      out = Value(token == "true");
      return true;
    }
    return read_number(token, out);
  }

  bool skip_value() {
    if (next_is('"')) return skip_text();
    return next_is('{') || next_is('[') ? skip_container() : skip_scalar();
  }

  bool skip_scalar() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']' && !is_space(text_[at_]))
      ++at_;
    return at_ > begin;
  }

  bool skip_text() {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') ++at_;
      else if (text_[at_] == '"') {
        ++at_;
        return true;
      }
    }
    return false;
  }

  // Where the next quote or bracket is, of any kind; the end when there is none.
  [[nodiscard]] std::size_t next_mark() const {
    std::size_t at = at_;
#if defined(__SSE2__)
    // '[' and '{' differ in one bit, so do ']' and '}'.
    const __m128i bit = _mm_set1_epi8(0x20);
    const __m128i open = _mm_set1_epi8('{');
    const __m128i close = _mm_set1_epi8('}');
    const __m128i quote = _mm_set1_epi8('"');
    for (; at + 16 <= text_.size(); at += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text_.data() + at));
      const __m128i folded = _mm_or_si128(bytes, bit);
      const __m128i marks = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(folded, open), _mm_cmpeq_epi8(folded, close)),
                                         _mm_cmpeq_epi8(bytes, quote));
      const auto found = static_cast<unsigned>(_mm_movemask_epi8(marks));
      if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found));
    }
#endif
    while (at < text_.size() && (text_[at] | 0x20) != '{' && (text_[at] | 0x20) != '}' && text_[at] != '"') ++at;
    return at;
  }

  bool skip_container() {
    std::size_t depth = 0;
    while ((at_ = next_mark()) < text_.size()) {
      const char mark = text_[at_];
      if (mark == '"') {
        if (!skip_text()) return false;
        continue;
      }
      ++at_;
      if (mark == '{' || mark == '[') ++depth;
      else if (--depth == 0) return true;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::span<const JsonFields::Node> nodes_;
  JsonLimits limits_;
  std::vector<Value::Member> members_;  // of all objects that are open
};

}  // namespace

JsonFields::JsonFields(std::span<const Path> paths) : nodes_(1) {
  for (const Path& path : paths) {
    std::uint32_t at = 0;
    for (const std::string& name : path) {
      const auto& parts = nodes_[at].parts;
      const auto found =
          std::ranges::find_if(parts, [&](std::uint32_t part) { return nodes_[part].name.as_string() == name; });
      if (found != parts.end()) {
        at = *found;
        continue;
      }
      const auto made = static_cast<std::uint32_t>(nodes_.size());
      nodes_[at].parts.push_back(made);
      nodes_.emplace_back().name = Value(name);
      at = made;
    }
    nodes_[at].whole = true;
  }
}

Result<Value> parse_json_fields(std::string_view text, const JsonFields& fields, const JsonLimits& limits) {
  thread_local FieldScanner scanner;
  Value value;
  if (text.size() <= limits.bytes_max && scanner.read(text, fields.nodes(), limits, value)) return value;
  return parse_json(text, limits);
}

}  // namespace midwatch
