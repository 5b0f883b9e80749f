#include <algorithm>

#include "expr/python_text.h"
#include "yaql/runtime.h"
#include "yaql/tree.h"

namespace midwatch::yaql {

namespace {

// "Operator precedence, high to low: `.` `?.` | `[]` `{}` | unary `+` `-` | `=~` `!~` | `*` `/` `mod` |
// binary `+` `-` | `>` `<` `>=` `<=` `!=` `=` `in` | `not` | `and` | `or` | `->` (right assoc.)"
enum Precedence : int { kArrow = 1, kOr, kAnd, kNot, kCompare, kSum, kProduct, kMatch, kSign, kIndex, kDot };

struct Infix {
  std::string_view text;
  int precedence;
  Operator op;
};
constexpr Infix kInfixes[] = {
    {"->", kArrow, Operator::kNone},
    {"or", kOr, Operator::kNone},
    {"and", kAnd, Operator::kNone},
    {">", kCompare, Operator::kGreater},
    {"<", kCompare, Operator::kLess},
    {">=", kCompare, Operator::kGreaterEqual},
    {"<=", kCompare, Operator::kLessEqual},
    {"!=", kCompare, Operator::kNotEqual},
    {"=", kCompare, Operator::kEqual},
    {"in", kCompare, Operator::kIn},
    {"+", kSum, Operator::kAdd},
    {"-", kSum, Operator::kSubtract},
    {"*", kProduct, Operator::kMultiply},
    {"/", kProduct, Operator::kDivide},
    {"mod", kProduct, Operator::kModulo},
    {"=~", kMatch, Operator::kMatches},
    {"!~", kMatch, Operator::kNotMatches},
    {"[", kIndex, Operator::kNone},
    {".", kDot, Operator::kDot},
    {"?.", kDot, Operator::kDot},
};

class Parser {
 public:
  explicit Parser(std::vector<Lexeme> tokens) : tokens_(std::move(tokens)) {}

  Outcome<Parsed> run() {
    MW_TRY(NodePtr root, expression(0));
    if (current().token != Token::kEnd) return unexpected();
    reads_.normalize();
    return Parsed{std::move(root), std::move(reads_)};
  }

 private:
  [[nodiscard]] const Lexeme& current() const { return tokens_[at_]; }
  void advance() {
    if (at_ + 1 < tokens_.size()) ++at_;
  }
  [[nodiscard]] bool is(std::string_view text) const {
    return (current().token == Token::kOperator || current().token == Token::kWord) && current().text == text;
  }
  bool skip(std::string_view text) {
    if (current().token != Token::kOperator || current().text != text) return false;
    advance();
    return true;
  }
  [[nodiscard]] Failure unexpected() const {
    const Lexeme& token = current();
    const std::string what = token.token == Token::kEnd
                                 ? "unexpected end of statement"
                                 : "unexpected '" + token.text + "' at position " + std::to_string(token.offset);
    return Failure(ErrorKind::kSyntax, "YaqlGrammarException", "Parse error: " + what).at(token.offset);
  }
  static NodePtr make(NodeKind kind, std::uint32_t offset) { return std::make_unique<Node>(kind, offset); }

  Outcome<NodePtr> finished(NodePtr node) {
    std::uint32_t depth = 0;
    for (const NodePtr& child : node->children) depth = std::max(depth, child->depth);
    for (const Argument& argument : node->arguments) {
      depth = std::max(depth, argument.value->depth);
      if (argument.key) depth = std::max(depth, argument.key->depth);
    }
    node->depth = depth + 1;
    if (node->depth > kSourceDepthMax) return too_deep(node->offset);
    return node;
  }
  static Failure too_deep(std::uint32_t offset) {
    return limit_error("the expression is nested more than " + std::to_string(kSourceDepthMax) + " levels").at(offset);
  }

  [[nodiscard]] const Infix* infix() const {
    const auto found =
        std::find_if(std::begin(kInfixes), std::end(kInfixes), [&](const Infix& i) { return is(i.text); });
    return found == std::end(kInfixes) ? nullptr : found;
  }

  Outcome<NodePtr> expression(int precedence_min) {
    if (++depth_ > kSourceDepthMax) return too_deep(current().offset);
    auto out = expression_at(precedence_min);
    --depth_;
    return out;
  }

  Outcome<NodePtr> expression_at(int precedence_min) {
    MW_TRY(NodePtr left, prefix());
    while (true) {
      const Infix* op = infix();
      if (op == nullptr || op->precedence <= precedence_min) return left;
      const std::uint32_t offset = current().offset;
      const bool null_safe = is("?.");
      advance();
      if (op->precedence == kIndex) {
        NodePtr node = make(NodeKind::kIndex, offset);
        node->children.push_back(std::move(left));
        MW_TRY(node->arguments, arguments("]"));
        if (node->arguments.empty()) return unexpected();
        MW_TRY(left, finished(std::move(node)));
      } else if (op->precedence == kDot) {
        MW_TRY(left, member(std::move(left), offset, null_safe));
      } else {
        MW_TRY(NodePtr right, expression(op->precedence == kArrow ? op->precedence - 1 : op->precedence));
        const NodeKind kind = op->precedence == kArrow ? NodeKind::kArrow
                              : op->precedence == kOr  ? NodeKind::kOr
                              : op->precedence == kAnd ? NodeKind::kAnd
                                                       : NodeKind::kBinary;
        NodePtr node = make(kind, offset);
        node->op = op->op;
        node->children.push_back(std::move(left));
        node->children.push_back(std::move(right));
        const auto constant_of = [&](std::size_t at) {
          return is_constant(*node->children[at]) ? &node->children[at]->constant : nullptr;
        };
        node->refused = kind == NodeKind::kBinary && refused_by_constants(node->op, constant_of(0), constant_of(1));
        MW_TRY(left, finished(std::move(node)));
      }
    }
  }

