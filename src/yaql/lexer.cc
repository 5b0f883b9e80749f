#include <algorithm>

#include "expr/python_number.h"
#include "expr/python_text.h"
#include "yaql/tree.h"

namespace midwatch::yaql {

std::string_view symbol(Operator op) {
  constexpr std::string_view kSymbols[] = {"",   "=~", "!~", "*", "/",  "mod", "+", "-", ">", "<",
                                           ">=", "<=", "!=", "=", "in", "not", "-", "+", "."};
  return kSymbols[static_cast<std::size_t>(op)];
}

namespace {

bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit_byte(char c) { return c >= '0' && c <= '9'; }
bool is_word_byte(char c) { return is_word_start(c) || is_digit_byte(c); }

Failure lexical_error(std::size_t offset, std::string message) {
  return Failure(ErrorKind::kSyntax, "YaqlLexicalException", std::move(message)).at(static_cast<std::uint32_t>(offset));
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Outcome<std::vector<Lexeme>> run() {
    while (true) {
      while (at_ < source_.size() && std::string_view(" \t\r\n").find(source_[at_]) != std::string_view::npos) ++at_;
      if (at_ >= source_.size()) break;
      if (out_.size() > kTokensMax)
        return limit_error("the expression has more than " + std::to_string(kTokensMax) + " tokens");
      const char c = source_[at_];
      if (is_digit_byte(c)) {
        MW_CHECK(number());
      } else if (is_word_start(c)) {
        MW_CHECK(word());
      } else if (c == '$') {
        variable();
      } else if (c == '\'' || c == '"' || c == '`') {
        MW_CHECK(text());
      } else {
        MW_CHECK(operator_token());
      }
    }
    push(Token::kEnd, at_, "");
    return std::move(out_);
  }

 private:
  void push(Token token, std::size_t offset, std::string text) {
    out_.push_back({token, static_cast<std::uint32_t>(offset), std::move(text)});
  }
  std::size_t word_end(std::size_t from) const {
    while (from < source_.size() && is_word_byte(source_[from])) ++from;
    return from;
  }

  // \b\d+\.?\d*\b: a letter behind the digits is an error.
  Outcome<void> number() {
    const std::size_t start = at_;
    std::size_t end = start;
    while (end < source_.size() && is_digit_byte(source_[end])) ++end;
    bool real = false;
    if (end + 1 < source_.size() && source_[end] == '.' && is_digit_byte(source_[end + 1])) {
      real = true;
      ++end;
      while (end < source_.size() && is_digit_byte(source_[end])) ++end;
    }
    if (end < source_.size() && is_word_byte(source_[end]))
      return lexical_error(start, "illegal character in a number");
    const std::string_view digits = source_.substr(start, end - start);
    at_ = end;
    push(Token::kNumber, start, std::string(digits));
    if (real) {
      out_.back().number = parse_py_float(digits).value_or(0);
      return {};
    }
    const auto value = parse_py_int(digits);
    if (!value) return lexical_error(start, "the integer has too many digits");
    out_.back().number = *value;
    return {};
  }

  Outcome<void> word() {
    const std::size_t start = at_;
    at_ = word_end(start);
    std::string name(source_.substr(start, at_ - start));
    if (at_ < source_.size() && source_[at_] == '(') {
      ++at_;
      constexpr std::string_view kNeverCalled[] = {"not", "and", "or", "in", "mod"};
      if (std::find(std::begin(kNeverCalled), std::end(kNeverCalled), name) != std::end(kNeverCalled)) --at_;
      else return push(Token::kFunction, start, std::move(name)), Outcome<void>();
    }
    if (name.starts_with("__")) {  // such words are the conductor's own
      return lexical_error(start, "Lexical error: illegal character '_' at position " + std::to_string(start));
    }
    push(Token::kWord, start, std::move(name));
    return {};
  }

  void variable() {
    const std::size_t start = at_++;
    const std::size_t end = word_end(at_);
    push(Token::kVariable, start, std::string(source_.substr(at_, end - at_)));
    at_ = end;
  }

  Outcome<void> text() {
    const std::size_t start = at_;
    const char quote = source_[at_++];
    std::string out;
    while (at_ < source_.size() && source_[at_] != quote) {
      if (source_[at_] != '\\' || at_ + 1 >= source_.size()) {
        out += source_[at_++];
      } else if (quote == '`') {
        if (source_[at_ + 1] == '`') ++at_;
        out += source_[at_++];
      } else {
        MW_CHECK(escape(out));
      }
    }
    if (at_ >= source_.size()) return lexical_error(start, "a text without its closing quote");
    ++at_;
    push(Token::kString, start, std::move(out));
    return {};
  }

  Outcome<void> escape(std::string& out) {
    constexpr std::string_view kPlain = "\\'\"`abfnrtv";
    constexpr std::string_view kMeaning = "\\'\"`\a\b\f\n\r\t\v";
    const char c = source_[at_ + 1];
    at_ += 2;
    if (const std::size_t known = kPlain.find(c); known != std::string_view::npos) {
      out += kMeaning[known];
      return {};
    }
    if (c >= '0' && c <= '7') {
      char32_t code = static_cast<char32_t>(c - '0');
      for (int i = 0; i < 2 && at_ < source_.size() && source_[at_] >= '0' && source_[at_] <= '7'; ++i) {
        code = code * 8 + static_cast<char32_t>(source_[at_++] - '0');
      }
      append_code_point(out, code);
      return {};
    }
    const int length = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (length == 0) {
      out += '\\';
      out += c;
      return {};
    }
    const auto code = parse_py_int(source_.substr(at_, static_cast<std::size_t>(length)), 16);
    if (!code || at_ + static_cast<std::size_t>(length) > source_.size() || code->int_or(-1) < 0 ||
        code->int_or(0) > 0x10ffff) {
      return lexical_error(at_ - 2, "a bad escape in a text");
    }
    append_code_point(out, static_cast<char32_t>(code->as_int()));
    at_ += static_cast<std::size_t>(length);
    return {};
  }

  Outcome<void> operator_token() {
    constexpr std::string_view kOperators[] = {"=>", "->", "=~", "!~", ">=", "<=", "!=", "?.", ".", "[", "]", "{",
                                               "}",  "(",  ")",  "+",  "-",  "*",  "/",  ">",  "<", "=", ","};
    for (const std::string_view op : kOperators) {
      if (source_.substr(at_).starts_with(op)) {
        push(Token::kOperator, at_, std::string(op));
        at_ += op.size();
        return {};
      }
    }
    return lexical_error(at_, "illegal character " + py_repr_text(source_.substr(at_, 1)));
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::vector<Lexeme> out_;
};

}  // namespace

Outcome<std::vector<Lexeme>> lex(std::string_view source) { return Lexer(source).run(); }

}  // namespace midwatch::yaql
