// yaql/tree.h — tokens and the compiled form of YAQL (internal to the module).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expr/datum.h"
#include "expr/program.h"

namespace midwatch::yaql {

enum class Token : std::uint8_t { kWord, kFunction, kVariable, kNumber, kString, kOperator, kEnd };

struct Lexeme {
  Token token;
  std::uint32_t offset;
  std::string text;  // decoded string; a function without its parenthesis; a variable without its dollar
  Datum number{};
};

inline constexpr std::size_t kTokensMax = 100'000;
[[nodiscard]] Outcome<std::vector<Lexeme>> lex(std::string_view source);

struct OverloadSet;
struct Node;
using NodePtr = std::unique_ptr<Node>;

enum class NodeKind : std::uint8_t {
  kConstant,
  kWord,
  kVariable,
  kList,
  kDict,
  kIndex,
  kFunction,
  kMethod,
  kAttribute,
  kBinary,
  kUnary,
  kAnd,
  kOr,
  kArrow,
};

enum class Operator : std::uint8_t {
  kNone,
  kMatches,
  kNotMatches,
  kMultiply,
  kDivide,
  kModulo,
  kAdd,
  kSubtract,
  kGreater,
  kLess,
  kGreaterEqual,
  kLessEqual,
  kNotEqual,
  kEqual,
  kIn,
  kNot,
  kNegate,
  kPlus,
  kDot,
};
[[nodiscard]] std::string_view symbol(Operator op);

// `value`, or `key => value`.
struct Argument {
  NodePtr key;
  NodePtr value;
};

struct Node {
  NodeKind kind;
  std::uint32_t offset;
  std::uint32_t depth = 1;
  Operator op = Operator::kNone;
  bool null_safe = false;  // `?.`
  bool wrapped = false;    // in parentheses: no constant to what looks at constants
  bool refused = false;    // an operator that no overload gives for the constants here
  int position = -1;       // of the variables `$` (0), `$1` (1), `$2`…
  std::string name{};      // variable, function, method, attribute
  Datum constant{};
  std::vector<NodePtr> children{};  // operands; the receiver first
  std::vector<Argument> arguments{};
  const OverloadSet* overloads = nullptr;  // of a function or method; null: defined by def(), or unknown

  Node(NodeKind k, std::uint32_t at) : kind(k), offset(at) {}
};

// Known before anything is evaluated.
[[nodiscard]] inline bool is_constant(const Node& node) {
  return (node.kind == NodeKind::kConstant || node.kind == NodeKind::kWord) && !node.wrapped;
}

struct Parsed {
  NodePtr root;
  Reads reads;
};
[[nodiscard]] Outcome<Parsed> parse(std::string_view source);

}  // namespace midwatch::yaql
