#include <algorithm>
#include <charconv>
#include <iterator>

#include "jsonpath/path_internal.h"
#include "jsonpath/query.h"

namespace midwatch::jsonpath {

namespace {

enum class Token : std::uint8_t { kField, kNumber, kOperator, kNamed, kWhere, kParent, kEnd };
struct Lexeme {
  Token token;
  std::size_t offset;
  std::string text{};
  std::int64_t number = 0;
};

Error bad(std::size_t offset, std::string text) {
  return Error(Code::kInvalid, "jsonpath: " + std::move(text) + " at column " + std::to_string(offset + 1));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@'; }
bool continues_name(char c) { return starts_name(c) || is_digit(c) || c == '-'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Lexeme>> run() {
    std::vector<Lexeme> out;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\n') {
        ++at_;
        continue;
      }
      MW_TRY(Lexeme lexeme, next(c));
      out.push_back(std::move(lexeme));
    }
    out.push_back({Token::kEnd, at_, "the end"});
    return out;
  }

 private:
  Result<Lexeme> next(char c) {
    const std::size_t start = at_;
    if (c == '\'' || c == '"' || c == '`') return quoted(c);
    if (starts_name(c)) {
      while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
      std::string name(text_.substr(start, at_ - start));
      const Token token = name == "where" ? Token::kWhere : name == "parent" ? Token::kParent : Token::kField;
      return Lexeme{token, start, std::move(name)};
    }
    if (is_digit(c) || (c == '-' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
      ++at_;
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
      Lexeme out{Token::kNumber, start, std::string(text_.substr(start, at_ - start))};
      const auto parsed = std::from_chars(out.text.data(), out.text.data() + out.text.size(), out.number);
      // An index that large is outside of everything.
      if (parsed.ec != std::errc()) out.number = c == '-' ? -(1ll << 60) : 1ll << 60;
      return out;
    }
    if (text_.substr(at_).starts_with("..")) {
      at_ += 2;
      return Lexeme{Token::kOperator, start, ".."};
    }
    if (std::string_view("*.[]()$,:|&").find(c) == std::string_view::npos) {
      return bad(start, std::string("unexpected character '") + c + "'");
    }
    ++at_;
    return Lexeme{Token::kOperator, start, std::string(1, c)};
  }

  Result<Lexeme> quoted(char quote) {
    const std::size_t start = at_++;
    std::string out;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_++];
    }
    if (at_ >= text_.size()) return bad(start, "a quote that is not closed");
    ++at_;
    return Lexeme{quote == '`' ? Token::kNamed : Token::kField, start, std::move(out)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// Precedence climbing: the operators from loose to tight.
struct Binary {
  std::string_view symbol;
  int precedence;
  Path::Kind kind;
};
constexpr Binary kBinary[] = {{"..", 1, Path::Kind::kDescendants},
                              {".", 2, Path::Kind::kChild},
                              {"|", 3, Path::Kind::kUnion},
                              {"&", 4, Path::Kind::kIntersection},
                              {"where", 5, Path::Kind::kWhere}};

class Parser {
 public:
  explicit Parser(std::vector<Lexeme> tokens) : tokens_(std::move(tokens)) {}

  Result<PathPtr> run() {
    MW_TRY(PathPtr path, binary(1));
    if (current().token != Token::kEnd) return unexpected("the end");
    return path;
  }

 private:
  [[nodiscard]] const Lexeme& current() const { return tokens_[at_]; }
  [[nodiscard]] bool at(std::string_view op) const {
    return current().token == Token::kOperator && current().text == op;
  }
  bool skip(std::string_view op) {
    if (!at(op)) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] Error unexpected(std::string_view expected) const {
    return bad(current().offset, "expected " + std::string(expected) + ", got '" + current().text + "'");
  }
  static std::unique_ptr<Path> make(Path::Kind kind) { return std::make_unique<Path>(Path{.kind = kind}); }

  Result<PathPtr> joined(Path::Kind kind, PathPtr left, PathPtr right) {
    auto out = make(kind);
    out->depth = std::max(left->depth, right->depth) + 1;
    if (out->depth > kQueryDepthMax) {
      return Error(Code::kLimit, "jsonpath: nested more than " + std::to_string(kQueryDepthMax) + " levels");
    }
    out->left = std::move(left);
    out->right = std::move(right);
    return PathPtr(std::move(out));
  }

  [[nodiscard]] const Binary* operator_here() const {
    const bool where = current().token == Token::kWhere;
    if (!where && current().token != Token::kOperator) return nullptr;
    const auto found = std::find_if(std::begin(kBinary), std::end(kBinary),
                                    [&](const Binary& op) { return op.symbol == current().text; });
    return found == std::end(kBinary) ? nullptr : found;
  }

  Result<PathPtr> binary(int precedence_min) {
    MW_TRY(PathPtr left, postfix());
    while (const Binary* op = operator_here()) {
      if (op->precedence < precedence_min) break;
      ++at_;
      MW_TRY(PathPtr right, binary(op->precedence + 1));
      MW_TRY(left, joined(op->kind, std::move(left), std::move(right)));
    }
    return left;
  }

  // A bracket binds tighter than every operator.
  Result<PathPtr> postfix() {
    if (++depth_ > kQueryDepthMax) {
      return Error(Code::kLimit, "jsonpath: nested more than " + std::to_string(kQueryDepthMax) + " levels");
    }
    MW_TRY(PathPtr path, primary());
    while (at("[")) {
      MW_TRY(PathPtr index, bracket());
      MW_TRY(path, joined(Path::Kind::kChild, std::move(path), std::move(index)));
    }
    --depth_;
    return path;
  }

  Result<PathPtr> primary() {
    if (current().token == Token::kField) return fields();
    if (current().token == Token::kNamed) {
      const bool parent = current().text == "parent";
      if (!parent && current().text != "this") return unexpected("`this` or `parent`");
      ++at_;
      return PathPtr(make(parent ? Path::Kind::kParent : Path::Kind::kThis));
    }
    if (skip("$")) return PathPtr(make(Path::Kind::kRoot));
    if (skip("*")) {
      auto every = make(Path::Kind::kFields);
      every->fields = {"*"};
      return PathPtr(std::move(every));
    }
    if (at("[")) return bracket();
    if (skip("(")) {
      MW_TRY(PathPtr inner, binary(1));
      if (!skip(")")) return unexpected("')'");
      return inner;
    }
    return unexpected("a path");
  }

  Result<PathPtr> fields() {
    auto out = make(Path::Kind::kFields);
    do {
      if (current().token != Token::kField) return unexpected("a field");
      out->fields.push_back(current().text);
      ++at_;
    } while (skip(","));
    return PathPtr(std::move(out));
  }

  Result<PathPtr> bracket() {
    ++at_;  // "["
    PathPtr inner;
    if (current().token == Token::kField) {
      MW_TRY(inner, fields());
    } else if (skip("*")) {
      inner = make(Path::Kind::kSlice);
    } else {
      auto out = make(Path::Kind::kIndex);
      out->start = number();
      if (skip(":")) {
        out->kind = Path::Kind::kSlice;
        out->end = number();
      } else if (!out->start) {
        return unexpected("an index");
      } else {
        out->index = *out->start;
      }
      inner = std::move(out);
    }
    if (!skip("]")) return unexpected("']'");
    return inner;
  }

  std::optional<std::int64_t> number() {
    if (current().token != Token::kNumber) return std::nullopt;
    return tokens_[at_++].number;
  }

  std::vector<Lexeme> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<PathPtr> parse(std::string_view text) {
  if (text.size() > kQueryBytesMax) {
    return Error(Code::kLimit, "jsonpath: more than " + std::to_string(kQueryBytesMax) + " bytes");
  }
  MW_TRY(std::vector<Lexeme> tokens, Lexer(text).run());
  return Parser(std::move(tokens)).run();
}

}  // namespace midwatch::jsonpath
