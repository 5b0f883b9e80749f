#include "workflow/trace_runner.h"

#include <algorithm>
#include <memory>

#include "codec/json.h"
#include "workflow/conductor.h"

namespace midwatch {
namespace {

// "A runner may compare only what precedes the first `. ` of expression errors", and only the place of
// errors whose text comes from the Python runtime.
Value lenient_error(const Value& entry, bool artifact) {
  const std::string message = entry.get("message").text_or("");
  const bool expression = message.starts_with("Yaql") || message.starts_with("Jinja");
  if (artifact && !expression) return without_member(entry, "message");
  if (!expression) return entry;
  return with_member(entry, "message", Value(message.substr(0, message.find(". "))));
}

Value lenient_errors(const Value& list, bool artifact) {
  std::vector<Value> entries;
  for (const Value& entry : list.elements()) entries.push_back(lenient_error(entry, artifact));
  return Value::array(std::move(entries));
}

class TraceRunner {
 public:
  TraceRunner(const Value& recorded, Persistence persistence) : recorded_(recorded), persistence_(persistence) {
    for (const Value& feature : recorded.get("features").elements()) artifact_ |= feature == Value("python-artifact");
  }

  TraceVerdict run() {
    Result<std::shared_ptr<const Definition>> definition =
        Definition::parse(recorded_.get("workflow").text_or(""), recorded_.get("id").text_or(""));
    if (!definition) return {.difference = "parse: " + definition.error().to_string()};
    definition_ = *definition;
    Result<Conductor> created = Conductor::create(definition_, recorded_.get("inputs"), recorded_.get("context"));
    if (!created) return {.difference = "create: " + created.error().to_string()};
    conductor_.emplace(std::move(*created));
    std::size_t index = 0;
    for (const Value& step : recorded_.get("trace").elements()) {
      const Value seen = take(step.get("do"));
      const Value expected = shown(step.get("see"));
      if (!same_value(seen, expected)) {
        return {.difference = "step " + std::to_string(index) + " " + to_json(step.get("do")) + "\n  saw      " +
                              to_json(seen) + "\n  expected " + to_json(expected)};
      }
      ++index;
    }
    return compare_final();
  }

 private:
  TraceVerdict compare_final() {
    const Value& final = *recorded_.find("final");
    const auto same = [&](std::string_view what, const Value& got, const Value& expected) {
      if (same_value(got, expected)) return std::string();
      return "final " + std::string(what) + "\n  is       " + to_json(got) + "\n  expected " + to_json(expected);
    };
    TraceVerdict verdict;
    verdict.difference = same("status", Value(to_string(conductor_->status())), final.get("status"));
    if (!verdict.difference.empty()) return verdict;
    verdict.difference = same("output", conductor_->output(), final.get("output"));
    if (!verdict.difference.empty()) return verdict;
    verdict.difference =
        same("errors", lenient_errors(conductor_->errors(), artifact_), lenient_errors(final.get("errors"), artifact_));
    if (!verdict.difference.empty()) return verdict;
    verdict.passed = true;
    const Value state = conductor_->state();
    const Value expected = final.get("state");
    for (const Value::Member& part : expected.members()) {
      if (verdict.difference.empty()) verdict.difference = same(part.name(), state.get(part.name()), part.value);
    }
    verdict.same_state = verdict.difference.empty();
    return verdict;
  }

  // What is compared of a recorded `see`.
  Value shown(const Value& see) const {
    ObjectBuilder result;
    for (const Value::Member& member : see.members()) {
      if (member.name() == "errors" || member.name() == "errors_now") {
        result.set(member.key, lenient_errors(member.value, artifact_));
      } else if (member.name() == "raises") {
        result.set(member.key,
                   raised(member.value.get("type").text_or("") + ": " + member.value.get("message").text_or("")));
      } else {
        result.set(member.key, member.value);
      }
    }
    return std::move(result).build();
  }

  // Refusals whose text comes from the Python runtime are compared by class only.
  static Value raised(const std::string& text) {
    const std::string type = text.substr(0, text.find(": "));
    if (type == "KeyError" || type == "TypeError" || type == "AttributeError") return Value("refused");
    if (type == "YaqlEvaluationException" || type == "JinjaEvaluationException")
      return Value(text.substr(0, text.find(". ")));
    return Value(text);
  }

  Value take(const Value& action) {
    for (Value& delta : conductor_->take_deltas()) journal_.push_back(std::move(delta));
    if (persistence_ == Persistence::kEveryStep) restore();
    const std::vector<TaskRun> runs_before = conductor_->task_runs();
    std::vector<FlowStatus> before;
    for (const TaskRun& run : runs_before) before.push_back(run.status);

    ObjectBuilder seen;
    const Status done = perform(action, seen);
    if (!done) seen.set("raises", raised(done.error().message));
    seen.set("wf", Value(to_string(conductor_->status())));
    std::vector<Value> changed;
    for (const TaskRun& run : conductor_->task_runs()) {
      if (run.index < before.size() && before[run.index] == run.status) continue;
      changed.push_back(
          Value::array({Value(run.index), Value(run.id), Value(run.route), Value(to_string(run.status))}));
    }
    if (!changed.empty()) seen.set("tasks", Value::array(std::move(changed)));
    show_errors(seen);
    return std::move(seen).build();
  }

