#include "jinja/lexer.h"

#include <algorithm>

#include "expr/python_text.h"

namespace midwatch::jinja {

std::string normalized_source(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      out += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      out += source[i];
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

std::string describe(const Lexeme& lexeme) {
  switch (lexeme.token) {
    case Token::kData: return "template data";
    case Token::kVariableBegin: return "begin of print statement";
    case Token::kVariableEnd: return "end of print statement";
    case Token::kBlockBegin: return "begin of statement block";
    case Token::kBlockEnd: return "end of statement block";
    case Token::kName: return lexeme.text;
    case Token::kString: return "string";
    case Token::kInteger: return "integer";
    case Token::kFloat: return "float";
    case Token::kOperator: return lexeme.text;
    case Token::kEnd: return "end of template";
  }
  return "?";
}

namespace {

bool is_ascii_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit_byte(char c) { return c >= '0' && c <= '9'; }

enum class Mode : std::uint8_t { kVariable, kBlock, kExpression };

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Outcome<Lexed> run() {
    while (at_ < source_.size()) {
      if (auto read = lex_data(); !read) return stopped(std::move(read).error());
      if (out_.size() > kTokensMax)
        return limit_error("the template has more than " + std::to_string(kTokensMax) + " tokens");
    }
    push(Token::kEnd, at_, "");
    return Lexed{std::move(out_), std::nullopt};
  }

  Outcome<Lexed> run_expression() {
    if (auto read = lex_code(Mode::kExpression); !read) return stopped(std::move(read).error());
    push(Token::kEnd, at_, "");
    return Lexed{std::move(out_), std::nullopt};
  }

 private:
  Outcome<Lexed> stopped(Failure failure) {
    if (failure.kind() == ErrorKind::kLimit) return failure;
    if (failure.diagnostic().offset == Diagnostic::kNowhere) return failure;
    push(Token::kEnd, failure.diagnostic().offset, "");
    return Lexed{std::move(out_), std::move(failure)};
  }
  void push(Token token, std::size_t offset, std::string text) {
    out_.push_back({token, static_cast<std::uint32_t>(offset), std::move(text)});
  }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool looking_at(std::string_view text) const { return source_.substr(at_).starts_with(text); }
  [[nodiscard]] static Failure error(std::size_t offset, std::string message) {
    return syntax_error(std::move(message)).at(static_cast<std::uint32_t>(offset));
  }
  void skip_spaces() {
    while (at_ < source_.size() && is_ascii_space(source_[at_])) ++at_;
  }

  // The text before a delimiter, stripped as the sign after the delimiter and lstrip_blocks ask.
  std::string_view stripped(std::string_view data, char sign, bool may_lstrip) const {
    if (sign == '-') return strip_space(data, Strip::kRight);
    if (sign == '+' || !may_lstrip) return data;
    const std::size_t newline = data.rfind('\n');
    const std::size_t line = newline == std::string_view::npos ? 0 : newline + 1;
    if (line == 0 && !line_starting_) return data;
    const std::string_view tail = data.substr(line);
    return strip_space(tail).empty() ? data.substr(0, line) : data;
  }

  void emit_data(std::size_t start, std::string_view data) {
    if (!data.empty()) push(Token::kData, start, std::string(data));
  }

  Outcome<void> lex_data() {
    const std::size_t start = at_;
    std::size_t open = start;
    while (true) {
      open = source_.find('{', open);
      if (open == std::string_view::npos || open + 1 >= source_.size()) {
        emit_data(start, source_.substr(start));
        at_ = source_.size();
        return {};
      }
      const char kind = source_[open + 1];
      if (kind == '{' || kind == '%' || kind == '#') break;
      ++open;
    }
    const char kind = source_[open + 1];
    const char sign =
        open + 2 < source_.size() && (source_[open + 2] == '-' || source_[open + 2] == '+') ? source_[open + 2] : '\0';
    emit_data(start, stripped(source_.substr(start, open - start), sign, kind != '{'));
    at_ = open + (sign != '\0' ? 3 : 2);
    if (kind == '#') return lex_comment(open);
    if (kind == '%') {
      const std::size_t after_sign = at_;
      if (is_raw_begin()) return lex_raw(open);
      at_ = after_sign;
    }
    push(kind == '{' ? Token::kVariableBegin : Token::kBlockBegin, open, "");
    line_starting_ = false;
    return lex_code(kind == '{' ? Mode::kVariable : Mode::kBlock);
  }

  // After the closing delimiter: "-" eats white space, "+" keeps the line end that trim_blocks drops.
  void after_close(char sign, bool trims) {
    const std::size_t start = at_;
    if (sign == '-') skip_unicode_spaces();
    else if (sign != '+' && trims && peek() == '\n') ++at_;
    line_starting_ = at_ > start && source_[at_ - 1] == '\n';
  }
  void skip_unicode_spaces() {
    const std::string_view rest = source_.substr(at_);
    at_ += rest.size() - strip_space(rest, Strip::kLeft).size();
  }

  Outcome<void> lex_comment(std::size_t open) {
    const std::size_t close = source_.find("#}", at_);
    if (close == std::string_view::npos) return error(open, "Missing end of comment tag");
    char sign = '\0';
    if (close > at_ && (source_[close - 1] == '-' || source_[close - 1] == '+')) sign = source_[close - 1];
    at_ = close + 2;
    after_close(sign, true);
    return {};
  }

  bool is_raw_begin() {
    skip_spaces();
    if (!looking_at("raw")) return false;
    at_ += 3;
    skip_spaces();
    if (looking_at("-%}")) {
      at_ += 3;
      skip_unicode_spaces();
      return true;
    }
    if (!looking_at("%}")) return false;
    at_ += 2;
    return true;
  }

  Outcome<void> lex_raw(std::size_t open) {
    const std::size_t start = at_;
    line_starting_ = start > 0 && source_[start - 1] == '\n';
    for (std::size_t from = start;;) {
      const std::size_t block = source_.find("{%", from);
      if (block == std::string_view::npos) return error(open, "Missing end of raw directive");
      from = block + 2;
      at_ = block + 2;
      const char sign = peek() == '-' || peek() == '+' ? peek() : '\0';
      if (sign != '\0') ++at_;
      skip_spaces();
      if (!looking_at("endraw")) continue;
      at_ += 6;
      skip_spaces();
      const char end_sign = looking_at("-%}") ? '-' : looking_at("+%}") ? '+' : '\0';
      if (end_sign != '\0') ++at_;
      if (!looking_at("%}")) continue;
      at_ += 2;
      emit_data(start, stripped(source_.substr(start, block - start), sign, true));
      after_close(end_sign, true);
      return {};
    }
  }

  Outcome<void> lex_code(Mode mode) {
    std::vector<char> open_brackets;
    while (true) {
      if (at_ >= source_.size()) {
        if (!open_brackets.empty())
          return error(at_, std::string("unexpected end of template, expected '") + open_brackets.back() + "'");
        return {};
      }
      if (open_brackets.empty() && mode != Mode::kExpression && lex_close(mode)) return {};
      if (is_ascii_space(peek())) {
        skip_spaces();
        continue;
      }
      if (static_cast<unsigned char>(peek()) >= 0x80) {
        const std::size_t before = at_;
        skip_unicode_spaces();
        if (at_ != before) continue;
      }
      if (out_.size() > kTokensMax)
        return limit_error("the template has more than " + std::to_string(kTokensMax) + " tokens");
      if (is_digit_byte(peek())) {
        lex_number();
      } else if (is_name_byte(peek())) {
        MW_CHECK(lex_name());
      } else if (peek() == '\'' || peek() == '"') {
        MW_CHECK(lex_string());
      } else {
        MW_CHECK(lex_operator(open_brackets));
      }
    }
  }

  bool lex_close(Mode mode) {
    const std::string_view end = mode == Mode::kVariable ? "}}" : "%}";
    char sign = '\0';
    if (peek() == '-' || (peek() == '+' && mode == Mode::kBlock)) sign = peek();
    if (!source_.substr(at_ + (sign != '\0' ? 1 : 0)).starts_with(end)) return false;
    push(mode == Mode::kVariable ? Token::kVariableEnd : Token::kBlockEnd, at_, "");
    at_ += sign != '\0' ? 3 : 2;
    after_close(sign, mode == Mode::kBlock);
    return true;
  }

  // (\d+_)*\d+ from `from`; the end, or `from` when there is none.
  [[nodiscard]] std::size_t digits_end(std::size_t from) const {
    std::size_t end = from;
    while (end < source_.size() &&
           (is_digit_byte(source_[end]) || (source_[end] == '_' && end > from && source_[end - 1] != '_' &&
                                            end + 1 < source_.size() && is_digit_byte(source_[end + 1])))) {
      ++end;
    }
    return end;
  }

  void lex_number() {
    const std::size_t start = at_;
    const bool after_dot = start > 0 && source_[start - 1] == '.';
    const std::size_t whole = digits_end(start);
    std::size_t end = whole;
    if (!after_dot) {
      if (end < source_.size() && source_[end] == '.' && digits_end(end + 1) > end + 1) end = digits_end(end + 1);
      if (end < source_.size() && (source_[end] | 0x20) == 'e') {
        std::size_t exponent = end + 1;
        if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-')) ++exponent;
        if (digits_end(exponent) > exponent) end = digits_end(exponent);
      }
    }
    if (end > whole) {
      at_ = end;
      push(Token::kFloat, start, without_underscores(source_.substr(start, end - start)));
      return;
    }
    at_ = integer_end(start);
    push(Token::kInteger, start, without_underscores(source_.substr(start, at_ - start)));
  }

  [[nodiscard]] std::size_t integer_end(std::size_t start) const {
    const auto run = [&](std::size_t from, auto accepts) {
      std::size_t end = from;
      while (end < source_.size()) {
        const std::size_t digit = source_[end] == '_' ? end + 1 : end;
        if (digit >= source_.size() || !accepts(source_[digit])) break;
        end = digit + 1;
      }
      return end;
    };
    if (source_[start] != '0') return run(start, is_digit_byte);
    const char base = start + 1 < source_.size() ? static_cast<char>(source_[start + 1] | 0x20) : '\0';
    std::size_t end = start;
    if (base == 'b') end = run(start + 2, [](char c) { return c == '0' || c == '1'; });
    if (base == 'o') end = run(start + 2, [](char c) { return c >= '0' && c <= '7'; });
    if (base == 'x') {
      end = run(start + 2, [](char c) { return is_digit_byte(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); });
    }
    if (end > start + 2) return end;
    return run(start, [](char c) { return c == '0'; });
  }

  static std::string without_underscores(std::string_view text) {
    std::string out;
    std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return c != '_'; });
    return out;
  }

