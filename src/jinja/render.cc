// The statements of templates.
#include <algorithm>

#include "expr/markup.h"
#include "expr/python_text.h"
#include "jinja/globals.h"
#include "jinja/interpreter.h"

namespace midwatch::jinja {

Interpreter::Scoped::Scoped(Interpreter& interpreter, Frame* parent)
    : interpreter_(interpreter), before_(interpreter.frame_), own_(std::make_unique<Frame>(parent)) {
  interpreter_.frame_ = own_.get();
}

Interpreter::Scoped::~Scoped() {
  if (own_->captured) interpreter_.kept_.push_back(std::move(own_));
  interpreter_.frame_ = before_;
}

void Interpreter::capture() {
  for (Frame* frame = frame_; frame != nullptr && !frame->captured; frame = frame->parent) frame->captured = true;
}

Outcome<void> Interpreter::append(std::string& out, std::string_view text) {
  if (!evaluation_.take_bytes(text.size())) return evaluation_.too_many_bytes();
  out += text;
  return {};
}

Outcome<void> Interpreter::run(const Block& block, std::string& out) {
  const Evaluation::Level level(evaluation_);
  if (!level.ok()) return evaluation_.too_deep();
  for (const Statement& one : block.statements) {
    if (!evaluation_.take_steps()) return evaluation_.too_many_steps();
    auto done = statement(one, out);
    if (!done) return std::move(done).error().at(one.offset);
  }
  return {};
}

Outcome<void> Interpreter::print(const Node& node, std::string& out) {
  MW_TRY(const Datum shown, value(node));
  if (evaluation_.autoescape) {
    MW_TRY(const std::string safe, escaped_text(evaluation_, shown));
    return append(out, safe);
  }
  if (shown.is_plain() && shown.plain().is_string()) return append(out, shown.plain().as_string());
  MW_TRY(const std::string text, py_str(evaluation_, shown));
  return append(out, text);
}

// What filter and call blocks give goes out as it is, and has to be a text.
Outcome<void> Interpreter::append_text(const Datum& datum, std::string& out) {
  MW_CHECK(require_defined(datum));
  if (!datum.is_string()) return type_error("expected str instance, " + type_name(datum) + " found");
  return append(out, datum.text());
}

Outcome<void> Interpreter::statement(const Statement& one, std::string& out) {
  switch (one.kind) {
    case StatementKind::kData: return append(out, one.text);
    case StatementKind::kPrint: return print(*one.expressions.front(), out);
    case StatementKind::kIf: return branch(one, out);
    case StatementKind::kFor: return for_loop(one, out);
    case StatementKind::kSet:
    case StatementKind::kSetBlock: return set(one, out);
    case StatementKind::kWith: return with(one, out);
    case StatementKind::kMacro: return define_macro(one);
    case StatementKind::kCallBlock: return call_block(one, out);
    case StatementKind::kFilterBlock: return filter_block(one, out);
    case StatementKind::kNamedBlock: return named_block(one, one.scoped ? frame_ : &root_, out);
    case StatementKind::kAutoescape: return autoescape(one, out);
    case StatementKind::kLoader: return loader(one);
  }
  return {};
}

Outcome<void> Interpreter::branch(const Statement& one, std::string& out) {
  for (std::size_t i = 0; i < one.expressions.size(); ++i) {
    MW_TRY(const Datum test, value(*one.expressions[i]));
    MW_TRY(const bool truth, py_truth(test));
    if (truth) return run(one.blocks[i], out);
  }
  if (one.blocks.size() > one.expressions.size()) return run(one.blocks.back(), out);
  return {};
}

// A block is a function of its own: it sees what the template itself set, and no loop around it.
Outcome<void> Interpreter::named_block(const Statement& one, Frame* around, std::string& out) {
  if (one.required) {
    return other_error("TemplateRuntimeError", "Required block " + py_repr_text(one.text) + " not found");
  }
  const Scoped scoped(*this, around);
  frame_->set("super", undefined(evaluation_, "there is no parent block called " + py_repr_text(one.text) + "."));
  return run(one.blocks.front(), out);
}

Outcome<void> Interpreter::autoescape(const Statement& one, std::string& out) {
  MW_TRY(const Datum mode, value(*one.expressions.front()));
  MW_TRY(const bool escapes, py_truth(mode));
  const Scoped scoped(*this);
  const bool before = std::exchange(evaluation_.autoescape, escapes);
  auto done = run(one.blocks.front(), out);
  evaluation_.autoescape = before;
  return done;
}

// There is nothing to load from: extends, include and import fail as they do without a loader.
Outcome<void> Interpreter::loader(const Statement& one) {
  MW_TRY(const Datum name, value(*one.expressions.front()));
  if (one.chooses) {
    MW_CHECK(require_defined(name));
    if (name.is_sequence() && sequence_size(name) == 0) {
      // Nothing to choose from is a template that was not found, which may be ignored.
      if (one.scoped) return {};
      return other_error("TemplatesNotFound", "Tried to select from an empty list of templates");
    }
  }
  return type_error("no loader for this environment specified");
}

Datum Interpreter::captured_text(std::string text) const {
  if (evaluation_.autoescape) return std::make_shared<MarkupObject>(std::move(text));
  return Datum(std::string_view(text));
}

const Statement* Interpreter::block_named(std::string_view name) const {
  if (blocks_ == nullptr) return nullptr;
  for (const auto& [known, statement] : *blocks_) {
    if (known == name) return statement;
  }
  return nullptr;
}

namespace {

// self.name: called, it renders the block again.
class BlockReference final : public CallableObject {
 public:
  BlockReference(Interpreter& interpreter, const Statement& block) : interpreter_(interpreter), block_(block) {}
  [[nodiscard]] std::string type_name() const override { return "BlockReference"; }
  Outcome<Datum> call(Call& call) override {
    if (!call.args.empty() || !call.named.empty()) return type_error("a block takes no arguments");
    Frame* outermost = interpreter_.frame();
    while (outermost->parent != nullptr) outermost = outermost->parent;
    std::string text;
    MW_CHECK(interpreter_.named_block(block_, outermost, text));
    return interpreter_.captured_text(std::move(text));
  }

