// Filters over numbers, and default.
#include <algorithm>
#include <cmath>
#include <optional>

#include "expr/python_methods.h"
#include "expr/python_number.h"
#include "expr/python_text.h"
#include "jinja/globals.h"
#include "jinja/interpreter.h"

namespace midwatch::jinja {

namespace {

Outcome<Datum> default_value(Call& call) {
  const bool boolean = call.has(2) && truthy(call.args[2]);
  const Datum fallback = call.has(1) ? call.args[1] : Datum("");
  if (call.args[0].is_undefined()) {
    const auto* undefined = static_cast<const UndefinedObject*>(call.args[0].object());
    if (undefined->refused) return undefined->failure();
    return fallback;
  }
  if (boolean && !truthy(call.args[0])) return fallback;
  return call.args[0];
}

Outcome<Datum> absolute_value(Call& call) {
  MW_CHECK(require_defined(call.args[0]));
  if (call.args[0].is_bool()) return Datum(call.args[0].plain().as_bool() ? 1 : 0);
  if (!call.args[0].is_number()) return type_error("bad operand type for abs(): '" + type_name(call.args[0]) + "'");
  return Datum(absolute(call.args[0].plain()));
}

// int(value): nullopt where Python raises TypeError or ValueError, which the filter turns into its default.
Outcome<std::optional<Value>> as_int(const Datum& value, int base) {
  MW_CHECK(require_defined(value));
  if (value.is_bool()) return std::optional<Value>(value.plain().as_bool() ? 1 : 0);
  if (value.is_int()) return std::optional<Value>(value.plain());
  if (value.is_float()) {
    if (!std::isfinite(value.plain().as_double())) {
      if (std::isinf(value.plain().as_double()))
        return Failure(ErrorKind::kValue, "OverflowError", "cannot convert float infinity to integer");
      return std::optional<Value>();
    }
    MW_TRY(Value whole, truncate_to_int(value.plain().as_double()));
    return std::optional<Value>(std::move(whole));
  }
  std::string text;
  if (value.is_string()) text = value.text();
  else if (value.type() == Type::kOther) text = value.object()->text();
  else return std::optional<Value>();
  if (auto number = parse_py_int(text, base)) return number;
  // "1.7"|int is 1: the reference tries int(float(text)) next.
  const auto real = parse_py_float(text);
  if (!real || std::isnan(*real)) return std::optional<Value>();
  if (std::isinf(*real)) return Failure(ErrorKind::kValue, "OverflowError", "cannot convert float infinity to integer");
  MW_TRY(Value whole, truncate_to_int(*real));
  return std::optional<Value>(std::move(whole));
}

Outcome<Datum> to_int(Call& call) {
  std::int64_t base = 10;
  if (call.has(2)) {
    MW_TRY(base, int_argument(call.args[2]));
    if (base < 0 || base == 1 || base > 36) base = 10;
  }
  MW_TRY(auto number, as_int(call.args[0], static_cast<int>(base)));
  if (number) return Datum(std::move(*number));
  return call.has(1) ? call.args[1] : Datum(0);
}

Outcome<Datum> to_float(Call& call) {
  const Datum& value = call.args[0];
  MW_CHECK(require_defined(value));
  if (value.is_bool()) return Datum(value.plain().as_bool() ? 1.0 : 0.0);
  if (value.is_number()) {
    const double number = value.plain().as_double();
    if (std::isinf(number) && !value.is_float())
      return Failure(ErrorKind::kValue, "OverflowError", "int too large to convert to float");
    return Datum(number);
  }
  std::string text;
  if (value.is_string()) text = value.text();
  else if (value.type() == Type::kOther) text = value.object()->text();
  if (const auto number = parse_py_float(text)) return Datum(*number);
  return call.has(1) ? call.args[1] : Datum(0.0);
}

Outcome<Datum> round_number(Call& call) {
  std::int64_t digits = 0;
  if (call.has(1)) {
    MW_TRY(digits, int_argument(call.args[1]));
  }
  std::string method = "common";
  if (call.has(2)) {
    MW_TRY(method, py_str(call.evaluation, call.args[2]));
  }
  if (method != "common" && method != "ceil" && method != "floor") {
    return Failure(ErrorKind::kValue, "FilterArgumentError", "method must be common, ceil or floor");
  }
  Datum value = call.args[0];
  MW_CHECK(require_defined(value));
  if (value.is_bool()) value = Datum(value.plain().as_bool() ? 1 : 0);
  if (!value.is_number()) return type_error("type " + type_name(value) + " doesn't define __round__ method");
  const int places = static_cast<int>(std::clamp<std::int64_t>(digits, -400, 400));
  if (method == "common") {
    if (!value.is_int()) return Datum(round_half_even(value.plain().as_double(), places));
    if (places >= 0 || !value.plain().is_int()) return value;
    if (places < -18) return Datum(0);
    // round(1250, -2): to the nearest multiple, half to even.
    std::int64_t unit = 1;
    for (int i = 0; i < -places; ++i) unit *= 10;
    const std::int64_t number = value.plain().as_int();
    std::int64_t floor = number / unit - (number % unit < 0 ? 1 : 0);
    const std::int64_t rest = number - floor * unit;
    if (rest * 2 > unit || (rest * 2 == unit && floor % 2 != 0)) ++floor;
    return Datum(floor * unit);
  }
  const double scale = std::pow(10.0, places);
  const double scaled = value.plain().as_double() * scale;
  if (!std::isfinite(scaled))
    return Failure(ErrorKind::kValue, "OverflowError", "cannot convert float infinity to integer");
  // An integer in the reference: there is no negative zero.
  return Datum((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale + 0.0);
}

Outcome<Datum> file_size(Call& call) {
  const bool binary = call.has(1) && truthy(call.args[1]);
  double bytes = 0;
  if (call.args[0].is_string()) {
    const auto number = parse_py_float(call.args[0].text());
    if (!number) return value_error("could not convert string to float: " + py_repr_text(call.args[0].text()));
    bytes = *number;
  } else {
    MW_CHECK(require_defined(call.args[0]));
    if (!call.args[0].is_number() && !call.args[0].is_bool()) {
      return type_error("float() argument must be a string or a real number, not '" + type_name(call.args[0]) + "'");
    }
    bytes = call.args[0].is_bool() ? (call.args[0].plain().as_bool() ? 1 : 0) : call.args[0].plain().as_double();
  }
  const double base = binary ? 1024 : 1000;
  constexpr const char* kDecimal[] = {"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
  constexpr const char* kBinary[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"};
  if (bytes == 1) return Datum("1 Byte");
  if (bytes < base) {
    MW_TRY(const Value whole, truncate_to_int(bytes));
    return Datum(int_digits(whole) + " Bytes");
  }
  double unit = base;
  for (std::size_t i = 0; i < 8; ++i) {
    unit *= base;
    if (bytes < unit || i == 7) {
      char text[64];
      std::snprintf(text, sizeof text, "%.1f %s", base * bytes / unit, binary ? kBinary[i] : kDecimal[i]);
      return Datum(text);
    }
  }
  return Datum();
}

constexpr NativeEntry kEntries[] = {
    {"default", "value, default_value=, boolean=", &default_value},
    {"d", "value, default_value=, boolean=", &default_value},
    {"abs", "x", &absolute_value},
    {"int", "value, default=, base=", &to_int},
    {"float", "value, default=", &to_float},
    {"round", "value, precision=, method=", &round_number},
    {"filesizeformat", "value, binary=", &file_size},
};

}  // namespace

void add_number_filters(FunctionTable& table) { table.add(kEntries); }

}  // namespace midwatch::jinja
