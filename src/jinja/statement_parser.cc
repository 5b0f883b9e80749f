#include <algorithm>
#include <optional>
#include <utility>

#include "expr/python_text.h"
#include "jinja/parser.h"

namespace midwatch::jinja {

Outcome<Block> Parser::parse_template() {
  Block root;
  MW_CHECK(body_until(root, {}));
  return root;
}

Outcome<void> Parser::end_block() {
  if (current().token != Token::kBlockEnd) return expected("end of statement block");
  advance();
  return {};
}

// What Jinja says when it finds `tag`, or the end ("" for it), where it looks for other tags.
Failure Parser::no_such_tag(std::string message, std::string_view tag) const {
  const auto is_looked_for = [&](const Ends& ends) { return std::ranges::find(ends, tag) != ends.end(); };
  if (!looking_for_.empty() && !looking_for_.back().empty()) {
    const bool nested = !tag.empty() && std::ranges::any_of(looking_for_, is_looked_for);
    message += nested ? " You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for "
                      : " Jinja was looking for the following tags: ";
    std::string_view separator;
    for (const std::string_view end : looking_for_.back()) {
      message += std::string(separator) + "'" + std::string(end) + "'";
      separator = " or ";
    }
    message += ".";
  }
  if (!open_tags_.empty()) {
    message += " The innermost block that needs to be closed is '" + open_tags_.back() + "'.";
  }
  return error(std::move(message));
}

// Reads statements until a block tag named in `ends`, which stays current (its name, not the "{%").
Outcome<void> Parser::body_until(Block& block, const Ends& ends) {
  const Depth guard(depth_);
  if (depth_ > kSourceDepthMax) {
    return limit_error("the template is nested more than " + std::to_string(kSourceDepthMax) + " levels")
        .at(current().offset);
  }
  looking_for_.push_back(ends);
  while (true) {
    const Lexeme& token = current();
    if (token.token == Token::kEnd) {
      if (!ends.empty()) return no_such_tag("Unexpected end of template.", "");
      looking_for_.pop_back();
      return {};
    }
    if (token.token == Token::kData) {
      Statement data{.kind = StatementKind::kData, .offset = token.offset, .text = token.text};
      block.statements.push_back(std::move(data));
      advance();
    } else if (token.token == Token::kVariableBegin) {
      Statement print{.kind = StatementKind::kPrint, .offset = token.offset};
      advance();
      MW_TRY(NodePtr node, tuple(TupleIn::kStatement, true));
      print.expressions.push_back(std::move(node));
      if (current().token != Token::kVariableEnd) return expected("end of print statement");
      advance();
      block.statements.push_back(std::move(print));
    } else {
      advance();  // "{%"
      if (current().token != Token::kName) return error("tag name expected");
      if (std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return is_name(end); })) {
        looking_for_.pop_back();
        return {};
      }
      MW_CHECK(statement(block));
    }
  }
}

Outcome<void> Parser::scoped_body(Block& block, const Ends& ends) {
  open_scope();
  ++inner_scopes_;
  auto done = body_until(block, ends);
  --inner_scopes_;
  close_scope();
  return done;
}

// A branch of an if sets names of the scope around it, but the other branches do not see them.
Outcome<void> Parser::branch_body(Block& block, const Ends& ends, std::set<std::string>& stored) {
  const std::set<std::string> before = names_.back().declared;
  auto done = body_until(block, ends);
  std::set<std::string> after = std::exchange(names_.back().declared, before);
  for (const std::string& name : after) {
    if (!before.contains(name)) stored.insert(name);
  }
  return done;
}

Outcome<void> Parser::statement(Block& block) {
  using Parse = Outcome<Statement> (Parser::*)();
  constexpr std::pair<std::string_view, Parse> kTags[] = {
      {"if", &Parser::if_statement},           {"for", &Parser::for_statement},
      {"set", &Parser::set_statement},         {"with", &Parser::with_statement},
      {"macro", &Parser::macro_statement},     {"call", &Parser::call_block},
      {"filter", &Parser::filter_block},       {"block", &Parser::named_block},
      {"autoescape", &Parser::autoescape},     {"include", &Parser::include_statement},
      {"extends", &Parser::extends_statement}, {"import", &Parser::import_statement},
      {"from", &Parser::from_statement},       {"print", nullptr},
  };
  const auto found =
      std::find_if(std::begin(kTags), std::end(kTags), [&](const auto& tag) { return is_name(tag.first); });
  if (found == std::end(kTags)) {
    return no_such_tag("Encountered unknown tag '" + current().text + "'.", current().text);
  }
  if (found->second != nullptr) {
    open_tags_.emplace_back(found->first);
    MW_TRY(Statement parsed, (this->*found->second)());
    open_tags_.pop_back();
    block.statements.push_back(std::move(parsed));
    return end_block();
  }
  advance();
  while (current().token != Token::kBlockEnd) {
    Statement print{.kind = StatementKind::kPrint, .offset = current().offset};
    MW_TRY(NodePtr node, expression());
    print.expressions.push_back(std::move(node));
    block.statements.push_back(std::move(print));
    if (!skip_operator(",")) break;
  }
  return end_block();
}

