// The methods and attributes of int and float.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "expr/bytes.h"
#include "expr/python_methods.h"
#include "expr/python_number.h"
#include "expr/python_ops.h"

namespace midwatch {

namespace {

Value integer_self(const Datum& self) { return self.is_bool() ? Value(self.plain().as_bool() ? 1 : 0) : self.plain(); }

Outcome<Datum> bit_length(Call& call) {
  const Value number = absolute(integer_self(call.args[0]));
  if (number.is_int() && number.as_int() == 0) return Datum(0);
  return Datum(int_in_base(number, 2).size());
}

Outcome<Datum> bit_count(Call& call) {
  const std::string bits = int_in_base(absolute(integer_self(call.args[0])), 2);
  return Datum(static_cast<std::int64_t>(std::count(bits.begin(), bits.end(), '1')));
}

Outcome<Datum> conjugate(Call& call) {
  return call.args[0].is_bool() ? Datum(integer_self(call.args[0])) : call.args[0];
}

Outcome<Datum> integer_ratio(Call& call) { return make_tuple({Datum(integer_self(call.args[0])), Datum(1)}); }

constexpr std::int64_t kBytesMax = 1 << 16;

Failure overflow(std::string text) { return {ErrorKind::kValue, "OverflowError", std::move(text)}; }

Outcome<Datum> to_bytes(Call& call) {
  std::int64_t length = 1;
  if (call.has(1)) {
    MW_TRY(length, int_argument(call.args[1]));
  }
  std::string order = "big";
  if (call.has(2)) {
    MW_TRY(const std::string_view given, text_argument(call.args[2], "to_bytes() argument 'byteorder' must be str"));
    order = given;
  }
  if (order != "big" && order != "little") return value_error("byteorder must be either 'little' or 'big'");
  if (length < 0) return value_error("length argument must be non-negative");
  if (length > kBytesMax) return limit_error("more than " + std::to_string(kBytesMax) + " bytes of one integer");
  bool with_sign = false;
  for (const auto& [name, value] : call.named) {
    if (name != "signed") return type_error("to_bytes() got an unexpected keyword argument '" + name + "'");
    with_sign = truthy(value);
  }
  Value number = integer_self(call.args[0]);
  const bool negative = int_digits(number).front() == '-';
  if (negative && !with_sign) return overflow("can't convert negative int to unsigned");
  MW_TRY(const Datum range, number_arithmetic(Arithmetic::kPower, Value(2), Value(8 * length)));
  if (negative) {
    MW_TRY(const Datum complement, number_arithmetic(Arithmetic::kAdd, range.plain(), number));
    number = complement.plain();
  }
  std::string digits = int_in_base(number, 16);
  const std::size_t room = static_cast<std::size_t>(length) * 2;
  if (digits == "0") digits.clear();
  if (digits.starts_with('-') || digits.size() > room) return overflow("int too big to convert");
  digits.insert(0, room - digits.size(), '0');
  const bool top_bit = !digits.empty() && digits.front() >= '8';
  if (with_sign && top_bit != negative) return overflow("int too big to convert");
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  if (order == "little") std::reverse(bytes.begin(), bytes.end());
  return Datum(std::make_shared<BytesObject>(std::move(bytes)));
}

Outcome<Datum> is_integer(Call& call) {
  const double number = call.args[0].plain().as_double();
  return Datum(std::isfinite(number) && number == std::floor(number));
}

Outcome<Datum> hex(Call& call) {
  const double number = call.args[0].plain().as_double();
  if (!std::isfinite(number)) return Datum(std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf");
  if (number == 0) return Datum(std::signbit(number) ? "-0x0.0p+0" : "0x0.0p+0");
  char text[64];
  std::snprintf(text, sizeof text, "%.13a", number);
  return Datum(text);
}

Outcome<Datum> float_ratio(Call& call) {
  const double number = call.args[0].plain().as_double();
  if (std::isnan(number)) return value_error("cannot convert NaN to integer ratio");
  if (std::isinf(number)) return overflow("cannot convert Infinity to integer ratio");
  int exponent = 0;
  auto mantissa = static_cast<std::int64_t>(std::ldexp(std::frexp(number, &exponent), 53));
  exponent -= 53;
  if (mantissa == 0) return make_tuple({Datum(0), Datum(1)});
  while (mantissa % 2 == 0 && exponent < 0) {
    mantissa /= 2;
    ++exponent;
  }
  MW_TRY(const Datum scale, number_arithmetic(Arithmetic::kPower, Value(2), Value(std::abs(exponent))));
  if (exponent <= 0) return make_tuple({Datum(mantissa), scale});
  MW_TRY(const Datum numerator, number_arithmetic(Arithmetic::kMultiply, Value(mantissa), scale.plain()));
  return make_tuple({numerator, Datum(1)});
}

constexpr NativeEntry kIntegers[] = {
    {"as_integer_ratio", "self", &integer_ratio},
    {"bit_count", "self", &bit_count},
    {"bit_length", "self", &bit_length},
    {"conjugate", "self", &conjugate},
    {"to_bytes", "self, length=, byteorder=, **kwargs", &to_bytes},
};
constexpr NativeEntry kReals[] = {
    {"as_integer_ratio", "self", &float_ratio},
    {"conjugate", "self", &conjugate},
    {"hex", "self", &hex},
    {"is_integer", "self", &is_integer},
};

}  // namespace

void add_number_methods(FunctionTable& integers, FunctionTable& reals) {
  integers.add(kIntegers);
  reals.add(kReals);
}

bool number_attribute(const Datum& number, std::string_view name, Datum& out) {
  const bool whole = number.is_int() || number.is_bool();
  if (!whole && !number.is_float()) return false;
  if (name == "real" || (whole && name == "numerator")) out = whole ? Datum(integer_self(number)) : number;
  else if (name == "imag") out = whole ? Datum(0) : Datum(0.0);
  else if (whole && name == "denominator") out = Datum(1);
  else return false;
  return true;
}

}  // namespace midwatch
