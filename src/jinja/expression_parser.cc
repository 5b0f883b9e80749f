#include <algorithm>

#include "expr/python_number.h"
#include "expr/python_text.h"
#include "jinja/parser.h"

namespace midwatch::jinja {

Parser::Parser(std::vector<Lexeme> tokens, Dialect dialect) : tokens_(std::move(tokens)), tables_(tables(dialect)) {}

Reads Parser::take_reads() {
  for (const std::string& name : names_.front().read_within) {
    if (!names_.front().declared.contains(name)) reads_.roots.push_back(name);
  }
  reads_.normalize();
  return std::move(reads_);
}

bool Parser::is_operator(std::string_view text) const {
  return current().token == Token::kOperator && current().text == text;
}
bool Parser::is_name(std::string_view text) const { return current().token == Token::kName && current().text == text; }
bool Parser::skip_operator(std::string_view text) {
  if (!is_operator(text)) return false;
  advance();
  return true;
}
bool Parser::skip_name(std::string_view text) {
  if (!is_name(text)) return false;
  advance();
  return true;
}
Failure Parser::error(std::string message) const { return syntax_error(std::move(message)).at(current().offset); }
Failure Parser::expected(std::string_view what) const {
  if (current().token == Token::kEnd) {
    return error("unexpected end of template, expected '" + std::string(what) + "'.");
  }
  return error("expected token '" + std::string(what) + "', got '" + describe(current()) + "'");
}
Outcome<void> Parser::expect_operator(std::string_view text) {
  if (!skip_operator(text)) return expected(text);
  return {};
}
Outcome<std::string> Parser::expect_name() {
  if (current().token != Token::kName) return expected("name");
  std::string name = current().text;
  advance();
  return name;
}

namespace {

std::uint32_t depth_of(const Node& node) { return node.depth; }

std::uint32_t deepest(const Arguments& arguments) {
  std::uint32_t depth = 0;
  for (const NodePtr& node : arguments.positional) depth = std::max(depth, depth_of(*node));
  for (const auto& [name, node] : arguments.named) depth = std::max(depth, depth_of(*node));
  if (arguments.rest) depth = std::max(depth, depth_of(*arguments.rest));
  if (arguments.rest_named) depth = std::max(depth, depth_of(*arguments.rest_named));
  return depth;
}

bool foldable(const Node& node) {
  if (node.kind != NodeKind::kArithmetic && node.kind != NodeKind::kNegate) return false;
  return std::all_of(node.children.begin(), node.children.end(),
                     [](const NodePtr& child) { return child->kind == NodeKind::kConstant; });
}

// What a constant may become by folding: more would cost memory for nothing.
constexpr std::size_t kFoldedBytesMax = 256;

void fold(Node& node) {
  static const MapScope kNothing;
  Evaluation evaluation(kNothing, EvalLimits{.steps_max = 100, .output_bytes_max = kFoldedBytesMax});
  Outcome<Datum> folded =
      node.kind == NodeKind::kNegate
          ? py_negate(node.children[0]->constant)
          : py_arithmetic(evaluation, node.arithmetic, node.children[0]->constant, node.children[1]->constant);
  // What fails is left to fail when it is reached.
  if (!folded || !folded->is_plain()) return;
  node.kind = NodeKind::kConstant;
  node.constant = std::move(*folded);
  node.children.clear();
}

}  // namespace

// Every new inner node passes here: bounds the depth of the tree and folds constants.
Outcome<NodePtr> Parser::finished(NodePtr node) {
  std::uint32_t depth = deepest(node->arguments);
  for (const NodePtr& child : node->children) {
    if (child) depth = std::max(depth, depth_of(*child));
  }
  node->depth = depth + 1;
  if (node->depth > kSourceDepthMax) {
    return limit_error("the expression is nested more than " + std::to_string(kSourceDepthMax) + " levels")
        .at(node->offset);
  }
  if (foldable(*node)) fold(*node);
  return node;
}

Outcome<NodePtr> Parser::parse_whole_expression() {
  MW_TRY(NodePtr node, expression());
  if (current().token != Token::kEnd) return error("chunk after expression");
  return node;
}

Outcome<NodePtr> Parser::expression() {
  const Depth guard(depth_);
  if (depth_ > kSourceDepthMax) {
    return limit_error("the expression is nested more than " + std::to_string(kSourceDepthMax) + " levels")
        .at(current().offset);
  }
  return conditional();
}

Outcome<NodePtr> Parser::conditional() {
  const std::uint32_t offset = current().offset;
  MW_TRY(NodePtr value, disjunction());
  while (skip_name("if")) {
    NodePtr node = make(NodeKind::kConditional, offset);
    MW_TRY(NodePtr test, disjunction());
    node->children.push_back(std::move(test));
    node->children.push_back(std::move(value));
    if (skip_name("else")) {
      MW_TRY(NodePtr otherwise, expression());
      node->children.push_back(std::move(otherwise));
    }
    MW_TRY(value, finished(std::move(node)));
  }
  return value;
}

Outcome<NodePtr> Parser::disjunction() {
  MW_TRY(NodePtr left, conjunction());
  while (is_name("or")) {
    NodePtr node = make(NodeKind::kOr, current().offset);
    advance();
    MW_TRY(NodePtr right, conjunction());
    node->children.push_back(std::move(left));
    node->children.push_back(std::move(right));
    MW_TRY(left, finished(std::move(node)));
  }
  return left;
}

Outcome<NodePtr> Parser::conjunction() {
  MW_TRY(NodePtr left, negation());
  while (is_name("and")) {
    NodePtr node = make(NodeKind::kAnd, current().offset);
    advance();
    MW_TRY(NodePtr right, negation());
    node->children.push_back(std::move(left));
    node->children.push_back(std::move(right));
    MW_TRY(left, finished(std::move(node)));
  }
  return left;
}

Outcome<NodePtr> Parser::negation() {
  if (!is_name("not")) return comparison();
  const Depth guard(depth_);
  if (depth_ > kSourceDepthMax) return limit_error("too many 'not'").at(current().offset);
  NodePtr node = make(NodeKind::kNot, current().offset);
  advance();
  MW_TRY(NodePtr operand, negation());
  node->children.push_back(std::move(operand));
  return finished(std::move(node));
}

Outcome<NodePtr> Parser::comparison() {
  constexpr std::pair<std::string_view, Relation> kRelations[] = {
      {"==", Relation::kEqual},     {"!=", Relation::kNotEqual}, {"<", Relation::kLess},
      {"<=", Relation::kLessEqual}, {">", Relation::kGreater},   {">=", Relation::kGreaterEqual}};
  const std::uint32_t offset = current().offset;
  MW_TRY(NodePtr first, sum());
  NodePtr node = make(NodeKind::kCompare, offset);
  while (true) {
    const auto found = std::find_if(std::begin(kRelations), std::end(kRelations),
                                    [&](const auto& entry) { return is_operator(entry.first); });
    if (found != std::end(kRelations)) {
      node->relations.push_back(found->second);
      advance();
    } else if (skip_name("in")) {
      node->relations.push_back(Relation::kIn);
    } else if (is_name("not") && ahead().token == Token::kName && ahead().text == "in") {
      node->relations.push_back(Relation::kNotIn);
      advance();
      advance();
    } else {
      break;
    }
    MW_TRY(NodePtr operand, sum());
    node->children.push_back(std::move(operand));
  }
  if (node->relations.empty()) return first;
  node->children.insert(node->children.begin(), std::move(first));
  return finished(std::move(node));
}

Outcome<NodePtr> Parser::sum() {
  MW_TRY(NodePtr left, concatenation());
  while (is_operator("+") || is_operator("-")) {
    NodePtr node = make(NodeKind::kArithmetic, current().offset);
    node->arithmetic = is_operator("+") ? Arithmetic::kAdd : Arithmetic::kSubtract;
    advance();
    MW_TRY(NodePtr right, concatenation());
    node->children.push_back(std::move(left));
    node->children.push_back(std::move(right));
    MW_TRY(left, finished(std::move(node)));
  }
  return left;
}

Outcome<NodePtr> Parser::concatenation() {
  const std::uint32_t offset = current().offset;
  MW_TRY(NodePtr first, product());
  if (!is_operator("~")) return first;
  NodePtr node = make(NodeKind::kConcat, offset);
  node->children.push_back(std::move(first));
  while (skip_operator("~")) {
    MW_TRY(NodePtr operand, product());
    node->children.push_back(std::move(operand));
  }
  return finished(std::move(node));
}

Outcome<NodePtr> Parser::product() {
  constexpr std::pair<std::string_view, Arithmetic> kOperators[] = {{"*", Arithmetic::kMultiply},
                                                                    {"/", Arithmetic::kDivide},
                                                                    {"//", Arithmetic::kFloorDivide},
                                                                    {"%", Arithmetic::kModulo}};
  MW_TRY(NodePtr left, power());
  while (true) {
    const auto found = std::find_if(std::begin(kOperators), std::end(kOperators),
                                    [&](const auto& entry) { return is_operator(entry.first); });
    if (found == std::end(kOperators)) return left;
    NodePtr node = make(NodeKind::kArithmetic, current().offset);
    node->arithmetic = found->second;
    advance();
    MW_TRY(NodePtr right, power());
    node->children.push_back(std::move(left));
    node->children.push_back(std::move(right));
    MW_TRY(left, finished(std::move(node)));
  }
}

Outcome<NodePtr> Parser::power() {
  MW_TRY(NodePtr left, unary(true));
  while (is_operator("**")) {
    NodePtr node = make(NodeKind::kArithmetic, current().offset);
    node->arithmetic = Arithmetic::kPower;
    advance();
    MW_TRY(NodePtr right, unary(true));
    node->children.push_back(std::move(left));
    node->children.push_back(std::move(right));
    MW_TRY(left, finished(std::move(node)));
  }
  return left;
}

Outcome<NodePtr> Parser::unary(bool with_filter) {
  NodePtr node;
  if (is_operator("-") || is_operator("+")) {
    const Depth guard(depth_);
    if (depth_ > kSourceDepthMax) return limit_error("too many signs").at(current().offset);
    NodePtr sign = make(is_operator("-") ? NodeKind::kNegate : NodeKind::kPositive, current().offset);
    advance();
    MW_TRY(NodePtr operand, unary(false));
    sign->children.push_back(std::move(operand));
    MW_TRY(node, finished(std::move(sign)));
  } else {
    MW_TRY(node, primary());
  }
  MW_TRY(node, postfix(std::move(node)));
  if (!with_filter) return node;
  return filters_and_tests(std::move(node));
}

Outcome<NodePtr> Parser::primary() {
  const Lexeme& token = current();
  NodePtr node = make(NodeKind::kConstant, token.offset);
  switch (token.token) {
    case Token::kName: {
      const std::string& name = token.text;
      if (name == "true" || name == "True") node->constant = true;
      else if (name == "false" || name == "False") node->constant = false;
      else if (name != "none" && name != "None") {
        node->kind = NodeKind::kName;
        node->name = name;
        node->global = tables_.globals->find(name);
        if (node->global == nullptr && name != "self") note_read(name);
        if (name == "ctx" && node->global != nullptr) reads_.whole_context = true;
      }
      advance();
      return node;
    }
    case Token::kString: {
      std::string text;
      while (current().token == Token::kString) {
        text += current().text;
        advance();
      }
      node->constant = Datum(std::string_view(text));
      return node;
    }
    case Token::kInteger: {
      const auto number = parse_py_int(token.text, 0);
      if (!number) return error("the integer has too many digits");
      node->constant = *number;
      advance();
      return node;
    }
    case Token::kFloat:
      node->constant = parse_py_float(token.text).value_or(0);
      advance();
      return node;
    case Token::kOperator:
      if (is_operator("(")) {
        advance();
        MW_TRY(NodePtr inner, tuple(TupleIn::kParentheses, true));
        MW_CHECK(expect_operator(")"));
        return inner;
      }
      if (is_operator("[")) return list_literal();
      if (is_operator("{")) return dict_literal();
      [[fallthrough]];
    default: return error("unexpected '" + describe(token) + "'");
  }
}

bool Parser::at_tuple_end(const Ends& ends) const {
  if (current().token == Token::kVariableEnd || current().token == Token::kBlockEnd || is_operator(")")) return true;
  return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return is_name(end); });
}

