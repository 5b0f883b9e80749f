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

// Attributes with leading underscores that Python's objects have: the sandbox refuses them. What does not exist is
// merely undefined.
constexpr std::string_view kOfAll =
    " __class__ __delattr__ __dir__ __doc__ __eq__ __format__ __ge__ __getattribute__ __getstate__ __gt__ __hash__ "
    "__init__ __init_subclass__ __le__ __lt__ __ne__ __new__ __reduce__ __reduce_ex__ __repr__ __setattr__ __sizeof__ "
    "__str__ __subclasshook__ ";
constexpr std::string_view kOfText =
    " __add__ __contains__ __getitem__ __getnewargs__ __iter__ __len__ __mod__ __mul__ __rmod__ __rmul__ ";
constexpr std::string_view kOfMarkup = " __html__ __html_format__ __radd__ __module__ __slots__ ";
constexpr std::string_view kOfList =
    " __add__ __class_getitem__ __contains__ __delitem__ __getitem__ __iadd__ __imul__ __iter__ __len__ __mul__ "
    "__reversed__ __rmul__ __setitem__ ";
constexpr std::string_view kOfTuple =
    " __add__ __class_getitem__ __contains__ __getitem__ __getnewargs__ __iter__ __len__ __mul__ __rmul__ ";
constexpr std::string_view kOfDict =
    " __class_getitem__ __contains__ __delitem__ __getitem__ __ior__ __iter__ __len__ __or__ __reversed__ __ror__ "
    "__setitem__ ";
constexpr std::string_view kOfNumbers =
    " __abs__ __add__ __bool__ __ceil__ __divmod__ __float__ __floor__ __floordiv__ __getnewargs__ __int__ __mod__ "
    "__mul__ __neg__ __pos__ __pow__ __radd__ __rdivmod__ __rfloordiv__ __rmod__ __rmul__ __round__ __rpow__ __rsub__ "
    "__rtruediv__ __sub__ __truediv__ __trunc__ ";
constexpr std::string_view kOfIntegers =
    " __and__ __index__ __invert__ __lshift__ __or__ __rand__ __rlshift__ __ror__ __rrshift__ __rshift__ __rxor__ "
    "__xor__ ";
constexpr std::string_view kOfFunctions =
    " __annotations__ __builtins__ __call__ __closure__ __code__ __defaults__ __dict__ __get__ __globals__ "
    "__kwdefaults__ __module__ __name__ __qualname__ __self__ __text_signature__ ";
constexpr std::string_view kOfIterators =
    " __del__ __iter__ __len__ __name__ __next__ __qualname__ __contains__ __reversed__ ";
constexpr std::string_view kOfInstances = " __dict__ __module__ __weakref__ ";

bool is_python_internal(const Datum& object, std::string_view name) {
  if (!name.starts_with("__")) return false;
  const std::string padded = " " + std::string(name) + " ";
  const auto in = [&](std::string_view names) { return names.find(padded) != std::string_view::npos; };
  if (in(kOfAll)) return true;
  switch (object.type()) {
    case Type::kString: return in(kOfText) || (!object.is_plain() && in(kOfMarkup));
    case Type::kList: return in(kOfList);
    case Type::kTuple: return in(kOfTuple);
    case Type::kDict: return in(kOfDict);
    case Type::kBool:
    case Type::kInt: return in(kOfNumbers) || in(kOfIntegers);
    case Type::kFloat: return in(kOfNumbers) || name == "__getformat__";
    case Type::kNone: return name == "__bool__";
    case Type::kCallable: return in(kOfFunctions);
    case Type::kIterator: return in(kOfIterators);
    default: return in(kOfInstances);
  }
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
  Datum out;
  if (number_attribute(object, name, out)) return out;
  if (is_python_internal(object, name)) {
    auto refused = std::make_shared<UndefinedObject>(
        "access to attribute " + py_repr_text(name) + " of '" + type_name(object) + "' object is unsafe.",
        UndefinedObject::Mode::kStrict);
    refused->refused = true;
    return Datum(refused);
  }
  if (object.is_dict() && dict_find(object, Datum(name), out)) return out;
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
