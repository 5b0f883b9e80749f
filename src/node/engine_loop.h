// node/engine_loop.h — drives one shard: queue → step → durable commit → release of effects.
//
// One thread owns the engine. It takes everything that waits (at most batch_max), lets the engine
// decide on each, commits all decisions in one transaction (group commit), and only then lets their
// effects out: answers, starts of actions, pages. While it commits, the next batch gathers.
//
// Back pressure: submit() says no when the queue is full or the store does not take commits; senders
// answer 429 with Retry-After. Outcomes of actions that were started are always taken: their number is
// bounded by the engine's slots.
//
// A commit that fails (full disk) is repeated until it succeeds: the decision is held, nothing is
// released, nothing is lost, and `degraded()` says why.
//
// Thread-safety: all members, except start and stop, on any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/bounded_queue.h"
#include "base/object_id.h"
#include "base/time.h"
#include "engine/engine.h"
#include "engine/inbox.h"
#include "node/clock.h"
#include "ports/notifier.h"
#include "ports/runner.h"
#include "ports/store.h"

namespace midwatch::node {

class EngineLoop final : public Inbox {
 public:
  struct Options {
    std::size_t queue_max = 8'192;
    std::size_t batch_max = 512;
    Duration commit_retry = std::chrono::milliseconds(250);
    // How often attempts are compared with what the runner knows. One that it does not know twice in a row,
    // with nothing waiting to be decided on, has lost its runner and ends as abandoned.
    Duration orphan_check = std::chrono::seconds(5);
  };
  struct Statistics {
    Engine::Counts engine;
    std::size_t queued = 0;
    std::uint64_t inputs = 0, batches = 0, refused = 0, commit_failures = 0;
    double commit_seconds = 0;  // in all
  };

  EngineLoop(Store& store, Clock& clock, Options options)
      : store_(store), clock_(clock), options_(options), queue_(options.queue_max) {}
  ~EngineLoop() override;

  // Recovers `engine` from the store, commits what recovery decided, and starts the thread. Runner and
  // notifier must outlive stop().
  Status start(Engine engine, Runner& runner, Notifier& notifier);
  // Takes no more from outside, decides on what waits, and ends. A commit that fails is then tried for
  // `patience` only. Actions that still run are left to recovery.
  void stop(Duration patience);

  [[nodiscard]] bool submit(Input input, Done done) override;
  void finished(ActionOutcome outcome);
  void paged(PageOutcome outcome);
  void report(AnomalyReported anomaly);

  [[nodiscard]] Statistics statistics() const;
  [[nodiscard]] std::shared_ptr<const Content> content() const;
  // Why commits do not succeed at present; empty when they do.
  [[nodiscard]] std::string degraded() const;

 private:
  struct Item {
    Input input;
    Done done;
  };

  void run();
  void decide(std::vector<Item>& items, Decision& decision);
  bool commit(const Batch& batch);
  void release(Decision& decision);
  void publish();
  void end_orphans(Decision& decision);

  Store& store_;
  Clock& clock_;
  const Options options_;
  BoundedQueue<Item> queue_;
  std::unique_ptr<Engine> engine_;
  Runner* runner_ = nullptr;
  Notifier* notifier_ = nullptr;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> commits_fail_{false};
  std::atomic<std::int64_t> give_up_at_{0};
  std::atomic<std::uint64_t> refused_{0};

  // Of the engine's thread.
  std::unordered_map<AckToken, Done> waiting_;
  AckToken next_token_ = 0;
  Instant orphans_checked_;
  std::map<ObjectId, std::uint32_t> suspects_;  // attempts that the runner did not know at the last check

  mutable std::mutex shown_mutex_;
  Statistics shown_;
  std::shared_ptr<const Content> shown_content_;
  std::string shown_degraded_;
};

}  // namespace midwatch::node
