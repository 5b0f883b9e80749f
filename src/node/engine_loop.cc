#include "node/engine_loop.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace midwatch::node {
namespace {

constexpr Duration kIdleWait = std::chrono::milliseconds(500);

// Inputs that someone waits for carry a token; the others have no such member.
template <class T>
void set_token(T& input, AckToken token) {
  if constexpr (requires { input.ack; }) input.ack = token;
}

}  // namespace

EngineLoop::~EngineLoop() { stop(Duration(0)); }

Status EngineLoop::start(Engine engine, Runner& runner, Notifier& notifier) {
  runner_ = &runner;
  notifier_ = &notifier;
  engine_ = std::make_unique<Engine>(std::move(engine));
  const Instant now = clock_.now();
  MW_TRY(OpenState state, store_.load_open(now - std::chrono::hours(24)));
  if (!state.executions.empty() || !state.incidents.empty()) {
    MW_LOG(kInfo, "recovering", {{"executions", state.executions.size()}, {"incidents", state.incidents.size()}});
  }
  Decision decision = engine_->recover(std::move(state), now);
  MW_CHECK(store_.commit(std::span(&decision.changes, 1)));
  publish();
  thread_ = std::thread([this, first = std::move(decision)]() mutable {
    release(first);
    run();
  });
  return {};
}

void EngineLoop::stop(Duration patience) {
  if (!thread_.joinable()) return;
  give_up_at_ = micros(clock_.now() + patience);
  stopping_ = true;
  queue_.close();
  thread_.join();
}

bool EngineLoop::submit(Input input, Done done) {
  Item item{std::move(input), std::move(done)};
  if (!commits_fail_.load(std::memory_order_relaxed) && queue_.try_push(std::move(item))) return true;
  refused_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

void EngineLoop::finished(ActionOutcome outcome) { queue_.push_admitted({std::move(outcome), {}}); }
void EngineLoop::paged(PageOutcome outcome) { queue_.push_admitted({std::move(outcome), {}}); }
void EngineLoop::report(AnomalyReported anomaly) { queue_.push_admitted({std::move(anomaly), {}}); }

void EngineLoop::run() {
  std::vector<Item> items;
  Duration wait = kIdleWait;
  if (const auto due = engine_->next_wake()) wait = std::clamp(*due - clock_.now(), Duration(0), kIdleWait);
  while (queue_.drain(items, options_.batch_max, wait)) {
    Decision decision;
    decide(items, decision);
    end_orphans(decision);
    if (!decision.changes.empty() && !commit(decision.changes)) break;
    release(decision);
    publish();
    wait = kIdleWait;
    if (const auto due = engine_->next_wake()) wait = std::clamp(*due - clock_.now(), Duration(0), kIdleWait);
  }
}

void EngineLoop::decide(std::vector<Item>& items, Decision& decision) {
  const Instant now = clock_.now();
  for (Item& item : items) {
    if (item.done) {
      const AckToken token = ++next_token_;
      std::visit([token](auto& input) { set_token(input, token); }, item.input);
      waiting_.emplace(token, std::move(item.done));
    }
    engine_->step(now, std::move(item.input), decision);
  }
  if (const auto due = engine_->next_wake(); due && *due <= now) engine_->step(now, WokeUp{}, decision);
  const std::lock_guard lock(shown_mutex_);
  shown_.inputs += items.size();
  if (!items.empty()) ++shown_.batches;
}

void EngineLoop::end_orphans(Decision& decision) {
  const Instant now = clock_.now();
  if (now - orphans_checked_ < options_.orphan_check || stopping_ || queue_.size() != 0) return;
  orphans_checked_ = now;
  std::map<ObjectId, std::uint32_t> unknown;
  for (const Engine::Attempt& attempt : engine_->running_attempts()) {
    if (!runner_->knows(attempt.execution)) unknown.emplace(attempt.execution, attempt.number);
  }
  // What is started by this very decision is not released yet: it cannot have been a suspect before.
  for (const auto& [execution, number] : unknown) {
    const auto suspect = suspects_.find(execution);
    if (suspect == suspects_.end() || suspect->second != number) continue;
    MW_LOG(kWarning, "an attempt has lost its runner", {{"execution", execution.hex()}});
    const Value result = Value::object({{"error", "the runner of this attempt is gone"}, {"traceback", ""}});
    engine_->step(now, ActionOutcome{execution, number, ExecutionStatus::kAbandoned, result}, decision);
  }
  suspects_ = std::move(unknown);
}

// False only when stopping has lost its patience: what was decided is then as if it had never been,
// and nobody was told otherwise.
bool EngineLoop::commit(const Batch& batch) {
  const auto started = std::chrono::steady_clock::now();
  for (;;) {
    const Status committed = store_.commit(std::span(&batch, 1));
    if (committed) break;
    if (!commits_fail_.exchange(true)) {
      MW_LOG(kError, "the store does not take commits; requests are refused until it does",
             {{"error", committed.error().to_string()}});
    }
    {
      const std::lock_guard lock(shown_mutex_);
      ++shown_.commit_failures;
      shown_degraded_ = committed.error().to_string();
    }
    if (stopping_ && micros(clock_.now()) >= give_up_at_) return false;
    std::this_thread::sleep_for(options_.commit_retry);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  const std::lock_guard lock(shown_mutex_);
  shown_.commit_seconds += took.count();
  if (commits_fail_.exchange(false)) {
    shown_degraded_.clear();
    MW_LOG(kInfo, "the store takes commits again");
  }
  return true;
}

void EngineLoop::release(Decision& decision) {
  for (Effect& effect : decision.effects) {
    if (auto* ack = std::get_if<Acknowledge>(&effect)) {
      const auto found = waiting_.find(ack->token);
      if (found == waiting_.end()) continue;
      Done done = std::move(found->second);
      waiting_.erase(found);
      done(std::move(ack->answer));
    } else if (auto* request = std::get_if<ActionRequest>(&effect)) {
      runner_->start(std::move(*request));
    } else if (auto* cancel = std::get_if<CancelAction>(&effect)) {
      runner_->cancel(cancel->execution);
    } else if (auto* page = std::get_if<PageRequest>(&effect)) {
      notifier_->page(std::move(*page));
    }
  }
}

void EngineLoop::publish() {
  const std::lock_guard lock(shown_mutex_);
  shown_.engine = engine_->counts();
  if (shown_content_ != engine_->content()) shown_content_ = engine_->content();
}

EngineLoop::Statistics EngineLoop::statistics() const {
  const std::lock_guard lock(shown_mutex_);
  Statistics statistics = shown_;
  statistics.queued = queue_.size();
  statistics.refused = refused_.load(std::memory_order_relaxed);
  return statistics;
}

std::shared_ptr<const Content> EngineLoop::content() const {
  const std::lock_guard lock(shown_mutex_);
  return shown_content_;
}

std::string EngineLoop::degraded() const {
  const std::lock_guard lock(shown_mutex_);
  return shown_degraded_;
}

}  // namespace midwatch::node
