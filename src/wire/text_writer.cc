#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "wire/text_format.h"

namespace midwatch {

std::string_view to_string(MetricType type) {
  switch (type) {
    case MetricType::kUntyped: return "untyped";
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge: return "gauge";
    case MetricType::kHistogram: return "histogram";
    case MetricType::kSummary: return "summary";
  }
  std::unreachable();
}

void append_text_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    fmt::format_to(std::back_inserter(out), "{}",
                   value == std::trunc(value) && std::fabs(value) < 1e15 ? fmt::format("{:.0f}", value)
                                                                         : fmt::format("{}", value));
  }
}

void append_text_family(std::string& out, const TextFamily& family) {
  out += "# HELP ";
  out += family.name;
  out += ' ';
  for (const char c : family.help) {
    if (c == '\\') out += "\\\\";
    else if (c == '\n') out += "\\n";
    else out += c;
  }
  fmt::format_to(std::back_inserter(out), "\n# TYPE {} {}\n", family.name, to_string(family.type));
  for (const TextPoint& point : family.points) {
    out += family.name;
    out += point.suffix;
    if (!point.labels.empty()) {
      char before = '{';
      for (const LabelView& label : point.labels) {
        out += before;
        out += label.name;
        out += '=';
        append_quoted_label(out, label.value);
        before = ',';
      }
      out += '}';
    }
    out += ' ';
    append_text_number(out, point.value);
    out += '\n';
  }
}

}  // namespace midwatch