Outcome<NodePtr> Parser::tuple(TupleIn where, bool with_conditional, const Ends& ends) {
  NodePtr node = make(NodeKind::kTuple, current().offset);
  bool is_tuple = false;
  while (true) {
    if (!node->children.empty()) MW_CHECK(expect_operator(","));
    if (at_tuple_end(ends)) break;
    if (with_conditional) {
      MW_TRY(NodePtr item, expression());
      node->children.push_back(std::move(item));
    } else {
      MW_TRY(NodePtr item, disjunction());
      node->children.push_back(std::move(item));
    }
    if (!is_operator(",")) break;
    is_tuple = true;
  }
  if (!is_tuple) {
    if (!node->children.empty()) return std::move(node->children.front());
    if (where == TupleIn::kStatement) return error("Expected an expression, got '" + describe(current()) + "'");
  }
  return finished(std::move(node));
}

Outcome<NodePtr> Parser::list_literal() {
  NodePtr node = make(NodeKind::kList, current().offset);
  MW_CHECK(expect_operator("["));
  while (!is_operator("]")) {
    if (!node->children.empty()) MW_CHECK(expect_operator(","));
    if (is_operator("]")) break;
    MW_TRY(NodePtr item, expression());
    node->children.push_back(std::move(item));
  }
  MW_CHECK(expect_operator("]"));
  return finished(std::move(node));
}

