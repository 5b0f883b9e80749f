#include "ports/store.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include <fmt/core.h>

namespace midwatch {
namespace {

template <class T>
void move_all(std::vector<T>& to, std::vector<T>&& from) {
  if (to.empty()) {
    to = std::move(from);
    return;
  }
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

bool in_window(Instant at, const std::optional<Instant>& after, const std::optional<Instant>& before) {
  return (!after || at > *after) && (!before || at < *before);
}

bool among(ObjectId id, const std::vector<ObjectId>& ids) {
  return ids.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

bool Batch::empty() const {
  return trigger_instances.empty() && enforcements.empty() && executions.empty() && deltas.empty() &&
         incidents.empty() && guarded_runs.empty() && keys_set.empty() && keys_deleted.empty() && contents.empty();
}

void Batch::append(Batch&& later) {
  // Keys are the one kind that can also be taken away, so the order of the two must not be lost: a
  // name is afterwards in at most one of the lists.
  if (!keys_set.empty() && !later.keys_deleted.empty()) {
    const std::unordered_set<std::string_view> gone(later.keys_deleted.begin(), later.keys_deleted.end());
    std::erase_if(keys_set, [&](const KeyValue& key) { return gone.contains(key.name); });
  }
  if (!keys_deleted.empty() && !later.keys_set.empty()) {
    std::unordered_set<std::string_view> back;
    for (const KeyValue& key : later.keys_set) back.insert(key.name);
    std::erase_if(keys_deleted, [&](const std::string& name) { return back.contains(name); });
  }
  move_all(trigger_instances, std::move(later.trigger_instances));
  move_all(enforcements, std::move(later.enforcements));
  move_all(executions, std::move(later.executions));
  move_all(deltas, std::move(later.deltas));
  move_all(incidents, std::move(later.incidents));
  move_all(guarded_runs, std::move(later.guarded_runs));
  move_all(keys_set, std::move(later.keys_set));
  move_all(keys_deleted, std::move(later.keys_deleted));
  move_all(contents, std::move(later.contents));
}

bool matches(const ExecutionFilter& filter, const Execution& record) {
  return (filter.action.empty() || record.action == filter.action) &&
         (!filter.status || record.status == *filter.status) && (!filter.parent || record.parent == filter.parent) &&
         (!filter.top_level_only || !record.parent) && (filter.rule.empty() || record.rule == filter.rule) &&
         (!filter.trigger_instance || record.trigger_instance == filter.trigger_instance) &&
         (!filter.incident || record.incident == filter.incident) &&
         in_window(record.start, filter.after, filter.before) && among(record.id, filter.ids);
}

bool matches(const TriggerInstanceFilter& filter, const TriggerInstance& record) {
  return (filter.trigger.empty() || record.trigger == filter.trigger) &&
         (!filter.state || record.state == *filter.state) &&
         in_window(record.occurrence_time, filter.after, filter.before) && among(record.id, filter.ids);
}

bool matches(const EnforcementFilter& filter, const RuleEnforcement& record) {
  return (filter.rule.empty() || record.rule == filter.rule) &&
         (!filter.trigger_instance || record.trigger_instance == *filter.trigger_instance) &&
         (!filter.execution || record.execution == filter.execution) &&
         in_window(record.enforced_at, filter.after, filter.before) && among(record.id, filter.ids);
}

bool is_open(const TriggerInstance& record) {
  return record.state == TriggerInstance::State::kPending || record.state == TriggerInstance::State::kProcessing;
}

Error delta_out_of_order(const WorkflowDelta& delta, std::uint64_t last) {
  return Error(Code::kInvalid, fmt::format("workflow delta {} of execution {} does not follow delta {}", delta.number,
                                           delta.execution.hex(), last));
}

}  // namespace midwatch
