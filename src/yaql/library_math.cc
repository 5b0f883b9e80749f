// Numbers and truth.
#include <cmath>
#include <optional>
#include <utility>

#include "expr/python_text.h"
#include "yaql/runtime.h"

namespace midwatch::yaql {

namespace {

const Value& number(const LibraryCall& call, std::size_t at = 0) { return call.args[at].plain(); }

Value whole(const Value& number) { return number.is_bool() ? Value(number.as_bool() ? 1 : 0) : number; }

Outcome<Datum> abs(LibraryCall& call) { return Datum(absolute(number(call))); }

Outcome<Datum> int_(LibraryCall& call) {
  const Datum& value = call.args[0];
  if (value.is_none()) return Datum(0);
  if (value.is_bool()) return Datum(value.plain().as_bool() ? 1 : 0);
  if (value.is_int()) return value;
  if (value.is_float()) {
    MW_TRY(Value truncated, truncate_to_int(value.plain().as_double()));
    return Datum(std::move(truncated));
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

// b > a by YAQL's own operator, whatever they are.
template <bool Max>
Outcome<Datum> extreme(LibraryCall& call) {
  MW_TRY(const Datum greater, binary(call.evaluation, Operator::kGreater, call.args[1], call.args[0]));
  return truthy(greater) == Max ? call.args[1] : call.args[0];
}

// a * b mod m without leaving 64 bits.
std::uint64_t multiplied(std::uint64_t a, std::uint64_t b, std::uint64_t modulus) {
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(a) * b % modulus);
}

// pow(a, b, c) of whole numbers; the exponent is not negative.
std::int64_t modular_power(std::int64_t base, std::int64_t exponent, std::int64_t modulus) {
  const std::uint64_t m = modulus < 0 ? 0 - static_cast<std::uint64_t>(modulus) : static_cast<std::uint64_t>(modulus);
  std::uint64_t square =
      base < 0 ? (m - (0 - static_cast<std::uint64_t>(base)) % m) % m : static_cast<std::uint64_t>(base) % m;
  std::uint64_t out = 1 % m;
  for (auto bits = static_cast<std::uint64_t>(exponent); bits != 0; bits >>= 1) {
    if ((bits & 1) != 0) out = multiplied(out, square, m);
    square = multiplied(square, square, m);
  }
  // The sign is the modulus'.
  return modulus < 0 && out != 0 ? static_cast<std::int64_t>(out) + modulus : static_cast<std::int64_t>(out);
}

// The number that gives 1 with `base`, by Euclid.
std::optional<std::int64_t> modular_inverse(std::int64_t base, std::int64_t modulus) {
  __int128 old_r = base, r = modulus, old_s = 1, s = 0;
  while (r != 0) {
    const __int128 quotient = old_r / r;
    old_r = std::exchange(r, old_r - quotient * r);
    old_s = std::exchange(s, old_s - quotient * s);
  }
  if (old_r != 1 && old_r != -1) return std::nullopt;
  __int128 inverse = old_r == 1 ? old_s : -old_s;
  inverse %= modulus;
  if (inverse != 0 && (inverse < 0) != (modulus < 0)) inverse += modulus;
  return static_cast<std::int64_t>(inverse);
}

Outcome<Datum> pow(LibraryCall& call) {
  const bool modular = call.has(2) && !call.args[2].is_none();
  if (!modular) return number_arithmetic(Arithmetic::kPower, number(call), number(call, 1));
  if (!call.args[0].is_int() || !call.args[1].is_int() || !call.args[2].is_int()) {
    return type_error("pow() 3rd argument not allowed unless all arguments are integers");
  }
  if (!number(call).is_int() || !number(call, 1).is_int() || !number(call, 2).is_int()) {
    return limit_error("pow() with a modulus takes integers of at most 64 bits");
  }
  std::int64_t base = number(call).as_int();
  std::int64_t exponent = number(call, 1).as_int();
  const std::int64_t modulus = number(call, 2).as_int();
  if (modulus == 0) return value_error("pow() 3rd argument cannot be 0");
  if (exponent < 0) {
    const auto inverse = modular_inverse(base, modulus);
    if (!inverse || exponent == INT64_MIN) return value_error("base is not invertible for the given modulus");
    base = *inverse;
    exponent = -exponent;
  }
  return Datum(modular_power(base, exponent, modulus));
}

Outcome<Datum> sign(LibraryCall& call) { return Datum(compare_numbers(number(call), Value(0)).value_or(0)); }

Outcome<Datum> round(LibraryCall& call) {
  const std::int64_t wanted = call.has(1) ? whole(number(call, 1)).int_or(0) : 0;
  const int digits = static_cast<int>(std::max<std::int64_t>(-400, std::min<std::int64_t>(400, wanted)));
  if (number(call).is_double()) return Datum(round_half_even(number(call).as_double(), digits));
  if (digits >= 0 || !number(call).is_int()) return Datum(number(call));
  if (digits < -18) return Datum(0);
  std::int64_t unit = 1;
  for (int i = 0; i < -digits; ++i) unit *= 10;
  const std::int64_t value = number(call).as_int();
  std::int64_t floor = value / unit - (value % unit < 0 ? 1 : 0);
  const std::int64_t rest = value - floor * unit;
  if (rest * 2 > unit || (rest * 2 == unit && floor % 2 != 0)) ++floor;
  return Datum(floor * unit);
}

template <BitOperation Op>
Outcome<Datum> bits(LibraryCall& call) {
  MW_TRY(Value out, bit_arithmetic(Op, whole(number(call)), whole(number(call, 1))));
  const bool logical = Op != BitOperation::kShiftLeft && Op != BitOperation::kShiftRight;
  if (logical && call.args[0].is_bool() && call.args[1].is_bool()) return Datum(out != Value(0));
  return Datum(std::move(out));
}

Outcome<Datum> bits_not(LibraryCall& call) {
  return number_arithmetic(Arithmetic::kSubtract, negate(whole(number(call))), Value(1));
}

// Evaluation is deterministic: the middle of the range is as random as it gets.
Outcome<Datum> random(LibraryCall& call) {
  if (!call.has(0)) return Datum(0.5);
  MW_TRY(const Datum sum, number_arithmetic(Arithmetic::kAdd, number(call), number(call, 1)));
  return number_arithmetic(Arithmetic::kFloorDivide, sum.plain(), Value(2));
}

constexpr LibraryEntry kEntries[] = {
    {"abs", Form::kFunction, "num op", &abs},
    {"int", Form::kFunction, "any value", &int_},
    {"float", Form::kFunction, "any value", &float_},
    {"bool", Form::kFunction, "any value", &bool_},
    {"isBoolean", Form::kFunction, "any value", &is_boolean},
    {"isInteger", Form::kFunction, "any value", &is_integer},
    {"isNumber", Form::kFunction, "any value", &is_number},
    {"max", Form::kFunction, "any a, any b", &extreme<true>},
    {"min", Form::kFunction, "any a, any b", &extreme<false>},
    {"pow", Form::kFunction, "num a, num b, num? c=", &pow},
    {"sign", Form::kFunction, "num num", &sign},
    {"round", Form::kFunction, "num number, int ndigits=", &round},
    {"bitwiseAnd", Form::kFunction, "int left, int right", &bits<BitOperation::kAnd>},
    {"bitwiseOr", Form::kFunction, "int left, int right", &bits<BitOperation::kOr>},
    {"bitwiseXor", Form::kFunction, "int left, int right", &bits<BitOperation::kXor>},
    {"bitwiseNot", Form::kFunction, "int arg", &bits_not},
    {"shiftBitsLeft", Form::kFunction, "int value, int bitsNumber", &bits<BitOperation::kShiftLeft>},
    {"shiftBitsRight", Form::kFunction, "int value, int bitsNumber", &bits<BitOperation::kShiftRight>},
    {"random", Form::kFunction, "", &random},
    {"random", Form::kFunction, "int from, int to", &random},
};

}  // namespace

Entries math_entries() { return kEntries; }

}  // namespace midwatch::yaql
