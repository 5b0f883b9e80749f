// From something that occurred to the executions that rules start for it (spec 2.1 and 2.5).
#include <fmt/core.h>

#include "engine/state.h"

namespace midwatch {

void Engine::State::on(TriggerArrived& input) {
  if (content()->trigger_type(input.trigger) == nullptr) {
    return acknowledge(input.ack, Error(Code::kNotFound, fmt::format("there is no trigger type '{}'", input.trigger)));
  }
  if (open_.size() >= options_.open_executions_max) {
    return acknowledge(input.ack, Error(Code::kLimit, fmt::format("{} executions are open, at most {} can be",
                                                                  open_.size(), options_.open_executions_max)));
  }
  TriggerInstance instance = occur(std::move(input.trigger), std::move(input.trigger_parameters),
                                   std::move(input.payload), std::move(input.trace_tag));
  enforce(instance, nullptr);
  acknowledge(input.ack, Value::object({{"id", instance.id.hex()}}));
  out_->changes.trigger_instances.push_back(std::move(instance));
}

void Engine::State::on(ReEmitRequested& input) {
  Value payload =
      with_member(input.original.payload, "__context", Value::object({{"original_id", input.original.id.hex()}}));
  TriggerInstance instance =
      occur(input.original.trigger, input.original.trigger_parameters, std::move(payload), input.original.trace_tag);
  enforce(instance, nullptr);
  acknowledge(input.ack, Value::object({{"id", instance.id.hex()}, {"payload", instance.payload}}));
  out_->changes.trigger_instances.push_back(std::move(instance));
}

TriggerInstance Engine::State::occur(std::string trigger, Value trigger_parameters, Value payload,
                                     std::string trace_tag) {
  TriggerInstance instance;
  instance.id = ids_.next(now_);
  instance.trigger = std::move(trigger);
  instance.trigger_parameters = std::move(trigger_parameters);
  instance.payload = std::move(payload);
  instance.occurrence_time = now_;
  // Decided in the step that stores it: it is never seen in another state.
  instance.state = TriggerInstance::State::kProcessed;
  instance.trace_tag = std::move(trace_tag);
  instance.content_version = content()->version();
  ++counts_.trigger_instances;
  return instance;
}

Engine::State::Enforced Engine::State::enforce(const TriggerInstance& instance, Incident* incident) {
  const CriteriaContext criteria{.datastore = this, .now = now_};
  MatchResult result =
      content_->matcher().match(instance.trigger, instance.trigger_parameters, instance.payload, criteria);
  Enforced enforced;
  for (const RuleFailure& failure : result.failures) {
    record_enforcement(instance, failure.rule->ref(), std::nullopt,
                       fmt::format("Failed to match rule \"{}\" against trigger instance \"{}\": {}",
                                   failure.rule->ref(), instance.id.hex(), failure.reason));
  }
  for (const Rule* rule : result.matched) {
    ++enforced.matched;
    ++counts_.rules_matched;
    if (enforce_rule(*rule, instance, incident)) ++enforced.started;
  }
  return enforced;
}

bool Engine::State::enforce_rule(const Rule& rule, const TriggerInstance& instance, Incident* incident) {
  const auto refuse = [&](std::string reason) {
    if (incident != nullptr) {
      machine_.denied(*incident, rule.ref(), reason, now_);
      touch(*incident);
    }
    record_enforcement(instance, rule.ref(), std::nullopt, std::move(reason));
    return false;
  };
  if (Status allowed = check_guard(rule, instance); !allowed) {
    ++counts_.guard_denials;
    return refuse(std::move(allowed).error().message);
  }
  Origin origin;
  origin.supplied = rule.action_parameters;
  origin.template_contexts = Value::object({{"trigger", instance.payload}});
  origin.trigger_instance = instance.id;
  origin.rule = rule.ref();
  if (incident != nullptr) origin.incident = incident->id;
  ObjectBuilder context;
  context.set("trigger_instance", Value::object({{"id", instance.id.hex()}}));
  context.set("rule", Value::object({{"name", rule.name}, {"ref", rule.ref()}}));
  context.set("user", options_.user);
  if (!instance.trace_tag.empty()) context.set("trace_context", Value::object({{"trace_tag", instance.trace_tag}}));
  origin.context = std::move(context).build();
  const auto execution = create(rule.action, origin);
  if (!execution) {
    create_failed(rule.action, std::move(origin), execution.error());
    return refuse(execution.error().to_string());
  }
  record_enforcement(instance, rule.ref(), *execution, "");
  if (incident != nullptr) {
    machine_.started(*incident, rule.ref(), rule.action, execution->hex(), now_);
    touch(*incident);
  }
  return true;
}

// Counts the run when it is allowed: the count and the decision are committed together.
Status Engine::State::check_guard(const Rule& rule, const TriggerInstance& instance) {
  if (!rule.max_runs) return {};
  MapScope scope(Value::object({{"trigger", instance.payload}}));
  Evaluation evaluation(scope);
  evaluation.datastore = this;
  const RulePlan& plan = content_->plan_of(rule);
  auto key = plan.guard_key->render(evaluation);
  if (!key) return std::move(key).error().within("guard max_runs: key");
  MW_CHECK(ledger_.check(rule.ref(), *rule.max_runs, *key, now_));
  ledger_.record(rule.ref(), *key, now_);
  out_->changes.guarded_runs.push_back({rule.ref(), *key, now_});
  return {};
}

void Engine::State::record_enforcement(const TriggerInstance& instance, const std::string& rule,
                                       std::optional<ObjectId> execution, std::string failure) {
  RuleEnforcement record;
  record.id = ids_.next(now_);
  record.trigger_instance = instance.id;
  record.execution = execution;
  record.rule = rule;
  record.failure_reason = std::move(failure);
  record.enforced_at = now_;
  out_->changes.enforcements.push_back(std::move(record));
}

}  // namespace midwatch
