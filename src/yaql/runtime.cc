#include "yaql/runtime.h"

#include <algorithm>
#include <map>

#include "expr/function_table.h"
#include "expr/python_codec.h"
#include "expr/python_text.h"
#include "expr/st2_functions.h"
#include "yaql/expression.h"
#include "yaql/time_values.h"

namespace midwatch::yaql {

const Datum* Frame::find(const Node& variable) const {
  const int position = variable.position;
  for (const Frame* frame = this; frame != nullptr; frame = frame->parent.get()) {
    if (position >= 0 && !frame->arguments.empty()) {
      const auto at = static_cast<std::size_t>(position == 0 ? 0 : position - 1);
      if (at < frame->arguments.size()) return &frame->arguments[at];
    }
    for (const auto& [known, value] : frame->variables) {
      if (known == variable.name) return &value;
    }
  }
  return nullptr;
}

const Lambda* Frame::find_function(std::string_view name) const {
  for (const Frame* frame = this; frame != nullptr; frame = frame->parent.get()) {
    for (const auto& [known, lambda] : frame->functions) {
      if (known == name) return &lambda;
    }
  }
  return nullptr;
}

Failure no_matching(std::string_view name, Form form) {
  const bool method = form == Form::kMethod;
  return {ErrorKind::kType, method ? "NoMatchingMethodException" : "NoMatchingFunctionException",
          "No " + std::string(method ? "method" : "function") + " \"" + std::string(name) +
              "\" matches supplied arguments"};
}

Failure key_error(std::string key) { return {ErrorKind::kUndefined, "KeyError", std::move(key)}; }

// ---------------------------------------------------------------- overloads

enum class Accepts : std::uint8_t {
  kAny,
  kString,
  kInt,
  kInteger,
  kNumber,
  kBool,
  kIterable,
  kSized,
  kList,
  kDict,
  kSet,
  kCollection,
  kLambda,
  kRegex,
  kDateTime,
  kTimespan,
};

struct Parameter {
  Accepts type = Accepts::kAny;
  bool nullable = false;
  bool optional = false;
  std::string name;
};

struct Overload {
  Form form;
  LibraryFunction function = nullptr;
  std::vector<Parameter> parameters;
  std::optional<Parameter> rest;
  bool takes_pairs = false;
  const Function* native = nullptr;  // one of the functions shared with Jinja
};

struct OverloadSet {
  std::vector<Overload> overloads;
};

namespace {

Parameter parse_parameter(std::string_view text) {
  constexpr std::pair<std::string_view, Accepts> kTypes[] = {
      {"any", Accepts::kAny},          {"str", Accepts::kString},    {"int", Accepts::kInt},
      {"num", Accepts::kNumber},       {"bool", Accepts::kBool},     {"integer", Accepts::kInteger},
      {"sized", Accepts::kSized},      {"iter", Accepts::kIterable}, {"list", Accepts::kList},
      {"dict", Accepts::kDict},        {"set", Accepts::kSet},       {"coll", Accepts::kCollection},
      {"lambda", Accepts::kLambda},    {"regex", Accepts::kRegex},   {"datetime", Accepts::kDateTime},
      {"timespan", Accepts::kTimespan}};
  Parameter out;
  if (text.ends_with('=')) {
    out.optional = true;
    text.remove_suffix(1);
  }
  const std::size_t space = text.find(' ');
  if (space != std::string_view::npos) out.name = text.substr(space + 1);
  std::string_view type = text.substr(0, space);
  if (type.ends_with('?')) {
    out.nullable = true;
    type.remove_suffix(1);
  }
  for (const auto& [name, accepts] : kTypes) {
    if (name == type) out.type = accepts;
  }
  return out;
}

Overload make_overload(const LibraryEntry& entry) {
  Overload out{.form = entry.form, .function = entry.function, .parameters = {}, .rest = {}};
  std::string_view text = entry.parameters;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    while (item.starts_with(' ')) item.remove_prefix(1);
    if (item.starts_with("**")) out.takes_pairs = true;
    else if (item.starts_with("*")) out.rest = parse_parameter(item.substr(1));
    else out.parameters.push_back(parse_parameter(item));
  }
  return out;
}

Outcome<Datum> json_from_argument(LibraryCall& call) {
  if (!call.args[0].is_string()) return type_error("Given object is not typeof string.");
  return json_from_text(call.args[0].text());
}

struct Library {
  std::map<std::string, OverloadSet, std::less<>> functions, methods;
  FunctionTable shared;

