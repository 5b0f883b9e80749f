#include "jinja/interpreter.h"

#include "expr/markup.h"
#include "expr/python_methods.h"
#include "expr/python_text.h"
#include "jinja/globals.h"

namespace midwatch::jinja {

void Frame::set(const std::string& name, Datum value) {
  for (auto& [known, old] : variables) {
    if (known == name) {
      old = std::move(value);
      return;
    }
  }
  variables.emplace_back(name, std::move(value));
}

const Datum* Frame::find(std::string_view name) const {
  for (const Frame* frame = this; frame != nullptr; frame = frame->parent) {
    for (const auto& [known, value] : frame->variables) {
      if (known == name) return &value;
    }
  }
  return nullptr;
}

Outcome<Datum> Interpreter::value(const Node& node) {
  // The two commonest nodes need neither a step nor a level.
  if (node.kind == NodeKind::kConstant) return node.constant;
  if (!evaluation_.take_steps()) return evaluation_.too_many_steps();
  if (node.kind == NodeKind::kName) return name(node);
  const Evaluation::Level level(evaluation_);
  if (!level.ok()) return evaluation_.too_deep();
  Outcome<Datum> out = inner(node);
  if (!out) return std::move(out).error().at(node.offset);
  return out;
}

Outcome<Datum> Interpreter::name(const Node& node) {
  if (node.name.empty()) return *block_text_;
  if (const Datum* local = frame_->find(node.name)) return *local;
  if (blocks_ != nullptr && node.name == "self") return make_template_reference(*this);
  if (const Value* variable = evaluation_.scope.find(node.name)) return Datum(*variable);
  if (node.global != nullptr) return Datum(std::make_shared<NativeObject>(*node.global));
  if (auto special = special_variable(evaluation_, node.name)) return std::move(*special);
  return undefined(evaluation_, py_repr_text(node.name) + " is undefined");
}

namespace {

bool is_frozen(const Datum& datum) { return datum.is_plain() && (datum.is_dict() || datum.type() == Type::kList); }

// A copy of a list or a mapping of the context that may be changed; what is in it stays shared.
Outcome<Datum> thawed(Evaluation& evaluation, const Datum& datum) {
  const std::size_t size = datum.is_dict() ? dict_size(datum) : sequence_size(datum);
  if (!evaluation.take_steps(size)) return evaluation.too_many_steps();
  if (!evaluation.take_bytes(size * sizeof(Datum))) return evaluation.too_many_bytes();
  if (datum.is_dict()) {
    auto dict = std::make_shared<DictObject>();
    for (std::size_t i = 0; i < size; ++i) {
      auto [key, member] = dict_entry(datum, i);
      dict->set(std::move(key), std::move(member));
    }
    return Datum(dict);
  }
  std::vector<Datum> items;
  items.reserve(size);
  for (std::size_t i = 0; i < size; ++i) items.push_back(sequence_at(datum, i));
  return make_list(std::move(items));
}

// Puts a thawed part back to where it was read from.
void put_back(const Datum& parent, const Datum& key, const Datum& part) {
  if (auto* dict = parent.as<DictObject>()) {
    dict->set(key, part);
  } else if (auto* list = parent.as<SequenceObject>(); list != nullptr && key.is_int() && key.plain().is_int()) {
    const auto size = static_cast<std::int64_t>(list->items.size());
    const std::int64_t at = key.plain().as_int() < 0 ? key.plain().as_int() + size : key.plain().as_int();
    if (at >= 0 && at < size) list->items[static_cast<std::size_t>(at)] = part;
  }
}

}  // namespace

// The value of what a method is about to change. The context is shared and does not change: a list or a mapping
// that is reached by names from it is copied, once, and the template sees the copy under that name from here on.
Outcome<Datum> Interpreter::writable(const Node& node) {
  const Evaluation::Level level(evaluation_);
  if (!level.ok()) return evaluation_.too_deep();
  if (node.kind == NodeKind::kName) {
    MW_TRY(const Datum found, value(node));
    if (!is_frozen(found)) return found;
    MW_TRY(const Datum copy, thawed(evaluation_, found));
    for (Frame* frame = frame_; frame != nullptr; frame = frame->parent) {
      for (auto& [known, held] : frame->variables) {
        if (known != node.name) continue;
        held = copy;
        return copy;
      }
    }
    root_.set(node.name, copy);
    return copy;
  }
  const bool member = node.kind == NodeKind::kAttribute;
  if (!member && (node.kind != NodeKind::kItem || node.children[1]->kind == NodeKind::kSlice)) return value(node);
  MW_TRY(const Datum parent, writable(*node.children[0]));
  Datum key = node.constant;
  if (!member) {
    MW_TRY(key, value(*node.children[1]));
  }
  MW_TRY(const Datum found,
         member ? get_attribute(evaluation_, parent, node.name) : get_item(evaluation_, parent, key));
  if (!is_frozen(found)) return found;
  MW_TRY(const Datum copy, thawed(evaluation_, found));
  put_back(parent, key, copy);
  return copy;
}

Outcome<Datum> Interpreter::attribute(const Node& node) {
  // A name of the scope is read in place: no copy of what it holds.
  const Node& object_node = *node.children[0];
  if (object_node.kind == NodeKind::kName && frame_->find(object_node.name) == nullptr) {
    const Value* variable = evaluation_.scope.find(object_node.name);
    if (variable != nullptr && variable->is_object() && node.function == nullptr) {
      if (const Value* member = variable->find(node.name)) return Datum(*member);
    }
  }
  MW_TRY(const Datum object, value(object_node));
  if (object.is_plain() && object.plain().is_object() && node.function == nullptr) {
    if (const Value* member = object.plain().find(node.name)) return Datum(*member);
  }
  return get_attribute(evaluation_, object, node.name);
}

Outcome<Datum> Interpreter::item(const Node& node) {
  MW_TRY(const Datum object, value(*node.children[0]));
  const Node& index = *node.children[1];
  if (index.kind != NodeKind::kSlice) {
    MW_TRY(const Datum key, value(index));
    return get_item(evaluation_, object, key);
  }
  MW_TRY(const Datum start, value(*index.children[0]));
  MW_TRY(const Datum stop, value(*index.children[1]));
  MW_TRY(const Datum step, value(*index.children[2]));
  auto sliced = py_slice(evaluation_, object, start, stop, step);
  // The reference folds constants, and there what cannot be sliced is undefined.
  const bool constant = node.children[0]->kind == NodeKind::kConstant;
  if (!sliced && constant && sliced.error().kind() == ErrorKind::kType && !object.is_string()) {
    return undefined(evaluation_, type_name(object) + " object has no element slice");
  }
  return sliced;
}

Outcome<Datum> Interpreter::inner(const Node& node) {
  switch (node.kind) {
    case NodeKind::kAttribute: return attribute(node);
    case NodeKind::kItem: return item(node);
    case NodeKind::kCall: return call(node);
    case NodeKind::kFilter:
    case NodeKind::kTest: return filter_or_test(node);
    case NodeKind::kNot: {
      MW_TRY(const Datum operand, value(*node.children[0]));
      MW_TRY(const bool truth, py_truth(operand));
      return Datum(!truth);
    }
    case NodeKind::kAnd:
    case NodeKind::kOr: {
      MW_TRY(Datum left, value(*node.children[0]));
      MW_TRY(const bool truth, py_truth(left));
      if (truth == (node.kind == NodeKind::kOr)) return left;
      return value(*node.children[1]);
    }
    case NodeKind::kNegate: {
      MW_TRY(const Datum operand, value(*node.children[0]));
      return py_negate(operand);
    }
    case NodeKind::kPositive: {
      MW_TRY(const Datum operand, value(*node.children[0]));
      MW_TRY(const Datum negative, py_negate(operand));
      return py_negate(negative);
    }
    case NodeKind::kArithmetic: {
      MW_TRY(const Datum left, value(*node.children[0]));
      MW_TRY(const Datum right, value(*node.children[1]));
      return py_arithmetic(evaluation_, node.arithmetic, left, right);
    }
    case NodeKind::kConcat: return concat(node);
    case NodeKind::kCompare: return compare(node);
    case NodeKind::kConditional: {
      MW_TRY(const Datum test, value(*node.children[0]));
      MW_TRY(const bool truth, py_truth(test));
      if (truth) return value(*node.children[1]);
      if (node.children.size() > 2) return value(*node.children[2]);
      // Without an else the result prints nothing, even under StrictUndefined.
      return Datum(std::make_shared<UndefinedObject>(
          "the inline if-expression evaluated to false and no else section was defined.",
          UndefinedObject::Mode::kLenient));
    }
    case NodeKind::kList:
    case NodeKind::kTuple: {
      std::vector<Datum> items;
      items.reserve(node.children.size());
      for (const NodePtr& child : node.children) {
        MW_TRY(Datum item, value(*child));
        items.push_back(std::move(item));
      }
      if (node.kind == NodeKind::kTuple) return make_tuple(std::move(items));
      return charged_list(evaluation_, std::move(items));
    }
    case NodeKind::kDict: return dict(node);
    default: return Datum();
  }
}

Outcome<Datum> Interpreter::dict(const Node& node) {
  auto out = std::make_shared<DictObject>();
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    MW_TRY(Datum key, value(*node.children[i]));
    MW_CHECK(require_hashable(key));
    MW_TRY(Datum member, value(*node.children[i + 1]));
    out->set(std::move(key), std::move(member));
  }
  return Datum(out);
}

