// wire/text_format.h — Prometheus' text exposition format 0.0.4, read and written.
//
//   struct Print final : TextSink {
//     void on_sample(const TextSample& sample) override { ... }
//     void on_problem(const TextProblem& problem) override { ... }
//   } print;
//   const TextSummary summary = parse_text_exposition(body, print);
//
// A line that cannot be read is a TextProblem with its place; it never spoils its neighbours. Texts
// are views into the body, or, where a label value had an escape, into the parser's own buffer: they
// are valid only during the call of the sink. `series_text` is the part of the line that names the
// series, byte for byte: a scraper that remembers what it stood for last time skips the rest.
//
// Limits: TextLimits; a line over a limit is a problem, and at samples_max reading stops.
// Thread-safety: functions without state. Cost: about 100 ns a sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "series/labels.h"

namespace midwatch {

inline constexpr std::string_view kTextExpositionType = "text/plain; version=0.0.4; charset=utf-8";

struct TextLimits {
  std::size_t line_bytes_max = 64 * 1024;
  std::size_t labels_max = 64;  // of one sample
  std::size_t label_value_bytes_max = 8 * 1024;
  std::size_t samples_max = 100'000;  // of one body
  std::size_t problems_max = 100;     // told one by one; all are counted
};

enum class MetricType : std::uint8_t { kUntyped, kCounter, kGauge, kHistogram, kSummary };
[[nodiscard]] std::string_view to_string(MetricType type);

struct TextSample {
  std::string_view series_text;  // name and braces as written
  std::string_view name;
  std::span<const LabelView> labels;  // as written, without the name; names are unique
  double value = 0;
  std::optional<Instant> at;  // when the line had a timestamp
  std::size_t line = 0;       // from 1

  [[nodiscard]] Labels to_labels() const;
};

struct TextProblem {
  std::size_t line = 0;    // from 1
  std::size_t column = 0;  // from 1, in code points
  std::string message;
  [[nodiscard]] std::string to_string() const;  // "line 3, column 7: ..."
};

class TextSink {
 public:
  virtual ~TextSink() = default;
  virtual void on_sample(const TextSample& sample) = 0;
  virtual void on_problem(const TextProblem& problem) = 0;
  virtual void on_type(std::string_view /*name*/, MetricType /*type*/) {}
  virtual void on_help(std::string_view /*name*/, std::string_view /*text, escapes undone*/) {}
};

enum class TextEnd : std::uint8_t { kComplete, kSamplesMaxReached };

struct TextSummary {
  std::size_t lines_count = 0;
  std::size_t samples_count = 0;
  std::size_t problems_count = 0;
  TextEnd end = TextEnd::kComplete;
};

TextSummary parse_text_exposition(std::string_view body, TextSink& sink, const TextLimits& limits = {});

// A number as the format spells it: "0.25", "1e+30", "+Inf", "-Inf", "NaN". Reads back bit for bit,
// apart from the payload of a NaN.
void append_text_number(std::string& out, double value);
struct TextPoint {
  std::string_view suffix;  // "_bucket", "_sum", "_count" or empty
  std::vector<LabelView> labels;
  double value = 0;
};
struct TextFamily {
  std::string_view name;
  std::string_view help;
  MetricType type = MetricType::kUntyped;
  std::span<const TextPoint> points;
};
// HELP, TYPE and one line a point.
void append_text_family(std::string& out, const TextFamily& family);

}  // namespace midwatch