  Library() {
    for (const Entries entries :
         {branch_entries(), collection_entries(), query_entries(), query_edit_entries(), query_order_entries(),
          text_entries(), math_entries(), regex_entries(), time_entries()}) {
      for (const LibraryEntry& entry : entries) {
        if (entry.form != Form::kMethod) functions[std::string(entry.name)].overloads.push_back(make_overload(entry));
        if (entry.form != Form::kFunction) methods[std::string(entry.name)].overloads.push_back(make_overload(entry));
      }
    }
    // "The registered st2/orquesta functions shadow library ones of the same name as functions."
    add_orquesta_functions(shared);
    for (const std::string& name : shared.names()) {
      functions[name].overloads = {
          Overload{.form = Form::kFunction, .parameters = {}, .rest = {}, .native = shared.find(name)}};
    }
    // A mapping of YAQL is frozen, which the reference's json() does not take for a mapping.
    functions["json"].overloads = {make_overload({"json", Form::kFunction, "any value", &json_from_argument})};
  }
};

bool accepts(const Parameter& parameter, const Datum& value) {
  if (value.is_none()) return parameter.nullable || parameter.type == Accepts::kAny;
  const Type type = value.type();
  switch (parameter.type) {
    case Accepts::kAny:
    case Accepts::kLambda: return true;
    case Accepts::kString: return type == Type::kString;
    case Accepts::kInt: return type == Type::kInt || type == Type::kBool;
    case Accepts::kInteger: return type == Type::kInt;
    case Accepts::kNumber: return value.is_number();
    case Accepts::kBool: return type == Type::kBool;
    case Accepts::kIterable: return is_iterable_value(value);
    case Accepts::kSized: {
      const auto* collection = value.as<Collection>();
      return collection == nullptr ? is_iterable_value(value) : collection->kind != Collection::Kind::kView;
    }
    case Accepts::kList: return value.is_sequence();
    case Accepts::kDict: return type == Type::kDict;
    case Accepts::kSet: return type == Type::kSet;
    case Accepts::kCollection:
      return value.is_sequence() || type == Type::kSet || type == Type::kIterator || type == Type::kDict;
    case Accepts::kRegex: return value.as<RegexObject>() != nullptr;
    case Accepts::kDateTime: return value.as<DateTimeObject>() != nullptr;
    case Accepts::kTimespan: return value.as<TimespanObject>() != nullptr;
  }
  return false;
}

std::string snake_case(std::string_view camel) {
  std::string out;
  for (const char c : camel) {
    if (c >= 'A' && c <= 'Z') out += '_';
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return out;
}

// One call being resolved: arguments are evaluated at most once, and only for parameters that want a value.
class Resolution {
 public:
  Resolution(Evaluation& evaluation, const Node& node, const FramePtr& frame, const Datum* receiver)
      : evaluation_(evaluation), node_(node), frame_(frame), receiver_(receiver), values_(node.arguments.size()) {}

  Outcome<Datum> run(const OverloadSet& set, Form form) {
    if (set.overloads.size() == 1 && set.overloads[0].native == nullptr && takes_lambdas_only(set.overloads[0])) {
      LibraryCall call{evaluation_, frame_};
      return matches(set.overloads[0], &call) ? set.overloads[0].function(call) : no_matching(node_.name, form);
    }
    const Overload* possible = nullptr;
    for (const Overload& overload : set.overloads) {
      if (overload.native != nullptr) return run_native(*overload.native);
      if (possible == nullptr && matches(overload, nullptr)) possible = &overload;
    }
    if (possible == nullptr) return no_matching(node_.name, form);
    MW_CHECK(evaluate_arguments(*possible));
    for (const Overload& overload : set.overloads) {
      LibraryCall call{evaluation_, frame_};
      if (matches(overload, &call)) return overload.function(call);
    }
    return no_matching(node_.name, form);
  }

 private:
  // Nothing to evaluate before the overload is known to fit: where(), select() and their kin.
  [[nodiscard]] bool takes_lambdas_only(const Overload& overload) const {
    std::size_t at = receiver_ != nullptr ? 1 : 0;
    for (const Argument& argument : node_.arguments) {
      if (argument.key || at >= overload.parameters.size()) return false;
      if (overload.parameters[at++].type != Accepts::kLambda) return false;
    }
    return true;
  }

  // The parameter that an argument goes to; null: none takes it. `at` counts the positional ones.
  const Parameter* parameter_of(const Overload& overload, const Argument& argument, std::size_t& next,
                                std::size_t& at) const {
    if (!argument.key) {
      at = next++;
      if (at < overload.parameters.size()) return &overload.parameters[at];
      return overload.rest ? &*overload.rest : nullptr;
    }
    if (argument.key->kind != NodeKind::kWord) return nullptr;
    const auto named = std::find_if(overload.parameters.begin(), overload.parameters.end(), [&](const Parameter& p) {
      return !p.name.empty() && p.name == argument.key->constant.text();
    });
    if (named == overload.parameters.end()) return nullptr;
    at = static_cast<std::size_t>(named - overload.parameters.begin());
    return &*named;
  }

  // Everything that the overload wants as a value: the positional arguments, then the named ones.
  Outcome<void> evaluate_arguments(const Overload& overload) {
    for (const bool named : {false, true}) {
      std::size_t next = receiver_ != nullptr ? 1 : 0;
      for (std::size_t i = 0; i < node_.arguments.size(); ++i) {
        const Argument& argument = node_.arguments[i];
        if (argument.key && overload.takes_pairs) continue;
        std::size_t at = 0;
        const Parameter* parameter = parameter_of(overload, argument, next, at);
        if ((argument.key != nullptr) != named || parameter == nullptr || parameter->type == Accepts::kLambda) continue;
        MW_TRY(values_[i], evaluate(evaluation_, *argument.value, frame_));
      }
    }
    return {};
  }

  // Whether the overload accepts the arguments, as far as they are known; fills `call` when it is given.
  bool matches(const Overload& overload, LibraryCall* call) {
    const std::size_t count = overload.parameters.size();
    std::vector<bool> given(count, false);
    if (call != nullptr) {
      call->args.resize(count);
      call->lambdas.resize(count);
    }
    std::size_t next = 0;
    if (receiver_ != nullptr) {
      if (count == 0 || !accepts(overload.parameters[0], *receiver_)) return false;
      if (call != nullptr) call->args[0] = *receiver_;
      given[0] = true;
      next = 1;
    }
    for (std::size_t i = 0; i < node_.arguments.size(); ++i) {
      const Argument& argument = node_.arguments[i];
      if (argument.key && overload.takes_pairs) {
        if (call != nullptr) call->pairs.emplace_back(&argument, Lambda{nullptr, frame_});
        continue;
      }
      std::size_t at = 0;
      const Parameter* parameter = parameter_of(overload, argument, next, at);
      if (parameter == nullptr) return false;
      const bool in_rest = at >= count;
      if (!in_rest && given[at]) return false;
      if (!fits(*parameter, i)) return false;
      if (!in_rest) given[at] = true;
      if (call != nullptr) place(*parameter, *call, in_rest, at, i);
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (!given[i] && !overload.parameters[i].optional) return false;
    }
    if (call != nullptr) call->given = std::move(given);
    return true;
  }

  bool fits(const Parameter& parameter, std::size_t argument) const {
    if (parameter.type == Accepts::kLambda) return true;
    if (values_[argument]) return accepts(parameter, *values_[argument]);
    const Node& value = *node_.arguments[argument].value;
    return !is_constant(value) || accepts(parameter, value.constant);
  }

  void place(const Parameter& parameter, LibraryCall& call, bool in_rest, std::size_t at, std::size_t argument) {
    if (parameter.type == Accepts::kLambda) {
      const Lambda lambda{node_.arguments[argument].value.get(), frame_};
      if (in_rest) call.lambda_rest.push_back(lambda);
      else call.lambdas[at] = lambda;
    } else if (in_rest) {
      call.rest.push_back(*values_[argument]);
    } else {
      call.args[at] = *values_[argument];
    }
  }

  Outcome<Datum> run_native(const Function& function) {
    Call call{evaluation_};
    for (const Argument& argument : node_.arguments) {
      MW_TRY(Datum value, evaluate(evaluation_, *argument.value, frame_));
      if (!argument.key) {
        call.args.push_back(std::move(value));
      } else if (argument.key->kind == NodeKind::kWord) {
        // Named arguments are spelt in camel case here.
        const std::string_view name = argument.key->constant.text();
        if (name.find('_') != std::string_view::npos) return no_matching(node_.name, Form::kFunction);
        call.named.emplace_back(snake_case(name), std::move(value));
      } else {
        return no_matching(node_.name, Form::kFunction);
      }
    }
    call.name = function.name;
    if (!function.signature.bind(call)) return no_matching(node_.name, Form::kFunction);
    return function.native(call);
  }

  Evaluation& evaluation_;
  const Node& node_;
  const FramePtr& frame_;
  const Datum* receiver_;
  std::vector<std::optional<Datum>> values_;
};

const Library& library() {
  static const Library instance;
  return instance;
}

// A function made by def(): positional arguments are `$`, `$1`…, named ones are variables.
Outcome<Datum> call_defined(Evaluation& evaluation, const Node& node, const FramePtr& frame, const Lambda& body) {
  auto inner = std::make_shared<Frame>(body.frame);
  std::size_t position = 0;
  for (const Argument& argument : node.arguments) {
    MW_TRY(Datum value, evaluate(evaluation, *argument.value, frame));
    if (argument.key && argument.key->kind == NodeKind::kWord) {
      inner->variables.emplace_back(std::string(argument.key->constant.text()), std::move(value));
    } else {
      if (position == 0) inner->variables.emplace_back("", value);
      inner->variables.emplace_back(std::to_string(++position), std::move(value));
    }
  }
  return evaluate(evaluation, *body.node, inner);
}

Outcome<Datum> call_function(Evaluation& evaluation, const Node& node, const FramePtr& frame) {
  if (const Lambda* defined = frame->find_function(node.name)) return call_defined(evaluation, node, frame, *defined);
  if (node.overloads == nullptr) {
    return Failure(ErrorKind::kUndefined, "NoFunctionRegisteredException", "Unknown function \"" + node.name + "\"");
  }
  return Resolution(evaluation, node, frame, nullptr).run(*node.overloads, Form::kFunction);
}

Outcome<Datum> call_method(Evaluation& evaluation, const Node& node, const FramePtr& frame) {
  MW_TRY(const Datum receiver, evaluate(evaluation, *node.children[0], frame));
  if (node.null_safe && receiver.is_none()) return Datum();
  if (node.overloads == nullptr) {
    MW_TRY(const std::string shown, yaql_text(evaluation, receiver));
    return Failure(ErrorKind::kUndefined, "NoMethodRegisteredException",
                   "Unknown method \"" + node.name + "\" for receiver " + shown);
  }
  return Resolution(evaluation, node, frame, &receiver).run(*node.overloads, Form::kMethod);
}

Outcome<Datum> make_dict(Evaluation& evaluation, const Node& node, const FramePtr& frame) {
  auto out = std::make_shared<DictObject>();
  for (const Argument& argument : node.arguments) {
    if (!argument.key) return no_matching("#map", Form::kFunction);
    MW_TRY(Datum key, evaluate(evaluation, *argument.key, frame));
    MW_TRY(Datum value, evaluate(evaluation, *argument.value, frame));
    out->set(std::move(key), std::move(value));
  }
  return Datum(out);
}

Outcome<Datum> inner(Evaluation& evaluation, const Node& node, const FramePtr& frame) {
  switch (node.kind) {
    case NodeKind::kList: {
      std::vector<Datum> items;
      for (const Argument& argument : node.arguments) {
        if (argument.key) return no_matching("#list", Form::kFunction);
        MW_TRY(Datum item, evaluate(evaluation, *argument.value, frame));
        items.push_back(std::move(item));
      }
      return charged_list(evaluation, std::move(items));
    }
    case NodeKind::kDict: return make_dict(evaluation, node, frame);
    case NodeKind::kIndex: {
      MW_TRY(const Datum object, evaluate(evaluation, *node.children[0], frame));
      return index(evaluation, node, object, frame);
    }
    case NodeKind::kFunction: return call_function(evaluation, node, frame);
    case NodeKind::kMethod: return call_method(evaluation, node, frame);
    case NodeKind::kAttribute: {
      const Node& object_node = *node.children[0];
      if (object_node.kind == NodeKind::kFunction && object_node.name == "ctx" && object_node.arguments.empty() &&
          !node.name.starts_with("__") && frame->find_function("ctx") == nullptr) {
        // ctx().x: the one variable, not all of them.
        if (const Value* variable = evaluation.scope.find(node.name)) return Datum(*variable);
        return key_error(node.name);
      }
      if (object_node.kind == NodeKind::kVariable) {
        // A variable is read in place: no copy of what it holds.
        const Datum* variable = frame->find(object_node);
        if (variable != nullptr && variable->is_plain()) {
          if (const Value* member = variable->plain().find(node.name)) return Datum(*member);
        }
      }
      MW_TRY(const Datum object, evaluate(evaluation, object_node, frame));
      if (node.null_safe && object.is_none()) return Datum();
      if (object.is_plain()) {
        if (const Value* member = object.plain().find(node.name)) return Datum(*member);
      }
      return attribute(evaluation, object, node.name);
    }
    case NodeKind::kBinary: {
      if (node.refused) return no_matching("#operator_" + std::string(symbol(node.op)), Form::kFunction);
      MW_TRY(const Datum left, evaluate(evaluation, *node.children[0], frame));
      MW_TRY(const Datum right, evaluate(evaluation, *node.children[1], frame));
      return binary(evaluation, node.op, left, right);
    }
    case NodeKind::kUnary: {
      MW_TRY(const Datum operand, evaluate(evaluation, *node.children[0], frame));
      return unary(node.op, operand);
    }
    case NodeKind::kAnd:
    case NodeKind::kOr: {
      MW_TRY(Datum left, evaluate(evaluation, *node.children[0], frame));
      if (truthy(left) == (node.kind == NodeKind::kOr)) return left;
      return evaluate(evaluation, *node.children[1], frame);
    }
    case NodeKind::kArrow: {
      MW_TRY(const Datum left, evaluate(evaluation, *node.children[0], frame));
      const auto* made = left.as<FrameObject>();
      if (made == nullptr) return no_matching("#operator_->", Form::kFunction);
      return evaluate(evaluation, *node.children[1], made->frame);
    }
    default: return Datum();
  }
}

}  // namespace

LibraryNames library_names() {
  LibraryNames out;
  for (const auto& [name, overloads] : library().functions) out.functions.push_back(name);
  for (const auto& [name, overloads] : library().methods) out.methods.push_back(name);
  return out;
}

bool is_iterator(const Datum& datum) {
  if (datum.type() != Type::kIterator) return false;
  const auto* collection = datum.as<Collection>();
  return collection == nullptr || collection->kind == Collection::Kind::kMemorized;
}

bool is_iterable_value(const Datum& datum) {
  return datum.is_sequence() || datum.type() == Type::kSet || datum.type() == Type::kIterator;
}

std::int64_t int_value(const Datum& datum, std::int64_t fallback) {
  if (datum.is_bool()) return datum.plain().as_bool() ? 1 : 0;
  return datum.is_plain() ? datum.plain().int_or(fallback) : fallback;
}

namespace {

// What a generator gave so far; every iteration goes over that and then on.
class MemorizedObject final : public Collection {
 public:
  struct Shared {
    Cursor source;
    std::vector<Datum> items{};
  };
  explicit MemorizedObject(std::shared_ptr<Shared> shared) : Collection(Kind::kMemorized), shared_(std::move(shared)) {}
  Outcome<bool> next(Evaluation& evaluation, Datum& out) override {
    if (at_ == shared_->items.size()) {
      Datum item;
      MW_TRY(const bool more, shared_->source.next(evaluation, item));
      if (!more) return false;
      if (!evaluation.take_bytes(sizeof(Datum))) return evaluation.too_many_bytes();
      shared_->items.push_back(std::move(item));
    }
    out = shared_->items[at_++];
    return true;
  }
  [[nodiscard]] std::shared_ptr<IteratorObject> restarted() override {
    return std::make_shared<MemorizedObject>(shared_);
  }