Outcome<Statement> Parser::if_statement() {
  Statement out{.kind = StatementKind::kIf, .offset = current().offset};
  advance();
  std::set<std::string> stored;
  while (true) {
    MW_TRY(NodePtr test, tuple(TupleIn::kStatement, false));
    out.expressions.push_back(std::move(test));
    MW_CHECK(end_block());
    out.blocks.emplace_back();
    MW_CHECK(branch_body(out.blocks.back(), {"elif", "else", "endif"}, stored));
    if (skip_name("elif")) continue;
    if (skip_name("else")) {
      MW_CHECK(end_block());
      out.blocks.emplace_back();
      MW_CHECK(branch_body(out.blocks.back(), {"endif"}, stored));
    }
    advance();  // endif
    // What only a branch sets is looked up in the context when that branch was not taken.
    for (const std::string& name : stored) {
      if (tables_.globals->find(name) == nullptr) note_read(name);
      declare(name);
    }
    return out;
  }
}

Outcome<Target> Parser::one_target() {
  Target target;
  if (is_operator("(")) {
    advance();
    MW_TRY(target, assign_target(true));
    MW_CHECK(expect_operator(")"));
    return target;
  }
  MW_TRY(target.name, expect_name());
  constexpr std::string_view kReserved[] = {"true", "false", "none", "True", "False", "None"};
  if (std::find(std::begin(kReserved), std::end(kReserved), target.name) != std::end(kReserved)) {
    return error("can't assign to '" + target.name + "'");
  }
  return target;
}

Outcome<Target> Parser::assign_target(bool tuple_allowed, const Ends& ends) {
  MW_TRY(Target first, one_target());
  if (!tuple_allowed || !is_operator(",")) return first;
  Target several;
  several.parts.push_back(std::move(first));
  while (skip_operator(",")) {
    if (at_tuple_end(ends) || is_operator("=")) break;
    MW_TRY(Target next, one_target());
    several.parts.push_back(std::move(next));
  }
  return several;
}

namespace {

bool names(const Target& target, std::string_view name) {
  if (target.parts.empty()) return target.attribute.empty() && target.name == name;
  return std::any_of(target.parts.begin(), target.parts.end(), [&](const Target& part) { return names(part, name); });
}

}  // namespace

Outcome<Statement> Parser::for_statement() {
  Statement out{.kind = StatementKind::kFor, .offset = current().offset};
  advance();
  MW_TRY(Target target, assign_target(true, {"in"}));
  if (!skip_name("in")) return expected("in");
  MW_TRY(NodePtr items, tuple(TupleIn::kStatement, false, {"recursive", "if"}));
  out.expressions.push_back(std::move(items));
  if (names(target, "loop")) return error("Can't assign to special loop variable in for-loop target");
  open_scope();
  ++inner_scopes_;
  declare(target);
  if (skip_name("if")) {
    MW_TRY(NodePtr filter, expression());
    out.expressions.push_back(std::move(filter));
  }
  out.recursive = skip_name("recursive");
  out.targets.push_back(std::move(target));
  MW_CHECK(end_block());
  declare("loop");
  out.blocks.emplace_back();
  MW_CHECK(body_until(out.blocks.back(), {"endfor", "else"}));
  --inner_scopes_;
  close_scope();
  if (skip_name("else")) {
    MW_CHECK(end_block());
    out.blocks.emplace_back();
    MW_CHECK(scoped_body(out.blocks.back(), {"endfor"}));
  }
  advance();  // endfor
  return out;
}

Outcome<Statement> Parser::set_statement() {
  Statement out{.kind = StatementKind::kSet, .offset = current().offset};
  advance();
  Target target;
  if (current().token == Token::kName && ahead().token == Token::kOperator && ahead().text == ".") {
    MW_TRY(target.name, expect_name());
    advance();
    MW_TRY(target.attribute, expect_name());
    note_read(target.name);
  } else {
    MW_TRY(target, assign_target(true));
  }
  if (skip_operator("=")) {
    MW_TRY(NodePtr value, tuple(TupleIn::kStatement, true));
    out.expressions.push_back(std::move(value));
    declare(target);
    out.targets.push_back(std::move(target));
    return out;
  }
  out.kind = StatementKind::kSetBlock;
  NodePtr filtered = make(NodeKind::kName, out.offset);  // stands for the text of the block
  filtered->name = "";
  while (skip_operator("|")) {
    MW_TRY(filtered, one_filter(std::move(filtered)));
  }
  out.expressions.push_back(std::move(filtered));
  MW_CHECK(end_block());
  out.blocks.emplace_back();
  MW_CHECK(scoped_body(out.blocks.back(), {"endset"}));
  advance();
  declare(target);
  out.targets.push_back(std::move(target));
  return out;
}