 private:
  Interpreter& interpreter_;
  const Statement& block_;
};

class TemplateReference final : public Object {
 public:
  explicit TemplateReference(Interpreter& interpreter) : Object(Type::kOther), interpreter_(interpreter) {}
  [[nodiscard]] std::string type_name() const override { return "TemplateReference"; }
  [[nodiscard]] std::string text() const override { return "<TemplateReference None>"; }
  Outcome<bool> attribute(Evaluation&, std::string_view name, Datum& out) const override {
    const Statement* block = interpreter_.block_named(name);
    if (block != nullptr) out = std::make_shared<BlockReference>(interpreter_, *block);
    return block != nullptr;
  }

 private:
  Interpreter& interpreter_;
};

}  // namespace

Datum make_template_reference(Interpreter& interpreter) { return std::make_shared<TemplateReference>(interpreter); }

Outcome<void> Interpreter::assign(const Target& target, Datum assigned) {
  if (!target.parts.empty()) {
    MW_TRY(std::vector<Datum> items, py_items(evaluation_, assigned));
    if (items.size() < target.parts.size()) {
      return value_error("not enough values to unpack (expected " + std::to_string(target.parts.size()) + ", got " +
                         std::to_string(items.size()) + ")");
    }
    if (items.size() > target.parts.size()) {
      return value_error("too many values to unpack (expected " + std::to_string(target.parts.size()) + ")");
    }
    for (std::size_t i = 0; i < items.size(); ++i) MW_CHECK(assign(target.parts[i], std::move(items[i])));
    return {};
  }
  if (target.attribute.empty()) {
    frame_->set(target.name, std::move(assigned));
    return {};
  }
  const Datum* space = frame_->find(target.name);
  auto* names = space == nullptr ? nullptr : space->as<NamespaceObject>();
  if (names == nullptr) {
    return Failure(ErrorKind::kOther, "TemplateRuntimeError", "cannot assign attribute on non-namespace object");
  }
  if (assigned.object() == names) return value_error("a namespace cannot hold itself");
  names->attributes.set(Datum(std::string_view(target.attribute)), std::move(assigned));
  return {};
}

Outcome<void> Interpreter::set(const Statement& one, std::string&) {
  if (one.kind == StatementKind::kSet) {
    MW_TRY(Datum assigned, value(*one.expressions.front()));
    return assign(one.targets.front(), std::move(assigned));
  }
  std::string text;
  {
    const Scoped scoped(*this);
    MW_CHECK(run(one.blocks.front(), text));
  }
  const Datum content = captured_text(std::move(text));
  const Datum* outer = std::exchange(block_text_, &content);
  auto filtered = value(*one.expressions.front());
  block_text_ = outer;
  if (!filtered) return std::move(filtered).error();
  return assign(one.targets.front(), std::move(*filtered));
}

Outcome<void> Interpreter::filter_block(const Statement& one, std::string& out) {
  std::string text;
  {
    const Scoped scoped(*this);
    MW_CHECK(run(one.blocks.front(), text));
  }
  const Datum content = captured_text(std::move(text));
  const Datum* outer = std::exchange(block_text_, &content);
  auto filtered = value(*one.expressions.front());
  block_text_ = outer;
  if (!filtered) return std::move(filtered).error();
  return append_text(*filtered, out);
}

Outcome<void> Interpreter::with(const Statement& one, std::string& out) {
  std::vector<Datum> values;
  for (const NodePtr& node : one.expressions) {
    MW_TRY(Datum assigned, value(*node));
    values.push_back(std::move(assigned));
  }
  const Scoped scoped(*this);
  for (std::size_t i = 0; i < values.size(); ++i) MW_CHECK(assign(one.targets[i], std::move(values[i])));
  return run(one.blocks.front(), out);
}

// ---------------------------------------------------------------- loops

namespace {

class LoopObject final : public CallableObject {
 public:
  LoopObject(Interpreter& interpreter, const Statement& statement, const std::vector<Datum>& items, std::uint32_t depth)
      : interpreter_(interpreter), statement_(statement), items_(items), depth_(depth) {}

