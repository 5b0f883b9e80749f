#include "rehearse/script.h"

#include <algorithm>
#include <utility>

#include "codec/yaml.h"
#include "model/node_reader.h"
#include "model/suggest.h"

namespace midwatch {
namespace {

constexpr std::string_view kEnds[] = {"succeeded", "failed", "timeout", "abandoned", "canceled"};
constexpr std::string_view kControls[] = {"pause", "resume", "cancel"};

bool is_text(const YamlNode& node) { return node.is_scalar() && node.scalar.is_string(); }

class ScriptParser {
 public:
  ScriptParser(std::string_view file, Diagnostics& wrong) : file_(file), wrong_(wrong) {}

  RehearsalScript parse(const YamlNode& root) {
    RehearsalScript script;
    script.file = file_;
    NodeReader in(root, file_, wrong_);
    if (!in.is_mapping()) return script;
    script.workflow = in.text("workflow");
    RehearsalCase common = read_case(in, {});
    const YamlNode* const cases = in.sequence("cases");
    if (cases == nullptr) {
      in.refuse_unknown("a rehearsal");
      script.cases.push_back(std::move(common));
      return script;
    }
    in.refuse_unknown("a rehearsal");
    if (cases->items.empty() || cases->items.size() > kRehearsalCasesMax) {
      in.error(*cases, "'cases' has " + std::to_string(cases->items.size()) + " entries; 1 to " +
                           std::to_string(kRehearsalCasesMax) + " are allowed");
    }
    for (const YamlNode& entry : cases->items) {
      if (script.cases.size() == kRehearsalCasesMax) break;
      NodeReader one(entry, file_, wrong_);
      if (!one.is_mapping()) continue;
      script.cases.push_back(read_case(one, common));
      one.refuse_unknown("a case");
    }
    return script;
  }

 private:
  // What the case says, on top of what all cases say.
  RehearsalCase read_case(NodeReader& in, RehearsalCase base) {
    RehearsalCase one = std::move(base);
    one.where = in.node().where(file_);
    if (const std::string name = in.text("name"); !name.empty()) one.name = name;
    one.input = merge_shallow(one.input, in.object("input"));
    one.context = merge_shallow(one.context, in.object("context"));
    one.datastore = merge_shallow(one.datastore, in.object("datastore"));
    for (const Value::Member& member : one.datastore.members()) {
      const bool owned = member.name().starts_with("system.") || member.name().starts_with("user.");
      if (!owned || !member.value.is_string()) {
        in.error(*in.any("datastore"), "datastore key '" + std::string(member.name()) + "' is not right",
                 "a name that begins with system. or user., and a text");
      }
    }
    if (const YamlNode* const tasks = in.mapping("tasks")) {
      for (const YamlPair& pair : tasks->pairs) {
        ScriptedTask task = read_task(pair.value);
        task.where = pair.key.where(file_);
        one.tasks.insert_or_assign(pair.key.text, std::move(task));
      }
    }
    if (const YamlNode* const otherwise = in.any("default")) {
      one.refuse_unlisted = is_text(*otherwise) && otherwise->text == "error";
      if (!one.refuse_unlisted) one.otherwise = read_answer(*otherwise);
    }
    if (const YamlNode* const controls = in.sequence("controls")) {
      one.controls.clear();
      for (const YamlNode& control : controls->items) read_control(control, one);
      for (std::size_t i = 0; i < one.controls.size(); ++i) one.controls[i].order = i;
      std::ranges::sort(one.controls, {}, [](const ScriptedControl& c) { return std::pair(c.at_seconds, c.order); });
    }
    if (const YamlNode* const expect = in.mapping("expect")) read_expectations(*expect, one.expect);
    return one;
  }

  ScriptedTask read_task(const YamlNode& node) {
    ScriptedTask task;
    if (node.is_sequence()) {
      task.answers = read_answers(node);
      return task;
    }
    if (!node.is_mapping() || node.find("items") == nullptr) {
      task.answers = {read_answer(node)};
      return task;
    }
    NodeReader in(node, file_, wrong_);
    if (const YamlNode* const items = in.sequence("items")) {
      for (const YamlNode& item : items->items) {
        task.items.push_back(item.is_sequence() ? read_answers(item) : std::vector{read_answer(item)});
      }
    }
    task.answers = {read_answer_keys(in)};
    in.refuse_unknown("an answer");
    return task;
  }

  std::vector<ScriptedAnswer> read_answers(const YamlNode& list) {
    std::vector<ScriptedAnswer> answers;
    for (const YamlNode& entry : list.items) answers.push_back(read_answer(entry));
    if (!answers.empty()) return answers;
    wrong_.error(list.where(file_), "a list of answers is empty", "write one answer for each start");
    return {ScriptedAnswer{}};
  }

