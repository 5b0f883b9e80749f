#include "runners/attempt.h"

#include <utility>

#include "runners/text.h"

namespace midwatch::runners {

void Attempt::finish(ExecutionStatus status, Value result) {
  std::move_only_function<void(ActionOutcome)> finished;
  aio::Task dropped;
  {
    const std::lock_guard lock(mutex_);
    finished = std::exchange(sinks_.finished, {});
    sinks_.output = {};
    dropped = std::exchange(on_cancel_, {});
  }
  if (!finished) return;
  finished({request_.execution, request_.attempt, status, std::move(result)});
}

void Attempt::fail(const Error& error) {
  const ExecutionStatus status = is_canceled() ? ExecutionStatus::kCanceled : ExecutionStatus::kFailed;
  finish(status, Value::object({{"error", utf8_or_replaced(error.to_string())}}));
}

void Attempt::output(OutputChunk::Stream stream, std::string_view text) {
  std::function<void(OutputChunk)> sink;
  {
    const std::lock_guard lock(mutex_);
    sink = sinks_.output;
  }
  if (sink) sink({request_.execution, stream, std::string(text)});
}

void Attempt::on_cancel(aio::Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (!sinks_.finished) return;
    if (!canceled_) {
      on_cancel_ = std::move(task);
      return;
    }
  }
  task();
}

void Attempt::cancel() {
  aio::Task task;
  {
    const std::lock_guard lock(mutex_);
    canceled_ = true;
    task = std::exchange(on_cancel_, {});
  }
  if (task) task();
}

bool Attempt::is_canceled() const {
  const std::lock_guard lock(mutex_);
  return canceled_;
}

}  // namespace midwatch::runners
