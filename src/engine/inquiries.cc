// Questions to people: pending until someone answers or the time to live is over (spec 3.8, 9.3 and 15).
#include <algorithm>

#include <fmt/core.h>

#include "engine/state.h"
#include "params/validate_parameters.h"

namespace midwatch {
namespace {

constexpr const char* kInquiryTrigger = "core.st2.generic.inquiry";
constexpr std::int64_t kMinutesMax = 60LL * 24 * 365 * 10;

}  // namespace

// The result says what is asked, from whom and for how long; `response` is added to it by the answer.
void Engine::State::ask(OpenExecution& open, const Value& question) {
  const Value fallback = question.get("default_response");
  ObjectBuilder result;
  for (const char* name : {"schema", "roles", "users", "route", "ttl"}) result.set(name, question.get(name));
  result.set_if(!fallback.is_null(), "default_response", fallback);
  if (!fallback.is_null()) {
    if (const auto fits = validate_value(question.get("schema"), fallback); !fits) {
      const std::string text =
          fmt::format("default_response does not pass the inquiry's schema: {}", fits.error().message);
      return finish(open, ExecutionStatus::kFailed, Value::object({{"error", text}, {"traceback", ""}}));
    }
  }
  open.record.result = std::move(result).build();
  const std::int64_t minutes = std::min(question.get("ttl").int_or(0), kMinutesMax);
  if (minutes > 0) open.record.due = now_ + std::chrono::minutes(minutes);
  become(open, ExecutionStatus::kPending);
  wait_for_answer(open);
  work_.emplace_back(InquiryOpened{open.record.id, question.get("route").text_or("")});
}

void Engine::State::wait_for_answer(OpenExecution& open) {
  if (open.record.due) timers_.set(*open.record.due, {Timer::Kind::kInquiryDeadline, open.record.id});
}

void Engine::State::do_work(InquiryOpened& work) {
  if (content()->trigger_type(kInquiryTrigger) == nullptr || open_.size() >= options_.open_executions_max) return;
  TriggerInstance instance =
      occur(kInquiryTrigger, {}, Value::object({{"id", work.execution.hex()}, {"route", work.route}}), "");
  enforce(instance, nullptr);
  out_->changes.trigger_instances.push_back(std::move(instance));
}

void Engine::State::on(InquiryAnswered& input) {
  OpenExecution* open = find(input.execution);
  if (open == nullptr) {
    return acknowledge(input.ack, Error(Code::kConflict, fmt::format("Inquiry \"{}\" has already been responded to.",
                                                                     input.execution.hex())));
  }
  if (Status allowed = check_answer(*open, input); !allowed) {
    return acknowledge(input.ack, std::move(allowed).error());
  }
  open->record.context = with_member(open->record.context, "responded_by", input.user);
  finish(*open, ExecutionStatus::kSucceeded, with_member(open->record.result, "response", input.response));
  acknowledge(input.ack, Value::object({{"id", input.execution.hex()}, {"response", input.response}}));
}

Status Engine::State::check_answer(const OpenExecution& open, const InquiryAnswered& input) const {
  const std::string id = open.record.id.hex();
  if (!is_inquiry(open.record)) {
    return Error(Code::kInvalid, fmt::format("Action execution \"{}\" is not an inquiry.", id));
  }
  if (open.record.status != ExecutionStatus::kPending) {
    return Error(Code::kConflict, fmt::format("Inquiry \"{}\" has already been responded to.", id));
  }
  const Value users = open.record.result.get("users");
  const bool may = users.size() == 0 || std::ranges::any_of(users.elements(), [&](const Value& user) {
                     return user.is_string() && user.as_string() == input.user;
                   });
  if (!may) {
    return Error(Code::kDenied,
                 fmt::format("User \"{}\" does not have permission to respond to inquiry \"{}\".", input.user, id));
  }
  const auto fits = validate_value(open.record.result.get("schema"), input.response);
  if (fits) return {};
  return Error(Code::kInvalid,
               fmt::format("Response for inquiry \"{}\" did not pass schema validation. {}", id, fits.error().message));
}

void Engine::State::give_up_waiting(OpenExecution& open) {
  const Value result = open.record.result;
  if (const Value* fallback = result.find("default_response")) {
    return finish(open, ExecutionStatus::kSucceeded, with_member(result, "response", *fallback));
  }
  finish(open, ExecutionStatus::kTimeout, result);
}

}  // namespace midwatch
