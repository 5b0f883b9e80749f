// yaql/runtime.h — evaluation: frames, lambdas, overloads by type (internal to the module).
//
// A library function is one row of a table: name, form, parameters with their types, and the native
// function. Rows of one name are overloads: the first whose parameters accept the arguments is called.
//
//   {"where", Form::kMethod, "iter, lambda", &where}
//
// Parameter: TYPE[ name][=]; "=" makes it optional, "*TYPE" takes the rest, "**" takes `key => value`
// pairs. Types: any, str, int (booleans too, as in Python), integer (no booleans), num, bool, iter (list, set,
// generator), sized (what len() counts), list, dict, set, coll (iter or dict), lambda (not evaluated), regex, datetime,
// timespan; "?" after a type accepts null too. What no overload can accept, seen from the constants among the
// arguments, is refused before anything is evaluated; then all arguments but lambdas are evaluated in order.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expr/python_ops.h"
#include "yaql/tree.h"

namespace midwatch::yaql {

struct Frame;
using FramePtr = std::shared_ptr<Frame>;

// An argument that is evaluated when it is needed, with `$` and `$1`… set.
struct Lambda {
  const Node* node = nullptr;
  FramePtr frame;
  mutable FramePtr scratch{};  // of the last call, used again when nothing kept it
};

struct Frame {
  explicit Frame(FramePtr outer) : parent(std::move(outer)) {}
  FramePtr parent;
  std::vector<Datum> arguments;                          // of a lambda: `$` and `$1`, `$2`, …
  std::vector<std::pair<std::string, Datum>> variables;  // "" is `$`
  std::vector<std::pair<std::string, Lambda>> functions;

  [[nodiscard]] const Datum* find(const Node& variable) const;
  [[nodiscard]] const Lambda* find_function(std::string_view name) const;
};

// What let(), with(), def() and unpack() give to `->`.
class FrameObject final : public Object {
 public:
  explicit FrameObject(FramePtr f) : Object(Type::kOther), frame(std::move(f)) {}
  [[nodiscard]] std::string type_name() const override { return "Context"; }
  FramePtr frame;
};

enum class Form : std::uint8_t { kFunction, kMethod, kBoth };

struct LibraryCall {
  Evaluation& evaluation;
  const FramePtr& frame;
  std::vector<Datum> args{};                                // by parameter
  std::vector<Lambda> lambdas{};                            // by parameter
  std::vector<bool> given{};                                // by parameter
  std::vector<Datum> rest{};                                // of "*TYPE"
  std::vector<Lambda> lambda_rest{};                        // of "*lambda"
  std::vector<std::pair<const Argument*, Lambda>> pairs{};  // of "**": the rules, not evaluated

  [[nodiscard]] bool has(std::size_t parameter) const { return parameter < given.size() && given[parameter]; }
};
using LibraryFunction = Outcome<Datum> (*)(LibraryCall& call);

struct LibraryEntry {
  std::string_view name;
  Form form;
  std::string_view parameters;
  LibraryFunction function;
};

[[nodiscard]] const OverloadSet* find_overloads(std::string_view name, Form form);
// Whether constants alone decide that no operator of this kind accepts them; null: not a constant.
[[nodiscard]] bool refused_by_constants(Operator op, const Datum* left, const Datum* right);

[[nodiscard]] Outcome<Datum> evaluate(Evaluation& evaluation, const Node& node, const FramePtr& frame);
// Calls a lambda with `$` = `$1` = the first argument, `$2` = the second, ….
[[nodiscard]] Outcome<Datum> invoke(Evaluation& evaluation, const Lambda& lambda, std::vector<Datum> arguments);
[[nodiscard]] Outcome<Datum> invoke(Evaluation& evaluation, const Lambda& lambda, const Datum& item);
[[nodiscard]] Outcome<bool> holds(Evaluation& evaluation, const Lambda& lambda, const Datum& item);
// A function called by its name with ready arguments (call()).
[[nodiscard]] Outcome<Datum> call_by_name(LibraryCall& call, std::string_view name, std::vector<Datum> positional,
                                          std::vector<std::pair<std::string, Datum>> named);

[[nodiscard]] Outcome<Datum> binary(Evaluation& evaluation, Operator op, const Datum& a, const Datum& b);
[[nodiscard]] Outcome<Datum> unary(Operator op, const Datum& operand);
[[nodiscard]] Outcome<Datum> attribute(Evaluation& evaluation, const Datum& object, const std::string& name);
[[nodiscard]] Outcome<Datum> index(Evaluation& evaluation, const Node& node, const Datum& object,
                                   const FramePtr& frame);

// str() as YAQL has it: true, null; lists print as tuples inside.
[[nodiscard]] Outcome<std::string> yaql_text(Evaluation& evaluation, const Datum& datum);
[[nodiscard]] Failure no_matching(std::string_view name, Form form);
[[nodiscard]] Failure key_error(std::string key);

// item in container
[[nodiscard]] Outcome<bool> contains_item(Evaluation& evaluation, const Datum& container, const Datum& item);
// Comparison with null lowest. Fails for values without an order.
[[nodiscard]] Outcome<bool> less(Evaluation& evaluation, const Datum& a, const Datum& b);

// A generator whose next item a function computes.
class Lazy final : public IteratorObject {
 public:
  using Step = std::function<Outcome<bool>(Evaluation&, Datum&)>;
  explicit Lazy(Step step) : step_(std::move(step)) {}
  Outcome<bool> next(Evaluation& evaluation, Datum& out) override { return step_(evaluation, out); }

 private:
  Step step_;
};
[[nodiscard]] inline Datum make_lazy(Lazy::Step step) { return std::make_shared<Lazy>(std::move(step)); }

// What can be gone over more than once and is no list: keys(), values() and items() of a mapping, an ordering,
// a memorized generator.
class Collection : public IteratorObject {
 public:
  enum class Kind : std::uint8_t {
    kSetView,   // Python takes it for a set
    kView,      // neither a set nor an iterator
    kMemorized  // an iterator
  };
  explicit Collection(Kind k) : kind(k) {}
  const Kind kind;
};
// A generator proper: what len() counts by running it and list() takes apart.
[[nodiscard]] bool is_iterator(const Datum& datum);
// A list, a set, a generator; no text, no mapping.
[[nodiscard]] bool is_iterable_value(const Datum& datum);
// The same as often as it is asked; lists and sets are that already.
[[nodiscard]] Datum memorized(const Datum& datum);
// `int` parameters take booleans.
[[nodiscard]] std::int64_t int_value(const Datum& datum, std::int64_t fallback);

using Entries = std::span<const LibraryEntry>;
[[nodiscard]] Entries branch_entries();
[[nodiscard]] Entries collection_entries();
[[nodiscard]] Entries query_entries();
[[nodiscard]] Entries query_edit_entries();
[[nodiscard]] Entries query_order_entries();
[[nodiscard]] Entries text_entries();
[[nodiscard]] Entries math_entries();
[[nodiscard]] Entries regex_entries();
[[nodiscard]] Entries time_entries();

}  // namespace midwatch::yaql