Outcome<Datum> Interpreter::concat(const Node& node) {
  std::vector<Datum> operands;
  operands.reserve(node.children.size());
  bool safe = false;
  for (const NodePtr& child : node.children) {
    MW_TRY(Datum operand, value(*child));
    safe = safe || (evaluation_.autoescape && is_markup(operand));
    operands.push_back(std::move(operand));
  }
  std::string text;
  for (const Datum& operand : operands) {
    MW_TRY(const std::string part, safe ? escaped_text(evaluation_, operand) : py_str(evaluation_, operand));
    text += part;
    if (text.size() > evaluation_.limits.output_bytes_max) return evaluation_.too_many_bytes();
  }
  if (safe) return make_markup(evaluation_, std::move(text));
  return charged_text(evaluation_, std::move(text));
}

Outcome<bool> Interpreter::relation(Relation relation, const Datum& a, const Datum& b) {
  switch (relation) {
    case Relation::kIn: return py_contains(evaluation_, b, a);
    case Relation::kNotIn: {
      MW_TRY(const bool contains, py_contains(evaluation_, b, a));
      return !contains;
    }
    default: return py_compare(evaluation_, static_cast<Comparison>(relation), a, b);
  }
}

Outcome<Datum> Interpreter::compare(const Node& node) {
  MW_TRY(Datum left, value(*node.children[0]));
  for (std::size_t i = 0; i < node.relations.size(); ++i) {
    MW_TRY(Datum right, value(*node.children[i + 1]));
    MW_TRY(const bool holds, relation(node.relations[i], left, right));
    if (!holds) return Datum(false);
    left = std::move(right);
  }
  return Datum(true);
}

