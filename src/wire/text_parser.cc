#include <charconv>
#include <cstring>
#include <deque>

#include <fmt/core.h>

#include "series/number_text.h"
#include "value/value.h"
#include "wire/text_format.h"

namespace midwatch {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

// Undoes \\, \" and \n; any other backslash stands for itself, as Prometheus reads it.
void append_unescaped(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[i + 1];
    if (next == 'n') {
      out += '\n';
    } else if (next == '\\' || next == '"') {
      out += next;
    } else {
      out += '\\';
      out += next;
    }
    ++i;
  }
}

std::optional<MetricType> metric_type(std::string_view word) {
  for (const MetricType type :
       {MetricType::kUntyped, MetricType::kCounter, MetricType::kGauge, MetricType::kHistogram, MetricType::kSummary}) {
    if (to_string(type) == word) return type;
  }
  return std::nullopt;
}

class Parser {
 public:
  Parser(std::string_view body, TextSink& sink, const TextLimits& limits) : body_(body), sink_(sink), limits_(limits) {}

  TextSummary run() {
    while (!body_.empty()) {
      if (summary_.samples_count >= limits_.samples_max) {
        summary_.end = TextEnd::kSamplesMaxReached;
        break;
      }
      const void* newline = std::memchr(body_.data(), '\n', body_.size());
      const std::size_t size = newline == nullptr
                                   ? body_.size()
                                   : static_cast<std::size_t>(static_cast<const char*>(newline) - body_.data());
      line_ = body_.substr(0, size);
      body_.remove_prefix(newline == nullptr ? size : size + 1);
      ++summary_.lines_count;
      if (!line_.empty() && line_.back() == '\r') line_.remove_suffix(1);
      read_line();
    }
    return summary_;
  }

 private:
  void read_line() {
    at_ = 0;
    if (line_.size() > limits_.line_bytes_max) {
      problem(fmt::format("the line has {} bytes, at most {} are allowed", line_.size(), limits_.line_bytes_max));
      return;
    }
    skip_blanks();
    if (at_ == line_.size()) return;
    if (line_[at_] == '#') read_comment();
    else read_sample();
  }

  void skip_blanks() {
    while (at_ < line_.size() && is_blank(line_[at_])) ++at_;
  }

  // Always false, so that a reader can `return problem(...)`.
  bool problem(std::string message) {
    if (++summary_.problems_count > limits_.problems_max) return false;
    std::size_t column = 1;
    for (std::size_t i = 0; i < at_ && i < line_.size(); ++i) {
      if ((static_cast<unsigned char>(line_[i]) & 0xc0) != 0x80) ++column;
    }
    sink_.on_problem({summary_.lines_count, column, std::move(message)});
    return false;
  }

  // What stands at the cursor, for a message.
  [[nodiscard]] std::string here() const {
    if (at_ >= line_.size()) return "the end of the line";
    const auto c = static_cast<unsigned char>(line_[at_]);
    return c > 0x20 && c < 0x7f ? fmt::format("'{}'", line_[at_]) : fmt::format("byte 0x{:02x}", c);
  }

  [[nodiscard]] std::string_view word() {
    skip_blanks();
    const std::size_t start = at_;
    while (at_ < line_.size() && !is_blank(line_[at_])) ++at_;
    return line_.substr(start, at_ - start);
  }

  // "# HELP name text" and "# TYPE name type" say something; any other comment is ignored.
  void read_comment() {
    ++at_;
    const std::string_view kind = word();
    if (kind != "HELP" && kind != "TYPE") return;
    skip_blanks();
    std::string_view name;
    if (!read_metric_name(name)) return;
    if (at_ < line_.size() && !is_blank(line_[at_])) {
      problem(fmt::format("expected a blank after the metric name, found {}", here()));
      return;
    }
    skip_blanks();
    if (kind == "HELP") {
      if (!is_utf8(line_.substr(at_))) {
        problem("the help text is not UTF-8");
        return;
      }
      std::string text;
      append_unescaped(text, line_.substr(at_));
      sink_.on_help(name, text);
      return;
    }
    const std::size_t start = at_;
    const std::string_view type_name = word();
    if (const auto type = metric_type(type_name)) {
      sink_.on_type(name, *type);
    } else {
      at_ = start;
      problem("expected a type (counter, gauge, histogram, summary or untyped), found " +
              (type_name.empty() ? here()
                                 : fmt::format("'{}'", is_utf8(type_name) ? type_name : "bytes that are no text")));
    }
  }

  bool read_metric_name(std::string_view& name) {
    const std::size_t start = at_;
    if (at_ >= line_.size() || !(is_name_start(line_[at_]) || line_[at_] == ':')) {
      return problem(fmt::format("expected a metric name, found {}", here()));
    }
    while (at_ < line_.size() && (is_name_part(line_[at_]) || line_[at_] == ':')) ++at_;
    name = line_.substr(start, at_ - start);
    return true;
  }

