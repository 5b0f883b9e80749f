#include "expr/python_number.h"

#include <gmp.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "expr/python_text.h"

namespace midwatch {

std::string_view symbol(Arithmetic op) {
  switch (op) {
    case Arithmetic::kAdd: return "+";
    case Arithmetic::kSubtract: return "-";
    case Arithmetic::kMultiply: return "*";
    case Arithmetic::kDivide: return "/";
    case Arithmetic::kFloorDivide: return "//";
    case Arithmetic::kModulo: return "%";
    case Arithmetic::kPower: return "** or pow()";
  }
  return "?";
}

namespace {

// Owns a GMP integer.
class Big {
 public:
  Big() { mpz_init(z_); }
  explicit Big(const Value& value) : Big() {
    if (value.is_int()) mpz_set_si(z_, value.as_int());
    else mpz_set_str(z_, std::string(value.bigint_digits()).c_str(), 10);
  }
  ~Big() { mpz_clear(z_); }
  Big(const Big&) = delete;
  Big& operator=(const Big&) = delete;
  [[nodiscard]] mpz_ptr get() { return z_; }
  [[nodiscard]] std::string text(int base = 10) const {
    std::vector<char> buffer(mpz_sizeinbase(z_, base) + 2);
    return mpz_get_str(buffer.data(), base, z_);
  }
  [[nodiscard]] Value value() const {
    if (mpz_fits_slong_p(z_) != 0) return Value(static_cast<std::int64_t>(mpz_get_si(z_)));
    return *Value::integer(text());
  }

