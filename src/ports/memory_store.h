// ports/memory_store.h — the Store port in ordinary maps: for the simulator, rehearsals and tests.
//
// It keeps nothing beyond its own life. Everything it answers depends only on what was committed, in
// the same order on every machine. fail_commits() makes the next commits fail as a full disk would.
//
// Thread-safety: one thread. Cost: list() scans all records of the kind.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ports/store.h"

namespace midwatch {

class MemoryStore : public Store {
 public:
  Status commit(std::span<const Batch> batches) override;
  Result<OpenState> load_open(Instant guards_since) override;

  Result<Execution> execution(ObjectId id) override;
  Result<TriggerInstance> trigger_instance(ObjectId id) override;
  Result<RuleEnforcement> enforcement(ObjectId id) override;
  Result<Incident> incident(ObjectId id) override;
  Result<Value> content_rules(std::string_view version) override;
  Result<Page<Execution>> executions(const ExecutionFilter& filter, const ListOptions& options) override;
  Result<Page<TriggerInstance>> trigger_instances(const TriggerInstanceFilter& filter,
                                                  const ListOptions& options) override;
  Result<Page<RuleEnforcement>> enforcements(const EnforcementFilter& filter, const ListOptions& options) override;
  Result<Page<Incident>> incidents(std::optional<Incident::State> state, const ListOptions& options) override;
  Result<std::vector<WorkflowDelta>> deltas(ObjectId execution) override;
  Result<std::optional<KeyValue>> key(std::string_view name) override;
  Result<Page<KeyValue>> keys(std::string_view prefix, const ListOptions& options) override;

  // The next `count` commits fail with kUnavailable and change nothing.
  void fail_commits(std::uint32_t count) { failing_ = count; }

 private:
  Status check(std::span<const Batch> batches) const;
  void apply(const Batch& batch);

  std::map<ObjectId, TriggerInstance> trigger_instances_;
  std::map<ObjectId, RuleEnforcement> enforcements_;
  std::map<ObjectId, Execution> executions_;
  std::map<ObjectId, Incident> incidents_;
  std::map<ObjectId, std::vector<WorkflowDelta>> deltas_;
  std::vector<GuardedRun> guarded_runs_;
  std::map<std::string, KeyValue, std::less<>> keys_;
  std::map<std::string, Value, std::less<>> contents_;
  std::uint32_t failing_ = 0;
};

}  // namespace midwatch
