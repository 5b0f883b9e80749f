// jinja/parser.h — tokens to the tree (internal to the module).
//
// Recursive descent after Jinja's own grammar; depth is bounded by kSourceDepthMax, both of the text
// and of the tree (a long chain of operators is a deep tree).
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "jinja/lexer.h"
#include "jinja/tree.h"

namespace midwatch::jinja {

class Parser {
 public:
  Parser(std::vector<Lexeme> tokens, Dialect dialect);

  Outcome<Block> parse_template();
  Outcome<NodePtr> parse_whole_expression();
  Reads take_reads();

 private:
  enum class TupleIn : std::uint8_t { kStatement, kParentheses };
  using Ends = std::vector<std::string_view>;

  // ---- tokens
  [[nodiscard]] const Lexeme& current() const { return tokens_[at_]; }
  [[nodiscard]] const Lexeme& ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  [[nodiscard]] bool is_operator(std::string_view text) const;
  [[nodiscard]] bool is_name(std::string_view text) const;
  bool skip_operator(std::string_view text);
  bool skip_name(std::string_view text);
  void advance() {
    if (at_ + 1 < tokens_.size()) ++at_;
  }
  [[nodiscard]] Failure error(std::string message) const;
  [[nodiscard]] Failure expected(std::string_view what) const;
  Outcome<void> expect_operator(std::string_view text);
  Outcome<std::string> expect_name();

  // ---- expressions, loosest binding first
  Outcome<NodePtr> expression();
  Outcome<NodePtr> conditional();
  Outcome<NodePtr> disjunction();
  Outcome<NodePtr> conjunction();
  Outcome<NodePtr> negation();
  Outcome<NodePtr> comparison();
  Outcome<NodePtr> sum();
  Outcome<NodePtr> concatenation();
  Outcome<NodePtr> product();
  Outcome<NodePtr> power();
  Outcome<NodePtr> unary(bool with_filter);
  Outcome<NodePtr> primary();
  Outcome<NodePtr> postfix(NodePtr node);
  Outcome<NodePtr> filters_and_tests(NodePtr node);
  Outcome<NodePtr> one_filter(NodePtr node);
  Outcome<NodePtr> one_test(NodePtr node);
  Outcome<NodePtr> subscript(NodePtr node);
  Outcome<NodePtr> subscript_index();
  Outcome<NodePtr> call(NodePtr node);
  Outcome<Arguments> call_arguments();
  Outcome<NodePtr> list_literal();
  Outcome<NodePtr> dict_literal();
  Outcome<NodePtr> tuple(TupleIn where, bool with_conditional, const Ends& ends = {});
  [[nodiscard]] bool at_tuple_end(const Ends& ends) const;
  Outcome<NodePtr> finished(NodePtr node);
  static NodePtr make(NodeKind kind, std::uint32_t offset) { return std::make_unique<Node>(kind, offset); }
  void note_call(const Node& node);

  // ---- statements
  Outcome<void> body_until(Block& block, const Ends& ends);
  Outcome<void> statement(Block& block);
  [[nodiscard]] Failure no_such_tag(std::string message, std::string_view tag) const;
  Outcome<Statement> if_statement();
  Outcome<Statement> for_statement();
  Outcome<Statement> set_statement();
  Outcome<Statement> with_statement();
  Outcome<Statement> macro_statement();
  Outcome<Statement> call_block();
  Outcome<Statement> filter_block();
  Outcome<Statement> named_block();
  Outcome<Statement> autoescape();
  Outcome<Statement> include_statement();
  Outcome<Statement> extends_statement();
  Outcome<Statement> import_statement();
  Outcome<Statement> from_statement();
  void skip_context_choice();
  Outcome<MacroParameters> macro_parameters();
  Outcome<Target> assign_target(bool tuple_allowed, const Ends& ends = {});
  Outcome<Target> one_target();
  Outcome<void> end_block();
  Outcome<void> scoped_body(Block& block, const Ends& ends);

  // ---- names
  // The names of one scope. A read in a scope within finds whatever the scope around it sets, even later, as the
  // closures of the reference do; a read in the scope itself finds what was set before it.
  struct Names {
    std::set<std::string> declared;
    std::set<std::string> read_within;  // not declared where they were read
    bool isolated = false;              // a named block: sees nothing of what is around it
  };
  void declare(const Target& target);
  void declare(const std::string& name) { names_.back().declared.insert(name); }
  void note_read(const std::string& name);
  void open_scope(std::set<std::string> declared = {}) { names_.push_back({std::move(declared), {}, false}); }
  void close_scope();
  Outcome<void> branch_body(Block& block, const Ends& ends, std::set<std::string>& stored);

  struct Depth {
    explicit Depth(std::uint32_t& d) : depth(d) { ++depth; }
    ~Depth() { --depth; }
    std::uint32_t& depth;
  };

  std::vector<Lexeme> tokens_;
  std::size_t at_ = 0;
  const Tables& tables_;
  std::uint32_t depth_ = 0;
  std::vector<Names> names_{1};
  Reads reads_;
  std::set<std::string> blocks_;
  int inner_scopes_ = 0;  // loops, macros, blocks … around: `extends` may not stand there
  std::vector<std::string> open_tags_;
  std::vector<Ends> looking_for_;  // of each body that is being read
};

}  // namespace midwatch::jinja
