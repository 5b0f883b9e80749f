#include "simkit/checkers.h"

#include <algorithm>

#include <fmt/core.h>

namespace midwatch {

History::History(const Content& content) {
  for (const Rule* rule : content.rules()) rules_[rule->ref()] = {rule->ref(), rule->action, rule->max_runs};
  for (const Action* action : content.actions()) idempotent_[action->ref()] = action->idempotent;
}

void History::violated(std::string text) {
  constexpr std::size_t kKeptMax = 20;
  if (violations_.size() < kKeptMax) violations_.push_back(std::move(text));
}

void History::committed(const Batch& batch) {
  for (const TriggerInstance& instance : batch.trigger_instances) {
    if (!instances_.emplace(instance.id, instance).second) {
      violated(fmt::format("3 once: trigger instance {} was decided twice", instance.id.hex()));
    }
  }
  check_guards(batch);
  for (const RuleEnforcement& record : batch.enforcements) {
    if (!enforced_.emplace(record.trigger_instance, record.rule).second) {
      violated(fmt::format("3 once: rule {} was enforced twice for {}", record.rule, record.trigger_instance.hex()));
    }
  }
  for (const Execution& record : batch.executions) check_execution(record);
  for (const WorkflowDelta& delta : batch.deltas) {
    if (delta.number != ++deltas_[delta.execution]) {
      violated(fmt::format("3 once: delta {} of workflow {} came where {} was due", delta.number, delta.execution.hex(),
                           deltas_[delta.execution]));
    }
  }
  for (const Incident& incident : batch.incidents) {
    const auto known = incidents_.find(incident.id);
    if (known != incidents_.end() && known->second.closed()) {
      violated(fmt::format("3 once: incident {} changed after it was closed", incident.id.hex()));
    }
    incidents_[incident.id] = incident;
  }
}

void History::check_execution(const Execution& record) {
  const auto known = executions_.find(record.id);
  if (known != executions_.end()) {
    if (is_completed(known->second.status)) {
      violated(fmt::format("3 once: execution {} was recorded as {} after {}", record.id.hex(),
                           to_string(record.status), to_string(known->second.status)));
    }
    if (record.attempt < known->second.attempt) {
      violated(fmt::format("3 once: execution {} went back to attempt {}", record.id.hex(), record.attempt));
    }
  }
  if (record.attempt > 1 && record.runner_type != "orquesta" && !idempotent_[record.action]) {
    violated(fmt::format("3 once: {} is not idempotent, but execution {} is at attempt {}", record.action,
                         record.id.hex(), record.attempt));
  }
  const bool may_wait = record.runner_type == "orquesta" || record.runner_type == "action-chain";
  const bool is_paused = record.status == ExecutionStatus::kPaused || record.status == ExecutionStatus::kPausing;
  if ((is_paused && !may_wait) || (record.status == ExecutionStatus::kPending && record.runner_type != "inquirer")) {
    violated(fmt::format("7 ends: execution {} of runner {} is {}", record.id.hex(), record.runner_type,
                         to_string(record.status)));
  }
  if (is_completed(record.status)) ++completed_;
  executions_[record.id] = record;
}

// Every run of a guarded rule is counted in the batch that decides it, and no window counts too many.
void History::check_guards(const Batch& batch) {
  for (const GuardedRun& run : batch.guarded_runs) {
    const auto rule = rules_.find(run.guard);
    if (rule == rules_.end() || !rule->second.guard) {
      violated(fmt::format("4 guarded: a run was counted for {}, which has no guard", run.guard));
      continue;
    }
    auto& runs = runs_[{run.guard, run.key}];
    runs.push_back(run.at);
    const auto within = std::ranges::count_if(
        runs, [&](Instant at) { return at > run.at - rule->second.guard->window && at <= run.at; });
    if (static_cast<std::uint32_t>(within) > rule->second.guard->count) {
      violated(fmt::format("4 guarded: {} runs of {} for '{}' within {}", within, run.guard, run.key,
                           to_duration_text(rule->second.guard->window)));
    }
  }
  std::map<std::string, std::size_t> started;
  for (const RuleEnforcement& record : batch.enforcements) {
    const auto rule = rules_.find(record.rule);
    if (record.succeeded() && rule != rules_.end() && rule->second.guard) ++started[record.rule];
  }
  for (const auto& [rule, count] : started) {
    const auto counted = std::ranges::count(batch.guarded_runs, rule, &GuardedRun::guard);
    if (static_cast<std::size_t>(counted) < count) {
      violated(fmt::format("4 guarded: rule {} started {} actions and counted {}", rule, count, counted));
    }
  }
}

void History::started(const ActionRequest& request) {
  if (!attempts_.emplace(request.execution, request.attempt).second) {
    violated(fmt::format("3 once: attempt {} of execution {} started twice", request.attempt, request.execution.hex()));
  }
  const auto known = executions_.find(request.execution);
  if (known == executions_.end() || known->second.attempt != request.attempt ||
      known->second.status != ExecutionStatus::kRunning) {
    violated(fmt::format("2 commit-then-act: execution {} started before its attempt {} was durable",
                         request.execution.hex(), request.attempt));
  }
}

void History::paged(const PageRequest& request) {
  const auto known = incidents_.find(request.incident);
  if (known == incidents_.end() || known->second.state != Incident::State::kEscalated ||
      known->second.page_attempts < request.attempt) {
    violated(fmt::format("2 commit-then-act: a page for incident {} left before its escalation was durable",
                         request.incident.hex()));
  }
  if (!pages_.emplace(request.incident, request.attempt).second) {
    violated(fmt::format("3 once: page {} of incident {} was sent twice", request.attempt, request.incident.hex()));
  }
}

void History::acknowledged_event(ObjectId trigger_instance) {
  if (!instances_.contains(trigger_instance)) {
    violated(fmt::format("2 commit-then-act: event {} was acknowledged before it was durable", trigger_instance.hex()));
  }
  acknowledged_.insert(trigger_instance);
}

void History::acknowledged_response(ObjectId inquiry) {
  const auto known = executions_.find(inquiry);
  const bool is_kept = known != executions_.end() && known->second.status == ExecutionStatus::kSucceeded &&
                       known->second.result.find("response") != nullptr;
  if (!is_kept) {
    violated(fmt::format("2 commit-then-act: a response to {} was acknowledged before it was durable", inquiry.hex()));
  }
  if (!answered_.insert(inquiry).second) violated(fmt::format("3 once: {} was responded to twice", inquiry.hex()));
}

void History::saw_running(std::size_t running, std::size_t limit) {
  if (running > limit) violated(fmt::format("6 limits: {} actions run, at most {} may", running, limit));
}

void History::decided_twice(const std::string& first, const std::string& second) {
  if (first == second) return;
  std::size_t at = 0;
  while (at < first.size() && at < second.size() && first[at] == second[at]) ++at;
  violated(
      fmt::format("1 deterministic: the twins differ: '{}' and '{}'", first.substr(at, 80), second.substr(at, 80)));
}

void History::finish() {
  for (const ObjectId id : acknowledged_) {
    if (!instances_.contains(id)) violated(fmt::format("lost: acknowledged event {}", id.hex()));
  }
  for (const auto& [id, record] : executions_) {
    if (!is_completed(record.status)) {
      violated(
          fmt::format("7 ends: execution {} of {} is still {}", id.hex(), record.action, to_string(record.status)));
    }
  }
  for (const auto& [id, incident] : incidents_) {
    const bool waits_for_a_person = incident.state == Incident::State::kEscalated && incident.people_woken > 0;
    if (!incident.closed() && !waits_for_a_person) {
      violated(fmt::format("7 ends: incident {} is still {}", id.hex(), to_string(incident.state)));
    }
  }
}

}  // namespace midwatch
