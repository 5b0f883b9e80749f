// What follows an operand: attributes, indexes, calls, filters and tests.
#include <algorithm>

#include "expr/python_methods.h"
#include "expr/python_number.h"
#include "expr/python_text.h"
#include "jinja/parser.h"

namespace midwatch::jinja {

Outcome<NodePtr> Parser::postfix(NodePtr node) {
  while (true) {
    if (is_operator(".") || is_operator("[")) {
      MW_TRY(node, subscript(std::move(node)));
    } else if (is_operator("(")) {
      MW_TRY(node, call(std::move(node)));
    } else {
      return node;
    }
  }
}

Outcome<NodePtr> Parser::filters_and_tests(NodePtr node) {
  while (true) {
    if (skip_operator("|")) {
      MW_TRY(node, one_filter(std::move(node)));
    } else if (is_name("is")) {
      MW_TRY(node, one_test(std::move(node)));
    } else if (is_operator("(")) {
      MW_TRY(node, call(std::move(node)));
    } else {
      return node;
    }
  }
}

Outcome<NodePtr> Parser::one_filter(NodePtr input) {
  NodePtr node = make(NodeKind::kFilter, current().offset);
  MW_TRY(node->name, expect_name());
  while (skip_operator(".")) {
    MW_TRY(const std::string part, expect_name());
    node->name += "." + part;
  }
  if (is_operator("(")) {
    MW_TRY(node->arguments, call_arguments());
  }
  node->children.push_back(std::move(input));
  node->function = tables_.filters->find(node->name);
  if (node->function == nullptr) {
    return Failure(ErrorKind::kSyntax, "TemplateAssertionError", "No filter named " + py_repr_text(node->name) + ".")
        .at(node->offset);
  }
  return finished(std::move(node));
}

Outcome<NodePtr> Parser::one_test(NodePtr input) {
  NodePtr node = make(NodeKind::kTest, current().offset);
  advance();
  const bool negated = skip_name("not");
  MW_TRY(node->name, expect_name());
  while (skip_operator(".")) {
    MW_TRY(const std::string part, expect_name());
    node->name += "." + part;
  }
  node->children.push_back(std::move(input));
  const Token next = current().token;
  const bool opens = is_operator("(") || is_operator("[") || is_operator("{");
  if (is_operator("(")) {
    MW_TRY(node->arguments, call_arguments());
  } else if ((next == Token::kName || next == Token::kString || next == Token::kInteger || next == Token::kFloat ||
              opens) &&
             !is_name("else") && !is_name("or") && !is_name("and")) {
    if (is_name("is")) return error("You cannot chain multiple tests with is");
    MW_TRY(NodePtr argument, primary());
    MW_TRY(argument, postfix(std::move(argument)));
    node->arguments.positional.push_back(std::move(argument));
  }
  node->function = tables_.tests->find(node->name);
  if (node->function == nullptr) {
    return Failure(ErrorKind::kSyntax, "TemplateAssertionError", "No test named " + py_repr_text(node->name) + ".")
        .at(node->offset);
  }
  MW_TRY(node, finished(std::move(node)));
  if (!negated) return node;
  NodePtr no = make(NodeKind::kNot, node->offset);
  no->children.push_back(std::move(node));
  return finished(std::move(no));
}

namespace {

bool changes_container(std::string_view method) {
  constexpr std::string_view kMethods[] = {"append", "clear",   "extend",     "insert", "pop",   "popitem",
                                           "remove", "reverse", "setdefault", "sort",   "update"};
  return std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
}

}  // namespace

Outcome<NodePtr> Parser::subscript(NodePtr object) {
  const std::uint32_t offset = current().offset;
  if (skip_operator(".")) {
    if (current().token == Token::kName) {
      NodePtr node = make(NodeKind::kAttribute, offset);
      node->name = current().text;
      advance();
      node->constant = Datum(std::string_view(node->name));
      node->function = find_method(Type::kDict, node->name);
      node->changes = changes_container(node->name);
      if (object->kind == NodeKind::kCall && object->children[0]->kind == NodeKind::kName &&
          object->children[0]->name == "ctx" && object->arguments.positional.empty()) {
        reads_.context_names.push_back(node->name);
      }
      node->children.push_back(std::move(object));
      return finished(std::move(node));
    }
    if (current().token != Token::kInteger) return expected("name");
    NodePtr node = make(NodeKind::kItem, offset);
    NodePtr index = make(NodeKind::kConstant, current().offset);
    const auto number = parse_py_int(current().text, 0);
    if (!number) return error("the integer has too many digits");
    index->constant = *number;
    advance();
    node->children.push_back(std::move(object));
    node->children.push_back(std::move(index));
    return finished(std::move(node));
  }
  MW_CHECK(expect_operator("["));
  NodePtr node = make(NodeKind::kItem, offset);
  node->children.push_back(std::move(object));
  NodePtr several = make(NodeKind::kTuple, offset);
  while (!is_operator("]")) {
    if (!several->children.empty()) MW_CHECK(expect_operator(","));
    MW_TRY(NodePtr index, subscript_index());
    several->children.push_back(std::move(index));
  }
  MW_CHECK(expect_operator("]"));
  if (several->children.size() == 1) {
    node->children.push_back(std::move(several->children.front()));
  } else {
    MW_TRY(several, finished(std::move(several)));
    node->children.push_back(std::move(several));
  }
  return finished(std::move(node));
}

Outcome<NodePtr> Parser::subscript_index() {
  const std::uint32_t offset = current().offset;
  NodePtr parts[3];
  bool slice = false;
  std::size_t part = 0;
  if (!is_operator(":")) {
    MW_TRY(parts[0], expression());
    if (!is_operator(":")) return std::move(parts[0]);
  }
  while (part < 2 && skip_operator(":")) {
    slice = true;
    ++part;
    if (!is_operator(":") && !is_operator("]") && !is_operator(",")) {
      MW_TRY(parts[part], expression());
    }
  }
  if (!slice) return error("expected a slice");
  NodePtr node = make(NodeKind::kSlice, offset);
  for (NodePtr& bound : parts) {
    node->children.push_back(bound ? std::move(bound) : make(NodeKind::kConstant, offset));
  }
  return finished(std::move(node));
}

void Parser::note_call(const Node& node) {
  const Node& callee = *node.children[0];
  if (callee.kind != NodeKind::kName || callee.name != "ctx" || node.arguments.positional.empty()) return;
  const Node& first = *node.arguments.positional.front();
  if (first.kind == NodeKind::kConstant && first.constant.is_string()) {
    reads_.context_names.emplace_back(first.constant.text());
  }
}

Outcome<NodePtr> Parser::call(NodePtr callee) {
  NodePtr node = make(NodeKind::kCall, current().offset);
  node->children.push_back(std::move(callee));
  MW_TRY(node->arguments, call_arguments());
  note_call(*node);
  return finished(std::move(node));
}

Outcome<Arguments> Parser::call_arguments() {
  Arguments out;
  MW_CHECK(expect_operator("("));
  bool first = true;
  while (!is_operator(")")) {
    if (!first) {
      MW_CHECK(expect_operator(","));
      if (is_operator(")")) break;
    }
    first = false;
    const bool after_named = !out.named.empty() || out.rest_named != nullptr;
    if (is_operator("*")) {
      if (out.rest || out.rest_named) return error("invalid syntax for function call expression");
      advance();
      MW_TRY(out.rest, expression());
    } else if (is_operator("**")) {
      if (out.rest_named) return error("invalid syntax for function call expression");
      advance();
      MW_TRY(out.rest_named, expression());
    } else if (current().token == Token::kName && ahead().token == Token::kOperator && ahead().text == "=") {
      if (out.rest_named) return error("invalid syntax for function call expression");
      std::string name = current().text;
      if (std::any_of(out.named.begin(), out.named.end(), [&](const auto& known) { return known.first == name; })) {
        return error("keyword argument repeated: " + name);
      }
      advance();
      advance();
      MW_TRY(NodePtr value, expression());
      out.named.emplace_back(std::move(name), std::move(value));
    } else {
      if (after_named || out.rest) return error("invalid syntax for function call expression");
      MW_TRY(NodePtr value, expression());
      out.positional.push_back(std::move(value));
    }
  }
  MW_CHECK(expect_operator(")"));
  return out;
}

}  // namespace midwatch::jinja