 private:
  mpz_t z_;
};

Failure zero_division(std::string message) { return {ErrorKind::kValue, "ZeroDivisionError", std::move(message)}; }
Failure overflow(std::string message) { return {ErrorKind::kValue, "OverflowError", std::move(message)}; }

Outcome<Datum> big_power(Big& a, const Value& exponent) {
  const std::size_t bits = mpz_sizeinbase(a.get(), 2);
  if (!exponent.is_int() || (bits > 1 && static_cast<std::uint64_t>(exponent.as_int()) > kIntegerBitsMax / bits)) {
    if (mpz_cmpabs_ui(a.get(), 1) > 0)
      return limit_error("the power has more than " + std::to_string(kIntegerBitsMax) + " bits");
  }
  Big result;
  Big power(exponent);
  const unsigned long small = exponent.is_int() ? static_cast<unsigned long>(exponent.as_int())
                                                : 2 + static_cast<unsigned long>(mpz_odd_p(power.get()) != 0);
  mpz_pow_ui(result.get(), a.get(), small);
  return Datum(result.value());
}

Outcome<Datum> big_arithmetic(Arithmetic op, const Value& x, const Value& y) {
  Big a(x), b(y), out;
  switch (op) {
    case Arithmetic::kAdd: mpz_add(out.get(), a.get(), b.get()); break;
    case Arithmetic::kSubtract: mpz_sub(out.get(), a.get(), b.get()); break;
    case Arithmetic::kMultiply:
      if (mpz_sizeinbase(a.get(), 2) + mpz_sizeinbase(b.get(), 2) > 2 * kIntegerBitsMax) {
        return limit_error("the product has more than " + std::to_string(2 * kIntegerBitsMax) + " bits");
      }
      mpz_mul(out.get(), a.get(), b.get());
      break;
    case Arithmetic::kFloorDivide: mpz_fdiv_q(out.get(), a.get(), b.get()); break;
    case Arithmetic::kModulo: mpz_fdiv_r(out.get(), a.get(), b.get()); break;
    case Arithmetic::kPower: return big_power(a, y);
    case Arithmetic::kDivide: {
      mpq_t q;
      mpq_init(q);
      mpz_set(mpq_numref(q), a.get());
      mpz_set(mpq_denref(q), b.get());
      mpq_canonicalize(q);
      const double d = mpq_get_d(q);
      mpq_clear(q);
      if (std::isinf(d)) return overflow("integer division result too large for a float");
      return Datum(d);
    }
  }
  return Datum(out.value());
}

Outcome<Datum> float_floor(Arithmetic op, double a, double b) {
  // float_divmod of the reference: floor of the quotient, with the remainder's sign that of b.
  double mod = std::fmod(a, b);
  double quotient = (a - mod) / b;
  if (mod != 0) {
    if ((b < 0) != (mod < 0)) {
      mod += b;
      quotient -= 1.0;
    }
  } else {
    mod = std::copysign(0.0, b);
  }
  if (op == Arithmetic::kModulo) return Datum(mod);
  if (quotient == 0) return Datum(std::copysign(0.0, a / b));
  double floor = std::floor(quotient);
  if (quotient - floor > 0.5) floor += 1.0;
  return Datum(floor);
}

Outcome<Datum> float_arithmetic(Arithmetic op, const Value& x, const Value& y) {
  const double a = x.as_double();
  const double b = y.as_double();
  if ((!x.is_double() && std::isinf(a)) || (!y.is_double() && std::isinf(b))) {
    return overflow("int too large to convert to float");
  }
  switch (op) {
    case Arithmetic::kAdd: return Datum(a + b);
    case Arithmetic::kSubtract: return Datum(a - b);
    case Arithmetic::kMultiply: return Datum(a * b);
    case Arithmetic::kDivide:
      if (b == 0) return zero_division("float division by zero");
      return Datum(a / b);
    case Arithmetic::kFloorDivide:
      if (b == 0) return zero_division("float floor division by zero");
      return float_floor(op, a, b);
    case Arithmetic::kModulo:
      if (b == 0) return zero_division("float modulo");
      return float_floor(op, a, b);
    case Arithmetic::kPower: {
      if (a == 0 && b < 0) return zero_division("0.0 cannot be raised to a negative power");
      if (a < 0 && std::isfinite(b) && b != std::floor(b)) return value_error("the result is a complex number");
      const double result = std::pow(a, b);
      if (std::isinf(result) && std::isfinite(a) && std::isfinite(b))
        return overflow("(34, 'Numerical result out of range')");
      return Datum(result);
    }
  }
  return Datum();
}

Outcome<Datum> int_arithmetic(Arithmetic op, const Value& x, const Value& y) {
  const bool small = x.is_int() && y.is_int();
  const bool divides = op == Arithmetic::kDivide || op == Arithmetic::kFloorDivide || op == Arithmetic::kModulo;
  if (divides && y.is_int() && y.as_int() == 0) {
    return zero_division(op == Arithmetic::kDivide   ? "division by zero"
                         : op == Arithmetic::kModulo ? "integer modulo by zero"
                                                     : "integer division or modulo by zero");
  }
  if (op == Arithmetic::kPower && (y.is_bigint() ? y.bigint_digits().front() == '-' : y.as_int() < 0)) {
    return float_arithmetic(op, Value(x.as_double()), Value(y.as_double()));
  }
  if (!small) return big_arithmetic(op, x, y);
  const std::int64_t a = x.as_int();
  const std::int64_t b = y.as_int();
  std::int64_t out = 0;
  constexpr std::int64_t kExact = std::int64_t{1} << 53;
  switch (op) {
    case Arithmetic::kAdd:
      if (!__builtin_add_overflow(a, b, &out)) return Datum(out);
      break;
    case Arithmetic::kSubtract:
      if (!__builtin_sub_overflow(a, b, &out)) return Datum(out);
      break;
    case Arithmetic::kMultiply:
      if (!__builtin_mul_overflow(a, b, &out)) return Datum(out);
      break;
    case Arithmetic::kDivide:
      if (a > -kExact && a < kExact && b > -kExact && b < kExact) {
        return Datum(static_cast<double>(a) / static_cast<double>(b));
      }
      break;
    case Arithmetic::kFloorDivide:
    case Arithmetic::kModulo: {
      if (b == -1)
        return op == Arithmetic::kModulo ? Outcome<Datum>(Datum(0))
                                         : int_arithmetic(Arithmetic::kSubtract, Value(0), x);
      const std::int64_t rest = a % b;
      const bool adjust = rest != 0 && ((rest < 0) != (b < 0));
      if (op == Arithmetic::kModulo) return Datum(adjust ? rest + b : rest);
      return Datum(adjust ? a / b - 1 : a / b);
    }
    case Arithmetic::kPower: break;
  }
  return big_arithmetic(op, x, y);
}

}  // namespace

Outcome<Datum> number_arithmetic(Arithmetic op, const Value& a, const Value& b) {
  if (a.is_double() || b.is_double()) return float_arithmetic(op, a, b);
  return int_arithmetic(op, a, b);
}

std::optional<int> compare_numbers(const Value& a, const Value& b) {
  if (a.is_int() && b.is_int()) return a.as_int() < b.as_int() ? -1 : a.as_int() > b.as_int() ? 1 : 0;
  if ((a.is_double() && std::isnan(a.as_double())) || (b.is_double() && std::isnan(b.as_double()))) return std::nullopt;
  if (a.is_double() && b.is_double()) return a.as_double() < b.as_double() ? -1 : a.as_double() > b.as_double() ? 1 : 0;
  const std::strong_ordering relation = order(a, b);
  return relation < 0 ? -1 : relation > 0 ? 1 : 0;
}

Value negate(const Value& number) {
  if (number.is_double()) return Value(-number.as_double());
  if (number.is_int() && number.as_int() != std::numeric_limits<std::int64_t>::min()) return Value(-number.as_int());
  Big z(number);
  mpz_neg(z.get(), z.get());
  return z.value();
}

Value absolute(const Value& number) {
  if (number.is_double()) return Value(std::fabs(number.as_double()));
  if (number.is_bigint()) return number.bigint_digits().front() == '-' ? negate(number) : number;
  return number.as_int() < 0 ? negate(number) : number;
}

std::string int_digits(const Value& integer) {
  return integer.is_int() ? std::to_string(integer.as_int()) : std::string(integer.bigint_digits());
}

std::string int_in_base(const Value& integer, int base) { return Big(integer).text(base); }

std::optional<Value> parse_py_int(std::string_view text, int base) {
  text = strip_space(text);
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const auto prefixed = [&](char letter) { return text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == letter; };
  const int implied = prefixed('x') ? 16 : prefixed('o') ? 8 : prefixed('b') ? 2 : 0;
  if (implied != 0 && (base == implied || base == 0)) {
    text.remove_prefix(2);
    base = implied;
    if (!text.empty() && text.front() == '_') text.remove_prefix(1);
  }
  if (base == 0) base = 10;
  std::string digits = negative ? "-" : "";
  bool underscore = true;  // not allowed first, last or twice
  for (const char c : text) {
    if (c == '_') {
      if (underscore) return std::nullopt;
      underscore = true;
      continue;
    }
    underscore = false;
    const int digit = c >= '0' && c <= '9'                     ? c - '0'
                      : (c | 0x20) >= 'a' && (c | 0x20) <= 'z' ? (c | 0x20) - 'a' + 10
                                                               : 99;
    if (digit >= base) return std::nullopt;
    digits += c;
  }
  if (underscore || digits.size() > kIntegerBitsMax / 4) return std::nullopt;
  Big z;
  if (mpz_set_str(z.get(), digits.c_str(), base) != 0) return std::nullopt;
  return z.value();
}

std::optional<double> parse_py_float(std::string_view text) {
  text = strip_space(text);
  std::string clean;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_') {
      if (i == 0 || i + 1 == text.size() || !is_digit(static_cast<unsigned char>(text[i - 1])) ||
          !is_digit(static_cast<unsigned char>(text[i + 1]))) {
        return std::nullopt;
      }
      continue;
    }
    clean += text[i];
  }
  std::string_view body = clean;
  bool negative = false;
  if (!body.empty() && (body.front() == '+' || body.front() == '-')) {
    negative = body.front() == '-';
    body.remove_prefix(1);
  }
  const std::string word = lower_text(body);
  if (word == "inf" || word == "infinity") {
    return negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  }
  if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (body.empty() || !(is_digit(static_cast<unsigned char>(body.front())) || body.front() == '.')) return std::nullopt;
  if (body == ".") return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), number, std::chars_format::general);
  if (end != body.data() + body.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) number = std::strtod(std::string(body).c_str(), nullptr);
  else if (error != std::errc()) return std::nullopt;
  return negative ? -number : number;
}

