// Attribute and item access as Jinja's sandboxed environment does it.
#include <algorithm>

#include "expr/python_methods.h"
#include "expr/python_ops.h"
#include "expr/python_text.h"
#include "jinja/interpreter.h"

namespace midwatch::jinja {

Datum undefined(Evaluation& evaluation, std::string message) {
  const auto mode = evaluation.lenient_undefined ? UndefinedObject::Mode::kLenient : UndefinedObject::Mode::kStrict;
  return std::make_shared<UndefinedObject>(std::move(message), mode);
}

namespace {

std::string described(const Datum& object) { return object.is_none() ? "None" : type_name(object) + " object"; }

// Names that every object of Python has: the sandbox refuses them.
bool is_python_internal(std::string_view name) {
  constexpr std::string_view kInternal[] = {
      "__class__",     "__doc__",          "__init__",    "__new__",          "__repr__",         "__str__",
      "__hash__",      "__eq__",           "__ne__",      "__lt__",           "__le__",           "__gt__",
      "__ge__",        "__getattribute__", "__setattr__", "__delattr__",      "__dir__",          "__reduce__",
      "__reduce_ex__", "__sizeof__",       "__format__",  "__subclasshook__", "__init_subclass__"};
  return std::find(std::begin(kInternal), std::end(kInternal), name) != std::end(kInternal);
}

}  // namespace

Outcome<Datum> get_attribute(Evaluation& evaluation, const Datum& object, std::string_view name) {
  MW_CHECK(require_defined(object));
  if (const Function* method = find_method(object, name)) return Datum(std::make_shared<BoundMethod>(object, *method));
  if (!object.is_plain()) {
    Datum out;
    MW_TRY(const bool found, object.object()->attribute(evaluation, name, out));
    if (found) return out;
  }
  if (is_python_internal(name)) {
    auto refused = std::make_shared<UndefinedObject>(
        "access to attribute " + py_repr_text(name) + " of '" + type_name(object) + "' object is unsafe.",
        UndefinedObject::Mode::kStrict);
    refused->refused = true;
    return Datum(refused);
  }
  if (object.is_dict()) {
    Datum out;
    if (dict_find(object, Datum(name), out)) return out;
  }
  return undefined(evaluation, py_repr_text(described(object)) + " has no attribute " + py_repr_text(name));
}

Outcome<Datum> get_item(Evaluation& evaluation, const Datum& object, const Datum& key) {
  MW_CHECK(require_defined(object));
  MW_CHECK(require_defined(key));
  Datum out;
  const bool indexable = object.is_string() || object.is_sequence() || object.as<RangeObject>() != nullptr;
  if (indexable && (key.is_int() || key.is_bool())) {
    const Value index = key.is_bool() ? Value(key.plain().as_bool() ? 1 : 0) : key.plain();
    if (index.is_int() && py_element(object, index.as_int(), out)) return out;
  } else if (object.is_dict()) {
    if (require_hashable(key) && dict_find(object, key, out)) return out;
  }
  if (key.is_string()) return get_attribute(evaluation, object, key.text());
  MW_TRY(const std::string shown, py_repr(evaluation, key));
  return undefined(evaluation, described(object) + " has no element " + shown);
}

Outcome<Datum> call_value(const Datum& callee, Call& call) {
  MW_CHECK(require_defined(callee));
  if (callee.type() != Type::kCallable) return type_error("'" + type_name(callee) + "' object is not callable");
  return static_cast<CallableObject*>(callee.object())->call(call);
}

}  // namespace midwatch::jinja
