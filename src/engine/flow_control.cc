// Pausing, resuming and cancelling: what a person asks for, down the tree of workflows, and what children
// do to their parents (spec 4.9, 5.10 and 5.11).
#include <fmt/core.h>

#include "engine/state.h"

namespace midwatch {
namespace {

constexpr const char* kByUser = "Action canceled by user.";
constexpr const char* kWorkflowEnded = "Canceled because its workflow has ended.";

Error already_completed() { return Error(Code::kConflict, "Execution is already in completed state."); }

Status check_runner(const OpenExecution& open, std::string_view verb) {
  if (open.workflow != nullptr) return {};
  return Error(Code::kInvalid,
               fmt::format("Unable to {} liveaction \"{}\" because it is not supported by the \"{}\" runner.", verb,
                           open.record.id.hex(), open.record.runner_type));
}

bool has_not_started(ExecutionStatus status) {
  return status == ExecutionStatus::kRequested || status == ExecutionStatus::kScheduled ||
         status == ExecutionStatus::kDelayed;
}

// What an execution shows while its conductor has this status.
ExecutionStatus shown_for(FlowStatus status) {
  switch (status) {
    case FlowStatus::kPausing: return ExecutionStatus::kPausing;
    case FlowStatus::kPaused: return ExecutionStatus::kPaused;
    case FlowStatus::kResuming: return ExecutionStatus::kResuming;
    case FlowStatus::kCanceling: return ExecutionStatus::kCanceling;
    default: return ExecutionStatus::kRunning;
  }
}

}  // namespace

void Engine::State::on(CancelRequested& input) {
  OpenExecution* open = find(input.execution);
  if (open == nullptr) {
    return acknowledge(input.ack, Error(Code::kConflict, "the execution is already completed"));
  }
  cancel(*open, input.user);
  acknowledge(input.ack, to_value(open->record));
}

void Engine::State::on(StatusRequested& input) {
  OpenExecution* open = find(input.execution);
  if (open == nullptr) return acknowledge(input.ack, already_completed());
  Status done;
  switch (input.status) {
    case ExecutionStatus::kCanceling:
    case ExecutionStatus::kCanceled: done = cancel_by_hand(*open, input.user); break;
    case ExecutionStatus::kPausing:
    case ExecutionStatus::kPaused: done = pause(*open, input.user); break;
    case ExecutionStatus::kResuming: done = resume(*open, input.user); break;
    default: done = update_by_hand(*open, input);
  }
  if (!done) return acknowledge(input.ack, std::move(done).error());
  acknowledge(input.ack, to_value(open->record));
}

Status Engine::State::cancel_by_hand(OpenExecution& open, const std::string& user) {
  const ExecutionStatus status = open.record.status;
  if (!is_cancelable(status) && status != ExecutionStatus::kCanceling) {
    return Error(Code::kInvalid, fmt::format("Unable to cancel liveaction \"{}\" because it is in \"{}\" state.",
                                             open.record.id.hex(), to_string(status)));
  }
  cancel(open, user);
  return {};
}

// "plain status+result update (used by external runners)". What our own runner makes of it no longer counts.
Status Engine::State::update_by_hand(OpenExecution& open, StatusRequested& input) {
  if (open.workflow != nullptr || !is_completed(input.status)) {
    return Error(Code::kInvalid,
                 fmt::format("A {} execution cannot be made {}.", open.record.runner_type, to_string(input.status)));
  }
  if (open.holds_slot) out_->effects.emplace_back(CancelAction{open.record.id});
  finish(open, input.status, std::move(input.result));
  return {};
}

Status Engine::State::pause(OpenExecution& open, const std::string& user) {
  MW_CHECK(check_runner(open, "pause"));
  const ExecutionStatus status = open.record.status;
  if (status != ExecutionStatus::kRunning && status != ExecutionStatus::kPausing &&
      status != ExecutionStatus::kPaused) {
    return Error(Code::kInvalid, fmt::format("Unable to pause liveaction \"{}\" because it is not in a running state.",
                                             open.record.id.hex()));
  }
  hold(open, user);
  return {};
}

void Engine::State::hold(OpenExecution& open, const std::string& user) {
  if (open.record.status == ExecutionStatus::kCanceling || is_completed(open.record.status)) return;
  open.workflow->held = true;
  open.record.context = with_member(without_member(open.record.context, "resumed_by"), "paused_by", user);
  touch(open);
  if (!is_waiting(open.record.status)) become(open, ExecutionStatus::kPausing);
  if (open.workflow->conductor) (void)open.workflow->conductor->request_status(FlowStatus::kPausing);
  if (open.workflow->chain) open.workflow->chain->pause();
  const std::vector<ObjectId> children(open.children.begin(), open.children.end());
  for (const ObjectId id : children) {
    OpenExecution* child = find(id);
    if (child != nullptr && child->workflow != nullptr) hold(*child, user);
  }
  work_.emplace_back(Advance{open.record.id});
}

Status Engine::State::resume(OpenExecution& open, const std::string& user) {
  MW_CHECK(check_runner(open, "resume"));
  const ExecutionStatus status = open.record.status;
  if (status == ExecutionStatus::kRunning || status == ExecutionStatus::kResuming) return {};
  if (status != ExecutionStatus::kPaused) {
    return Error(
        Code::kInvalid,
        fmt::format("Unable to resume liveaction \"{}\" because it is in \"{}\" state and not in \"paused\" state.",
                    open.record.id.hex(), to_string(status)));
  }
  let_go(open, user);
  // What runs below makes those above run; whoever resumes a part means that too.
  for (OpenExecution* at = &open; at->record.parent;) {
    at = find(*at->record.parent);
    if (at == nullptr || at->workflow == nullptr) break;
    if (!at->workflow->held) continue;
    at->workflow->held = false;
    at->record.context = with_member(without_member(at->record.context, "paused_by"), "resumed_by", user);
    touch(*at);
  }
  return {};
}

void Engine::State::let_go(OpenExecution& open, const std::string& user) {
  if (!is_waiting(open.record.status)) return;
  open.workflow->held = false;
  open.record.context = with_member(without_member(open.record.context, "paused_by"), "resumed_by", user);
  become(open, ExecutionStatus::kResuming);
  if (open.workflow->conductor) (void)open.workflow->conductor->request_status(FlowStatus::kResuming);
  if (open.workflow->chain) open.workflow->chain->resume();
  const std::vector<ObjectId> children(open.children.begin(), open.children.end());
  for (const ObjectId id : children) {
    OpenExecution* child = find(id);
    if (child != nullptr && child->workflow != nullptr) let_go(*child, user);
  }
  work_.emplace_back(Advance{open.record.id});
}

// A workflow in which nothing runs and nothing can start waits for what waits below it: for inquiries, for
// workflows that are paused. Where there is nothing of the kind, it has come to its end.
void Engine::State::settle(OpenExecution& open) {
  Conductor& conductor = *open.workflow->conductor;
  if (!is_running(conductor.status())) return;
  if (conductor.has_active_tasks()) {
    // The reference stays `resuming` until a further task starts, which may be never.
    if (conductor.status() == FlowStatus::kResuming) (void)conductor.request_status(FlowStatus::kRunning);
    return;
  }
  (void)conductor.request_status(FlowStatus::kPausing);
  const bool is_stuck = conductor.status() == FlowStatus::kPaused && open.children.empty() && !open.workflow->held;
  if (is_stuck) (void)conductor.request_status(FlowStatus::kResuming);
}

void Engine::State::show_status(OpenExecution& open) {
  const FlowStatus status = open.workflow->conductor->status();
  if (!is_completed(status)) become(open, shown_for(status));
}

void Engine::State::become(OpenExecution& open, ExecutionStatus status) {
  const ExecutionStatus before = open.record.status;
  if (status == before) return;
  set_status(open, status);
  tell_parent(open, before);
}

// "Child statuses acted on: all completed statuses plus pending, pausing, paused, resuming."
void Engine::State::tell_parent(OpenExecution& open, ExecutionStatus before) {
  if (!open.record.parent) return;
  ExecutionStatus status = open.record.status;
  if (!is_completed(status) && !is_waiting(status)) {
    if (!is_waiting(before) || status == ExecutionStatus::kCanceling) return;
    status = ExecutionStatus::kResuming;
  }
  work_.emplace_back(ChildChanged{*open.record.parent, *open.record.place, before, status, open.record.result});
}

// Canceling a workflow below another cancels all of it: the request goes to the root and comes down.
void Engine::State::cancel(OpenExecution& open, const std::string& user) {
  if (!is_cancelable(open.record.status)) return;
  if (open.workflow != nullptr) {
    OpenExecution* root = &open;
    while (root->record.parent) {
      OpenExecution* above = find(*root->record.parent);
      if (above == nullptr) break;
      root = above;
    }
    return cancel_workflow(*root, user);
  }
  if (!open.holds_slot) return drop(open, user, kByUser);
  open.record.context = with_member(open.record.context, "cancelled_by", user);
  set_status(open, ExecutionStatus::kCanceling);
  out_->effects.emplace_back(CancelAction{open.record.id});
}

void Engine::State::drop(OpenExecution& open, const std::string& user, std::string_view why) {
  open.record.context = with_member(open.record.context, "cancelled_by", user);
  finish(open, ExecutionStatus::kCanceled, Value::object({{"message", why}, {"user", user}}));
}

// "cascades to child workflows and delayed tasks; running plain actions are left to finish; then canceled".
void Engine::State::cancel_workflow(OpenExecution& open, const std::string& user) {
  if (is_completed(open.record.status) || open.record.status == ExecutionStatus::kCanceling) return;
  if (!open.workflow->is_under_way() || open.workflow->repeats) return drop(open, user, kByUser);
  open.record.context = with_member(open.record.context, "cancelled_by", user);
  set_status(open, ExecutionStatus::kCanceling);
  const bool agreed =
      !open.workflow->conductor || open.workflow->conductor->request_status(FlowStatus::kCanceled).has_value();
  if (open.workflow->chain) open.workflow->chain->cancel();
  const std::vector<ObjectId> children(open.children.begin(), open.children.end());
  for (const ObjectId id : children) {
    OpenExecution* child = find(id);
    if (child == nullptr) continue;
    if (child->workflow != nullptr) cancel_workflow(*child, user);
    else if (has_not_started(child->record.status) || is_waiting(child->record.status)) drop(*child, user, kByUser);
  }
  if (!agreed) {
    journal(open);
    return finish(open, ExecutionStatus::kCanceled, Value::object({{"message", kByUser}, {"user", user}}));
  }
  work_.emplace_back(Advance{open.record.id});
}

// Of a workflow that ends: whoever answers below it would do so for nothing. What runs, runs to its end.
void Engine::State::cancel_waiting_children(OpenExecution& open) {
  const std::vector<ObjectId> children(open.children.begin(), open.children.end());
  for (const ObjectId id : children) {
    OpenExecution* child = find(id);
    if (child == nullptr || !is_waiting(child->record.status)) continue;
    if (child->workflow != nullptr) cancel_workflow(*child, options_.user);
    else drop(*child, options_.user, kWorkflowEnded);
  }
}

}  // namespace midwatch
