// jinja/interpreter.h — runs a compiled template or expression (internal to the module).
//
// One Interpreter per evaluation. Frames hold what the template itself set; everything else is asked
// of the evaluation's scope, then of the globals. Frames that a macro can still see are kept until
// the end of the evaluation.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jinja/tree.h"

namespace midwatch::jinja {

struct Frame {
  explicit Frame(Frame* outer) : parent(outer) {}
  std::vector<std::pair<std::string, Datum>> variables;
  Frame* parent;
  bool captured = false;

  void set(const std::string& name, Datum value);
  [[nodiscard]] const Datum* find(std::string_view name) const;  // here and further out
};

// The named blocks of a template, in the order of the source.
using NamedBlocks = std::vector<std::pair<std::string_view, const Statement*>>;

class Interpreter {
 public:
  Interpreter(Evaluation& evaluation, const NamedBlocks* blocks = nullptr) : evaluation_(evaluation), blocks_(blocks) {}

  Outcome<Datum> value(const Node& node);
  Outcome<void> run(const Block& block, std::string& out);

  // A frame for one block; left frames die unless a macro captured them.
  class Scoped {
   public:
    explicit Scoped(Interpreter& interpreter) : Scoped(interpreter, interpreter.frame_) {}
    Scoped(Interpreter& interpreter, Frame* parent);
    ~Scoped();
    Scoped(const Scoped&) = delete;
    Scoped& operator=(const Scoped&) = delete;

   private:
    Interpreter& interpreter_;
    Frame* before_;
    std::unique_ptr<Frame> own_;
  };

  [[nodiscard]] Evaluation& evaluation() { return evaluation_; }
  [[nodiscard]] Frame* frame() { return frame_; }
  Outcome<void> assign(const Target& target, Datum value);
  Outcome<void> loop(const Statement& statement, const Datum& items, std::uint32_t depth, std::string& out);
  // What a block or a macro printed, marked safe where texts are escaped.
  [[nodiscard]] Datum captured_text(std::string text) const;
  // Null when there is no block of that name.
  [[nodiscard]] const Statement* block_named(std::string_view name) const;
  Outcome<void> named_block(const Statement& statement, Frame* around, std::string& out);

 private:
  friend class Scoped;
  Outcome<Datum> name(const Node& node);
  Outcome<Datum> compare(const Node& node);
  Outcome<Datum> concat(const Node& node);
  Outcome<Datum> dict(const Node& node);
  Outcome<Datum> call(const Node& node);
  Outcome<Datum> filter_or_test(const Node& node);
  Outcome<Datum> inner(const Node& node);
  Outcome<Datum> writable(const Node& node);
  Outcome<Datum> attribute(const Node& node);
  Outcome<Datum> item(const Node& node);
  Outcome<void> arguments(const Arguments& source, Call& call);
  Outcome<bool> relation(Relation relation, const Datum& a, const Datum& b);

  Outcome<void> statement(const Statement& statement, std::string& out);
  Outcome<void> branch(const Statement& statement, std::string& out);
  Outcome<void> for_loop(const Statement& statement, std::string& out);
  Outcome<void> set(const Statement& statement, std::string& out);
  Outcome<void> with(const Statement& statement, std::string& out);
  Outcome<void> define_macro(const Statement& statement);
  Outcome<void> call_block(const Statement& statement, std::string& out);
  Outcome<void> filter_block(const Statement& statement, std::string& out);
  Outcome<void> autoescape(const Statement& statement, std::string& out);
  Outcome<void> loader(const Statement& statement);
  Outcome<void> print(const Node& node, std::string& out);
  Outcome<void> append(std::string& out, std::string_view text);
  Outcome<void> append_text(const Datum& datum, std::string& out);
  void capture();
  Datum make_macro(const Statement& statement);

  Evaluation& evaluation_;
  const NamedBlocks* blocks_;
  Frame root_{nullptr};
  Frame* frame_ = &root_;
  std::vector<std::unique_ptr<Frame>> kept_;
  const Datum* block_text_ = nullptr;  // what the nameless name stands for in set and filter blocks
};

// ---- attribute and item access, also for filters
[[nodiscard]] Datum undefined(Evaluation& evaluation, std::string message);
[[nodiscard]] Outcome<Datum> get_attribute(Evaluation& evaluation, const Datum& object, std::string_view name);
[[nodiscard]] Outcome<Datum> get_item(Evaluation& evaluation, const Datum& object, const Datum& key);
[[nodiscard]] Outcome<Datum> call_value(const Datum& callee, Call& call);

}  // namespace midwatch::jinja
