#include "params/python_literal.h"

#include <charconv>
#include <cmath>
#include <string>

#include <fmt/core.h>

#include "codec/json.h"
#include "expr/python_text.h"

namespace midwatch {
namespace {

class LiteralParser {
 public:
  explicit LiteralParser(std::string_view text) : text_(text) {}

  Result<Value> parse() {
    MW_TRY(Value value, any(0));
    skip_space();
    if (at_ != text_.size()) return bad("the end");
    return value;
  }

 private:
  Error bad(std::string_view expected) const {
    return Error(Code::kInvalid, fmt::format("malformed literal at byte {}: expected {}", at_, expected));
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  bool eat(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool eat_word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  Result<Value> any(int depth) {
    if (depth > kLiteralDepthMax)
      return Error(Code::kLimit, fmt::format("a literal nests deeper than {}", kLiteralDepthMax));
    skip_space();
    if (at_ >= text_.size()) return bad("a value");
    const char c = text_[at_];
    if (c == '[' || c == '(') return sequence(c == '[' ? ']' : ')', depth);
    if (c == '{') return mapping(depth);
    if (c == '\'' || c == '"') return quoted();
    if (eat_word("True")) return Value(true);
    if (eat_word("False")) return Value(false);
    if (eat_word("None")) return Value();
    return number();
  }

  Result<Value> sequence(char close, int depth) {
    ++at_;
    std::vector<Value> items;
    while (!eat(close)) {
      MW_TRY(Value item, any(depth + 1));
      items.push_back(std::move(item));
      if (eat(',')) continue;
      if (!eat(close)) return bad(fmt::format("',' or '{}'", close));
      // (x) is x in brackets; (x,) is a tuple.
      if (close == ')' && items.size() == 1) return std::move(items.front());
      break;
    }
    return Value::array(std::move(items));
  }

  Result<Value> mapping(int depth) {
    ++at_;
    ObjectBuilder members;
    while (!eat('}')) {
      MW_TRY(Value key, any(depth + 1));
      if (key.is_array() || key.is_object()) return bad("a key that is no list");
      // JSON has no other keys than texts.
      if (!key.is_string()) key = Value(key.is_number() ? py_str(key) : to_json(key));
      if (!eat(':')) return bad("':'");
      MW_TRY(Value value, any(depth + 1));
      members.set(key, std::move(value));
      if (eat(',')) continue;
      if (!eat('}')) return bad("',' or '}'");
      break;
    }
    return std::move(members).build();
  }

  Result<Value> quoted() {
    const char quote = text_[at_++];
    std::string out;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] != '\\') {
        out += text_[at_++];
        continue;
      }
      if (++at_ >= text_.size()) break;
      MW_CHECK(escape(out));
    }
    if (at_ >= text_.size()) return bad("the closing quote");
    ++at_;
    return Value(out);
  }

  Status escape(std::string& out) {
    const char c = text_[at_++];
    switch (c) {
      case 'n': out += '\n'; return {};
      case 't': out += '\t'; return {};
      case 'r': out += '\r'; return {};
      case '\\':
      case '\'':
      case '"': out += c; return {};
      case 'x': return code_point(out, 2);
      case 'u': return code_point(out, 4);
      case 'U': return code_point(out, 8);
      default:
        out += '\\';
        out += c;
        return {};
    }
  }

  Status code_point(std::string& out, std::size_t digits) {
    std::uint32_t code = 0;
    const std::string_view hex = text_.substr(at_, digits);
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    if (error != std::errc() || end != hex.data() + digits || surrogate || code > 0x10ffff) return bad("a code point");
    at_ += digits;
    append_code_point(out, code);
    return {};
  }

  Result<Value> number() {
    const std::size_t start = at_;
    while (at_ < text_.size() && std::string_view("+-.0123456789eE_").find(text_[at_]) != std::string_view::npos) ++at_;
    std::string digits;
    for (const char c : text_.substr(start, at_ - start)) {
      if (c != '_') digits += c;
    }
    if (digits.starts_with('+')) digits.erase(0, 1);
    if (auto whole = Value::integer(digits)) return *whole;
    double v = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), v);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
      at_ = start;
      return bad("a value");
    }
    return Value(v);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Value> parse_python_literal(std::string_view text) { return LiteralParser(text).parse(); }

}  // namespace midwatch
