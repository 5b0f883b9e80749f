// store_sqlite/row_reader.h — a row of a table as a record, checked against its digest.
//
// Each k…Columns is what a SELECT must name, in that order, for the function below it. A row that is
// damaged gives kInvalid with the table and the id. `db` is the connection of the row: values that are
// stored in parts are read from there.
#pragma once

#include "model/execution.h"
#include "model/incident.h"
#include "model/key_value.h"
#include "ports/store.h"
#include "store_sqlite/database.h"

namespace midwatch::store_sqlite {

inline constexpr const char* kTriggerInstanceColumns = "id, trigger, at, state, trace, content, body, unpacked, digest";
Result<TriggerInstance> read_trigger_instance(const Statement& row);

inline constexpr const char* kEnforcementColumns = "id, trigger_instance, execution, rule, failure, at, digest";
Result<RuleEnforcement> read_enforcement(const Statement& row);

inline constexpr const char* kExecutionColumns =
    "id, action, runner, status, start, ended, due, parent, trigger_instance, rule, incident, attempt, result_apart, "
    "body, unpacked, digest";
// `result_is_apart` says that the result is in the table `results` and is null here.
struct ExecutionRow {
  Execution record;
  bool result_is_apart = false;
};
Result<ExecutionRow> read_execution(Database& db, const Statement& row);
Result<Value> read_result(Database& db, ObjectId execution);

inline constexpr const char* kDeltaColumns = "execution, number, body, unpacked, digest";
Result<WorkflowDelta> read_delta(Database& db, const Statement& row);

inline constexpr const char* kIncidentColumns = "id, state, at, body, unpacked, digest";
Result<Incident> read_incident(const Statement& row);

inline constexpr const char* kGuardedRunColumns = "guard, key, at, digest, row";
Result<GuardedRun> read_guarded_run(const Statement& row);

inline constexpr const char* kKeyColumns = "name, id, expires_at, body, unpacked, digest";
Result<KeyValue> read_key(const Statement& row);

inline constexpr const char* kContentColumns = "version, body, unpacked, digest";
Result<Value> read_content(const Statement& row);

}  // namespace midwatch::store_sqlite