  Outcome<void> lex_name() {
    const std::size_t start = at_;
    while (at_ < source_.size() && is_name_byte(source_[at_])) {
      std::size_t after = at_;
      const char32_t c = next_code_point(source_, after);
      if (c >= 0x80 && !is_letter(c)) {
        if (at_ == start || is_space(c)) break;
        return error(start, "Invalid character in identifier");
      }
      at_ = after;
    }
    if (at_ == start) return unexpected_character();
    push(Token::kName, start, std::string(source_.substr(start, at_ - start)));
    return {};
  }

  Outcome<void> unexpected_character() {
    std::size_t after = at_;
    (void)next_code_point(source_, after);
    return error(at_,
                 "unexpected char " + py_repr_text(source_.substr(at_, after - at_)) + " at " + std::to_string(at_));
  }

  Outcome<void> lex_string() {
    const std::size_t start = at_;
    const char quote = source_[at_++];
    std::string out;
    while (at_ < source_.size() && source_[at_] != quote) {
      if (source_[at_] != '\\') {
        out += source_[at_++];
        continue;
      }
      MW_CHECK(lex_escape(out));
    }
    if (at_ >= source_.size()) {
      at_ = start;
      return unexpected_character();
    }
    ++at_;
    push(Token::kString, start, std::move(out));
    return {};
  }