 private:
  std::shared_ptr<Shared> shared_;
  std::size_t at_ = 0;
};

}  // namespace

Datum memorized(const Datum& datum) {
  if (!is_iterator(datum)) return datum;
  auto cursor = Cursor::over(datum);
  if (!cursor) return datum;
  return std::make_shared<MemorizedObject>(
      std::make_shared<MemorizedObject::Shared>(MemorizedObject::Shared{std::move(*cursor), {}}));
}

const OverloadSet* find_overloads(std::string_view name, Form form) {
  const auto& all = form == Form::kMethod ? library().methods : library().functions;
  const auto found = all.find(name);
  return found == all.end() ? nullptr : &found->second;
}

Outcome<Datum> evaluate(Evaluation& evaluation, const Node& node, const FramePtr& frame) {
  if (node.kind == NodeKind::kConstant || node.kind == NodeKind::kWord) return node.constant;
  if (!evaluation.take_steps()) return evaluation.too_many_steps();
  if (node.kind == NodeKind::kVariable) {
    const Datum* found = frame->find(node);
    return found == nullptr ? Datum() : *found;
  }
  const Evaluation::Level level(evaluation);
  if (!level.ok()) return evaluation.too_deep();
  Outcome<Datum> out = inner(evaluation, node, frame);
  if (!out) return std::move(out).error().at(node.offset);
  return out;
}

Outcome<Datum> invoke(Evaluation& evaluation, const Lambda& lambda, std::vector<Datum> arguments) {
  FramePtr frame = std::move(lambda.scratch);
  if (!frame || frame.use_count() != 1) frame = std::make_shared<Frame>(lambda.frame);
  frame->arguments = std::move(arguments);
  Outcome<Datum> out = evaluate(evaluation, *lambda.node, frame);
  lambda.scratch = std::move(frame);
  return out;
}

Outcome<Datum> invoke(Evaluation& evaluation, const Lambda& lambda, const Datum& item) {
  FramePtr frame = std::move(lambda.scratch);
  if (!frame || frame.use_count() != 1) frame = std::make_shared<Frame>(lambda.frame);
  frame->arguments.assign(1, item);
  Outcome<Datum> out = evaluate(evaluation, *lambda.node, frame);
  lambda.scratch = std::move(frame);
  return out;
}

Outcome<bool> holds(Evaluation& evaluation, const Lambda& lambda, const Datum& item) {
  MW_TRY(const Datum verdict, invoke(evaluation, lambda, item));
  return truthy(verdict);
}

Outcome<Datum> call_by_name(LibraryCall& call, std::string_view name, std::vector<Datum> positional,
                            std::vector<std::pair<std::string, Datum>> named) {
  // The arguments are values already: constants of a call made for them.
  Node node(NodeKind::kFunction, 0);
  node.name = name;
  for (Datum& value : positional) {
    auto constant = std::make_unique<Node>(NodeKind::kConstant, 0);
    constant->constant = std::move(value);
    node.arguments.push_back({nullptr, std::move(constant)});
  }
  for (auto& [key, value] : named) {
    auto word = std::make_unique<Node>(NodeKind::kWord, 0);
    word->constant = Datum(std::string_view(key));
    auto constant = std::make_unique<Node>(NodeKind::kConstant, 0);
    constant->constant = std::move(value);
    node.arguments.push_back({std::move(word), std::move(constant)});
  }
  node.overloads = find_overloads(name, Form::kFunction);
  MW_TRY(Datum out, call_function(call.evaluation, node, call.frame));
  // A generator may hold lambdas of the call: it is run before the call's tree goes.
  if (out.type() == Type::kIterator) {
    MW_TRY(std::vector<Datum> items, py_items(call.evaluation, out));
    return charged_list(call.evaluation, std::move(items));
  }
  return out;
}

}  // namespace midwatch::yaql
