#include "expr/python_methods.h"

#include <cmath>

#include "expr/python_ops.h"
#include "expr/python_text.h"

namespace midwatch {

Outcome<std::string_view> text_argument(const Datum& datum, std::string_view what) {
  MW_CHECK(require_defined(datum));
  if (!datum.is_string()) return type_error(std::string(what) + ", not " + type_name(datum));
  return datum.text();
}

Outcome<std::int64_t> int_argument(const Datum& datum) {
  MW_CHECK(require_defined(datum));
  if (datum.is_bool()) return datum.plain().as_bool() ? 1 : 0;
  if (!datum.is_int()) return type_error("'" + type_name(datum) + "' object cannot be interpreted as an integer");
  if (!datum.plain().is_int())
    return Failure(ErrorKind::kValue, "OverflowError", "Python int too large to convert to C ssize_t");
  return datum.plain().as_int();
}

namespace {

Outcome<Datum> bit_length(Call& call) {
  const Value number =
      absolute(call.args[0].is_bool() ? Value(call.args[0].plain().as_bool() ? 1 : 0) : call.args[0].plain());
  if (number.is_int() && number.as_int() == 0) return Datum(0);
  return Datum(int_in_base(number, 2).size());
}

Outcome<Datum> is_integer(Call& call) {
  const double number = call.args[0].plain().as_double();
  return Datum(std::isfinite(number) && number == std::floor(number));
}

Outcome<Datum> set_add(Call& call) {
  MW_CHECK(require_hashable(call.args[1]));
  call.args[0].as<SetObject>()->insert(call.args[1]);
  return Datum();
}

constexpr NativeEntry kIntMethods[] = {{"bit_length", "self", &bit_length}};
constexpr NativeEntry kFloatMethods[] = {{"is_integer", "self", &is_integer}};
constexpr NativeEntry kSetMethods[] = {{"add", "self, item", &set_add}};

struct Methods {
  FunctionTable text, list, tuple, dict, set, integer, real;
  Methods() {
    add_text_methods(text);
    add_list_methods(list);
    add_tuple_methods(tuple);
    add_dict_methods(dict);
    set.add(kSetMethods);
    integer.add(kIntMethods);
    real.add(kFloatMethods);
  }
};

}  // namespace

const Function* find_method(Type type, std::string_view name) {
  static const Methods methods;
  switch (type) {
    case Type::kString: return methods.text.find(name);
    case Type::kList: return methods.list.find(name);
    case Type::kTuple: return methods.tuple.find(name);
    case Type::kDict: return methods.dict.find(name);
    case Type::kSet: return methods.set.find(name);
    case Type::kBool:
    case Type::kInt: return methods.integer.find(name);
    case Type::kFloat: return methods.real.find(name);
    default: return nullptr;
  }
}

const Function* find_method(const Datum& self, std::string_view name) { return find_method(self.type(), name); }

}  // namespace midwatch
