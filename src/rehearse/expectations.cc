#include "rehearse/expectations.h"

#include <algorithm>

#include "codec/json.h"

namespace midwatch {
namespace {

constexpr std::size_t kShownMax = 200;  // bytes of a value in a message

std::string shown(const Value& value) {
  std::string text = to_json(value);
  if (text.size() > kShownMax) text = text.substr(0, text.find_last_of(" ,:{[", kShownMax)) + " …";
  return text;
}

std::string is_not(std::string_view path, const Value& found, const Value& expected) {
  return (path.empty() ? "it" : std::string(path)) + " is " + shown(found) + ", expected " + shown(expected);
}

// Depth is bounded by what the codecs let in.
std::string differs(std::string path, const Value& found, const Value& expected) {
  if (found == expected) return "";
  if (found.is_object() && expected.is_object()) {
    for (const Value::Member& member : expected.members()) {
      const std::string below = (path.empty() ? "" : path + ".") + std::string(member.name());
      const Value* const other = found.find(member.name());
      if (other == nullptr) return below + " is missing, expected " + shown(member.value);
      if (std::string difference = differs(below, *other, member.value); !difference.empty()) return difference;
    }
    for (const Value::Member& member : found.members()) {
      if (expected.find(member.name()) != nullptr) continue;
      return (path.empty() ? "" : path + ".") + std::string(member.name()) + " is " + shown(member.value) +
             ", and not expected at all";
    }
  }
  if (found.is_array() && expected.is_array() && found.size() == expected.size()) {
    for (std::size_t i = 0; i < found.size(); ++i) {
      std::string difference =
          differs(path + "[" + std::to_string(i) + "]", found.elements()[i], expected.elements()[i]);
      if (!difference.empty()) return difference;
    }
  }
  return is_not(path, found, expected);
}

class Checker {
 public:
  Checker(const RehearsalCase& script, const Rehearsed& rehearsed) : script_(script), rehearsed_(rehearsed) {}

  std::vector<Finding> check() {
    const Expectations& expect = script_.expect;
    if (rehearsed_.stopped) add("rehearsal", rehearsed_.stopped->to_string(), script_.where);
    const Value status(to_string(rehearsed_.status));
    if (expect.status) add("status", first_difference(status, expect.status->value), expect.status->where);
    else add("status", first_difference(status, Value("succeeded")), script_.where);
    if (expect.output) add("output", first_difference(rehearsed_.output, expect.output->value), expect.output->where);
    if (expect.tasks) add("tasks", first_difference(task_names(), expect.tasks->value), expect.tasks->where);
    if (expect.errors) check_errors(*expect.errors);
    if (expect.seconds) {
      add("seconds", first_difference(Value(rehearsed_.seconds), expect.seconds->value), expect.seconds->where);
    }
    for (const auto& [task, wanted] : expect.count) {
      const auto count = std::ranges::count(rehearsed_.runs, task, &RehearsedRun::task);
      add("count of " + task, first_difference(Value(count), wanted.value), wanted.where);
    }
    for (const auto& [task, wanted] : expect.inputs) check_inputs(task, wanted);
    for (const auto& [task, wanted] : expect.context) check_context(task, wanted);
    return std::move(findings_);
  }

 private:
  void add(std::string what, std::string message, const Location& where) {
    findings_.push_back({std::move(what), std::move(message), where});
  }

  Value task_names() const {
    std::vector<Value> names;
    for (const RehearsedRun& run : rehearsed_.runs) {
      if (!run.command) names.emplace_back(run.task);
    }
    return Value::array(std::move(names));
  }

  void check_errors(const Expected& wanted) {
    const std::span<const Value> found = rehearsed_.errors.elements();
    const std::span<const Value> parts = wanted.value.elements();
    std::string message;
    if (found.size() != parts.size()) {
      message = "there are " + std::to_string(found.size()) + ", expected " + std::to_string(parts.size());
      for (const Value& error : found) message += "\n    " + error.get("message").text_or("");
    }
    for (std::size_t i = 0; message.empty() && i < parts.size(); ++i) {
      const std::string text = found[i].get("message").text_or("");
      if (text.find(parts[i].text_or("")) == std::string::npos)
        message = is_not("[" + std::to_string(i) + "]", Value(text), parts[i]);
    }
    add("errors", std::move(message), wanted.where);
  }

  // A mapping is the input of the first start, a list those of all.
  void check_inputs(const std::string& task, const Expected& wanted) {
    std::vector<Value> inputs;
    for (const RehearsedRun& run : rehearsed_.runs) {
      if (run.task != task) continue;
      for (const RehearsedStart& start : run.starts) inputs.push_back(start.input);
    }
    std::string message;
    if (wanted.value.is_array()) message = first_difference(Value::array(std::move(inputs)), wanted.value);
    else if (inputs.empty()) message = "it did not run";
    else message = first_difference(inputs.front(), wanted.value);
    add("inputs of " + task, std::move(message), wanted.where);
  }

  // Only the variables that are named.
  void check_context(const std::string& task, const Expected& wanted) {
    const auto run = std::find_if(rehearsed_.runs.rbegin(), rehearsed_.runs.rend(),
                                  [&](const RehearsedRun& candidate) { return candidate.task == task; });
    std::string message = run == rehearsed_.runs.rend() ? "it did not run" : "";
    for (const Value::Member& member : wanted.value.members()) {
      if (!message.empty()) break;
      const Value* const found = run->context.find(member.name());
      if (found == nullptr) message = std::string(member.name()) + " is not set, expected " + shown(member.value);
      else message = differs(std::string(member.name()), *found, member.value);
    }
    add("context of " + task, std::move(message), wanted.where);
  }

  const RehearsalCase& script_;
  const Rehearsed& rehearsed_;
  std::vector<Finding> findings_;
};

}  // namespace

std::string Finding::to_string() const {
  return where.to_string() + ": " + what + ": " + (ok() ? "as expected" : message);
}

std::string first_difference(const Value& found, const Value& expected) { return differs("", found, expected); }

std::vector<Finding> check_expectations(const RehearsalCase& script, const Rehearsed& rehearsed) {
  return Checker(script, rehearsed).check();
}

}  // namespace midwatch