  [[nodiscard]] std::string type_name() const override { return "LoopContext"; }
  [[nodiscard]] std::string text() const override {
    return "<LoopContext " + std::to_string(index + 1) + "/" + std::to_string(items_.size()) + ">";
  }
  Outcome<bool> attribute(Evaluation& evaluation, std::string_view name, Datum& out) const override;
  Outcome<Datum> call(Call& call) override {
    if (!statement_.recursive) {
      return type_error("The loop must have the 'recursive' marker to be called recursively.");
    }
    if (call.args.size() != 1) return type_error("loop() takes exactly one argument");
    std::string text;
    MW_CHECK(interpreter_.loop(statement_, call.args.front(), depth_ + 1, text));
    return interpreter_.captured_text(std::move(text));
  }

  std::size_t index = 0;
  std::vector<Datum> changed;
  bool has_changed_value = false;

 private:
  Interpreter& interpreter_;
  const Statement& statement_;
  const std::vector<Datum>& items_;
  std::uint32_t depth_;
};

// loop.cycle(…) and loop.changed(…).
class LoopMethod final : public CallableObject {
 public:
  LoopMethod(std::shared_ptr<LoopObject> loop, bool cycles) : loop_(std::move(loop)), cycles_(cycles) {}
  Outcome<Datum> call(Call& call) override {
    if (cycles_) {
      if (call.args.empty()) return type_error("no items for cycling given");
      return call.args[loop_->index % call.args.size()];
    }
    const bool same = loop_->has_changed_value && equal(make_tuple(loop_->changed), make_tuple(call.args));
    loop_->has_changed_value = true;
    loop_->changed = call.args;
    return Datum(!same);
  }

