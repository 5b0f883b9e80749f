#include "promql/prom_result.h"

#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>

namespace midwatch {
namespace {

Value time_value(Instant at) {
  const std::int64_t ms = to_millis(at);
  if (ms % 1000 == 0) return Value(ms / 1000);
  return Value(static_cast<double>(ms) / 1000);
}

Value point(Instant at, const std::string& text) { return Value::array({time_value(at), Value(text)}); }

Value result_of(const PromVector& vector) {
  std::vector<Value> out;
  out.reserve(vector.size());
  for (const PromElement& element : vector) {
    out.push_back(Value::object(
        {{"metric", element.labels.to_value()}, {"value", point(element.at, prom_number_text(element.value))}}));
  }
  return Value::array(std::move(out));
}

Value result_of(const PromMatrix& matrix) {
  std::vector<Value> out;
  out.reserve(matrix.size());
  for (const SeriesSamples& series : matrix) {
    std::vector<Value> points;
    points.reserve(series.samples.size());
    for (const Sample& sample : series.samples) points.push_back(point(sample.at, prom_number_text(sample.value)));
    out.push_back(Value::object({{"metric", series.labels.to_value()}, {"values", Value::array(std::move(points))}}));
  }
  return Value::array(std::move(out));
}

Value result_of(const PromScalar& scalar) { return point(scalar.at, prom_number_text(scalar.value)); }
Value result_of(const PromString& string) { return point(string.at, string.value); }

}  // namespace

std::string prom_number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 1100> buffer;  // the longest double without an exponent has 1077 characters
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
  return std::string(buffer.data(), end);
}

Value to_value(const PromValue& value) {
  constexpr const char* kTypes[] = {"scalar", "string", "vector", "matrix"};
  return std::visit(
      [&](const auto& held) {
        return Value::object({{"resultType", Value(kTypes[value.index()])}, {"result", result_of(held)}});
      },
      value);
}

}  // namespace midwatch