  Outcome<void> lex_escape(std::string& out) {
    constexpr std::string_view kPlain = "\\'\"abfnrtv";
    constexpr std::string_view kMeaning = "\\'\"\a\b\f\n\r\t\v";
    const std::size_t start = at_++;
    if (at_ >= source_.size()) return {};
    const char c = source_[at_++];
    if (const std::size_t known = kPlain.find(c); known != std::string_view::npos) {
      out += kMeaning[known];
      return {};
    }
    if (c == '\n') return {};
    if (c >= '0' && c <= '7') {
      char32_t code = static_cast<char32_t>(c - '0');
      for (int i = 0; i < 2 && peek() >= '0' && peek() <= '7'; ++i)
        code = code * 8 + static_cast<char32_t>(source_[at_++] - '0');
      append_code_point(out, code);
      return {};
    }
    const int length = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (length == 0) {
      out += '\\';
      --at_;
      std::size_t after = at_;
      (void)next_code_point(source_, after);
      out += source_.substr(at_, after - at_);
      at_ = after;
      return {};
    }
    char32_t code = 0;
    for (int i = 0; i < length; ++i) {
      const char h = peek();
      const int digit = is_digit_byte(h)                         ? h - '0'
                        : (h | 0x20) >= 'a' && (h | 0x20) <= 'f' ? (h | 0x20) - 'a' + 10
                                                                 : -1;
      if (digit < 0) return error(start, "truncated \\" + std::string(1, c) + " escape");
      code = code * 16 + static_cast<char32_t>(digit);
      ++at_;
    }
    if (code > 0x10ffff) return error(start, "illegal Unicode character");
    append_code_point(out, code);
    return {};
  }

  Outcome<void> lex_operator(std::vector<char>& open_brackets) {
    constexpr std::string_view kDouble[] = {"//", "**", "==", "!=", ">=", "<="};
    constexpr std::string_view kSingle = "+-/*%~[](){}<>=.:|,;";
    const std::size_t start = at_;
    for (const std::string_view op : kDouble) {
      if (looking_at(op)) {
        at_ += 2;
        push(Token::kOperator, start, std::string(op));
        return {};
      }
    }
    const char c = peek();
    if (kSingle.find(c) == std::string_view::npos) return unexpected_character();
    if (c == '(') open_brackets.push_back(')');
    if (c == '[') open_brackets.push_back(']');
    if (c == '{') open_brackets.push_back('}');
    if (c == ')' || c == ']' || c == '}') {
      if (open_brackets.empty()) return error(start, std::string("unexpected '") + c + "'");
      if (open_brackets.back() != c) {
        return error(start, std::string("unexpected '") + c + "', expected '" + open_brackets.back() + "'");
      }
      open_brackets.pop_back();
    }
    ++at_;
    push(Token::kOperator, start, std::string(1, c));
    return {};
  }

  std::string_view source_;
  std::size_t at_ = 0;
  bool line_starting_ = true;
  std::vector<Lexeme> out_;
};

}  // namespace

Outcome<Lexed> lex_template(std::string_view source) { return Lexer(source).run(); }
Outcome<Lexed> lex_expression(std::string_view source) { return Lexer(source).run_expression(); }

}  // namespace midwatch::jinja
