#include "rehearse/report.h"

#include <algorithm>

#include "codec/json.h"
#include "rehearse/path_art.h"

namespace midwatch {
namespace {

constexpr std::size_t kInputShownMax = 60;  // bytes of an input behind its task

std::string painted(std::string_view text, std::string_view code, Colour colour) {
  if (colour == Colour::kNone) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string_view code_of(FlowStatus status) {
  if (status == FlowStatus::kSucceeded) return "32";
  return is_abended(status) ? "31" : "33";
}

std::string mark_of(FlowStatus status, Colour colour) {
  const std::string_view mark = status == FlowStatus::kSucceeded ? "●" : is_abended(status) ? "✗" : "○";
  return painted(mark, code_of(status), colour);
}

std::string text_of(const Value& value) { return value.is_string() ? value.to_text() : to_json(value); }

std::string input_text(const Value& input) {
  if (input.is_null() || input.size() == 0) return "";
  std::string text;
  for (const Value::Member& member : input.members()) {
    text += " " + std::string(member.name()) + "=" + text_of(member.value);
  }
  if (text.size() <= kInputShownMax) return text;
  std::size_t cut = kInputShownMax;
  while ((static_cast<unsigned char>(text[cut]) & 0xc0u) == 0x80u) --cut;
  return text.substr(0, cut) + "…";
}

std::string run_text(const RehearsedRun& run, Colour colour) {
  std::string text = painted(run.task, "1", colour);
  if (run.route != 0) text += "#" + std::to_string(run.route);
  if (run.command) return text;
  text += "  " + painted(to_string(run.status), code_of(run.status), colour);
  if (run.starts.empty()) return text;
  const RehearsedStart& first = run.starts.front();
  std::int64_t last = first.started_seconds;
  std::size_t items = 0;
  for (const RehearsedStart& start : run.starts) {
    last = std::max(last, start.ended_seconds.value_or(start.started_seconds));
    if (start.item) items = std::max(items, static_cast<std::size_t>(*start.item) + 1);
  }
  text += "  " + std::to_string(first.started_seconds) +
          (last != first.started_seconds ? "–" + std::to_string(last) : "") + " s";
  if (!first.action.is_null()) text += "  " + text_of(first.action) + input_text(first.input);
  if (items != 0) text += "  (" + std::to_string(items) + (items == 1 ? " item)" : " items)");
  const bool retried = items == 0 && run.starts.size() > 1;
  if (retried) text += "  (" + std::to_string(run.starts.size()) + " tries)";
  return text;
}

Value start_value(const RehearsedStart& start) {
  ObjectBuilder out;
  if (start.item) out.set("item", Value(*start.item));
  out.set("started", Value(start.started_seconds));
  out.set("ended", start.ended_seconds ? Value(*start.ended_seconds) : Value());
  out.set("action", start.action).set("input", start.input);
  out.set("status", Value(to_string(start.status))).set("result", start.result);
  return std::move(out).build();
}

Value run_value(const RehearsedRun& run) {
  std::vector<Value> starts;
  for (const RehearsedStart& start : run.starts) starts.push_back(start_value(start));
  std::vector<Value> from(run.from.begin(), run.from.end());
  return Value::object({{"task", Value(run.task)},
                        {"route", Value(run.route)},
                        {"status", Value(to_string(run.status))},
                        {"from", Value::array(std::move(from))},
                        {"starts", Value::array(std::move(starts))},
                        {"context", run.context}});
}

}  // namespace

std::string rehearsal_text(const std::string& title, const Rehearsed& rehearsed, const std::vector<Finding>& findings,
                           Colour colour) {
  std::string text = painted(title, "1", colour) + ": " +
                     painted(to_string(rehearsed.status), code_of(rehearsed.status), colour) + " after " +
                     std::to_string(rehearsed.seconds) + " s\n\n";
  std::vector<ArtRow> rows;
  for (const RehearsedRun& run : rehearsed.runs) {
    rows.push_back({mark_of(run.status, colour), run_text(run, colour), run.from});
  }
  for (const std::string& line : draw_path(rows)) text += "  " + line + "\n";
  if (!rehearsed.output.is_null()) text += "\noutput: " + to_json(rehearsed.output) + "\n";
  if (rehearsed.errors.size() != 0) text += "\nerrors:\n";
  for (const Value& error : rehearsed.errors.elements()) {
    const Value* const task = error.find("task_id");
    text += "  " + (task != nullptr ? text_of(*task) + ": " : std::string()) + text_of(error.get("message")) + "\n";
  }
  const auto failed =
      static_cast<std::size_t>(std::ranges::count_if(findings, [](const Finding& f) { return !f.ok(); }));
  text += "\n";
  for (const Finding& finding : findings) {
    if (!finding.ok()) text += painted("✗ ", "31", colour) + finding.to_string() + "\n";
  }
  const std::string summary =
      failed == 0 ? std::to_string(findings.size()) + " as expected"
                  : std::to_string(failed) + " of " + std::to_string(findings.size()) + " expectations not met";
  return text + painted(failed == 0 ? "✓ " : "✗ ", failed == 0 ? "32" : "31", colour) + summary + "\n";
}

Value rehearsal_value(const std::string& name, const Rehearsed& rehearsed, const std::vector<Finding>& findings) {
  std::vector<Value> runs;
  for (const RehearsedRun& run : rehearsed.runs) runs.push_back(run_value(run));
  std::vector<Value> expectations;
  for (const Finding& finding : findings) {
    expectations.push_back(Value::object({{"what", Value(finding.what)},
                                          {"ok", Value(finding.ok())},
                                          {"message", Value(finding.message)},
                                          {"line", Value(finding.where.line)},
                                          {"column", Value(finding.where.column)}}));
  }
  ObjectBuilder out;
  out.set("name", Value(name)).set("ok", Value(std::ranges::all_of(findings, &Finding::ok)));
  out.set("status", Value(to_string(rehearsed.status))).set("seconds", Value(rehearsed.seconds));
  out.set("output", rehearsed.output).set("errors", rehearsed.errors);
  out.set("runs", Value::array(std::move(runs))).set("expectations", Value::array(std::move(expectations)));
  if (rehearsed.stopped) out.set("stopped", Value(rehearsed.stopped->to_string()));
  return std::move(out).build();
}

}  // namespace midwatch
