// promql/prom_result.h — what a query answers, and its shape in Prometheus' HTTP API.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "series/sample_source.h"
#include "value/value.h"

namespace midwatch {

struct PromScalar {
  Instant at{};
  double value = 0;
};
struct PromString {
  Instant at{};
  std::string value;
};
struct PromElement {
  Labels labels;
  Instant at{};
  double value = 0;
  HistogramPtr histogram{};  // instead of the value, where it is one
};
using PromVector = std::vector<PromElement>;
using PromMatrix = std::vector<SeriesSamples>;
using PromValue = std::variant<PromScalar, PromString, PromVector, PromMatrix>;

// What a person should know about a result that is one nevertheless.
struct PromAnnotation {
  enum class Kind : std::uint8_t { kWarning, kInfo };
  Kind kind = Kind::kWarning;
  std::string text;  // "PromQL warning: … (1:21)": Prometheus' words
};

struct PromResult {
  PromValue value;
  std::vector<PromAnnotation> annotations;  // each text once
  std::size_t samples_read = 0;
};

// The `data` of an answer of /api/v1/query: {"resultType": "vector", "result": [...]}. Times are
// seconds, values are texts.
[[nodiscard]] Value to_value(const PromValue& value);
// 0.1, 1000000000000000000000, +Inf, NaN: never with an exponent, as Prometheus writes values.
[[nodiscard]] std::string prom_number_text(double value);

}  // namespace midwatch
