#include "model/execution.h"

#include <algorithm>
#include <array>
#include <utility>

#include "model/record_reader.h"

namespace midwatch {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 14> kStatusNames = {
    "requested", "scheduled", "delayed",  "running", "succeeded", "failed", "timeout",
    "abandoned", "canceling", "canceled", "pending", "pausing",   "paused", "resuming"};
constexpr std::array<std::string_view, 4> kStateNames = {"pending", "processing", "processed", "processing_failed"};

std::optional<TriggerInstance::State> trigger_instance_state(std::string_view text) {
  const auto found = std::find(kStateNames.begin(), kStateNames.end(), text);
  if (found == kStateNames.end()) return std::nullopt;
  return static_cast<TriggerInstance::State>(found - kStateNames.begin());
}

// [["2026-…Z", "running"], …]
Value log_value(const std::vector<StatusChange>& log) {
  std::vector<Value> entries;
  entries.reserve(log.size());
  for (const StatusChange& change : log) {
    entries.push_back(Value::array({to_iso8601(change.at), to_string(change.status)}));
  }
  return Value::array(std::move(entries));
}

std::vector<StatusChange> read_log(const Value& value, RecordReader& in) {
  std::vector<StatusChange> log;
  for (const Value& entry : value.elements()) {
    const auto pair = entry.elements();
    if (pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
      in.fail("log", "expected pairs of time and status");
      return log;
    }
    const auto at = parse_iso8601(pair[0].as_string());
    const auto status = execution_status(pair[1].as_string());
    if (!at || !status) {
      in.fail("log", "expected a time and a known status");
      return log;
    }
    log.push_back({*at, *status});
  }
  return log;
}

}  // namespace

std::string_view to_string(ExecutionStatus status) { return kStatusNames.at(static_cast<std::size_t>(status)); }

std::optional<ExecutionStatus> execution_status(std::string_view text) {
  const auto found = std::find(kStatusNames.begin(), kStatusNames.end(), text);
  if (found == kStatusNames.end()) return std::nullopt;
  return static_cast<ExecutionStatus>(found - kStatusNames.begin());
}

bool is_completed(ExecutionStatus status) {
  return status == ExecutionStatus::kSucceeded || status == ExecutionStatus::kCanceled || is_failed(status);
}

bool is_failed(ExecutionStatus status) {
  return status == ExecutionStatus::kFailed || status == ExecutionStatus::kTimeout ||
         status == ExecutionStatus::kAbandoned;
}

bool is_cancelable(ExecutionStatus status) {
  switch (status) {
    case ExecutionStatus::kRequested:
    case ExecutionStatus::kScheduled:
    case ExecutionStatus::kDelayed:
    case ExecutionStatus::kRunning:
    case ExecutionStatus::kPausing:
    case ExecutionStatus::kPaused:
    case ExecutionStatus::kResuming: return true;
    case ExecutionStatus::kSucceeded:
    case ExecutionStatus::kFailed:
    case ExecutionStatus::kTimeout:
    case ExecutionStatus::kAbandoned:
    case ExecutionStatus::kCanceling:
    case ExecutionStatus::kCanceled:
    case ExecutionStatus::kPending: return false;
  }
  std::unreachable();
}

std::string_view to_string(TriggerInstance::State state) { return kStateNames.at(static_cast<std::size_t>(state)); }

Value to_value(const TriggerInstance& record) {
  ObjectBuilder out;
  out.set("id", record.id.hex()).set("trigger", record.trigger).set("at", to_iso8601(record.occurrence_time));
  out.set("state", to_string(record.state));
  out.set_if(!record.trigger_parameters.is_null(), "parameters", record.trigger_parameters);
  out.set_if(!record.payload.is_null(), "payload", record.payload);
  out.set_if(!record.trace_tag.empty(), "trace", record.trace_tag);
  out.set_if(!record.content_version.empty(), "content", record.content_version);
  return std::move(out).build();
}

Result<TriggerInstance> trigger_instance_from_value(const Value& value) {
  RecordReader in(value, "trigger instance");
  TriggerInstance record;
  record.id = in.id("id");
  record.trigger = in.text("trigger");
  record.trigger_parameters = in.value("parameters");
  record.payload = in.value("payload");
  record.occurrence_time = in.time("at");
  record.state = in.word("state", trigger_instance_state);
  record.trace_tag = in.optional_text("trace");
  record.content_version = in.optional_text("content");
  return in.finish(std::move(record));
}

Value to_value(const RuleEnforcement& record) {
  ObjectBuilder out;
  out.set("id", record.id.hex()).set("instance", record.trigger_instance.hex());
  if (record.execution) out.set("execution", record.execution->hex());
  out.set("rule", record.rule).set("at", to_iso8601(record.enforced_at));
  out.set_if(!record.failure_reason.empty(), "failure", record.failure_reason);
  return std::move(out).build();
}

Result<RuleEnforcement> rule_enforcement_from_value(const Value& value) {
  RecordReader in(value, "rule enforcement");
  RuleEnforcement record;
  record.id = in.id("id");
  record.trigger_instance = in.id("instance");
  record.execution = in.optional_id("execution");
  record.rule = in.text("rule");
  record.failure_reason = in.optional_text("failure");
  record.enforced_at = in.time("at");
  return in.finish(std::move(record));
}

Value to_value(const Execution& record) {
  ObjectBuilder out;
  out.set("id", record.id.hex()).set("action", record.action).set("runner", record.runner_type);
  out.set("status", to_string(record.status)).set("start", to_iso8601(record.start));
  if (record.end) out.set("end", to_iso8601(*record.end));
  if (record.due) out.set("due", to_iso8601(*record.due));
  out.set_if(!record.parameters.is_null(), "parameters", record.parameters);
  out.set_if(!record.result.is_null(), "result", record.result);
  out.set_if(!record.context.is_null(), "context", record.context);
  if (record.parent) out.set("parent", record.parent->hex());
  if (record.place) {
    out.set("task", record.place->task);
    out.set_if(record.place->route != 0, "route", record.place->route);
    if (record.place->item) out.set("item", *record.place->item);
  }
  if (record.trigger_instance) out.set("instance", record.trigger_instance->hex());
  out.set_if(!record.rule.empty(), "rule", record.rule);
  if (record.incident) out.set("incident", record.incident->hex());
  out.set_if(record.attempt != 0, "attempt", record.attempt);
  out.set_if(!record.log.empty(), "log", log_value(record.log));
  return std::move(out).build();
}

Result<Execution> execution_from_value(const Value& value) {
  RecordReader in(value, "execution");
  Execution record;
  record.id = in.id("id");
  record.action = in.text("action");
  record.runner_type = in.text("runner");
  record.status = in.word("status", execution_status);
  record.parameters = in.value("parameters");
  record.result = in.value("result");
  record.context = in.value("context");
  record.start = in.time("start");
  record.end = in.optional_time("end");
  record.due = in.optional_time("due");
  record.parent = in.optional_id("parent");
  if (value.find("task") != nullptr) {
    record.place = TaskPlace{in.text("task"), in.count("route"), std::nullopt};
    if (value.find("item") != nullptr) record.place->item = in.count("item");
  }
  record.trigger_instance = in.optional_id("instance");
  record.rule = in.optional_text("rule");
  record.incident = in.optional_id("incident");
  record.attempt = in.count("attempt");
  record.log = read_log(in.value("log"), in);
  return in.finish(std::move(record));
}

}  // namespace midwatch