  bool read_label_value(std::string_view& value) {
    if (at_ >= line_.size() || line_[at_] != '"') {
      return problem(fmt::format("expected a label value in double quotes, found {}", here()));
    }
    const std::size_t start = ++at_;
    bool escaped = false;
    bool ascii = true;
    for (; at_ < line_.size() && line_[at_] != '"'; ++at_) {
      if (static_cast<unsigned char>(line_[at_]) >= 0x80) ascii = false;
      if (line_[at_] == '\\') {
        escaped = true;
        ++at_;
        if (at_ < line_.size() && static_cast<unsigned char>(line_[at_]) >= 0x80) ascii = false;
      }
    }
    if (at_ >= line_.size()) {
      at_ = start - 1;
      return problem("the label value has no closing quote");
    }
    value = line_.substr(start, at_ - start);
    ++at_;
    if (value.size() > limits_.label_value_bytes_max) {
      at_ = start;
      return problem(fmt::format("the label value has {} bytes, at most {} are allowed", value.size(),
                                 limits_.label_value_bytes_max));
    }
    if (!ascii && !is_utf8(value)) {
      at_ = start;
      return problem("the label value is not UTF-8");
    }
    if (escaped) {
      append_unescaped(unescaped_.emplace_back(), value);
      value = unescaped_.back();
    }
    return true;
  }

  bool read_label() {
    const std::size_t start = at_;
    if (at_ >= line_.size() || !is_name_start(line_[at_])) {
      return problem(fmt::format("expected a label name, found {}", here()));
    }
    while (at_ < line_.size() && is_name_part(line_[at_])) ++at_;
    LabelView label{line_.substr(start, at_ - start), {}};
    for (const LabelView& other : labels_) {
      if (other.name == label.name) {
        at_ = start;
        return problem(fmt::format("label {} is given twice", label.name));
      }
    }
    if (label.name == kMetricName) {
      at_ = start;
      return problem("label __name__ is reserved for the metric's name");
    }
    if (labels_.size() >= limits_.labels_max) {
      at_ = start;
      return problem(fmt::format("more than {} labels", limits_.labels_max));
    }
    skip_blanks();
    if (at_ >= line_.size() || line_[at_] != '=') {
      return problem(fmt::format("expected '=' after label {}, found {}", label.name, here()));
    }
    ++at_;
    skip_blanks();
    if (!read_label_value(label.value)) return false;
    labels_.push_back(label);
    return true;
  }

  bool read_labels() {
    ++at_;  // the opening brace
    while (true) {
      skip_blanks();
      if (at_ < line_.size() && line_[at_] == '}') break;
      if (!read_label()) return false;
      skip_blanks();
      if (at_ < line_.size() && line_[at_] == ',') {
        ++at_;
        continue;
      }
      if (at_ >= line_.size() || line_[at_] != '}') {
        return problem(fmt::format("expected ',' or '}}' after a label, found {}", here()));
      }
      break;
    }
    ++at_;
    return true;
  }

  void read_sample() {
    labels_.clear();
    unescaped_.clear();
    TextSample sample;
    const std::size_t start = at_;
    if (!read_metric_name(sample.name)) return;
    std::size_t end = at_;
    skip_blanks();
    if (at_ < line_.size() && line_[at_] == '{') {
      if (!read_labels()) return;
      end = at_;
    } else if (at_ == end) {
      problem(at_ == line_.size() ? "expected a value, found the end of the line"
                                  : fmt::format("expected '{{' or a blank after the metric name, found {}", here()));
      return;
    }
    sample.series_text = line_.substr(start, end - start);
    sample.labels = labels_;
    sample.line = summary_.lines_count;
    if (!read_value(sample) || !read_timestamp(sample)) return;
    ++summary_.samples_count;
    sink_.on_sample(sample);
  }

  bool read_value(TextSample& sample) {
    skip_blanks();
    const std::size_t start = at_;
    const std::string_view text = word();
    const auto value = parse_number_text(text);
    if (!value) {
      at_ = start;
      return problem(text.empty() ? "expected a value, found the end of the line"
                                  : fmt::format("expected a number as value, found {}", here()));
    }
    sample.value = *value;
    return true;
  }

  bool read_timestamp(TextSample& sample) {
    skip_blanks();
    if (at_ == line_.size()) return true;
    const std::size_t start = at_;
    const std::string_view text = word();
    std::int64_t ms = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
    // Microseconds must fit 64 bits.
    constexpr std::int64_t kMillisMax = INT64_MAX / 1000;
    if (error != std::errc() || end != text.data() + text.size() || ms > kMillisMax || ms < -kMillisMax) {
      at_ = start;
      return problem(fmt::format("expected milliseconds since 1970 as timestamp, found {}", here()));
    }
    skip_blanks();
    if (at_ != line_.size()) return problem(fmt::format("expected the end of the line, found {}", here()));
    sample.at = instant_from_micros(ms * 1000);
    return true;
  }

  std::string_view body_;
  TextSink& sink_;
  const TextLimits& limits_;
  TextSummary summary_;
  std::string_view line_;
  std::size_t at_ = 0;
  std::vector<LabelView> labels_;
  std::deque<std::string> unescaped_;  // stable addresses
};

}  // namespace

TextSummary parse_text_exposition(std::string_view body, TextSink& sink, const TextLimits& limits) {
  return Parser(body, sink, limits).run();
}

Labels TextSample::to_labels() const {
  std::vector<LabelView> all(labels.begin(), labels.end());
  all.push_back({kMetricName, name});
  return Labels::of(all);
}

std::string TextProblem::to_string() const { return fmt::format("line {}, column {}: {}", line, column, message); }

}  // namespace midwatch
