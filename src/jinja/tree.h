// jinja/tree.h — the compiled form: expressions and statements with names resolved to functions.
//
// Built by the parser, never changed afterwards. Nodes hold what evaluation needs: constants folded,
// filters and tests as pointers into the tables.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "expr/function_table.h"
#include "expr/python_ops.h"
#include "jinja/template.h"

namespace midwatch::jinja {

struct Node;
using NodePtr = std::unique_ptr<Node>;

enum class NodeKind : std::uint8_t {
  kConstant,
  kName,
  kList,
  kTuple,
  kDict,
  kAttribute,
  kItem,
  kSlice,
  kCall,
  kFilter,
  kTest,
  kNot,
  kAnd,
  kOr,
  kNegate,
  kPositive,
  kArithmetic,
  kConcat,
  kCompare,
  kConditional,
};

enum class Relation : std::uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIn, kNotIn };

struct Arguments {
  std::vector<NodePtr> positional;
  std::vector<std::pair<std::string, NodePtr>> named;
  NodePtr rest;        // *args
  NodePtr rest_named;  // **kwargs
};

struct Node {
  NodeKind kind;
  std::uint32_t offset;
  std::string name{};  // variable, attribute, filter or test
  Datum constant{};
  std::vector<NodePtr> children{};  // operands; key, value, key, value of a mapping
  Arguments arguments{};
  std::vector<Relation> relations{};
  Arithmetic arithmetic = Arithmetic::kAdd;
  const Function* function = nullptr;  // filter or test; the method of a mapping that hides the member `name`
  const Function* global = nullptr;    // of a name that is also a global
  std::uint32_t depth = 1;             // of the tree below
  bool changes = false;                // an attribute that is a method which changes a list or a mapping

  Node(NodeKind k, std::uint32_t at) : kind(k), offset(at) {}
};

enum class StatementKind : std::uint8_t {
  kData,
  kPrint,
  kIf,
  kFor,
  kSet,
  kSetBlock,
  kWith,
  kMacro,
  kCallBlock,
  kFilterBlock,
  kNamedBlock,
  kAutoescape,
  kLoader,
};

// What an assignment writes to: a name, an attribute of a namespace, or several targets.
struct Target {
  std::string name;
  std::string attribute;  // of the namespace `name`
  std::vector<Target> parts;
};

struct Statement;
struct Block {
  std::vector<Statement> statements;
};

struct MacroParameters {
  std::vector<std::string> names;
  std::vector<NodePtr> defaults;  // of the last parameters
};

struct Statement {
  StatementKind kind;
  std::uint32_t offset = 0;
  std::string text{};  // data; name of a macro
  std::vector<NodePtr> expressions{};
  std::vector<Target> targets{};
  std::vector<Block> blocks{};  // body, then else; branches of an if
  MacroParameters macro{};
  bool recursive = false;  // of a loop
  bool scoped = false;     // of a named block: sees the variables around it
  bool required = false;   // of a named block: must be replaced, which nothing here can do
  bool chooses = false;    // of a loader tag: the name may be a list (include)
};

struct Tables {
  const FunctionTable* filters;
  const FunctionTable* tests;
  const FunctionTable* globals;
};
[[nodiscard]] const Tables& tables(Dialect dialect);

// ---- parser
struct ParsedTemplate {
  Block root;
  Reads reads;
};
[[nodiscard]] Outcome<ParsedTemplate> parse_template(std::string_view source, Dialect dialect);
[[nodiscard]] Outcome<NodePtr> parse_expression_text(std::string_view source, Dialect dialect, Reads& reads);

}  // namespace midwatch::jinja
