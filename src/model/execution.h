// model/execution.h — the records of what happened: trigger instances, enforcements, executions (spec
// 1.9, 2.5 and chapter 4).
//
// Records are plain values. to_value gives the form in which a record is stored (round trip with
// from_value); what the API shows is composed from it by query/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/object_id.h"
#include "base/result.h"
#include "base/time.h"
#include "value/value.h"

namespace midwatch {

// Spec 4.2.
enum class ExecutionStatus : std::uint8_t {
  kRequested,
  kScheduled,
  kDelayed,
  kRunning,
  kSucceeded,
  kFailed,
  kTimeout,
  kAbandoned,
  kCanceling,
  kCanceled,
  kPending,
  kPausing,
  kPaused,
  kResuming,
};
[[nodiscard]] std::string_view to_string(ExecutionStatus status);
[[nodiscard]] std::optional<ExecutionStatus> execution_status(std::string_view text);
[[nodiscard]] bool is_completed(ExecutionStatus status);  // succeeded, failed, timeout, canceled, abandoned
[[nodiscard]] bool is_failed(ExecutionStatus status);     // failed, timeout, abandoned
[[nodiscard]] bool is_cancelable(ExecutionStatus status);

struct TriggerInstance {
  enum class State : std::uint8_t { kPending, kProcessing, kProcessed, kProcessingFailed };
  ObjectId id;
  std::string trigger;       // reference, e.g. "core.st2.webhook"
  Value trigger_parameters;  // of the trigger that occurred, e.g. {"url": "deploy"}; null when it has none
  Value payload;
  Instant occurrence_time;
  State state = State::kPending;
  std::string trace_tag;
  std::string content_version;  // Content::version() in force when it was decided
};
[[nodiscard]] std::string_view to_string(TriggerInstance::State state);

struct RuleEnforcement {
  ObjectId id;
  ObjectId trigger_instance;
  std::optional<ObjectId> execution;
  std::string rule;            // reference
  std::string failure_reason;  // empty when it succeeded
  Instant enforced_at;

  [[nodiscard]] bool succeeded() const { return failure_reason.empty(); }
};

struct StatusChange {
  Instant at;
  ExecutionStatus status;
};

// Where an execution stands in a workflow.
struct TaskPlace {
  std::string task;
  std::uint32_t route = 0;
  std::optional<std::uint32_t> item;
};

struct Execution {
  ObjectId id;
  std::string action;  // reference
  std::string runner_type;
  ExecutionStatus status = ExecutionStatus::kRequested;
  Value parameters;  // object: what was supplied and rendered
  Value result;      // null until there is one
  Value context;     // spec 4.1: user, pack, parent, trigger_instance, rule …
  Instant start;
  std::optional<Instant> end;
  std::optional<Instant> due;      // of a delayed one: when it starts
  std::optional<ObjectId> parent;  // the workflow's execution
  std::optional<TaskPlace> place;
  std::optional<ObjectId> trigger_instance;
  std::string rule;  // reference, or empty
  std::optional<ObjectId> incident;
  std::uint32_t attempt = 0;  // how often the runner was asked to start it; at most once unless idempotent
  std::vector<StatusChange> log;
};

[[nodiscard]] Value to_value(const TriggerInstance& record);
[[nodiscard]] Value to_value(const RuleEnforcement& record);
[[nodiscard]] Value to_value(const Execution& record);
[[nodiscard]] Result<TriggerInstance> trigger_instance_from_value(const Value& value);
[[nodiscard]] Result<RuleEnforcement> rule_enforcement_from_value(const Value& value);
[[nodiscard]] Result<Execution> execution_from_value(const Value& value);

}  // namespace midwatch
