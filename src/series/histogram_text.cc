#include "series/histogram_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include <fmt/core.h>

#include "series/number_text.h"

namespace midwatch {
namespace {

using Hint = FloatHistogram::ResetHint;

constexpr std::int32_t kOffsetMax = 1'000'000;

// What a literal says, before it is put together: `offset` may come before or after its list.
struct Literal {
  FloatHistogram histogram;
  std::vector<double> positive;
  std::vector<double> negative;
  std::int32_t positive_offset = 0;
  std::int32_t negative_offset = 0;
};

Error invalid(std::string message) { return Error(Code::kInvalid, "histogram: " + std::move(message)); }

void skip_spaces(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

std::string_view take_until(std::string_view& text, std::string_view ends) {
  const std::size_t size = std::min(text.find_first_of(ends), text.size());
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}

Result<double> take_number(std::string_view& text) {
  const std::string_view word = take_until(text, " \t]");
  const auto number = parse_number_text(word);
  if (!number) return invalid(fmt::format("'{}' is not a number", word));
  return *number;
}

Result<std::int32_t> take_integer(std::string_view& text, std::int32_t least, std::int32_t most) {
  MW_TRY(const double number, take_number(text));
  if (!(number >= least && number <= most) || number != std::floor(number)) {
    return invalid(fmt::format("{} is not an integer from {} to {}", number, least, most));
  }
  return static_cast<std::int32_t>(number);
}

Result<std::vector<double>> take_list(std::string_view& text) {
  if (!text.starts_with('[')) return invalid("a list starts with '['");
  text.remove_prefix(1);
  std::vector<double> values;
  while (true) {
    skip_spaces(text);
    if (text.starts_with(']')) break;
    if (text.empty()) return invalid("a list ends with ']'");
    if (values.size() >= kHistogramBucketsMax) return invalid("the list is too long");
    MW_TRY(const double value, take_number(text));
    values.push_back(value);
  }
  text.remove_prefix(1);
  return values;
}

Result<Hint> take_hint(std::string_view& text) {
  const std::string_view word = take_until(text, " \t");
  constexpr std::string_view kNames[] = {"unknown", "reset", "not_reset", "gauge"};
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (word == kNames[i]) return static_cast<Hint>(i);
  }
  return invalid(fmt::format("'{}' is no hint of a counter reset", word));
}

template <class T>
Status store(Result<T> value, T& target) {
  if (!value) return std::move(value).error();
  target = std::move(*value);
  return {};
}

Status take_value(std::string_view key, std::string_view& text, Literal& literal) {
  FloatHistogram& histogram = literal.histogram;
  if (key == "schema") {
    MW_TRY(histogram.schema, take_integer(text, FloatHistogram::kCustomSchema, FloatHistogram::kSchemaMax));
    const bool known = histogram.has_custom_bounds() || histogram.schema >= FloatHistogram::kSchemaMin;
    return known ? Status{} : Status(invalid(fmt::format("there is no schema {}", histogram.schema)));
  }
  if (key == "sum") return store(take_number(text), histogram.sum);
  if (key == "count") return store(take_number(text), histogram.count);
  if (key == "z_bucket") return store(take_number(text), histogram.zero_count);
  if (key == "z_bucket_w") {
    MW_TRY(histogram.zero_threshold, take_number(text));
    const bool width = histogram.zero_threshold >= 0 && !std::isinf(histogram.zero_threshold);
    return width ? Status{} : Status(invalid("the zero bucket's width must be a number of at least 0"));
  }
  if (key == "buckets") return store(take_list(text), literal.positive);
  if (key == "n_buckets") return store(take_list(text), literal.negative);
  if (key == "offset") return store(take_integer(text, -kOffsetMax, kOffsetMax), literal.positive_offset);
  if (key == "n_offset") return store(take_integer(text, -kOffsetMax, kOffsetMax), literal.negative_offset);
  if (key == "custom_values") return store(take_list(text), histogram.custom_bounds);
  if (key == "counter_reset_hint") return store(take_hint(text), histogram.hint);
  return invalid(fmt::format("there is no '{}'", key));
}

FloatHistogram::Buckets placed(const std::vector<double>& counts, std::int32_t offset) {
  FloatHistogram::Buckets buckets;
  buckets.reserve(counts.size());
  for (const double count : counts) buckets.push_back({offset++, count});
  return buckets;
}

Status check_custom(const Literal& literal) {
  const std::vector<double>& bounds = literal.histogram.custom_bounds;
  if (!literal.histogram.has_custom_bounds()) {
    return bounds.empty() ? Status{} : Status(invalid("custom_values are of schema -53"));
  }
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const bool ascending = i == 0 || bounds[i - 1] < bounds[i];
    if (!std::isfinite(bounds[i]) || !ascending) return invalid("custom_values must be finite and ascending");
  }
  const auto last = literal.positive_offset + static_cast<std::int64_t>(literal.positive.size());
  if (literal.positive_offset < 0 || last > static_cast<std::int64_t>(bounds.size()) + 1) {
    return invalid("there are buckets beyond the custom_values");
  }
  if (!literal.negative.empty() || literal.histogram.zero_count != 0) {
    return invalid("schema -53 has neither negative buckets nor a zero bucket");
  }
  return {};
}

void append_range(std::string& out, const FloatHistogram::Range& range) {
  const bool zero_bucket = range.lower == -range.upper;
  const bool negative = range.upper < 0 || (range.upper == 0 && range.lower < 0);
  out += zero_bucket || negative ? ", [" : ", (";
  out += fmt::format("{},{}", short_number_text(range.lower), short_number_text(range.upper));
  out += zero_bucket || !negative ? "]:" : "):";
  out += short_number_text(range.count);
}

}  // namespace

Result<FloatHistogram> parse_histogram_literal(std::string_view text) {
  if (!text.starts_with("{{") || !text.ends_with("}}") || text.size() < 4) {
    return invalid("a literal is written in {{ and }}");
  }
  text = text.substr(2, text.size() - 4);
  Literal literal;
  std::set<std::string_view> seen;
  while (true) {
    skip_spaces(text);
    if (text.empty()) break;
    const std::string_view key = take_until(text, ": \t");
    if (!text.starts_with(':')) return invalid(fmt::format("'{}' needs a value", key));
    text.remove_prefix(1);
    if (!seen.insert(key).second) return invalid(fmt::format("'{}' is given twice", key));
    MW_CHECK(take_value(key, text, literal));
  }
  MW_CHECK(check_custom(literal));
  literal.histogram.positive = placed(literal.positive, literal.positive_offset);
  literal.histogram.negative = placed(literal.negative, literal.negative_offset);
  return std::move(literal.histogram);
}

std::string short_number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 64> buffer;
  auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  const std::string_view scientific(buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data()));
  int exponent = 0;
  const std::size_t digits = scientific.find('e') + (scientific[scientific.find('e') + 1] == '+' ? 2 : 1);
  std::from_chars(scientific.data() + digits, written.ptr, exponent);
  if (exponent < -4 || exponent >= 6) return std::string(scientific);
  written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
  return std::string(buffer.data(), written.ptr);
}

std::string FloatHistogram::to_string() const {
  std::string out = fmt::format("{{count:{}, sum:{}", short_number_text(count), short_number_text(sum));
  for (const Range& range : ranges()) {
    if (range.count != 0) append_range(out, range);
  }
  return out += '}';
}

}  // namespace midwatch
