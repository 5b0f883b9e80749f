#include "workflow/trace_runner.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "codec/json.h"
#include "workflow/conductor.h"

namespace midwatch {
namespace {

// "ClassName: text" of a refused call.
Value refusal(const std::string& text) {
  const std::size_t colon = text.find(": ");
  return Value::object({{"type", Value(std::string_view(text).substr(0, colon))},
                        {"message", Value(colon == std::string::npos ? "" : text.substr(colon + 2))}});
}

class TraceRunner {
 public:
  TraceRunner(const Value& recorded, Persistence persistence) : recorded_(recorded), persistence_(persistence) {}

  Result<Value> run() {
    const std::string id = recorded_.get("id").text_or("");
    MW_TRY(definition_, Definition::parse(recorded_.get("workflow").text_or(""), id));
    MW_TRY(Conductor created, Conductor::create(definition_, recorded_.get("inputs"), recorded_.get("context")));
    conductor_.emplace(std::move(created));
    std::vector<Value> trace;
    for (const Value& step : recorded_.get("trace").elements()) {
      trace.push_back(Value::object({{"do", step.get("do")}, {"see", take(step.get("do"))}}));
    }
    return Value::object({{"id", Value(id)}, {"trace", Value::array(std::move(trace))}, {"final", final_state()}});
  }

 private:
  Value final_state() const {
    ObjectBuilder final;
    final.set("status", Value(to_string(conductor_->status()))).set("output", conductor_->output());
    final.set("errors", conductor_->errors()).set("log", Value::array(std::vector<Value>{}));
    final.set("state", conductor_->state());
    return std::move(final).build();
  }

  Value take(const Value& action) {
    for (Value& delta : conductor_->take_deltas()) journal_.push_back(std::move(delta));
    if (persistence_ == Persistence::kEveryStep) restore();
    const std::vector<TaskRun> runs_before = conductor_->task_runs();
    std::vector<FlowStatus> before;
    for (const TaskRun& run : runs_before) before.push_back(run.status);

    ObjectBuilder seen;
    const Status done = perform(action, seen);
    if (!done) seen.set("raises", refusal(done.error().message));
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
      seen.set("errors_now", after);
    } else if (after.elements().size() > before.elements().size()) {
      const auto added = after.elements().subspan(before.elements().size());
      seen.set("errors", Value::array(std::vector<Value>(added.begin(), added.end())));
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
  std::shared_ptr<const Definition> definition_;
  std::optional<Conductor> conductor_;
  std::vector<Value> journal_;
  std::string restore_error_;
  Value errors_seen_ = Value::array(std::vector<Value>{});
};

// What the README leaves to the runner: "compare only what precedes the first `. ` of expression errors", and
// only the place of errors whose text comes from the Python runtime.
class Leniency {
 public:
  explicit Leniency(const Value& recorded) {
    for (const Value& feature : recorded.get("features").elements()) artifact_ |= feature == Value("python-artifact");
  }

  Value errors(const Value& list) const {
    std::vector<Value> entries;
    for (const Value& entry : list.elements()) entries.push_back(error(entry));
    return Value::array(std::move(entries));
  }

  Value see(const Value& seen) const {
    ObjectBuilder result;
    for (const Value::Member& member : seen.members()) {
      const bool is_errors = member.name() == "errors" || member.name() == "errors_now";
      if (is_errors) result.set(member.key, errors(member.value));
      else if (member.name() == "raises") result.set(member.key, raised(member.value));
      else result.set(member.key, member.value);
    }
    return std::move(result).build();
  }

 private:
  Value error(const Value& entry) const {
    const std::string message = entry.get("message").text_or("");
    const bool expression = message.starts_with("Yaql") || message.starts_with("Jinja");
    if (artifact_ && !expression) return without_member(entry, "message");
    if (!expression) return entry;
    return with_member(entry, "message", Value(message.substr(0, message.find(". "))));
  }

  static Value raised(const Value& raises) {
    const std::string type = raises.get("type").text_or("");
    if (type == "KeyError" || type == "TypeError" || type == "AttributeError") return Value("refused");
    const std::string message = raises.get("message").text_or("");
    const bool expression = type == "YaqlEvaluationException" || type == "JinjaEvaluationException";
    return Value(type + ": " + (expression ? message.substr(0, message.find(". ")) : message));
  }

  bool artifact_ = false;
};

std::string difference(const std::string& what, const Value& found, const Value& expected) {
  if (same_value(found, expected)) return "";
  return what + "\n  saw      " + to_json(found) + "\n  expected " + to_json(expected);
}

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

TraceVerdict compare_trace(const Value& recorded, const Value& replayed) {
  const Leniency lenient(recorded);
  TraceVerdict verdict;
  const std::span<const Value> steps = recorded.get("trace").elements();
  const std::span<const Value> replayed_steps = replayed.get("trace").elements();
  if (steps.size() != replayed_steps.size()) return {.difference = "another number of steps"};
  verdict.same_text = true;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Value found = replayed_steps[i].get("see");
    const Value expected = steps[i].get("see");
    verdict.same_text &= same_value(found, expected);
    const std::string what = "step " + std::to_string(i) + " " + to_json(steps[i].get("do"));
    verdict.difference = difference(what, lenient.see(found), lenient.see(expected));
    if (!verdict.difference.empty()) return verdict;
  }
  const Value found = replayed.get("final");
  const Value expected = recorded.get("final");
  verdict.same_text &= same_value(found.get("errors"), expected.get("errors"));
  for (const char* const part : {"status", "output"}) {
    verdict.difference = difference(std::string("final ") + part, found.get(part), expected.get(part));
    if (!verdict.difference.empty()) return verdict;
  }
  verdict.difference =
      difference("final errors", lenient.errors(found.get("errors")), lenient.errors(expected.get("errors")));
  if (!verdict.difference.empty()) return verdict;
  verdict.passed = true;
  verdict.difference = difference("final state", found.get("state"), expected.get("state"));
  verdict.same_state = verdict.difference.empty();
  return verdict;
}

Result<Value> replay_trace(const Value& recorded, Persistence persistence) {
  return TraceRunner(recorded, persistence).run();
}

TraceVerdict run_trace(const Value& recorded, Persistence persistence) {
  const Result<Value> replayed = replay_trace(recorded, persistence);
  if (!replayed) return {.difference = "refused: " + replayed.error().to_string()};
  return compare_trace(recorded, *replayed);
}

}  // namespace midwatch