Outcome<Statement> Parser::with_statement() {
  Statement out{.kind = StatementKind::kWith, .offset = current().offset};
  advance();
  std::vector<Target> targets;
  while (current().token != Token::kBlockEnd) {
    if (!targets.empty()) MW_CHECK(expect_operator(","));
    MW_TRY(Target target, one_target());
    MW_CHECK(expect_operator("="));
    MW_TRY(NodePtr value, expression());
    targets.push_back(std::move(target));
    out.expressions.push_back(std::move(value));
  }
  MW_CHECK(end_block());
  open_scope();
  ++inner_scopes_;
  for (const Target& target : targets) declare(target);
  out.targets = std::move(targets);
  out.blocks.emplace_back();
  MW_CHECK(body_until(out.blocks.back(), {"endwith"}));
  --inner_scopes_;
  close_scope();
  advance();
  return out;
}

Outcome<MacroParameters> Parser::macro_parameters() {
  MacroParameters out;
  MW_CHECK(expect_operator("("));
  while (!is_operator(")")) {
    if (!out.names.empty()) MW_CHECK(expect_operator(","));
    MW_TRY(Target parameter, one_target());
    if (!parameter.parts.empty()) return error("a parameter must be a name");
    if (std::find(out.names.begin(), out.names.end(), parameter.name) != out.names.end()) {
      return error("duplicate argument '" + parameter.name + "' in function definition");
    }
    declare(parameter.name);
    out.names.push_back(std::move(parameter.name));
    if (skip_operator("=")) {
      MW_TRY(NodePtr value, expression());
      out.defaults.push_back(std::move(value));
    } else if (out.names.back() == "caller") {
      return error(
          "When defining macros or call blocks the special \"caller\" argument must be omitted or be given a default.");
    } else if (!out.defaults.empty()) {
      return error("non-default argument follows default argument");
    }
  }
  MW_CHECK(expect_operator(")"));
  return out;
}

Outcome<Statement> Parser::macro_statement() {
  Statement out{.kind = StatementKind::kMacro, .offset = current().offset};
  advance();
  MW_TRY(Target name, one_target());
  out.text = name.name;
  declare(out.text);
  open_scope({"varargs", "kwargs", "caller"});
  ++inner_scopes_;
  MW_TRY(out.macro, macro_parameters());
  MW_CHECK(end_block());
  out.blocks.emplace_back();
  MW_CHECK(body_until(out.blocks.back(), {"endmacro"}));
  --inner_scopes_;
  close_scope();
  advance();
  return out;
}

Outcome<Statement> Parser::call_block() {
  Statement out{.kind = StatementKind::kCallBlock, .offset = current().offset};
  advance();
  open_scope();
  if (is_operator("(")) {
    MW_TRY(out.macro, macro_parameters());
  }
  // What is called is evaluated outside: the parameters are not names of its scope.
  Names inside = std::move(names_.back());
  names_.pop_back();
  MW_TRY(NodePtr called, expression());
  if (called->kind != NodeKind::kCall) return error("expected call");
  out.expressions.push_back(std::move(called));
  MW_CHECK(end_block());
  inside.declared.insert({"varargs", "kwargs", "caller"});
  names_.push_back(std::move(inside));
  ++inner_scopes_;
  out.blocks.emplace_back();
  MW_CHECK(body_until(out.blocks.back(), {"endcall"}));
  --inner_scopes_;
  close_scope();
  advance();
  return out;
}

Outcome<Statement> Parser::filter_block() {
  Statement out{.kind = StatementKind::kFilterBlock, .offset = current().offset};
  advance();
  NodePtr filtered = make(NodeKind::kName, out.offset);
  do {
    MW_TRY(filtered, one_filter(std::move(filtered)));
  } while (skip_operator("|"));
  out.expressions.push_back(std::move(filtered));
  MW_CHECK(end_block());
  out.blocks.emplace_back();
  MW_CHECK(scoped_body(out.blocks.back(), {"endfilter"}));
  advance();
  return out;
}

namespace {

// Whether there is anything but white space.
bool shows_something(const Block& block) {
  return std::any_of(block.statements.begin(), block.statements.end(), [](const Statement& one) {
    return one.kind != StatementKind::kData || !strip_space(one.text).empty();
  });
}

}  // namespace

