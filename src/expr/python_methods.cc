#include "expr/python_methods.h"

#include "expr/markup.h"
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

Outcome<Datum> set_add(Call& call) {
  MW_CHECK(require_hashable(call.args[1]));
  call.args[0].as<SetObject>()->insert(call.args[1]);
  return Datum();
}

constexpr NativeEntry kSetMethods[] = {{"add", "self, item", &set_add}};

struct Methods {
  FunctionTable text, markup, list, tuple, dict, range, set, integer, real;
  Methods() {
    add_text_methods(text);
    add_markup_methods(markup);
    add_list_methods(list);
    add_tuple_methods(tuple);
    add_dict_methods(dict);
    add_range_methods(range);
    set.add(kSetMethods);
    add_number_methods(integer, real);
  }
};

const Methods& all_methods() {
  static const Methods methods;
  return methods;
}

}  // namespace

const Function* find_method(Type type, std::string_view name) {
  const Methods& methods = all_methods();
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

const Function* find_method(const Datum& self, std::string_view name) {
  if (is_markup(self)) {
    if (const Function* method = all_methods().markup.find(name)) return method;
  }
  if (self.as<RangeObject>() != nullptr) return all_methods().range.find(name);
  return find_method(self.type(), name);
}

}  // namespace midwatch