  // `failed`, or a mapping, or nothing.
  ScriptedAnswer read_answer(const YamlNode& node) {
    if (node.is_null()) return {};
    if (is_text(node)) {
      ScriptedAnswer answer;
      answer.status = read_end(node);
      return answer;
    }
    NodeReader in(node, file_, wrong_);
    if (!in.is_mapping()) return {};
    ScriptedAnswer answer = read_answer_keys(in);
    in.refuse_unknown("an answer");
    return answer;
  }

  ScriptedAnswer read_answer_keys(NodeReader& in) {
    ScriptedAnswer answer;
    if (const YamlNode* const status = in.any("status")) answer.status = read_end(*status);
    if (const YamlNode* const result = in.any("result")) answer.result = result->to_value();
    answer.takes_seconds = seconds(in, "takes").value_or(1);
    answer.waits_seconds = seconds(in, "waits");
    return answer;
  }

  FlowStatus read_end(const YamlNode& node) {
    if (is_text(node) && std::ranges::find(kEnds, node.text) != std::end(kEnds)) {
      return *parse_flow_status(node.text);
    }
    const std::string hint = did_you_mean(node.text, kEnds);
    wrong_.error(node.where(file_), "'" + node.text + "' is no status that an action ends with",
                 hint.empty() ? "one of " + comma_list(kEnds) : hint);
    return FlowStatus::kFailed;
  }

  std::optional<std::int64_t> seconds(NodeReader& in, std::string_view key) {
    const YamlNode* const node = in.any(key);
    if (node == nullptr) return std::nullopt;
    if (node->is_scalar() && node->scalar.is_int()) {
      const std::int64_t value = node->scalar.as_int();
      if (value >= 0 && value <= kScriptedSecondsMax) return value;
    }
    in.error(*node,
             "'" + std::string(key) + "' must be whole seconds from 0 to " + std::to_string(kScriptedSecondsMax));
    return std::nullopt;
  }

  void read_control(const YamlNode& node, RehearsalCase& one) {
    NodeReader in(node, file_, wrong_);
    if (!in.is_mapping()) return;
    ScriptedControl control;
    if (in.any("at", Need::kRequired) != nullptr) control.at_seconds = seconds(in, "at").value_or(0);
    const YamlNode* const what = in.any("do", Need::kRequired);
    in.refuse_unknown("a control");
    if (what == nullptr) return;
    if (what->text == "resume") control.request = FlowStatus::kResuming;
    else if (what->text == "cancel") control.request = FlowStatus::kCanceled;
    else if (what->text != "pause") {
      in.error(*what, "a control cannot do '" + what->text + "'", "one of " + comma_list(kControls));
      return;
    }
    one.controls.push_back(control);
  }

  Expected expected(const YamlNode& node) const { return {node.to_value(), node.where(file_)}; }

  void read_expectations(const YamlNode& node, Expectations& expect) {
    NodeReader in(node, file_, wrong_);
    if (const YamlNode* const status = in.any("status")) {
      expect.status = expected(*status);
      if (!is_text(*status) || !parse_flow_status(status->text)) {
        in.error(*status, "'" + status->text + "' is no status of a workflow");
      }
    }
    // `output: null` expects that there is none.
    if (const YamlNode* const output = node.find("output")) expect.output = expected(*output);
    (void)in.any("output");
    if (const YamlNode* const tasks = in.sequence("tasks")) expect.tasks = expected(*tasks);
    if (const YamlNode* const errors = in.sequence("errors")) {
      expect.errors = expected(*errors);
      for (const YamlNode& entry : errors->items) {
        if (!is_text(entry)) in.error(entry, "an expected error is a part of its message: a text");
      }
    }
    if (in.any("seconds") != nullptr) {
      if (const auto value = seconds(in, "seconds")) expect.seconds = {Value(*value), in.any("seconds")->where(file_)};
    }
    read_by_task(in, "count", expect.count);
    read_by_task(in, "inputs", expect.inputs);
    read_by_task(in, "context", expect.context);
    for (const auto& [task, wanted] : expect.count) {
      if (!wanted.value.is_int() || wanted.value.as_int() < 0)
        wrong_.error(wanted.where, "a count is a number, 0 or more");
    }
    for (const auto& [task, wanted] : expect.context) {
      if (!wanted.value.is_object()) wrong_.error(wanted.where, "the expected context is a mapping of variables");
    }
    in.refuse_unknown("an expectation");
  }

  void read_by_task(NodeReader& in, std::string_view key, std::map<std::string, Expected>& into) {
    const YamlNode* const tasks = in.mapping(key);
    if (tasks == nullptr) return;
    for (const YamlPair& pair : tasks->pairs) into.insert_or_assign(pair.key.text, expected(pair.value));
  }

  std::string_view file_;
  Diagnostics& wrong_;
};

}  // namespace

RehearsalScript parse_script(std::string_view text, std::string_view file, Diagnostics& wrong) {
  YamlLimits limits;
  limits.bytes_max = kScriptBytesMax;
  const Result<YamlNode> root = parse_yaml(text, file, limits);
  if (root) return ScriptParser(file, wrong).parse(*root);
  wrong.error(root.error());
  return {.file = std::string(file)};
}

}  // namespace midwatch
