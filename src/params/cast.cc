// Casts of rendered parameters by the type of their schema (spec 4.4).
#include <cmath>

#include <fmt/core.h>

#include "codec/json.h"
#include "expr/python_number.h"
#include "expr/python_text.h"
#include "expr/st2_functions.h"
#include "params/python_literal.h"
#include "params/render_parameters.h"

namespace midwatch {
namespace {

Outcome<Value> cast_integer(const Value& value) {
  if (value.is_int() || value.is_bigint()) return value;
  if (value.is_bool()) return Value(value.as_bool() ? 1 : 0);
  if (value.is_double()) {
    const double whole = std::trunc(value.as_double());
    if (!std::isfinite(whole)) return value_error("cannot convert float infinity or NaN to integer");
    return *Value::integer(fmt::format("{:.0f}", whole));
  }
  if (!value.is_string()) return type_error("int() argument must be a string or a number");
  if (auto number = parse_py_int(value.as_string())) return *number;
  return value_error(fmt::format("invalid literal for int() with base 10: {}", py_repr_text(value.as_string())));
}

Outcome<Value> cast_number(const Value& value) {
  if (value.is_number()) return Value(value.as_double());
  if (value.is_bool()) return Value(value.as_bool() ? 1.0 : 0.0);
  if (!value.is_string()) return type_error("float() argument must be a string or a number");
  if (const auto number = parse_py_float(value.as_string())) return Value(*number);
  return value_error(fmt::format("could not convert string to float: {}", py_repr_text(value.as_string())));
}

Outcome<Value> literal_or_failure(std::string_view text) {
  auto literal = parse_python_literal(text);
  if (!literal) return value_error(std::move(literal).error().message);
  return std::move(*literal);
}

Outcome<Value> cast_structure(const Value& value) {
  if (!value.is_string()) return value;
  if (auto json = parse_json(value.as_string())) return std::move(*json);
  return literal_or_failure(value.as_string());
}

}  // namespace

Outcome<Value> cast_parameter(const Value& rendered, std::string_view type) {
  if (rendered.is_null() || type.empty()) return rendered;
  const bool none = rendered.is_string() && rendered.as_string() == kNoneMagic;
  if (none && (type == "integer" || type == "number")) {
    return type_error(fmt::format("{}() argument must be a string or a real number, not 'NoneType'",
                                  type == "integer" ? "int" : "float"));
  }
  if (none) return Value();
  if (type == "integer") return cast_integer(rendered);
  if (type == "number") return cast_number(rendered);
  if (type == "boolean") {
    if (!rendered.is_string()) return rendered;
    return literal_or_failure(capitalize_text(rendered.as_string()));
  }
  if (type == "string") {
    if (rendered.is_string()) return rendered;
    return value_error(fmt::format("Value \"{}\" must either be a string or None. Got \"{}\".", py_str(rendered),
                                   type_name(Datum(rendered))));
  }
  if (type == "array" || type == "object") return cast_structure(rendered);
  return rendered;
}

}  // namespace midwatch
