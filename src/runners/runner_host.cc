#include "runners/runner_host.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "runners/attempt.h"

namespace midwatch::runners {

struct RunnerHost::Impl : std::enable_shared_from_this<Impl> {
  Impl(aio::Runtime& runtime, RunnerOptions options, RunnerSink s)
      : services(std::make_shared<Services>(runtime, std::move(options))), sink(std::move(s)) {}

  // An outcome leaves `running` first, so that the engine may start the next attempt at once.
  void finished(const Attempt* attempt, ActionOutcome outcome) {
    bool is_reported = false;
    {
      const std::lock_guard lock(mutex);
      std::erase_if(running, [attempt](const auto& entry) { return entry.second.get() == attempt; });
      is_reported = !stopping;
    }
    ended.notify_all();
    if (is_reported && sink.finished) sink.finished(std::move(outcome));
  }

  std::shared_ptr<Attempt> admit(ActionRequest request) {
    const ObjectId execution = request.execution;
    // The attempt is in the map as long as it may call back, and the map is in the Impl that this holds.
    auto self = shared_from_this();
    auto box = std::make_shared<const Attempt*>(nullptr);
    Attempt::Sinks sinks{.finished = [self, box](ActionOutcome outcome) { self->finished(*box, std::move(outcome)); },
                         .output = sink.output};
    auto attempt = std::make_shared<Attempt>(services, std::move(request), std::move(sinks));
    *box = attempt.get();
    const std::lock_guard lock(mutex);
    if (stopping) return nullptr;
    running.emplace(execution, attempt);
    return attempt;
  }

  std::vector<std::shared_ptr<Attempt>> of(ObjectId execution) {
    const std::lock_guard lock(mutex);
    std::vector<std::shared_ptr<Attempt>> out;
    const auto [first, last] = running.equal_range(execution);
    for (auto it = first; it != last; ++it) out.push_back(it->second);
    return out;
  }
  std::vector<std::shared_ptr<Attempt>> stop_all() {
    const std::lock_guard lock(mutex);
    stopping = true;
    std::vector<std::shared_ptr<Attempt>> out;
    for (const auto& [id, attempt] : running) out.push_back(attempt);
    return out;
  }

  const std::shared_ptr<Services> services;
  const RunnerSink sink;
  std::mutex mutex;
  std::condition_variable ended;
  std::multimap<ObjectId, std::shared_ptr<Attempt>> running;  // guarded by mutex
  bool stopping = false;                                      // guarded by mutex
};

RunnerHost::RunnerHost(aio::Runtime& runtime, RunnerOptions options, RunnerSink sink)
    : impl_(std::make_shared<Impl>(runtime, std::move(options), std::move(sink))) {}
RunnerHost::~RunnerHost() { stop(std::chrono::seconds(30)); }

void RunnerHost::start(ActionRequest request) {
  const RunnerEntry* entry = find_runner(request.runner_type);
  const std::string name = request.runner_type;
  const auto attempt = impl_->admit(std::move(request));
  if (!attempt) return;  // stopping: recovery decides about it
  const bool is_full = running_count() > kRunningMax;
  if (entry != nullptr && !is_full) {
    impl_->services->runtime.post([attempt, entry] { entry->start(attempt); });
    return;
  }
  Error error = entry == nullptr ? Error(Code::kInvalid, fmt::format("runner '{}': there is none of that name", name))
                                 : Error(Code::kLimit, fmt::format("more than {} actions run already", kRunningMax));
  impl_->services->runtime.post([attempt, error = std::move(error)] { attempt->fail(error); });
}

void RunnerHost::cancel(ObjectId execution) {
  for (const auto& attempt : impl_->of(execution)) attempt->cancel();
}

bool RunnerHost::knows(ObjectId execution) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->stopping || impl_->running.contains(execution);
}

std::size_t RunnerHost::running_count() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->running.size();
}

void RunnerHost::stop(Duration patience) {
  for (const auto& attempt : impl_->stop_all()) attempt->cancel();
  std::unique_lock lock(impl_->mutex);
  const bool all_ended = impl_->ended.wait_for(lock, patience, [this] { return impl_->running.empty(); });
  if (!all_ended) MW_LOG(kWarning, "actions do not end", {{"running", impl_->running.size()}});
}

}  // namespace midwatch::runners