 private:
  std::shared_ptr<LoopObject> loop_;
  bool cycles_;
};

Outcome<bool> LoopObject::attribute(Evaluation& evaluation, std::string_view name, Datum& out) const {
  const std::size_t size = items_.size();
  if (name == "index") out = index + 1;
  else if (name == "index0") out = index;
  else if (name == "revindex") out = size - index;
  else if (name == "revindex0") out = size - index - 1;
  else if (name == "first") out = index == 0;
  else if (name == "last") out = index + 1 == size;
  else if (name == "length") out = size;
  else if (name == "depth") out = depth_ + 1;
  else if (name == "depth0") out = depth_;
  else if (name == "previtem") out = index > 0 ? items_[index - 1] : undefined(evaluation, "there is no previous item");
  else if (name == "nextitem")
    out = index + 1 < size ? items_[index + 1] : undefined(evaluation, "there is no next item");
  else if (name == "cycle" || name == "changed") {
    auto self = std::const_pointer_cast<Object>(shared_from_this());
    out = std::make_shared<LoopMethod>(std::static_pointer_cast<LoopObject>(self), name == "cycle");
  } else return false;
  return true;
}

}  // namespace

Outcome<void> Interpreter::loop(const Statement& one, const Datum& source, std::uint32_t depth, std::string& out) {
  const Evaluation::Level level(evaluation_);
  if (!level.ok()) return evaluation_.too_deep();
  MW_TRY(std::vector<Datum> items, py_items(evaluation_, source));
  if (one.expressions.size() > 1) {
    std::vector<Datum> kept;
    for (Datum& item : items) {
      const Scoped scoped(*this);
      MW_CHECK(assign(one.targets.front(), item));
      MW_TRY(const Datum test, value(*one.expressions[1]));
      MW_TRY(const bool truth, py_truth(test));
      if (truth) kept.push_back(std::move(item));
    }
    items = std::move(kept);
  }
  if (items.empty()) {
    if (one.blocks.size() < 2) return {};
    const Scoped scoped(*this);
    return run(one.blocks[1], out);
  }
  const auto context = std::make_shared<LoopObject>(*this, one, items, depth);
  for (std::size_t i = 0; i < items.size(); ++i) {
    context->index = i;
    const Scoped scoped(*this);
    frame_->variables.emplace_back("loop", Datum(context));
    MW_CHECK(assign(one.targets.front(), items[i]));
    MW_CHECK(run(one.blocks.front(), out));
  }
  return {};
}

Outcome<void> Interpreter::for_loop(const Statement& one, std::string& out) {
  MW_TRY(const Datum items, value(*one.expressions.front()));
  return loop(one, items, 0, out);
}

// ---------------------------------------------------------------- macros

namespace {

class MacroObject final : public CallableObject {
 public:
  MacroObject(Interpreter& interpreter, const Statement& statement, Frame* home)
      : interpreter_(interpreter), statement_(statement), home_(home), escapes_(interpreter.evaluation().autoescape) {}
  [[nodiscard]] std::string type_name() const override { return "Macro"; }
  [[nodiscard]] std::string text() const override {
    return "<Macro " + (statement_.text.empty() ? "anonymous" : py_repr_text(statement_.text)) + ">";
  }
  Outcome<bool> attribute(Evaluation&, std::string_view name, Datum& out) const override {
    if (name == "name") {
      out = Datum(std::string_view(statement_.text));
      return true;
    }
    constexpr std::pair<std::string_view, std::string_view> kCatches[] = {
        {"catch_varargs", "varargs"}, {"catch_kwargs", "kwargs"}, {"caller", "caller"}};
    for (const auto& [attribute_name, variable] : kCatches) {
      if (attribute_name != name) continue;
      out = Datum(uses(statement_.blocks.front(), variable));
      return true;
    }
    if (name != "arguments") return false;
    std::vector<Datum> names;
    for (const std::string& parameter : statement_.macro.names) names.emplace_back(std::string_view(parameter));
    out = make_tuple(std::move(names));
    return true;
  }

  Outcome<Datum> call(Call& call) override {
    const Interpreter::Scoped scoped(interpreter_, home_);
    // Its body escapes as the place where it stands does; whether its text is safe depends on who calls.
    const bool before = std::exchange(interpreter_.evaluation().autoescape, escapes_);
    std::string text;
    auto done = bind(call);
    if (done) done = interpreter_.run(statement_.blocks.front(), text);
    interpreter_.evaluation().autoescape = before;
    if (!done) return std::move(done).error();
    return interpreter_.captured_text(std::move(text));
  }