Outcome<Statement> Parser::named_block() {
  Statement out{.kind = StatementKind::kNamedBlock, .offset = current().offset};
  advance();
  MW_TRY(out.text, expect_name());
  if (!blocks_.insert(out.text).second) return error("block '" + out.text + "' defined twice");
  out.scoped = skip_name("scoped");
  out.required = skip_name("required");
  if (is_operator("-"))
    return error(
        "Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use an underscore "
        "instead.");
  MW_CHECK(end_block());
  out.blocks.emplace_back();
  open_scope({"super"});
  names_.back().isolated = !out.scoped;
  ++inner_scopes_;
  MW_CHECK(body_until(out.blocks.back(), {"endblock"}));
  --inner_scopes_;
  close_scope();
  if (out.required && shows_something(out.blocks.front())) {
    return error("Required blocks can only contain comments or whitespace");
  }
  advance();
  (void)skip_name(out.text);
  return out;
}

Outcome<Statement> Parser::autoescape() {
  Statement out{.kind = StatementKind::kAutoescape, .offset = current().offset};
  advance();
  MW_TRY(NodePtr mode, expression());
  out.expressions.push_back(std::move(mode));
  MW_CHECK(end_block());
  out.blocks.emplace_back();
  MW_CHECK(scoped_body(out.blocks.back(), {"endautoescape"}));
  advance();
  return out;
}

// ---------------------------------------------------------------- tags that need a loader

void Parser::skip_context_choice() {
  if ((is_name("with") || is_name("without")) && ahead().token == Token::kName && ahead().text == "context") {
    advance();
    advance();
  }
}

Outcome<Statement> Parser::include_statement() {
  Statement out{.kind = StatementKind::kLoader, .offset = current().offset, .chooses = true};
  advance();
  MW_TRY(NodePtr name, expression());
  out.expressions.push_back(std::move(name));
  if (is_name("ignore") && ahead().token == Token::kName && ahead().text == "missing") {
    advance();
    advance();
    out.scoped = true;
  }
  skip_context_choice();
  return out;
}

Outcome<Statement> Parser::extends_statement() {
  Statement out{.kind = StatementKind::kLoader, .offset = current().offset};
  if (inner_scopes_ > 0) return error("cannot use extend from a non top-level scope");
  advance();
  MW_TRY(NodePtr name, expression());
  out.expressions.push_back(std::move(name));
  return out;
}

Outcome<Statement> Parser::import_statement() {
  Statement out{.kind = StatementKind::kLoader, .offset = current().offset};
  advance();
  MW_TRY(NodePtr name, expression());
  out.expressions.push_back(std::move(name));
  if (!skip_name("as")) return expected("as");
  MW_TRY(const Target target, one_target());
  declare(target);
  skip_context_choice();
  return out;
}

Outcome<Statement> Parser::from_statement() {
  Statement out{.kind = StatementKind::kLoader, .offset = current().offset};
  advance();
  MW_TRY(NodePtr name, expression());
  out.expressions.push_back(std::move(name));
  if (!skip_name("import")) return expected("import");
  for (bool first = true;; first = false) {
    if (!first) MW_CHECK(expect_operator(","));
    if (current().token != Token::kName) return expected("name");
    if (!first && (is_name("with") || is_name("without")) && ahead().text == "context") break;
    MW_TRY(Target target, one_target());
    if (target.name.starts_with("_")) return error("names starting with an underline can not be imported");
    if (skip_name("as")) {
      MW_TRY(target, one_target());
    }
    declare(target);
    if ((is_name("with") || is_name("without")) && ahead().text == "context") break;
    if (!is_operator(",")) break;
  }
  skip_context_choice();
  return out;
}

namespace {

// Jinja reads tokens as it parses: of a mistake of the lexer and one of the parser, it sees what comes first.
template <class T>
Outcome<T> first_mistake(Outcome<T> parsed, std::optional<Failure>& of_lexer) {
  if (!of_lexer) return parsed;
  const bool parser_first = !parsed && parsed.error().diagnostic().offset < of_lexer->diagnostic().offset;
  if (parser_first) return parsed;
  return std::move(*of_lexer);
}

}  // namespace

Outcome<ParsedTemplate> parse_template(std::string_view source, Dialect dialect) {
  MW_TRY(Lexed lexed, lex_template(source));
  Parser parser(std::move(lexed.tokens), dialect);
  MW_TRY(Block root, first_mistake(parser.parse_template(), lexed.failure));
  return ParsedTemplate{std::move(root), parser.take_reads()};
}

Outcome<NodePtr> parse_expression_text(std::string_view source, Dialect dialect, Reads& reads) {
  MW_TRY(Lexed lexed, lex_expression(source));
  Parser parser(std::move(lexed.tokens), dialect);
  MW_TRY(NodePtr node, first_mistake(parser.parse_whole_expression(), lexed.failure));
  reads = parser.take_reads();
  return node;
}

}  // namespace midwatch::jinja
