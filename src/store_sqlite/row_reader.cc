#include "store_sqlite/row_reader.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "codec/json.h"
#include "store_sqlite/body.h"
#include "store_sqlite/parts.h"

namespace midwatch::store_sqlite {
namespace {

std::optional<std::int64_t> optional_integer(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.integer(column);
}

std::optional<Instant> optional_time(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return instant_from_micros(row.integer(column));
}

// The columns body, unpacked, digest from `first` on; `columns` holds the others.
struct Place {
  std::string_view table;
  std::string id;
};
Result<Value> read_body(Database* db, const Statement& row, int first, Columns& columns, const Place& place) {
  const auto& [table, id] = place;
  const std::string_view stored = row.blob(first);
  const std::int64_t unpacked = row.integer(first + 1);
  columns.add(unpacked);
  if (columns.digest(stored) != row.integer(first + 2)) return damaged(table, id);
  std::string buffer;
  MW_TRY(const std::string_view text, unpack(stored, unpacked, buffer));
  auto value = db == nullptr ? parse_json(text, kStoredJson) : parse_with_parts(*db, text);
  if (!value) return std::move(value).error().within(fmt::format("record {} in table {} of the store", id, table));
  return value;
}

std::optional<TriggerInstance::State> state_of(std::string_view text) {
  using State = TriggerInstance::State;
  for (const State state : {State::kProcessed, State::kPending, State::kProcessing, State::kProcessingFailed}) {
    if (to_string(state) == text) return state;
  }
  return std::nullopt;
}

// [[µs,"running"],…] and [task,route,item]; false when they have another shape.
bool read_log_and_place(const Value& body, Execution& out) {
  const Value* log = body.find("log");
  if (log == nullptr) return false;
  out.log.reserve(log->size());
  for (const Value& entry : log->elements()) {
    const auto pair = entry.elements();
    if (pair.size() != 2 || !pair[0].is_int() || !pair[1].is_string()) return false;
    const auto status = execution_status(pair[1].as_string());
    if (!status) return false;
    out.log.push_back({instant_from_micros(pair[0].as_int()), *status});
  }
  const Value* place = body.find("place");
  if (place == nullptr) return true;
  const auto parts = place->elements();
  if (parts.size() < 2 || !parts[0].is_string()) return false;
  out.place = TaskPlace{parts[0].to_text(), static_cast<std::uint32_t>(parts[1].int_or(0)), std::nullopt};
  if (parts.size() > 2) out.place->item = static_cast<std::uint32_t>(parts[2].int_or(0));
  return true;
}

}  // namespace

Result<TriggerInstance> read_trigger_instance(const Statement& row) {
  TriggerInstance out;
  out.id = row.id(0);
  out.trigger = row.text(1);
  out.occurrence_time = instant_from_micros(row.integer(2));
  const auto state = state_of(row.text(3));
  out.trace_tag = row.text(4);
  out.content_version = row.text(5);
  Columns columns;
  columns.add(out.id).add(out.trigger).add(row.integer(2)).add(row.text(3)).add(out.trace_tag).add(out.content_version);
  MW_TRY(const Value body, read_body(nullptr, row, 6, columns, {"trigger_instances", out.id.hex()}));
  if (body.size() == 2 && body.is_array()) {
    out.payload = body.elements()[0];
    out.trigger_parameters = body.elements()[1];
  }
  if (!state || body.size() != 2) return damaged("trigger_instances", out.id.hex());
  out.state = *state;
  return out;
}

Result<RuleEnforcement> read_enforcement(const Statement& row) {
  RuleEnforcement out;
  out.id = row.id(0);
  out.trigger_instance = row.id(1);
  out.execution = row.optional_id(2);
  out.rule = row.text(3);
  out.failure_reason = row.text(4);
  out.enforced_at = instant_from_micros(row.integer(5));
  Columns columns;
  columns.add(out.id).add(out.trigger_instance).add(out.execution).add(out.rule).add(out.failure_reason);
  columns.add(row.integer(5));
  if (columns.digest() != row.integer(6)) return damaged("enforcements", out.id.hex());
  return out;
}

Result<ExecutionRow> read_execution(Database& db, const Statement& row) {
  Execution out;
  out.id = row.id(0);
  out.action = row.text(1);
  out.runner_type = row.text(2);
  const auto status = execution_status(row.text(3));
  out.start = instant_from_micros(row.integer(4));
  out.end = optional_time(row, 5);
  out.due = optional_time(row, 6);
  out.parent = row.optional_id(7);
  out.trigger_instance = row.optional_id(8);
  out.rule = row.text(9);
  out.incident = row.optional_id(10);
  out.attempt = static_cast<std::uint32_t>(row.integer(11));
  const std::int64_t apart = row.integer(12);
  Columns columns;
  columns.add(out.id).add(out.action).add(out.runner_type).add(row.text(3)).add(row.integer(4));
  columns.add(optional_integer(row, 5)).add(optional_integer(row, 6)).add(out.parent).add(out.trigger_instance);
  columns.add(out.rule).add(out.incident).add(row.integer(11)).add(apart);
  MW_TRY(const Value body, read_body(&db, row, 13, columns, {"executions", out.id.hex()}));
  if (!status || !read_log_and_place(body, out)) return damaged("executions", out.id.hex());
  out.status = *status;
  out.parameters = body.get("parameters");
  out.context = body.get("context");
  out.result = body.get("result");
  return ExecutionRow{std::move(out), apart != 0};
}

Result<Value> read_result(Database& db, ObjectId execution) {
  MW_TRY(Statement * query, db.statement("SELECT body, unpacked, digest FROM results WHERE id = ?1"));
  StatementUse use(*query);
  use->bind(1, execution);
  MW_TRY(const bool found, use->step());
  if (!found) return damaged("results", execution.hex());
  Columns columns;
  columns.add(execution);
  return read_body(&db, *use, 0, columns, {"results", execution.hex()});
}

Result<WorkflowDelta> read_delta(Database& db, const Statement& row) {
  WorkflowDelta out;
  out.execution = row.id(0);
  out.number = static_cast<std::uint64_t>(row.integer(1));
  Columns columns;
  columns.add(out.execution).add(row.integer(1));
  MW_TRY(out.delta, read_body(&db, row, 2, columns, {"deltas", fmt::format("{}/{}", out.execution.hex(), out.number)}));
  return out;
}

Result<Incident> read_incident(const Statement& row) {
  const ObjectId id = row.id(0);
  Columns columns;
  columns.add(id).add(row.text(1)).add(row.integer(2));
  MW_TRY(const Value body, read_body(nullptr, row, 3, columns, {"incidents", id.hex()}));
  return incident_from_value(body);
}

Result<GuardedRun> read_guarded_run(const Statement& row) {
  GuardedRun out{std::string(row.text(0)), std::string(row.text(1)), instant_from_micros(row.integer(2))};
  Columns columns;
  columns.add(out.guard).add(out.key).add(row.integer(2));
  if (columns.digest() != row.integer(3)) return damaged("guarded_runs", fmt::format("{}", row.integer(4)));
  return out;
}

Result<KeyValue> read_key(const Statement& row) {
  KeyValue out;
  out.name = row.text(0);
  out.id = row.id(1);
  out.expires_at = optional_time(row, 2);
  const std::string_view stored = row.blob(3);
  const std::int64_t unpacked = row.integer(4);
  Columns columns;
  columns.add(out.name).add(out.id).add(optional_integer(row, 2)).add(unpacked);
  if (columns.digest(stored) != row.integer(5)) return damaged("keys", out.name);
  std::string buffer;
  MW_TRY(const std::string_view text, unpack(stored, unpacked, buffer));
  out.value = text;
  return out;
}

Result<Value> read_content(const Statement& row) {
  const std::string version(row.text(0));
  Columns columns;
  columns.add(version);
  return read_body(nullptr, row, 1, columns, {"contents", version});
}

}  // namespace midwatch::store_sqlite