Outcome<void> Interpreter::arguments(const Arguments& source, Call& call) {
  for (const NodePtr& node : source.positional) {
    MW_TRY(Datum argument, value(*node));
    call.args.push_back(std::move(argument));
  }
  for (const auto& [name, node] : source.named) {
    MW_TRY(Datum argument, value(*node));
    call.named.emplace_back(name, std::move(argument));
  }
  if (source.rest) {
    MW_TRY(const Datum rest, value(*source.rest));
    MW_TRY(std::vector<Datum> items, py_items(evaluation_, rest));
    for (Datum& item : items) call.args.push_back(std::move(item));
  }
  if (source.rest_named) {
    MW_TRY(const Datum rest, value(*source.rest_named));
    if (!rest.is_dict()) return type_error("argument after ** must be a mapping, not " + type_name(rest));
    for (std::size_t i = 0; i < dict_size(rest); ++i) {
      auto [key, argument] = dict_entry(rest, i);
      if (!key.is_string()) return type_error("keywords must be strings");
      call.named.emplace_back(std::string(key.text()), std::move(argument));
    }
  }
  return {};
}

Outcome<Datum> Interpreter::call(const Node& node) {
  const Node& callee_node = *node.children[0];
  Call call{evaluation_};
  if (callee_node.kind == NodeKind::kAttribute) {
    // A method of a value: called without making a bound method first.
    const Node& self_node = *callee_node.children[0];
    MW_TRY(Datum self, callee_node.changes ? writable(self_node) : value(self_node));
    const Function* method = find_method(self, callee_node.name);
    Datum callee;
    if (method != nullptr) {
      call.args.push_back(std::move(self));
    } else {
      MW_TRY(callee, get_attribute(evaluation_, self, callee_node.name));
      MW_CHECK(require_defined(callee));
    }
    MW_CHECK(arguments(node.arguments, call));
    return method != nullptr ? method->invoke(call) : call_value(callee, call);
  }
  if (callee_node.kind == NodeKind::kName && callee_node.global != nullptr &&
      frame_->find(callee_node.name) == nullptr && evaluation_.scope.find(callee_node.name) == nullptr) {
    MW_CHECK(arguments(node.arguments, call));
    return callee_node.global->invoke(call);
  }
  MW_TRY(const Datum callee, value(callee_node));
  MW_CHECK(require_defined(callee));
  MW_CHECK(arguments(node.arguments, call));
  return call_value(callee, call);
}

Outcome<Datum> Interpreter::filter_or_test(const Node& node) {
  Call call{evaluation_};
  call.args.reserve(1 + node.arguments.positional.size());
  MW_TRY(Datum input, value(*node.children[0]));
  call.args.push_back(std::move(input));
  MW_CHECK(arguments(node.arguments, call));
  return node.function->invoke(call);
}

}  // namespace midwatch::jinja