Outcome<NodePtr> Parser::dict_literal() {
  NodePtr node = make(NodeKind::kDict, current().offset);
  MW_CHECK(expect_operator("{"));
  while (!is_operator("}")) {
    if (!node->children.empty()) MW_CHECK(expect_operator(","));
    if (is_operator("}")) break;
    MW_TRY(NodePtr key, expression());
    MW_CHECK(expect_operator(":"));
    MW_TRY(NodePtr value, expression());
    node->children.push_back(std::move(key));
    node->children.push_back(std::move(value));
  }
  MW_CHECK(expect_operator("}"));
  return finished(std::move(node));
}

void Parser::note_read(const std::string& name) {
  Names& here = names_.back();
  if (here.declared.contains(name)) return;
  if (names_.size() == 1 || here.isolated) reads_.roots.push_back(name);
  else names_[names_.size() - 2].read_within.insert(name);
}

void Parser::close_scope() {
  const Names closed = std::move(names_.back());
  names_.pop_back();
  for (const std::string& name : closed.read_within) {
    if (closed.declared.contains(name)) continue;
    if (closed.isolated) reads_.roots.push_back(name);
    else names_.back().read_within.insert(name);
  }
}

void Parser::declare(const Target& target) {
  if (!target.parts.empty()) {
    for (const Target& part : target.parts) declare(part);
  } else if (target.attribute.empty()) {
    declare(target.name);
  }
}

}  // namespace midwatch::jinja