  Outcome<NodePtr> prefix() {
    constexpr std::pair<std::string_view, Operator> kPrefixes[] = {
        {"not", Operator::kNot}, {"-", Operator::kNegate}, {"+", Operator::kPlus}};
    for (const auto& [text, op] : kPrefixes) {
      if (!is(text)) continue;
      NodePtr node = make(NodeKind::kUnary, current().offset);
      node->op = op;
      advance();
      MW_TRY(NodePtr operand, expression(op == Operator::kNot ? kNot - 1 : kSign - 1));
      node->children.push_back(std::move(operand));
      return finished(std::move(node));
    }
    return primary();
  }

  Outcome<NodePtr> primary() {
    const Lexeme& token = current();
    NodePtr node = make(NodeKind::kConstant, token.offset);
    switch (token.token) {
      case Token::kNumber: node->constant = token.number; break;
      case Token::kString: node->constant = Datum(std::string_view(token.text)); break;
      case Token::kVariable:
        node->kind = NodeKind::kVariable;
        node->name = token.text;
        if (node->name.empty()) node->position = 0;
        if (node->name.size() == 1 && node->name[0] >= '1' && node->name[0] <= '9')
          node->position = node->name[0] - '0';
        break;
      case Token::kWord:
        for (const Infix& infix : kInfixes) {
          if (infix.text == token.text) return unexpected();
        }
        if (token.text == "true") node->constant = true;
        else if (token.text == "false") node->constant = false;
        else if (token.text != "null") {
          node->kind = NodeKind::kWord;
          node->constant = Datum(std::string_view(token.text));
        }
        break;
      case Token::kFunction: return function();
      case Token::kOperator: return bracketed();
      case Token::kEnd: return unexpected();
    }
    advance();
    return node;
  }

  Outcome<NodePtr> bracketed() {
    const std::uint32_t offset = current().offset;
    if (skip("(")) {
      MW_TRY(NodePtr inner, expression(0));
      if (!skip(")")) return unexpected();
      inner->wrapped = true;
      return inner;
    }
    const bool list = is("[");
    if (!list && !is("{")) return unexpected();
    advance();
    NodePtr node = make(list ? NodeKind::kList : NodeKind::kDict, offset);
    MW_TRY(node->arguments, arguments(list ? "]" : "}"));
    return finished(std::move(node));
  }

  Outcome<std::vector<Argument>> arguments(std::string_view close) {
    std::vector<Argument> out;
    if (skip(close)) return out;
    while (true) {
      Argument argument;
      MW_TRY(argument.value, expression(0));
      if (skip("=>")) {
        argument.key = std::move(argument.value);
        MW_TRY(argument.value, expression(0));
      }
      out.push_back(std::move(argument));
      if (skip(close)) return out;
      if (!skip(",")) return unexpected();
    }
  }

  Outcome<NodePtr> function() {
    NodePtr node = make(NodeKind::kFunction, current().offset);
    node->name = current().text;
    advance();
    MW_TRY(node->arguments, arguments(")"));
    node->overloads = find_overloads(node->name, Form::kFunction);
    if (node->name == "ctx") note_context(*node);
    return finished(std::move(node));
  }

  void note_context(const Node& node) {
    const Node* key = node.arguments.size() == 1 ? node.arguments[0].value.get() : nullptr;
    const bool named = key != nullptr && (key->kind == NodeKind::kWord || key->kind == NodeKind::kConstant) &&
                       key->constant.is_string();
    if (named) reads_.context_names.emplace_back(key->constant.text());
    else bare_context_ = true;
  }

  Outcome<NodePtr> member(NodePtr receiver, std::uint32_t offset, bool null_safe) {
    const bool of_context =
        receiver->kind == NodeKind::kFunction && receiver->name == "ctx" && receiver->arguments.empty();
    NodePtr node;
    if (current().token == Token::kFunction) {
      MW_TRY(node, function());
      node->kind = NodeKind::kMethod;
      node->overloads = find_overloads(node->name, Form::kMethod);
      if (of_context) reads_.whole_context = true;
    } else if (current().token == Token::kWord && infix() == nullptr && !is("not") && !is("true") && !is("false") &&
               !is("null")) {
      node = make(NodeKind::kAttribute, offset);
      node->name = current().text;
      advance();
      if (of_context) reads_.context_names.push_back(node->name);
    } else {
      // `x.5`, `x.'y'`: parses, and finds no function.
      MW_TRY(NodePtr right, expression(kDot));
      node = make(NodeKind::kBinary, offset);
      node->op = Operator::kDot;
      node->children.push_back(std::move(right));
    }
    node->null_safe = null_safe;
    node->children.insert(node->children.begin(), std::move(receiver));
    return finished(std::move(node));
  }

  std::vector<Lexeme> tokens_;
  std::size_t at_ = 0;
  std::uint32_t depth_ = 0;
  bool bare_context_ = false;
  Reads reads_;
};

}  // namespace

Outcome<Parsed> parse(std::string_view source) {
  if (source.size() > kSourceBytesMax) {
    return limit_error("the expression has " + std::to_string(source.size()) + " bytes, more than " +
                       std::to_string(kSourceBytesMax));
  }
  MW_TRY(std::vector<Lexeme> tokens, lex(source));
  return Parser(std::move(tokens)).run();
}

}  // namespace midwatch::yaql
