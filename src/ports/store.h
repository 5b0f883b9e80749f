// ports/store.h — what must not be lost, as the engine sees it.
//
// A Batch is what one or many steps of the engine decided; commit() makes all of it durable or none.
// The caller puts the batches of many inputs into one call: one transaction, one flush (group
// commit). Nothing of a batch may take effect in the world before commit() has returned success.
//
// Records are upserted by id, except deltas, which are appended. Readers see only what is committed.
//
// Errors of commit: kUnavailable (disk full, I/O error: the same call may be repeated) or kInvalid (a
// delta that leaves a gap: nothing can help), never a partial effect.
// Thread-safety: one thread commits; reads may come from any thread, beside it.
// Cost: commit is one flush plus O(records); list() costs what it returns plus what it skips.
// The contract test (tests/contract) runs against every implementation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/object_id.h"
#include "base/result.h"
#include "base/time.h"
#include "model/execution.h"
#include "model/incident.h"
#include "model/key_value.h"
#include "value/value.h"

namespace midwatch {

// One transition of a workflow: what the conductor changed (workflow/conductor.h). `number` counts
// from 1 without gaps for each execution.
struct WorkflowDelta {
  ObjectId execution;
  std::uint64_t number = 0;
  Value delta;
};

// A run that a guard counted (policy/run_ledger.h).
struct GuardedRun {
  std::string guard;  // the rule's reference
  std::string key;
  Instant at;
};

// The rules of one Content::version(), so that "why" can be answered later.
struct ContentRecord {
  std::string version;
  Value rules;  // array of to_value(Rule)
};

struct Batch {
  std::vector<TriggerInstance> trigger_instances;
  std::vector<RuleEnforcement> enforcements;
  std::vector<Execution> executions;
  std::vector<WorkflowDelta> deltas;
  std::vector<Incident> incidents;
  std::vector<GuardedRun> guarded_runs;
  std::vector<KeyValue> keys_set;
  std::vector<std::string> keys_deleted;
  std::vector<ContentRecord> contents;

  [[nodiscard]] bool empty() const;
  void append(Batch&& later);  // records of `later` win over those of the same id
};
// In one batch, records of one id that come later win, and keys are deleted before keys are set.

// What an engine needs to go on after a stop: everything that is not finished.
struct OpenState {
  std::vector<TriggerInstance> trigger_instances;  // not processed
  std::vector<Execution> executions;               // not completed, and completed children of open workflows
  std::vector<WorkflowDelta> deltas;               // of workflows that are not completed, in order
  std::vector<Incident> incidents;                 // not closed
  std::vector<GuardedRun> guarded_runs;            // since `guards_since`
  std::vector<KeyValue> keys;
};

// A page of a list: newest first (by time, then id), keys by name. `total` counts all that match, and
// is 0 when it was not asked for.
template <class T>
struct Page {
  std::vector<T> items;
  std::uint64_t total = 0;
};

struct ListOptions {
  std::uint32_t limit = 100;
  std::uint32_t offset = 0;
  bool ascending = false;
  bool count_total = true;
  // A list leaves out results of executions above kListedResultBytesMax (they read as null), because a
  // page of them could be gigabytes; with this they are loaded. By id a result is always whole.
  // A store that holds everything in memory may always give them.
  bool large_results = false;
};
inline constexpr std::size_t kListedResultBytesMax = 64u << 10;  // of JSON

struct ExecutionFilter {
  std::string action{};  // empty: any
  std::optional<ExecutionStatus> status{};
  std::optional<ObjectId> parent{};
  bool top_level_only = false;  // parent=null
  std::string rule{};
  std::optional<ObjectId> trigger_instance{};
  std::optional<ObjectId> incident{};
  std::optional<Instant> after{}, before{};  // exclusive, of the start
  std::vector<ObjectId> ids{};               // empty: any
};

struct TriggerInstanceFilter {
  std::string trigger{};
  std::optional<TriggerInstance::State> state{};
  std::optional<Instant> after{}, before{};
  std::vector<ObjectId> ids{};
};

struct EnforcementFilter {
  std::string rule{};
  std::optional<ObjectId> trigger_instance{};
  std::optional<ObjectId> execution{};
  std::optional<Instant> after{}, before{};
  std::vector<ObjectId> ids{};
};

// What a filter means, in one place; a store with indexes must agree with it.
[[nodiscard]] bool matches(const ExecutionFilter& filter, const Execution& record);
[[nodiscard]] bool matches(const TriggerInstanceFilter& filter, const TriggerInstance& record);
[[nodiscard]] bool matches(const EnforcementFilter& filter, const RuleEnforcement& record);
[[nodiscard]] bool is_open(const TriggerInstance& record);  // pending or processing
[[nodiscard]] Error delta_out_of_order(const WorkflowDelta& delta, std::uint64_t last);

// The reading half; safe on any thread.
class StoreReader {
 public:
  virtual ~StoreReader() = default;
  virtual Result<Execution> execution(ObjectId id) = 0;  // kNotFound
  virtual Result<TriggerInstance> trigger_instance(ObjectId id) = 0;
  virtual Result<RuleEnforcement> enforcement(ObjectId id) = 0;
  virtual Result<Incident> incident(ObjectId id) = 0;
  virtual Result<Value> content_rules(std::string_view version) = 0;
  virtual Result<Page<Execution>> executions(const ExecutionFilter& filter, const ListOptions& options) = 0;
  virtual Result<Page<TriggerInstance>> trigger_instances(const TriggerInstanceFilter& filter,
                                                          const ListOptions& options) = 0;
  virtual Result<Page<RuleEnforcement>> enforcements(const EnforcementFilter& filter, const ListOptions& options) = 0;
  virtual Result<Page<Incident>> incidents(std::optional<Incident::State> state, const ListOptions& options) = 0;
  virtual Result<std::vector<WorkflowDelta>> deltas(ObjectId execution) = 0;
  virtual Result<std::optional<KeyValue>> key(std::string_view name) = 0;
  virtual Result<Page<KeyValue>> keys(std::string_view prefix, const ListOptions& options) = 0;
};

class Store : public StoreReader {
 public:
  virtual Status commit(std::span<const Batch> batches) = 0;
  virtual Result<OpenState> load_open(Instant guards_since) = 0;
};

}  // namespace midwatch
