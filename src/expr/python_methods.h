// expr/python_methods.h — the methods that Python's values have: 'a'.upper(), d.items(), l.append(1).
#pragma once

#include <string_view>

#include "expr/function_table.h"

namespace midwatch {

// Null when values of that type have no such method. The method's first argument is the value.
[[nodiscard]] const Function* find_method(Type type, std::string_view name);
[[nodiscard]] const Function* find_method(const Datum& self, std::string_view name);

class BoundMethod final : public CallableObject {
 public:
  BoundMethod(Datum self, const Function& method) : self_(std::move(self)), method_(method) {}
  [[nodiscard]] std::string type_name() const override { return "builtin_function_or_method"; }
  Outcome<Datum> call(Call& call) override {
    call.args.insert(call.args.begin(), self_);
    return method_.invoke(call);
  }

 private:
  Datum self_;
  const Function& method_;
};

void add_text_methods(FunctionTable& table);
void add_number_methods(FunctionTable& integers, FunctionTable& reals);
void add_list_methods(FunctionTable& table);
void add_tuple_methods(FunctionTable& table);
void add_dict_methods(FunctionTable& table);
void add_range_methods(FunctionTable& table);

// An attribute of a number that is not a method: real, imag, numerator, denominator.
[[nodiscard]] bool number_attribute(const Datum& number, std::string_view name, Datum& out);

// Arguments as the functions want them; `what` is the reference's text for a wrong type.
[[nodiscard]] Outcome<std::string_view> text_argument(const Datum& datum, std::string_view what = "must be str");
[[nodiscard]] Outcome<std::int64_t> int_argument(const Datum& datum);

}  // namespace midwatch
