#include "httpd/exchange.h"

#include <utility>

#include "base/assert.h"

namespace midwatch::httpd {
namespace {

Response lost() { return {.status = 503, .body = R"({"faultstring":"the request was dropped, try again"})"}; }

// The callable inside a Reply.
class Answer {
 public:
  explicit Answer(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  Answer(Answer&&) noexcept = default;
  Answer& operator=(Answer&&) = delete;
  ~Answer() {
    if (exchange_) exchange_->answer(lost());
  }
  void operator()(Response response) {
    MW_ASSERT(exchange_ != nullptr, "a request was answered twice");
    std::exchange(exchange_, nullptr)->answer(std::move(response));
  }

 private:
  std::shared_ptr<Exchange> exchange_;
};

}  // namespace

void Outbox::put(std::shared_ptr<Exchange> answered) {
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    is_first = waiting_.empty();
    waiting_.push_back(std::move(answered));
  }
  if (is_first) runtime_.post([self = shared_from_this()] { self->deliver(); });
}

void Outbox::deliver() {
  std::vector<std::shared_ptr<Exchange>> due;
  {
    const std::lock_guard lock(mutex_);
    due.swap(waiting_);
  }
  for (const std::shared_ptr<Exchange>& exchange : due) {
    auto resume = std::move(exchange->resume_);
    resume();
  }
}

Reply Exchange::make_reply(std::shared_ptr<Exchange> exchange) { return Answer(std::move(exchange)); }

void Exchange::answer(Response response) {
  response_ = std::move(response);
  State seen = State::kOpen;
  if (state_.compare_exchange_strong(seen, State::kAnswered, std::memory_order_acq_rel)) return;
  if (seen != State::kWaiting) return;
  if (state_.compare_exchange_strong(seen, State::kAnswered, std::memory_order_acq_rel)) {
    outbox_->put(shared_from_this());
  }
}

bool Exchange::wait(aio::Task resume) {
  resume_ = std::move(resume);
  State seen = State::kOpen;
  if (state_.compare_exchange_strong(seen, State::kWaiting, std::memory_order_acq_rel)) return true;
  resume_ = {};
  return false;
}

void Exchange::abandon() {
  State seen = State::kWaiting;
  if (!state_.compare_exchange_strong(seen, State::kAbandoned, std::memory_order_acq_rel)) return;
  auto resume = std::move(resume_);
  resume();
}

}  // namespace midwatch::httpd
