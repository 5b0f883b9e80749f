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

// Which ends belong to a bucket: 0 the upper, 1 the lower, 2 neither, 3 both; of Prometheus' API.
int boundary_rule(const FloatHistogram::Range& range) {
  if (range.lower == -range.upper) return 3;
  return range.upper <= 0 && range.lower < 0 ? 1 : 0;
}

Value histogram_value(const FloatHistogram& histogram) {
  std::vector<Value> buckets;
  for (const FloatHistogram::Range& range : histogram.ranges()) {
    if (range.count == 0) continue;
    buckets.push_back(Value::array({Value(histogram.has_custom_bounds() ? 0 : boundary_rule(range)),
                                    Value(prom_number_text(range.lower)), Value(prom_number_text(range.upper)),
                                    Value(prom_number_text(range.count))}));
  }
  ObjectBuilder builder;
  builder.set("count", Value(prom_number_text(histogram.count)));
  builder.set("sum", Value(prom_number_text(histogram.sum)));
  if (!buckets.empty()) builder.set("buckets", Value::array(std::move(buckets)));
  return std::move(builder).build();
}

Value point(Instant at, const FloatHistogram& histogram) {
  return Value::array({time_value(at), histogram_value(histogram)});
}

Value result_of(const PromVector& vector) {
  std::vector<Value> out;
  out.reserve(vector.size());
  for (const PromElement& element : vector) {
    ObjectBuilder builder;
    builder.set("metric", element.labels.to_value());
    if (element.histogram != nullptr) builder.set("histogram", point(element.at, *element.histogram));
    else builder.set("value", point(element.at, prom_number_text(element.value)));
    out.push_back(std::move(builder).build());
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
    ObjectBuilder builder;
    builder.set("metric", series.labels.to_value());
    if (!points.empty() || series.histograms.empty()) builder.set("values", Value::array(std::move(points)));
    if (!series.histograms.empty()) {
      std::vector<Value> histograms;
      for (const HistogramSample& sample : series.histograms) histograms.push_back(point(sample.at, *sample.histogram));
      builder.set("histograms", Value::array(std::move(histograms)));
    }
    out.push_back(std::move(builder).build());
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
