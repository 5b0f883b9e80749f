#include "ports/memory_store.h"

#include <algorithm>

#include <fmt/core.h>

namespace midwatch {
namespace {

template <class T>
Result<T> find_record(const std::map<ObjectId, T>& records, ObjectId id, std::string_view kind) {
  const auto found = records.find(id);
  if (found == records.end()) return Error(Code::kNotFound, fmt::format("no {} with id {}", kind, id.hex()));
  return found->second;
}

// All records that pass, ordered by (time, id), cut to the page.
template <class T, class Pass, class Time>
Page<T> page_of(const std::map<ObjectId, T>& records, const ListOptions& options, Pass pass, Time time) {
  std::vector<const T*> found;
  for (const auto& [id, record] : records) {
    if (pass(record)) found.push_back(&record);
  }
  std::ranges::sort(found, [&](const T* a, const T* b) {
    if (!options.ascending) std::swap(a, b);
    return time(*a) != time(*b) ? time(*a) < time(*b) : a->id < b->id;
  });
  Page<T> page;
  page.total = options.count_total ? found.size() : 0;
  for (std::size_t i = options.offset; i < found.size() && page.items.size() < options.limit; ++i) {
    page.items.push_back(*found[i]);
  }
  return page;
}

}  // namespace

Status MemoryStore::commit(std::span<const Batch> batches) {
  if (failing_ > 0) {
    --failing_;
    return Error(Code::kUnavailable, "the store was told to fail");
  }
  MW_CHECK(check(batches));
  for (const Batch& batch : batches) apply(batch);
  return {};
}

// What could fail is looked at before anything is changed.
Status MemoryStore::check(std::span<const Batch> batches) const {
  std::map<ObjectId, std::uint64_t> last;
  for (const Batch& batch : batches) {
    for (const WorkflowDelta& delta : batch.deltas) {
      const auto stored = deltas_.find(delta.execution);
      auto [number, fresh] = last.try_emplace(delta.execution, stored == deltas_.end() ? 0 : stored->second.size());
      if (delta.number != number->second + 1) return delta_out_of_order(delta, number->second);
      ++number->second;
    }
  }
  return {};
}

void MemoryStore::apply(const Batch& batch) {
  for (const TriggerInstance& record : batch.trigger_instances) trigger_instances_.insert_or_assign(record.id, record);
  for (const RuleEnforcement& record : batch.enforcements) enforcements_.insert_or_assign(record.id, record);
  for (const Execution& record : batch.executions) executions_.insert_or_assign(record.id, record);
  for (const Incident& record : batch.incidents) incidents_.insert_or_assign(record.id, record);
  for (const WorkflowDelta& delta : batch.deltas) deltas_[delta.execution].push_back(delta);
  guarded_runs_.insert(guarded_runs_.end(), batch.guarded_runs.begin(), batch.guarded_runs.end());
  for (const std::string& name : batch.keys_deleted) keys_.erase(name);
  for (const KeyValue& key : batch.keys_set) keys_.insert_or_assign(key.name, key);
  for (const ContentRecord& content : batch.contents) contents_.insert_or_assign(content.version, content.rules);
}

Result<OpenState> MemoryStore::load_open(Instant guards_since) {
  OpenState open;
  for (const auto& [id, record] : trigger_instances_) {
    if (is_open(record)) open.trigger_instances.push_back(record);
  }
  const auto running = [this](ObjectId id) {
    const auto found = executions_.find(id);
    return found != executions_.end() && !is_completed(found->second.status);
  };
  for (const auto& [id, record] : executions_) {
    if (!is_completed(record.status) || (record.parent && running(*record.parent))) open.executions.push_back(record);
  }
  for (const auto& [id, journal] : deltas_) {
    if (running(id)) open.deltas.insert(open.deltas.end(), journal.begin(), journal.end());
  }
  for (const auto& [id, record] : incidents_) {
    if (!record.closed()) open.incidents.push_back(record);
  }
  for (const GuardedRun& run : guarded_runs_) {
    if (run.at >= guards_since) open.guarded_runs.push_back(run);
  }
  for (const auto& [name, key] : keys_) open.keys.push_back(key);
  return open;
}

Result<Execution> MemoryStore::execution(ObjectId id) { return find_record(executions_, id, "execution"); }
Result<TriggerInstance> MemoryStore::trigger_instance(ObjectId id) {
  return find_record(trigger_instances_, id, "trigger instance");
}
Result<RuleEnforcement> MemoryStore::enforcement(ObjectId id) {
  return find_record(enforcements_, id, "rule enforcement");
}
Result<Incident> MemoryStore::incident(ObjectId id) { return find_record(incidents_, id, "incident"); }

Result<Value> MemoryStore::content_rules(std::string_view version) {
  const auto found = contents_.find(version);
  if (found == contents_.end()) return Error(Code::kNotFound, fmt::format("no rules of content version {}", version));
  return found->second;
}

Result<Page<Execution>> MemoryStore::executions(const ExecutionFilter& filter, const ListOptions& options) {
  return page_of(
      executions_, options, [&](const Execution& record) { return matches(filter, record); },
      [](const Execution& record) { return record.start; });
}

Result<Page<TriggerInstance>> MemoryStore::trigger_instances(const TriggerInstanceFilter& filter,
                                                             const ListOptions& options) {
  return page_of(
      trigger_instances_, options, [&](const TriggerInstance& record) { return matches(filter, record); },
      [](const TriggerInstance& record) { return record.occurrence_time; });
}

Result<Page<RuleEnforcement>> MemoryStore::enforcements(const EnforcementFilter& filter, const ListOptions& options) {
  return page_of(
      enforcements_, options, [&](const RuleEnforcement& record) { return matches(filter, record); },
      [](const RuleEnforcement& record) { return record.enforced_at; });
}

Result<Page<Incident>> MemoryStore::incidents(std::optional<Incident::State> state, const ListOptions& options) {
  return page_of(
      incidents_, options, [&](const Incident& record) { return !state || record.state == *state; },
      [](const Incident& record) { return record.opened_at; });
}

Result<std::vector<WorkflowDelta>> MemoryStore::deltas(ObjectId execution) {
  const auto found = deltas_.find(execution);
  return found == deltas_.end() ? std::vector<WorkflowDelta>{} : found->second;
}

Result<std::optional<KeyValue>> MemoryStore::key(std::string_view name) {
  const auto found = keys_.find(name);
  return found == keys_.end() ? std::nullopt : std::optional(found->second);
}

Result<Page<KeyValue>> MemoryStore::keys(std::string_view prefix, const ListOptions& options) {
  Page<KeyValue> page;
  std::uint64_t seen = 0;
  for (auto at = keys_.lower_bound(prefix); at != keys_.end() && at->first.starts_with(prefix); ++at, ++seen) {
    if (seen >= options.offset && page.items.size() < options.limit) page.items.push_back(at->second);
  }
  page.total = options.count_total ? seen : 0;
  return page;
}

}  // namespace midwatch
