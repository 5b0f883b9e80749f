// Numbers and truth.
#include <cmath>

#include "expr/python_text.h"
#include "yaql/runtime.h"

namespace midwatch::yaql {

namespace {

const Value& number(const LibraryCall& call, std::size_t at = 0) { return call.args[at].plain(); }

Outcome<Datum> abs(LibraryCall& call) { return Datum(absolute(number(call))); }

Outcome<Datum> int_(LibraryCall& call) {
  const Datum& value = call.args[0];
  if (value.is_none()) return Datum(0);
  if (value.is_bool()) return Datum(value.plain().as_bool() ? 1 : 0);
  if (value.is_int()) return value;
  if (value.is_float()) {
    MW_TRY(Value whole, truncate_to_int(value.plain().as_double()));
    return Datum(std::move(whole));
  }
  if (!value.is_string()) {
    return type_error("int() argument must be a string, a bytes-like object or a real number, not '" +
                      type_name(value) + "'");
  }
  if (auto parsed = parse_py_int(value.text())) return Datum(*parsed);
  return value_error("invalid literal for int() with base 10: " + py_repr_text(value.text()));
}

Outcome<Datum> float_(LibraryCall& call) {
  const Datum& value = call.args[0];
  if (value.is_none()) return Datum(0.0);
  if (value.is_bool()) return Datum(value.plain().as_bool() ? 1.0 : 0.0);
  if (value.is_number()) return Datum(value.plain().as_double());
  if (!value.is_string())
    return type_error("float() argument must be a string or a real number, not '" + type_name(value) + "'");
  if (const auto parsed = parse_py_float(value.text())) return Datum(*parsed);
  return value_error("could not convert string to float: " + py_repr_text(value.text()));
}

Outcome<Datum> bool_(LibraryCall& call) { return Datum(truthy(call.args[0])); }
Outcome<Datum> is_boolean(LibraryCall& call) { return Datum(call.args[0].is_bool()); }
Outcome<Datum> is_integer(LibraryCall& call) { return Datum(call.args[0].is_int()); }
Outcome<Datum> is_number(LibraryCall& call) { return Datum(call.args[0].is_number()); }

template <bool Max>
Outcome<Datum> extreme(LibraryCall& call) {
  // Null is less than anything; a result of null means that both were.
  const Datum& a = call.args[0];
  const Datum& b = call.args[1];
  if (a.is_none() || b.is_none()) return Max == a.is_none() ? b : a;
  MW_TRY(const bool a_less, less(call.evaluation, a, b));
  return a_less == Max ? b : a;
}

Outcome<Datum> pow(LibraryCall& call) {
  MW_TRY(const Datum power, number_arithmetic(Arithmetic::kPower, number(call), number(call, 1)));
  if (!call.has(2)) return power;
  return number_arithmetic(Arithmetic::kModulo, power.plain(), number(call, 2));
}

Outcome<Datum> sign(LibraryCall& call) { return Datum(compare_numbers(number(call), Value(0)).value_or(0)); }

Outcome<Datum> round(LibraryCall& call) {
  const std::int64_t wanted = call.has(1) ? number(call, 1).int_or(0) : 0;
  const int digits = static_cast<int>(std::max<std::int64_t>(-400, std::min<std::int64_t>(400, wanted)));
  if (number(call).is_double()) return Datum(round_half_even(number(call).as_double(), digits));
  if (digits >= 0 || !number(call).is_int()) return Datum(number(call));
  if (digits < -18) return Datum(0);
  std::int64_t unit = 1;
  for (int i = 0; i < -digits; ++i) unit *= 10;
  const std::int64_t whole = number(call).as_int();
  std::int64_t floor = whole / unit - (whole % unit < 0 ? 1 : 0);
  const std::int64_t rest = whole - floor * unit;
  if (rest * 2 > unit || (rest * 2 == unit && floor % 2 != 0)) ++floor;
  return Datum(floor * unit);
}

template <BitOperation Op>
Outcome<Datum> bits(LibraryCall& call) {
  MW_TRY(Value out, bit_arithmetic(Op, number(call), number(call, 1)));
  return Datum(std::move(out));
}

Outcome<Datum> bits_not(LibraryCall& call) {
  return number_arithmetic(Arithmetic::kSubtract, negate(number(call)), Value(1));
}

// Evaluation is deterministic: the middle of the range is as random as it gets.
Outcome<Datum> random(LibraryCall& call) {
  if (!call.has(0)) return Datum(0.5);
  MW_TRY(const Datum sum, number_arithmetic(Arithmetic::kAdd, number(call), number(call, 1)));
  return number_arithmetic(Arithmetic::kFloorDivide, sum.plain(), Value(2));
}

constexpr LibraryEntry kEntries[] = {
    {"abs", Form::kFunction, "num", &abs},
    {"int", Form::kFunction, "any", &int_},
    {"float", Form::kFunction, "any", &float_},
    {"bool", Form::kFunction, "any", &bool_},
    {"isBoolean", Form::kFunction, "any", &is_boolean},
    {"isInteger", Form::kFunction, "any", &is_integer},
    {"isNumber", Form::kFunction, "any", &is_number},
    {"max", Form::kFunction, "num?, num?", &extreme<true>},
    {"max", Form::kFunction, "str?, str?", &extreme<true>},
    {"max", Form::kFunction, "datetime, datetime", &extreme<true>},
    {"max", Form::kFunction, "timespan, timespan", &extreme<true>},
    {"min", Form::kFunction, "num?, num?", &extreme<false>},
    {"min", Form::kFunction, "str?, str?", &extreme<false>},
    {"min", Form::kFunction, "datetime, datetime", &extreme<false>},
    {"min", Form::kFunction, "timespan, timespan", &extreme<false>},
    {"pow", Form::kFunction, "num, num, num=", &pow},
    {"sign", Form::kFunction, "num", &sign},
    {"round", Form::kFunction, "num, int=", &round},
    {"bitwiseAnd", Form::kFunction, "int, int", &bits<BitOperation::kAnd>},
    {"bitwiseOr", Form::kFunction, "int, int", &bits<BitOperation::kOr>},
    {"bitwiseXor", Form::kFunction, "int, int", &bits<BitOperation::kXor>},
    {"bitwiseNot", Form::kFunction, "int", &bits_not},
    {"shiftBitsLeft", Form::kFunction, "int, int", &bits<BitOperation::kShiftLeft>},
    {"shiftBitsRight", Form::kFunction, "int, int", &bits<BitOperation::kShiftRight>},
    {"random", Form::kFunction, "", &random},
    {"random", Form::kFunction, "int, int", &random},
};

}  // namespace

Entries math_entries() { return kEntries; }

}  // namespace midwatch::yaql
