#include <cmath>
#include <cstdint>
#include <random>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "series/number_text.h"
#include "series/sample.h"
#include "wire/text_format.h"

namespace midwatch {
namespace {

// Writes what it is told as one line each, so that a test compares text.
struct Transcript final : TextSink {
  std::string text;
  void on_sample(const TextSample& sample) override {
    text += sample.to_labels().to_metric_text() + " ";
    append_text_number(text, sample.value);
    if (sample.at) text += fmt::format(" @{}", to_millis(*sample.at));
    text += '\n';
  }
  void on_problem(const TextProblem& problem) override { text += "! " + problem.to_string() + '\n'; }
  void on_type(std::string_view name, MetricType type) override {
    text += fmt::format("type {} {}\n", name, to_string(type));
  }
  void on_help(std::string_view name, std::string_view help) override {
    text += fmt::format("help {} {}\n", name, help);
  }
};

std::string read(std::string_view body, const TextLimits& limits = {}) {
  Transcript transcript;
  parse_text_exposition(body, transcript, limits);
  return transcript.text;
}

TEST(TextFormat, ReadsWhatTheFormatsOwnExampleHas) {
  EXPECT_EQ(read(R"(# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="+Inf"} 144320
)"),
            R"(help http_requests_total The total number of HTTP requests.
type http_requests_total counter
http_requests_total{code="200", method="post"} 1027 @1395066363000
http_requests_total{code="400", method="post"} 3 @1395066363000
msdos_file_access_time_seconds{error="Cannot find file:\n\"FILE.TXT\"", path="C:\\DIR\\FILE.TXT"} 1458255915
metric_without_timestamp_and_labels 12.47
something_weird{problem="division by zero"} +Inf @-3982045
type http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="+Inf"} 144320
)");
}

TEST(TextFormat, BlanksTrailingCommasAndCarriageReturnsAreFine) {
  EXPECT_EQ(read("\ta { x = \"1\" , } 2\r\nb{} 3\nc 4"), "a{x=\"1\"} 2\nb 3\nc 4\n");
}

TEST(TextFormat, ABadLineIsToldByItsPlaceAndSpoilsNothing) {
  const std::string text = read(
      "a 1\n"
      "b{x=1} 2\n"
      "é 3\n"
      "c{x=\"é\",y} 4\n"
      "d{x=\"1\"\n"
      "e{x=\"1\",x=\"2\"} 1\n"
      "f one\n"
      "g 1 soon\n"
      "h 1 2 3\n"
      "i{x=\"unfinished} 1\n"
      "j\n"
      "# TYPE k clock\n"
      "l{__name__=\"x\"} 1\n"
      "m-n 1\n"
      "z 26\n");
  EXPECT_EQ(text, R"(a 1
! line 2, column 5: expected a label value in double quotes, found '1'
! line 3, column 1: expected a metric name, found byte 0xc3
! line 4, column 10: expected '=' after label y, found '}'
! line 5, column 8: expected ',' or '}' after a label, found the end of the line
! line 6, column 9: label x is given twice
! line 7, column 3: expected a number as value, found 'o'
! line 8, column 5: expected milliseconds since 1970 as timestamp, found 's'
! line 9, column 7: expected the end of the line, found '3'
! line 10, column 5: the label value has no closing quote
! line 11, column 2: expected a value, found the end of the line
! line 12, column 10: expected a type (counter, gauge, histogram, summary or untyped), found 'clock'
! line 13, column 3: label __name__ is reserved for the metric's name
! line 14, column 2: expected '{' or a blank after the metric name, found '-'
z 26
)");
}

TEST(TextFormat, InvalidUtf8IsAProblemOfItsLine) {
  EXPECT_EQ(read("a{x=\"\xff\"} 1\nb 2\n"), "! line 1, column 6: the label value is not UTF-8\nb 2\n");
  EXPECT_EQ(read("a{x=\"\\\xffR\"} 1\n"), "! line 1, column 6: the label value is not UTF-8\n") << "after a backslash";
}

TEST(TextFormat, LimitsAreNamed) {
  EXPECT_EQ(read("a{x=\"1\",y=\"2\",z=\"3\"} 1\n", {.labels_max = 2}), "! line 1, column 15: more than 2 labels\n");
  EXPECT_EQ(read("a{x=\"12345\"} 1\n", {.label_value_bytes_max = 4}),
            "! line 1, column 6: the label value has 5 bytes, at most 4 are allowed\n");
  EXPECT_EQ(read("aaaaaaaaaaaa 1\nb 1\n", {.line_bytes_max = 10}),
            "! line 1, column 1: the line has 14 bytes, at most 10 are allowed\nb 1\n");
  Transcript transcript;
  const TextSummary summary = parse_text_exposition("a 1\nb 2\nc 3\n", transcript, {.samples_max = 2});
  EXPECT_EQ(summary.end, TextEnd::kSamplesMaxReached);
  EXPECT_EQ(transcript.text, "a 1\nb 2\n");
}

TEST(TextFormat, ProblemsAreCountedBeyondTheOnesTold) {
  Transcript transcript;
  const TextSummary summary = parse_text_exposition("-\n-\n-\n", transcript, {.problems_max = 1});
  EXPECT_EQ(summary.problems_count, 3U);
  EXPECT_EQ(transcript.text, "! line 1, column 1: expected a metric name, found '-'\n");
}

TEST(TextFormat, NumbersReadBackBitForBit) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (std::isnan(value)) continue;
    std::string text;
    append_text_number(text, value);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(*parse_number_text(text)), std::bit_cast<std::uint64_t>(value)) << text;
  }
  std::string zero;
  append_text_number(zero, -0.0);
  EXPECT_EQ(zero, "-0");
}

TEST(TextFormat, TheSeriesTextIsTheKeyOfTheSeries) {
  struct Keys final : TextSink {
    std::string keys;
    void on_sample(const TextSample& sample) override { keys += std::string(sample.series_text) + ";"; }
    void on_problem(const TextProblem&) override {}
  } sink;
  parse_text_exposition("a{x=\"}\"} 1\n b 2 7\n", sink);
  EXPECT_EQ(sink.keys, "a{x=\"}\"};b;");
}

TEST(TextFormat, WrittenFamiliesReadBack) {
  const std::vector<TextPoint> points = {{"_bucket", {{"le", "0.5"}}, 3}, {"_count", {{"path", "a\"b\n"}}, 0.1}};
  std::string out;
  append_text_family(out, {"x_seconds", "Time\\spent\nhere.", MetricType::kHistogram, points});
  EXPECT_EQ(out,
            "# HELP x_seconds Time\\\\spent\\nhere.\n# TYPE x_seconds histogram\n"
            "x_seconds_bucket{le=\"0.5\"} 3\nx_seconds_count{path=\"a\\\"b\\n\"} 0.1\n");
  EXPECT_EQ(read(out),
            "help x_seconds Time\\spent\nhere.\ntype x_seconds histogram\nx_seconds_bucket{le=\"0.5\"} 3\n"
            "x_seconds_count{path=\"a\\\"b\\n\"} 0.1\n");
}

}  // namespace
}  // namespace midwatch
