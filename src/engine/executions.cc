// The life of one execution: requested, scheduled, running, ended (spec chapter 4).
#include <algorithm>

#include <fmt/core.h>

#include "base/assert.h"
#include "engine/state.h"
#include "params/render_parameters.h"
#include "params/validate_parameters.h"

namespace midwatch {
namespace {

Value error_result(const Error& error) { return Value::object({{"error", error.to_string()}, {"traceback", ""}}); }

// What a workflow that could not go on says.
Value workflow_failure(const std::string& text) {
  return Value::object({{"errors", Value::array({Value::object({{"message", text}})})}, {"output", nullptr}});
}

// Rendered values are texts: each becomes what its schema says.
Result<Value> cast_parameters(const Value& schema, const Value& values) {
  ObjectBuilder out;
  for (const Value::Member& member : values.members()) {
    const std::string type = schema.get(member.name()).get("type").text_or("");
    if (type.empty() || member.value.is_null()) {
      out.set(member.key, member.value);
      continue;
    }
    MW_TRY(Value cast, to_result(cast_parameter(member.value, type)));
    out.set(member.key, std::move(cast));
  }
  return std::move(out).build();
}

constexpr std::int64_t kAttemptSecondsDefault = 600;  // for runners without a timeout of their own
constexpr std::int64_t kAttemptSecondsMax = 7 * 86'400;

bool is_workflow(const ActionPlan& plan) { return plan.runner->is_workflow; }

}  // namespace

OpenExecution* Engine::State::find(ObjectId id) {
  const auto entry = open_.find(id);
  return entry == open_.end() ? nullptr : entry->second.get();
}

void Engine::State::touch(OpenExecution& open) {
  if (open.changed) return;
  open.changed = true;
  changed_executions_.push_back(open.record.id);
}

void Engine::State::set_status(OpenExecution& open, ExecutionStatus status) {
  open.record.status = status;
  open.record.log.push_back({now_, status});
  touch(open);
}

void Engine::State::on(ExecutionRequested& input) {
  if (open_.size() >= options_.open_executions_max) {
    return acknowledge(input.ack, Error(Code::kLimit, fmt::format("{} executions are open, at most {} can be",
                                                                  open_.size(), options_.open_executions_max)));
  }
  Origin origin;
  origin.supplied = std::move(input.parameters);
  ObjectBuilder context(input.context);
  context.set("user", input.user);
  origin.context = std::move(context).build();
  origin.delay = input.delay;
  origin.again = std::move(input.again);
  const auto id = create(input.action, std::move(origin));
  if (!id) return acknowledge(input.ack, id.error());
  acknowledge(input.ack, to_value(find(*id)->record));
}

Value Engine::State::config_of(const OpenExecution& open) const {
  return open.plan == nullptr ? Value::object({}) : open.plan->pack->config;
}

// Spec 4.3, steps 1 to 5: what is refused here leaves no execution behind.
Result<ObjectId> Engine::State::create(const std::string& action, Origin origin) {
  const ActionPlan* plan = content_->action(action);
  if (plan == nullptr) return Error(Code::kNotFound, fmt::format("Action \"{}\" cannot be found.", action));
  if (!plan->action->enabled) {
    return Error(Code::kInvalid, fmt::format("Unable to execute. Action \"{}\" is disabled.", action));
  }
  std::uint32_t depth = 0;
  if (origin.parent != nullptr && is_workflow(*plan)) {
    depth = origin.parent->workflow->depth + 1;
    if (depth > options_.workflow_depth_max) {
      return Error(Code::kLimit, fmt::format("workflows are nested {} deep, at most {} are allowed", depth,
                                             options_.workflow_depth_max));
    }
  }
  MW_TRY(Value parameters, prepare_parameters(*plan, origin));
  const Duration delay = origin.delay;
  const std::shared_ptr<const EarlierRun> again = std::move(origin.again);
  OpenExecution& open = insert(plan, action, std::move(origin), std::move(parameters));
  if (is_workflow(*plan)) {
    open.workflow = std::make_unique<WorkflowRun>();
    open.workflow->depth = depth;
  }
  set_status(open, ExecutionStatus::kRequested);
  if (again != nullptr) {
    if (Status adopted = adopt(open, *again); !adopted) {
      finish(open, ExecutionStatus::kFailed, workflow_failure(adopted.error().message));
      return open.record.id;
    }
  }
  if (delay > Duration(0)) {
    open.record.due = now_ + delay;
    set_status(open, ExecutionStatus::kDelayed);
    timers_.set(*open.record.due, {Timer::Kind::kDelayedStart, open.record.id});
  } else {
    schedule(open);
  }
  return open.record.id;
}

Result<Value> Engine::State::prepare_parameters(const ActionPlan& plan, const Origin& origin) const {
  for (const Value::Member& given : origin.supplied.members()) {
    const Value* property = plan.schema.find(given.name());
    if (property != nullptr && property->get("immutable").bool_or(false)) {
      return Error(Code::kInvalid,
                   fmt::format("Override of immutable parameter(s) [{}] is unsupported.", given.name()));
    }
  }
  if (origin.rendered) {
    MW_TRY(Value cast, cast_parameters(plan.schema, origin.supplied));
    MW_TRY(const Value checked, validate_parameters(plan.schema, cast));
    return cast;
  }
  ParameterRequest request;
  request.supplied = origin.supplied;
  request.schema = plan.schema;
  ObjectBuilder contexts(origin.template_contexts);
  contexts.set("action_context", origin.context);
  contexts.set("config_context", plan.pack->config);
  request.contexts = std::move(contexts).build();
  request.datastore = this;
  request.user = options_.user;
  MW_TRY(Value live, render_live_parameters(request));
  MW_TRY(const Value checked, validate_parameters(plan.schema, live));
  return live;
}

OpenExecution& Engine::State::insert(const ActionPlan* plan, const std::string& action, Origin origin,
                                     Value parameters) {
  auto open = std::make_unique<OpenExecution>();
  Execution& record = open->record;
  record.id = ids_.next(now_);
  record.action = action;
  record.runner_type = plan == nullptr ? "" : std::string(plan->runner->name);
  record.parameters = parameters.is_object() ? std::move(parameters) : Value::object({});
  record.start = now_;
  record.place = std::move(origin.place);
  record.trigger_instance = origin.trigger_instance;
  record.rule = std::move(origin.rule);
  record.incident = origin.incident;
  ObjectBuilder context(origin.context);
  context.set("pack", action.substr(0, action.find('.')));
  if (origin.parent != nullptr) record.parent = origin.parent->record.id;
  record.context = std::move(context).build();
  open->root = origin.parent == nullptr ? record.id : origin.parent->root;
  open->content = content_;
  open->plan = plan;
  OpenExecution& inserted = *open;
  if (origin.parent != nullptr) find(origin.parent->record.id)->children.insert(record.id);
  open_.emplace(record.id, std::move(open));
  return inserted;
}

// Spec 2.5: a rule whose parameters cannot be rendered leaves an execution that failed.
ObjectId Engine::State::create_failed(const std::string& action, Origin origin, const Error& error) {
  origin.incident.reset();  // it never ran: the incident hears of the denial instead
  OpenExecution& open = insert(content_->action(action), action, std::move(origin), Value());
  set_status(open, ExecutionStatus::kRequested);
  finish(open, ExecutionStatus::kFailed, error_result(error));
  return open.record.id;
}

void Engine::State::schedule(OpenExecution& open) {
  set_status(open, ExecutionStatus::kScheduled);
  const bool takes_slot = open.workflow == nullptr && !is_inquiry(open.record);
  if (!takes_slot || running_ < options_.running_max) {
    start(open);
  } else {
    waiting_.push(open.root, open.record.id);
  }
}

void Engine::State::start_waiting() {
  while (running_ < options_.running_max && !waiting_.empty()) {
    OpenExecution* open = find(*waiting_.pop());
    if (open != nullptr && open->record.status == ExecutionStatus::kScheduled) start(*open);
  }
}

// The attempt is in the record that is committed before the effect is released: after a crash nobody
// has to guess whether it was started.
void Engine::State::start(OpenExecution& open) {
  const ActionPlan& plan = *open.plan;
  ParameterRequest request;
  request.supplied = open.record.parameters;
  request.schema = plan.schema;
  request.contexts = Value::object({{"action_context", open.record.context}, {"config_context", plan.pack->config}});
  request.datastore = this;
  request.user = options_.user;
  auto final_parameters = render_final_parameters(request);
  set_status(open, ExecutionStatus::kRunning);
  ++open.record.attempt;
  if (open.workflow != nullptr && open.workflow->repeats) return run_again(open);
  if (!final_parameters) return finish(open, ExecutionStatus::kFailed, error_result(final_parameters.error()));
  ObjectBuilder of_action;
  ObjectBuilder of_runner;
  for (const Value::Member& member : final_parameters->members()) {
    (plan.runner->parameters.find(member.name()) != nullptr ? of_runner : of_action).set(member.key, member.value);
  }
  if (open.workflow != nullptr) {
    return start_workflow(open, std::move(of_action).build(), std::move(of_runner).build());
  }
  if (is_inquiry(open.record)) return ask(open, std::move(of_runner).build());
  open.holds_slot = true;
  ++running_;
  const auto timeout = std::chrono::seconds(
      std::clamp<std::int64_t>(final_parameters->get("timeout").int_or(kAttemptSecondsDefault), 1, kAttemptSecondsMax));
  open.watchdog = timers_.set(now_ + timeout + options_.attempt_grace, {Timer::Kind::kAttemptDeadline, open.record.id});
  ActionRequest effect;
  effect.execution = open.record.id;
  effect.attempt = open.record.attempt;
  effect.action = open.record.action;
  effect.pack = plan.action->pack;
  effect.pack_path = plan.pack->path;
  effect.runner_type = std::string(plan.runner->name);
  effect.entry_point = plan.action->entry_point;
  effect.action_schema = plan.action->parameters;
  effect.parameters = std::move(of_action).build();
  effect.runner_parameters = std::move(of_runner).build();
  effect.config = plan.pack->config;
  effect.context = open.record.context;
  out_->effects.emplace_back(std::move(effect));
}

// An outcome counts once, for the attempt that it belongs to: late and repeated ones are ignored.
void Engine::State::on(ActionOutcome& input) {
  OpenExecution* open = find(input.execution);
  const bool expected =
      open != nullptr && open->holds_slot && open->record.attempt == input.attempt && is_completed(input.status);
  if (!expected) {
    ++counts_.outcomes_ignored;
    return;
  }
  const bool was_canceled = open->record.status == ExecutionStatus::kCanceling;
  finish(*open, was_canceled ? ExecutionStatus::kCanceled : input.status, std::move(input.result));
}

void Engine::State::finish(OpenExecution& open, ExecutionStatus status, Value result) {
  MW_ASSERT(is_completed(status), "an execution ends with a completed status");
  MW_ASSERT(!is_completed(open.record.status), "an execution ends once");
  const ExecutionStatus before = open.record.status;
  open.record.end = now_;
  open.record.result = std::move(result);
  set_status(open, status);
  ++counts_.executions_finished;
  if (open.holds_slot) {
    open.holds_slot = false;
    timers_.drop(open.watchdog);
    --running_;
    start_waiting();
  }
  if (open.workflow != nullptr) cancel_waiting_children(open);
  if (open.record.parent) {
    if (OpenExecution* parent = find(*open.record.parent)) parent->children.erase(open.record.id);
    tell_parent(open, before);
  } else if (open.record.incident) {
    work_.emplace_back(RepairDone{*open.record.incident, open.record.id, open.record.action, status, open.record.result,
                                  now_ - open.record.start});
  }
}

}  // namespace midwatch
