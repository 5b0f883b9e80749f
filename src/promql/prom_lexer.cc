#include "promql/prom_lexer.h"

#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/core.h>

#include "value/value.h"

namespace midwatch {
namespace {

using Kind = PromTokenKind;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

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

class Lexer {
 public:
  explicit Lexer(std::string_view query) : query_(query) {}

  Result<std::vector<PromToken>> run() {
    while (true) {
      skip_space_and_comments();
      token_ = {};
      token_.begin = at_;
      if (at_ == query_.size()) break;
      MW_CHECK(read_token());
      token_.end = at_;
      if (token_.text.empty() && token_.kind != Kind::kString) {
        token_.text = query_.substr(token_.begin, token_.end - token_.begin);
      }
      tokens_.push_back(std::move(token_));
    }
    token_.end = at_;
    tokens_.push_back(std::move(token_));
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < query_.size() ? query_[at_ + ahead] : '\0';
  }

  [[nodiscard]] Error error(std::size_t offset, std::string message) const {
    return Error(Code::kInvalid, std::move(message), prom_location(query_, offset));
  }

  void skip_space_and_comments() {
    while (at_ < query_.size()) {
      if (is_space(query_[at_])) {
        ++at_;
      } else if (query_[at_] == '#') {
        while (at_ < query_.size() && query_[at_] != '\n') ++at_;
      } else {
        break;
      }
    }
  }

  Status read_token() {
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return read_number();
    // Within brackets a colon parts range and step; elsewhere a name may start with it.
    if (is_letter(c) || (c == ':' && brackets_ == 0)) {
      token_.kind = Kind::kWord;
      while (is_letter(peek()) || is_digit(peek()) || (peek() == ':' && brackets_ == 0)) ++at_;
      return {};
    }
    if (c == '"' || c == '\'' || c == '`') return read_string();
    return read_punctuation();
  }

  Status take(Kind kind, std::size_t bytes) {
    token_.kind = kind;
    at_ += bytes;
    return {};
  }

  Status read_punctuation() {
    const char next = peek(1);
    switch (peek()) {
      case '(': return take(Kind::kLeftParen, 1);
      case ')': return take(Kind::kRightParen, 1);
      case '{': return take(Kind::kLeftBrace, 1);
      case '}': return take(Kind::kRightBrace, 1);
      case '[': ++brackets_; return take(Kind::kLeftBracket, 1);
      case ']':
        if (brackets_ > 0) --brackets_;
        return take(Kind::kRightBracket, 1);
      case ',': return take(Kind::kComma, 1);
      case ':': return take(Kind::kColon, 1);
      case '@': return take(Kind::kAt, 1);
      case '+': return take(Kind::kAdd, 1);
      case '-': return take(Kind::kSubtract, 1);
      case '*': return take(Kind::kMultiply, 1);
      case '/': return take(Kind::kDivide, 1);
      case '%': return take(Kind::kModulo, 1);
      case '^': return take(Kind::kPower, 1);
      case '=':
        if (next == '=') return take(Kind::kEqual, 2);
        if (next == '~') return take(Kind::kMatches, 2);
        return take(Kind::kAssign, 1);
      case '!':
        if (next == '=') return take(Kind::kNotEqual, 2);
        if (next == '~') return take(Kind::kNotMatches, 2);
        break;
      case '<':
        if (next == '/') return take(Kind::kTrimUpper, 2);
        return next == '=' ? take(Kind::kLessEqual, 2) : take(Kind::kLess, 1);
      case '>':
        if (next == '/') return take(Kind::kTrimLower, 2);
        return next == '=' ? take(Kind::kGreaterEqual, 2) : take(Kind::kGreater, 1);
      default: break;
    }
    const auto byte = static_cast<unsigned char>(peek());
    return error(at_, byte > 0x20 && byte < 0x7f ? fmt::format("unexpected character '{}'", peek())
                                                 : fmt::format("unexpected byte 0x{:02x}", byte));
  }

  // "1h30m" and the like: units from large to small, each once.
  bool read_duration() {
    constexpr std::string_view kUnits[] = {"y", "w", "d", "h", "m", "s", "ms"};
    constexpr double kSeconds[] = {31'536'000, 604'800, 86'400, 3600, 60, 1, 0.001};
    std::size_t at = at_;
    std::size_t next_unit = 0;
    double total = 0;
    while (at < query_.size() && is_digit(query_[at])) {
      const std::size_t digits = at;
      while (at < query_.size() && is_digit(query_[at])) ++at;
      const double count = std::strtod(std::string(query_.substr(digits, at - digits)).c_str(), nullptr);
      const std::size_t letters = at;
      while (at < query_.size() && is_letter(query_[at])) ++at;
      const std::string_view unit = query_.substr(letters, at - letters);
      while (next_unit < std::size(kUnits) && kUnits[next_unit] != unit) ++next_unit;
      if (next_unit == std::size(kUnits)) return false;
      total += count * kSeconds[next_unit++];
    }
    if (at == at_ || (at < query_.size() && query_[at] == '.')) return false;
    at_ = at;
    token_.kind = Kind::kDuration;
    token_.number = total;
    return true;
  }