Outcome<Value> truncate_to_int(double number) {
  if (std::isnan(number)) return value_error("cannot convert float NaN to integer");
  if (std::isinf(number)) return overflow("cannot convert float infinity to integer");
  if (std::fabs(number) < 9.0e18) return Value(static_cast<std::int64_t>(number));
  Big z;
  mpz_set_d(z.get(), number);
  return z.value();
}

double round_half_even(double number, int digits) {
  if (!std::isfinite(number) || digits > 300) return number;
  if (digits >= 0) {
    // The exact decimal expansion is rounded, which is what printf does.
    char buffer[700];
    std::snprintf(buffer, sizeof buffer, "%.*f", digits, number);
    return std::strtod(buffer, nullptr);
  }
  if (digits < -308) return std::copysign(0.0, number);
  const double scale = std::pow(10.0, -digits);
  return std::nearbyint(number / scale) * scale;
}

Outcome<Value> bit_arithmetic(BitOperation op, const Value& x, const Value& y) {
  Big a(x), b(y), out;
  switch (op) {
    case BitOperation::kAnd: mpz_and(out.get(), a.get(), b.get()); break;
    case BitOperation::kOr: mpz_ior(out.get(), a.get(), b.get()); break;
    case BitOperation::kXor: mpz_xor(out.get(), a.get(), b.get()); break;
    case BitOperation::kShiftLeft:
    case BitOperation::kShiftRight:
      if (y.is_bigint() || y.as_int() < 0) return value_error("negative shift count");
      if (op == BitOperation::kShiftRight) {
        mpz_fdiv_q_2exp(out.get(), a.get(), static_cast<mp_bitcnt_t>(y.as_int()));
      } else {
        if (static_cast<std::uint64_t>(y.as_int()) > kIntegerBitsMax) return limit_error("the shift is too long");
        mpz_mul_2exp(out.get(), a.get(), static_cast<mp_bitcnt_t>(y.as_int()));
      }
      break;
  }
  return out.value();
}

}  // namespace midwatch
