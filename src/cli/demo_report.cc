#include <algorithm>

#include <fmt/core.h>

#include "cli/demo.h"
#include "cli/table.h"

namespace midwatch::cli {
namespace {

// Breaks at blanks so that no line is wider than `width`; later lines are indented.
std::vector<std::string> wrapped(std::string_view text, std::size_t width, std::string_view indent) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    text = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
    const bool first_word = line.empty() || line == indent;
    if (!first_word && text_width(line) + 1 + text_width(word) > width) {
      lines.push_back(line);
      line = std::string(indent) + std::string(word);
    } else {
      line += (first_word ? "" : " ") + std::string(word);
    }
  }
  lines.push_back(line);
  return lines;
}

std::string span_text(const Value& seconds) {
  return seconds.is_number() ? fmt::format("{:.1f} s", seconds.as_double()) : "–";
}

std::vector<std::string> column(const Outage& outage, std::size_t width) {
  std::vector<std::string> lines{outage.title, std::string(std::min(width, text_width(outage.title)), '-')};
  const auto add = [&](Instant at, const std::string& text) {
    const std::string stamp = fmt::format("{:>+6.1f} s  ", seconds(at - outage.injected_at));
    for (const std::string& line : wrapped(stamp + text, width, std::string(stamp.size(), ' '))) lines.push_back(line);
  };
  add(outage.injected_at, "the fault; the engine is not told");
  for (const Value& entry : outage.incident.get("timeline").elements()) {
    const auto at = parse_iso8601(entry.get("at").text_or(""));
    if (at) add(*at, entry.get("text").text_or(""));
  }
  const Value figures = outage.incident.get("figures");
  const auto detected = outage.incident.get("opened_at").text_or("");
  const auto opened = parse_iso8601(detected);
  lines.emplace_back();
  lines.push_back(fmt::format("detected after  {}", opened ? span_text(seconds(*opened - outage.injected_at)) : "–"));
  lines.push_back(fmt::format("decided in      {}", span_text(figures.get("decided_in"))));
  lines.push_back(fmt::format("repaired in     {}", span_text(figures.get("repaired_in"))));
  lines.push_back(fmt::format("verified in     {}", span_text(figures.get("verified_in"))));
  lines.push_back(fmt::format("people woken    {}", outage.incident.get("people_woken").int_or(0)));
  lines.push_back(fmt::format("the incident is {}", outage.incident.get("state").text_or("?")));
  return lines;
}

}  // namespace

std::string demo_report(const DemoOutcome& outcome, std::size_t width) {
  const std::size_t each = (std::max<std::size_t>(width, 80) - 5) / 2;
  std::vector<std::vector<std::string>> columns;
  std::size_t height = 0;
  for (const Outage& outage : outcome.outages) {
    columns.push_back(column(outage, each));
    height = std::max(height, columns.back().size());
  }
  std::string text;
  for (std::size_t row = 0; row < height; ++row) {
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string& cell = row < columns[i].size() ? columns[i][row] : std::string();
      line += i + 1 < columns.size() ? padded(cell, each) + "  |  " : cell;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  if (outcome.page.is_object()) {
    text += fmt::format("\nthe page: {}\n", outcome.page.get("summary").text_or(""));
    text += fmt::format("  {}\n", outcome.page.get("reason").text_or(""));
    for (const Value& diagnosis : outcome.page.get("diagnostics").elements()) {
      const Value* output = at_path(diagnosis, "result.output");
      if (output == nullptr) continue;
      for (const char* name : {"process", "p99_around", "log"}) {
        const std::string found = output->get(name).text_or("");
        if (!found.empty()) text += fmt::format("  {}: {}\n", name, found);
      }
    }
  }
  return text;
}

Value demo_report_json(const DemoOutcome& outcome) {
  std::vector<Value> outages;
  for (const Outage& outage : outcome.outages) {
    outages.push_back(Value::object(
        {{"title", outage.title}, {"injected_at", to_iso8601(outage.injected_at)}, {"incident", outage.incident}}));
  }
  std::vector<Value> failures;
  for (const std::string& failure : outcome.failures) failures.emplace_back(failure);
  return Value::object({{"ok", outcome.failures.empty()},
                        {"outages", Value::array(std::move(outages))},
                        {"page", outcome.page},
                        {"failures", Value::array(std::move(failures))},
                        {"addresses", outcome.addresses}});
}

}  // namespace midwatch::cli