  Status read_number() {
    if (read_duration()) return {};
    const std::size_t start = at_;
    bool hex = peek() == '0' && (peek(1) | 0x20) == 'x';
    if (hex) at_ += 2;
    while (at_ < query_.size()) {
      const char c = query_[at_];
      const bool sign_of_exponent = !hex && (c == '+' || c == '-') && (query_[at_ - 1] | 0x20) == 'e';
      if (!is_digit(c) && !is_letter(c) && c != '.' && !sign_of_exponent) break;
      ++at_;
    }
    std::string digits;
    for (const char c : query_.substr(hex ? start + 2 : start, at_ - start - (hex ? 2 : 0))) {
      if (c != '_') digits += c;
    }
    double value = 0;
    const char* const last = digits.data() + digits.size();
    const auto [end, problem] =
        std::from_chars(digits.data(), last, value, hex ? std::chars_format::hex : std::chars_format::general);
    const bool out_of_range = problem == std::errc::result_out_of_range;
    if (end != last || digits.empty() || !(is_digit(digits[0]) || digits[0] == '.' || hex) ||
        (problem != std::errc() && !out_of_range)) {
      return error(start, fmt::format("bad number or duration syntax: '{}'", query_.substr(start, at_ - start)));
    }
    if (out_of_range) value = std::strtod(digits.c_str(), nullptr);
    token_.kind = Kind::kNumber;
    token_.number = value;
    return {};
  }

  Status read_string() {
    const char quote = peek();
    const std::size_t start = at_++;
    token_.kind = Kind::kString;
    while (true) {
      if (at_ >= query_.size() || (quote != '`' && query_[at_] == '\n')) {
        return error(start, "unterminated quoted string");
      }
      const char c = query_[at_];
      if (c == quote) break;
      if (c == '\\' && quote != '`') {
        MW_CHECK(read_escape(quote));
      } else {
        token_.text += c;
        ++at_;
      }
    }
    ++at_;
    return {};
  }

  // Go's escapes, as Prometheus takes them.
  Status read_escape(char quote) {
    const std::size_t start = at_++;
    const char c = peek();
    constexpr std::string_view kFrom = "abfnrtv\\";
    constexpr std::string_view kTo = "\a\b\f\n\r\t\v\\";
    if (const std::size_t found = kFrom.find(c); c != '\0' && found != std::string_view::npos) {
      token_.text += kTo[found];
      ++at_;
      return {};
    }
    if (c == quote) {
      token_.text += c;
      ++at_;
      return {};
    }
    unsigned digits = 0;
    int base = 16;
    if (c == 'x') digits = 2;
    if (c == 'u') digits = 4;
    if (c == 'U') digits = 8;
    if (c >= '0' && c <= '7') {
      digits = 3;
      base = 8;
    } else if (digits != 0) {
      ++at_;
    }
    const std::string_view text = query_.substr(at_, digits);
    std::uint32_t code = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), code, base);
    if (digits == 0 || text.size() != digits || end != text.data() + text.size() || problem != std::errc()) {
      return error(start, "unknown escape sequence in a quoted string");
    }
    at_ += digits;
    if (digits <= 3) {
      if (code > 0xff) return error(start, "the escape sequence is above \\377");
      token_.text += static_cast<char>(code);
      return {};
    }
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      return error(start, "the escape sequence is no Unicode code point");
    }
    append_utf8(token_.text, code);
    return {};
  }

  std::string_view query_;
  std::size_t at_ = 0;
  std::size_t brackets_ = 0;
  PromToken token_;
  std::vector<PromToken> tokens_;
};

}  // namespace

Location prom_location(std::string_view query, std::size_t offset) {
  Location where;
  where.line = 1;
  where.column = 1;
  for (std::size_t i = 0; i < offset && i < query.size(); ++i) {
    if (query[i] == '\n') {
      ++where.line;
      where.column = 1;
    } else if ((static_cast<unsigned char>(query[i]) & 0xc0) != 0x80) {
      ++where.column;
    }
  }
  return where;
}

std::string prom_caret(std::string_view query, const Location& where) {
  if (where.line == 0 || where.column == 0) return {};
  for (std::uint32_t line = 1; line < where.line; ++line) {
    const std::size_t newline = query.find('\n');
    if (newline == std::string_view::npos) return {};
    query.remove_prefix(newline + 1);
  }
  std::string out(query.substr(0, query.find('\n')));
  out += '\n';
  out.append(where.column - 1, ' ');
  return out += '^';
}

Result<std::vector<PromToken>> lex_promql(std::string_view query) { return Lexer(query).run(); }

}  // namespace midwatch
