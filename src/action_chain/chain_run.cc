#include "action_chain/chain_run.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "expr/evaluation.h"
#include "params/render_parameters.h"

namespace midwatch {
namespace {

using State = ChainRun::State;
using TaskStatus = ChainRun::TaskStatus;

// In the order of the enumerators.
constexpr std::array<std::string_view, 8> kStates = {"running",   "pausing", "paused",  "canceling",
                                                     "succeeded", "failed",  "timeout", "canceled"};
constexpr std::array<std::string_view, 8> kTaskStatuses = {"running", "pending", "paused",    "succeeded",
                                                           "failed",  "timeout", "abandoned", "canceled"};

std::string_view word(State state) { return kStates[static_cast<std::size_t>(state)]; }
std::string_view word(TaskStatus status) { return kTaskStatuses[static_cast<std::size_t>(status)]; }

template <class Enum, std::size_t kCount>
std::optional<Enum> named(const std::array<std::string_view, kCount>& words, const Value& text) {
  if (!text.is_string()) return std::nullopt;
  const auto found = std::ranges::find(words, text.as_string());
  if (found == words.end()) return std::nullopt;
  return static_cast<Enum>(found - words.begin());
}

Value error_of(std::string text) { return Value::object({{"error", std::move(text)}, {"traceback", ""}}); }

State outcome_for(TaskStatus status) {
  if (status == TaskStatus::kSucceeded) return State::kSucceeded;
  return status == TaskStatus::kTimeout ? State::kTimeout : State::kFailed;
}

// How many fields each delta has; restore() refuses others.
struct Form {
  std::string_view name;
  std::size_t fields;
};
constexpr Form kForms[] = {{"vars", 2},   {"goto", 2},    {"start", 4}, {"wait", 2}, {"end", 4},
                           {"refuse", 4}, {"outcome", 2}, {"state", 2}, {"hold", 2}, {"error", 2}};

}  // namespace

ChainRun::ChainRun(std::shared_ptr<const ChainDefinition> definition, Surroundings surroundings)
    : definition_(std::move(definition)), surroundings_(std::move(surroundings)) {}

void ChainRun::commit(std::initializer_list<Value> delta, const Value& result) {
  Value made = Value::array(delta);
  apply(made.elements(), result);
  deltas_.push_back(std::move(made));
}

void ChainRun::apply(std::span<const Value> delta, const Value& result) {
  const std::string_view kind = delta[0].as_string();
  if (kind == "vars") vars_ = merge_shallow(vars_, delta[1]);
  if (kind == "goto") next_ = delta[1].is_string() ? definition_->task(delta[1].as_string()) : nullptr;
  if (kind == "outcome") outcome_ = named<State>(kStates, delta[1]).value_or(State::kFailed);
  if (kind == "state") state_ = named<State>(kStates, delta[1]).value_or(State::kFailed);
  if (kind == "hold") held_ = delta[1].truthy();
  if (kind == "error") error_ = delta[1];
  if (kind == "start") {
    const ChainTask* task = definition_->task(delta[1].text_or(""));
    if (task != nullptr) current_ = Current{task, delta[2].text_or(""), delta[3].text_or("")};
    next_ = nullptr;
  }
  if (kind == "wait" && current_) {
    current_->status = named<TaskStatus>(kTaskStatuses, delta[1]).value_or(TaskStatus::kRunning);
  }
  if (kind == "end" || kind == "refuse") apply_end(delta, result);
}

// ["end", status, time, published] of the current task; ["refuse", task, time, error] of one that never ran.
void ChainRun::apply_end(std::span<const Value> delta, const Value& result) {
  const bool ran = delta[0].as_string() == "end" && current_.has_value();
  const std::string name = ran ? current_->task->name : delta[1].text_or("");
  const Value execution = ran ? Value(current_->execution) : Value();
  const Value shown = ran ? result : delta[3];
  ObjectBuilder entry;
  entry.set("id", name).set("name", name).set("execution_id", execution).set("liveaction_id", execution);
  entry.set("workflow", nullptr).set("created_at", ran ? Value(current_->created_at) : delta[2]);
  entry.set("updated_at", delta[2]).set("state", ran ? delta[1] : Value("failed")).set("result", shown);
  tasks_.push_back(std::move(entry).build());
  results_ = with_member(results_, name, shown);
  if (ran) {
    vars_ = merge_shallow(vars_, delta[3]);
    published_ = merge_shallow(published_, delta[3]);
  }
  current_.reset();
  next_ = nullptr;
}

void ChainRun::set_state(State state) {
  if (state != state_) commit({"state", word(state)});
}

void ChainRun::fail(std::string text) {
  commit({"error", error_of(std::move(text))});
  set_state(State::kFailed);
}

// Later ones win: "action parameters, previous results by task name, chain vars, `__results`, …".
Value ChainRun::variables(const Value& results) const {
  ObjectBuilder all(surroundings_.parameters.is_object() ? surroundings_.parameters : Value::object({}));
  for (const Value::Member& member : results.members()) all.set(member.key, member.value);
  for (const Value::Member& member : vars_.members()) all.set(member.key, member.value);
  all.set("__results", results);
  all.set("action_context", Value::object({{"parent", surroundings_.parent}}));
  all.set("config_context", surroundings_.config);
  return std::move(all).build();
}

// One by one, so that the error names which. `what`: "value for action parameter" in "task".
Result<Value> ChainRun::render(const Value& mapping, const Value& variables, std::string_view what) const {
  const MapScope scope(variables);
  ObjectBuilder out;
  for (const Value::Member& member : mapping.members()) {
    Evaluation evaluation(scope);
    evaluation.datastore = surroundings_.datastore;
    evaluation.user = surroundings_.user;
    auto rendered = to_result(render_values(Value::object({member}), evaluation));
    if (!rendered) {
      const std::string source = member.value.is_string() ? member.value.to_text() : std::string("…");
      return Error(Code::kInvalid, fmt::format("{} \"{}\" (template string={}): {}", what, member.name(), source,
                                               rendered.error().message));
    }
    out.set(member.key, rendered->get(member.name()));
  }
  return std::move(out).build();
}

void ChainRun::begin() {
  const Value parameters = surroundings_.parameters.is_object() ? surroundings_.parameters : Value::object({});
  auto vars = render(definition_->vars(), with_member(parameters, "__results", Value::object({})), "variable");
  if (!vars) return fail("Failed initializing ``vars`` in chain.. " + vars.error().message);
  commit({"vars", *vars});
  if (definition_->start().empty()) return fail("Failed to find default node: the chain has no tasks");
  if (definition_->task(definition_->start()) == nullptr) {
    return fail(fmt::format("Unable to find node with name \"{}\".", definition_->start()));
  }
  commit({"goto", definition_->start()});
}

std::optional<ChainRun::Offer> ChainRun::next() {
  if (state_ != State::kRunning || current_ || next_ == nullptr) return std::nullopt;
  auto parameters = render(next_->parameters, variables(results_), "Failed rendering value for action parameter");
  if (!parameters) {
    fail(fmt::format("Failed to run task \"{}\". Parameter rendering failed.. {}", next_->name,
                     parameters.error().message));
    return std::nullopt;
  }
  return Offer{next_, std::move(*parameters)};
}

void ChainRun::started(std::string_view execution, Instant now) {
  if (next_ != nullptr) commit({"start", next_->name, execution, to_iso8601(now)});
}

void ChainRun::refused(std::string_view why, Instant now) {
  if (next_ == nullptr) return;
  const ChainTask& task = *next_;
  commit(
      {"refuse", task.name, to_iso8601(now), error_of(fmt::format("Failed running task \"{}\".. {}", task.name, why))});
  go_on_from(task, TaskStatus::kFailed);
}

void ChainRun::missing_action() {
  if (next_ == nullptr) return;
  fail(
      fmt::format("Failed to run task \"{0}\". Action with reference \"{1}\" doesn't exist.. Task :: {0} - Action with "
                  "ref {1} not registered.",
                  next_->name, next_->ref));
}

void ChainRun::task_changed(TaskStatus status, const Value& result, Instant now) {
  if (!current_ || ended()) return;
  if (status <= TaskStatus::kPaused) {
    if (status != current_->status) commit({"wait", word(status)});
    return settle();
  }
  const ChainTask& task = *current_->task;
  Value published = Value::object({});
  std::string failure;
  if (task.publish.size() != 0) {
    auto rendered = render(task.publish, variables(with_member(results_, task.name, result)),
                           "Failed rendering value for publish parameter");
    if (rendered) published = std::move(*rendered);
    else failure = fmt::format("task \"{}\": {}", task.name, rendered.error().message);
  }
  commit({"end", word(status), to_iso8601(now), published}, result);
  if (!failure.empty()) return fail(std::move(failure));
  if (status == TaskStatus::kCanceled) return set_state(State::kCanceled);
  go_on_from(task, status);
}

void ChainRun::go_on_from(const ChainTask& task, TaskStatus status) {
  commit({"outcome", word(outcome_for(status))});
  const std::string& name = status == TaskStatus::kSucceeded ? task.on_success : task.on_failure;
  if (!name.empty() && state_ != State::kCanceling) {
    if (definition_->task(name) == nullptr) {
      return fail(
          fmt::format("Failed to get next node \"{}\".. Unable to find node with name \"{}\".", task.name, name));
    }
    if (tasks_.size() >= kChainRunsMax) {
      return fail(fmt::format("the chain ran {} tasks, which is the most allowed: does a loop in it never end?",
                              kChainRunsMax));
    }
    commit({"goto", name});
  }
  settle();
}

bool ChainRun::waits() const {
  return current_ && (current_->status == TaskStatus::kPending || current_->status == TaskStatus::kPaused);
}

// The state that follows from what is under way and what is asked for.
void ChainRun::settle() {
  if (ended()) return;
  if (state_ == State::kCanceling) {
    if (!current_ || waits()) set_state(State::kCanceled);
  } else if (held_) {
    set_state(current_ && !waits() ? State::kPausing : State::kPaused);
  } else if (waits()) {
    set_state(State::kPaused);
  } else if (!current_ && next_ == nullptr) {
    set_state(outcome_);
  } else {
    set_state(State::kRunning);
  }
}

void ChainRun::pause() {
  if (ended() || state_ == State::kCanceling) return;
  if (!held_) commit({"hold", true});
  settle();
}

void ChainRun::resume() {
  if (ended() || state_ == State::kCanceling) return;
  if (held_) commit({"hold", false});
  settle();
}

void ChainRun::cancel() {
  if (ended()) return;
  set_state(State::kCanceling);
  settle();
}

Value ChainRun::result() const {
  ObjectBuilder out;
  out.set("tasks", Value::array(tasks_));
  out.set_if(surroundings_.display_published, "published", published_);
  for (const Value::Member& member : error_.members()) out.set(member.key, member.value);
  return std::move(out).build();
}

Status ChainRun::restore(const std::vector<Value>& deltas,
                         const std::function<Value(std::string_view execution)>& result_of) {
  for (const Value& delta : deltas) {
    const std::span<const Value> fields = delta.elements();
    const auto* form = fields.empty() || !fields[0].is_string()
                           ? std::end(kForms)
                           : std::ranges::find(kForms, fields[0].as_string(), &Form::name);
    if (form == std::end(kForms) || form->fields != fields.size()) {
      return Error(Code::kInvalid, "not a change of an action chain: an unknown kind, or missing fields");
    }
    const bool has_result = fields[0].as_string() == "end" && current_;
    apply(fields, has_result ? result_of(current_->execution) : Value());
  }
  return {};
}

}  // namespace midwatch
