#include "store_sqlite/schema.h"

#include <array>

#include <fmt/core.h>

namespace midwatch::store_sqlite {
namespace {

constexpr std::int64_t kApplicationId = 0x4d574348;  // "MWCH"

// Rows are in tables with integer keys, because bodies of a kilobyte would make a tree ordered by id
// deep; ids are made in the order of time, so that all indexes grow at their end. Each index serves a
// filter or an order of ports/store.h; the partial ones hold few rows.
constexpr const char* kFormat1 = R"sql(
CREATE TABLE schema_migrations(format INTEGER PRIMARY KEY, made_at TEXT NOT NULL);

CREATE TABLE trigger_instances(
  row INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, trigger TEXT NOT NULL, at INTEGER NOT NULL,
  state TEXT NOT NULL, trace TEXT NOT NULL, content TEXT NOT NULL,
  body BLOB NOT NULL, unpacked INTEGER NOT NULL, digest INTEGER NOT NULL);
CREATE INDEX trigger_instances_time ON trigger_instances(at, id);
CREATE INDEX trigger_instances_trigger ON trigger_instances(trigger, at, id);
CREATE INDEX trigger_instances_open ON trigger_instances(state) WHERE state IN ('pending', 'processing');

CREATE TABLE enforcements(
  row INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, trigger_instance BLOB NOT NULL, execution BLOB,
  rule TEXT NOT NULL, failure TEXT NOT NULL, at INTEGER NOT NULL, digest INTEGER NOT NULL);
CREATE INDEX enforcements_time ON enforcements(at, id);
CREATE INDEX enforcements_instance ON enforcements(trigger_instance);
CREATE INDEX enforcements_rule ON enforcements(rule, at, id);
CREATE INDEX enforcements_execution ON enforcements(execution) WHERE execution IS NOT NULL;

CREATE TABLE executions(
  row INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, action TEXT NOT NULL, runner TEXT NOT NULL,
  status TEXT NOT NULL, completed INTEGER NOT NULL, start INTEGER NOT NULL, ended INTEGER, due INTEGER,
  parent BLOB, trigger_instance BLOB, rule TEXT NOT NULL, incident BLOB, attempt INTEGER NOT NULL,
  result_apart INTEGER NOT NULL, body BLOB NOT NULL, unpacked INTEGER NOT NULL, digest INTEGER NOT NULL);
CREATE INDEX executions_time ON executions(start, id);
CREATE INDEX executions_action ON executions(action, start, id);
CREATE INDEX executions_open ON executions(id) WHERE completed = 0;
CREATE INDEX executions_parent ON executions(parent) WHERE parent IS NOT NULL;
CREATE INDEX executions_top ON executions(start, id) WHERE parent IS NULL;
CREATE INDEX executions_instance ON executions(trigger_instance) WHERE trigger_instance IS NOT NULL;
CREATE INDEX executions_rule ON executions(rule, start, id) WHERE rule <> '';
CREATE INDEX executions_incident ON executions(incident) WHERE incident IS NOT NULL;

CREATE TABLE results(
  row INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE,
  body BLOB NOT NULL, unpacked INTEGER NOT NULL, digest INTEGER NOT NULL);

CREATE TABLE deltas(
  execution BLOB NOT NULL, number INTEGER NOT NULL,
  body BLOB NOT NULL, unpacked INTEGER NOT NULL, digest INTEGER NOT NULL,
  PRIMARY KEY(execution, number)) WITHOUT ROWID;

CREATE TABLE incidents(
  row INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, state TEXT NOT NULL, closed INTEGER NOT NULL, at INTEGER NOT NULL,
  body BLOB NOT NULL, unpacked INTEGER NOT NULL, digest INTEGER NOT NULL);
CREATE INDEX incidents_time ON incidents(at, id);
CREATE INDEX incidents_open ON incidents(id) WHERE closed = 0;

CREATE TABLE guarded_runs(
  row INTEGER PRIMARY KEY, guard TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, digest INTEGER NOT NULL);
CREATE INDEX guarded_runs_time ON guarded_runs(at);

CREATE TABLE keys(
  name TEXT PRIMARY KEY, id BLOB NOT NULL, expires_at INTEGER,
  body BLOB NOT NULL, unpacked INTEGER NOT NULL, digest INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE contents(
  row INTEGER PRIMARY KEY, version TEXT NOT NULL UNIQUE,
  body BLOB NOT NULL, unpacked INTEGER NOT NULL, digest INTEGER NOT NULL);
)sql";

// Large values that several records hold (parts.h).
constexpr const char* kFormat2 = R"sql(
CREATE TABLE parts(row INTEGER PRIMARY KEY, body BLOB NOT NULL, unpacked INTEGER NOT NULL, digest INTEGER NOT NULL);
)sql";

// Element n brings format n to n + 1.
constexpr std::array<const char*, kFormat> kSteps = {kFormat1, kFormat2};

Status run_step(Database& db, int from) {
  MW_CHECK(db.execute("BEGIN IMMEDIATE"));
  Status made = db.execute(kSteps.at(static_cast<std::size_t>(from)));
  if (made) {
    made =
        db.execute(fmt::format("INSERT INTO schema_migrations VALUES ({0}, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));"
                               "PRAGMA user_version = {0}; PRAGMA application_id = {1}; COMMIT",
                               from + 1, kApplicationId));
  }
  if (!made && db.in_transaction()) (void)db.execute("ROLLBACK");
  return made;
}

}  // namespace

Status migrate(Database& db, const std::string& path) {
  MW_TRY(const std::int64_t found, db.integer("PRAGMA user_version"));
  MW_TRY(const std::int64_t owner, db.integer("PRAGMA application_id"));
  MW_TRY(const std::int64_t tables, db.integer("SELECT count(*) FROM sqlite_schema"));
  if (tables != 0 && owner != kApplicationId) {
    return Error(Code::kInvalid, fmt::format("{} is a database of another program", path), {},
                 "choose another data directory");
  }
  if (found > kFormat) {
    return Error(Code::kInvalid,
                 fmt::format("{} has store format {}, this program supports formats up to {}", path, found, kFormat),
                 {}, "start the newer program again, or restore a backup that was made before the upgrade");
  }
  for (auto format = static_cast<int>(found); format < kFormat; ++format) {
    if (Status made = run_step(db, format); !made) {
      return std::move(made).error().within(fmt::format("{}: upgrade to store format {}", path, format + 1));
    }
  }
  return {};
}

}  // namespace midwatch::store_sqlite