 private:
  Outcome<void> bind(Call& call) {
    const MacroParameters& macro = statement_.macro;
    Frame& frame = *interpreter_.frame();
    const std::size_t required = macro.names.size() - macro.defaults.size();
    for (std::size_t i = 0; i < macro.names.size(); ++i) {
      const std::string& name = macro.names[i];
      Datum bound;
      const auto keyword =
          std::find_if(call.named.begin(), call.named.end(), [&](const auto& n) { return n.first == name; });
      if (i < call.args.size()) {
        if (keyword != call.named.end())
          return type_error("macro got multiple values for argument " + py_repr_text(name));
        bound = call.args[i];
      } else if (keyword != call.named.end()) {
        bound = std::move(keyword->second);
        call.named.erase(keyword);
      } else if (i >= required) {
        MW_TRY(bound, interpreter_.value(*macro.defaults[i - required]));
      } else {
        bound = undefined(interpreter_.evaluation(), "parameter " + py_repr_text(name) + " was not provided");
      }
      frame.set(name, std::move(bound));
    }
    return bind_rest(call, frame);
  }

  Outcome<void> bind_rest(Call& call, Frame& frame) {
    const Block& body = statement_.blocks.front();
    const std::vector<std::string>& names = statement_.macro.names;
    const bool is_parameter = std::find(names.begin(), names.end(), "caller") != names.end();
    const bool takes_caller = !is_parameter && uses(body, "caller");
    auto caller = std::find_if(call.named.begin(), call.named.end(), [](const auto& n) { return n.first == "caller"; });
    const bool has_caller = caller != call.named.end();
    if (takes_caller) {
      frame.set("caller",
                has_caller ? std::move(caller->second) : undefined(interpreter_.evaluation(), "No caller defined"));
      if (has_caller) call.named.erase(caller);
    }
    std::vector<Datum> rest;
    for (std::size_t i = statement_.macro.names.size(); i < call.args.size(); ++i) rest.push_back(call.args[i]);
    const bool takes_rest = uses(body, "varargs");
    const bool takes_named = uses(body, "kwargs");
    if (!rest.empty() && !takes_rest) {
      return type_error("macro " + py_repr_text(statement_.text) + " takes not more than " +
                        std::to_string(statement_.macro.names.size()) + " argument(s)");
    }
    if (has_caller && !takes_caller && !is_parameter && !takes_named) {
      return type_error("macro " + py_repr_text(statement_.text) +
                        " was invoked with two values for the special caller argument. This is most likely a bug.");
    }
    if (!call.named.empty() && !takes_named) {
      return type_error("macro " + py_repr_text(statement_.text) + " takes no keyword argument " +
                        py_repr_text(call.named.front().first));
    }
    frame.set("varargs", make_tuple(std::move(rest)));
    auto named = std::make_shared<DictObject>();
    for (auto& [name, value] : call.named) named->set(Datum(std::string_view(name)), std::move(value));
    frame.set("kwargs", Datum(named));
    return {};
  }

  static bool uses(const Node& node, std::string_view name) {
    if (node.kind == NodeKind::kName && node.name == name) return true;
    const auto in = [&](const NodePtr& child) { return child && uses(*child, name); };
    const Arguments& a = node.arguments;
    return std::any_of(node.children.begin(), node.children.end(), in) ||
           std::any_of(a.positional.begin(), a.positional.end(), in) ||
           std::any_of(a.named.begin(), a.named.end(), [&](const auto& n) { return in(n.second); }) || in(a.rest) ||
           in(a.rest_named);
  }
  static bool uses(const Block& block, std::string_view name) {
    for (const Statement& statement : block.statements) {
      for (const NodePtr& node : statement.expressions) {
        if (uses(*node, name)) return true;
      }
      for (const Block& inner : statement.blocks) {
        if (uses(inner, name)) return true;
      }
    }
    return false;
  }

  Interpreter& interpreter_;
  const Statement& statement_;
  Frame* home_;
  bool escapes_;
};

}  // namespace

Datum Interpreter::make_macro(const Statement& one) {
  capture();
  return std::make_shared<MacroObject>(*this, one, frame_);
}

Outcome<void> Interpreter::define_macro(const Statement& one) {
  frame_->set(one.text, make_macro(one));
  return {};
}

Outcome<void> Interpreter::call_block(const Statement& one, std::string& out) {
  const Node& node = *one.expressions.front();
  MW_TRY(const Datum callee, value(*node.children[0]));
  Call call{evaluation_};
  MW_CHECK(arguments(node.arguments, call));
  call.named.emplace_back("caller", make_macro(one));
  MW_TRY(const Datum shown, call_value(callee, call));
  return append_text(shown, out);
}

}  // namespace midwatch::jinja