  // Errors in input and vars are logged at creation; the first step shows them.
  void show_errors(ObjectBuilder& seen) {
    const Value before = std::exchange(errors_seen_, conductor_->errors());
    const Value& after = errors_seen_;
    const bool kept = after.elements().size() >= before.elements().size() &&
                      std::equal(before.elements().begin(), before.elements().end(), after.elements().begin());
    if (!kept) {
      seen.set("errors_now", lenient_errors(after, artifact_));
    } else if (after.elements().size() > before.elements().size()) {
      const auto added = after.elements().subspan(before.elements().size());
      seen.set("errors", lenient_errors(Value::array(std::vector<Value>(added.begin(), added.end())), artifact_));
    }
  }

  void restore() {
    Result<Conductor> restored = Conductor::restore(definition_, journal_);
    if (restored) conductor_.emplace(std::move(*restored));
    else restore_error_ = restored.error().to_string();
  }

  Status perform(const Value& action, ObjectBuilder& seen) {
    if (!restore_error_.empty()) return Error(Code::kInvalid, "restore: " + restore_error_);
    const std::string op = action.get("op").text_or("");
    const std::string status_text = action.get("status").text_or("");
    const std::optional<FlowStatus> status = parse_flow_status(status_text);
    if (action.find("status") != nullptr && !status) {
      return Error(Code::kInvalid, "InvalidStatus: Status \"" + status_text + "\" is not valid.");
    }
    const std::string task = action.get("task").text_or("");
    const auto route = static_cast<std::uint32_t>(action.get("route").int_or(0));
    if (op == "request_status") return conductor_->request_status(*status);
    if (op == "next") {
      seen.set("offered", offered());
      return {};
    }
    if (op == "task_event") return conductor_->on_task(task, route, *status, action.get("result"));
    if (op == "item_event") {
      const auto item = static_cast<std::uint32_t>(action.get("item").int_or(0));
      return conductor_->on_item(task, route, item, *status, action.get("result"), action.get("accumulated"));
    }
    if (op == "rerun") {
      std::vector<RerunRequest> requests;
      for (const Value& request : action.get("tasks").elements()) {
        requests.push_back({request.get("task").text_or(""), static_cast<std::uint32_t>(request.get("route").int_or(0)),
                            request.get("reset_items").bool_or(false)});
      }
      return conductor_->rerun(requests);
    }
    if (op == "render_output") {
      const Status rendered = conductor_->render_output();
      seen.set("output", conductor_->output());
      return rendered;
    }
    if (op == "persist") restore_now();
    return {};
  }

  void restore_now() {
    for (Value& delta : conductor_->take_deltas()) journal_.push_back(std::move(delta));
    restore();
  }

  Value offered() {
    std::vector<Value> tasks;
    for (const OfferedTask& task : conductor_->next_tasks()) {
      std::vector<Value> actions;
      for (const OfferedAction& action : task.actions) {
        ObjectBuilder entry;
        entry.set("action", action.action).set("input", action.input);
        if (action.item) entry.set("item_id", Value(*action.item));
        actions.push_back(std::move(entry).build());
      }
      ObjectBuilder entry;
      entry.set("id", Value(task.id)).set("route", Value(task.route)).set("actions", Value::array(std::move(actions)));
      entry.set("ctx", task.context);
      if (!task.delay_seconds.is_null()) entry.set("delay", task.delay_seconds);
      if (task.items_count) entry.set("items_count", Value(*task.items_count)).set("concurrency", task.concurrency);
      tasks.push_back(std::move(entry).build());
    }
    return Value::array(std::move(tasks));
  }

  const Value& recorded_;
  Persistence persistence_;
  bool artifact_ = false;
  std::shared_ptr<const Definition> definition_;
  std::optional<Conductor> conductor_;
  std::vector<Value> journal_;
  std::string restore_error_;
  Value errors_seen_ = Value::array(std::vector<Value>{});
};

}  // namespace

bool same_value(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.is_array()) {
    return std::ranges::equal(a.elements(), b.elements(), same_value);
  }
  if (!a.is_object()) return a == b;
  if (a.size() != b.size()) return false;
  return std::ranges::all_of(a.members(), [&](const Value::Member& member) {
    const Value* const other = b.find(member.name());
    return other != nullptr && same_value(member.value, *other);
  });
}

TraceVerdict run_trace(const Value& recorded, Persistence persistence) {
  return TraceRunner(recorded, persistence).run();
}

}  // namespace midwatch
