#include <fmt/core.h>

#include "store_sqlite/list_query.h"
#include "store_sqlite/row_reader.h"
#include "store_sqlite/sqlite_store_impl.h"

namespace midwatch::store_sqlite {
namespace {

// Several statements that must see one moment of the store.
class Snapshot {
 public:
  static Result<Snapshot> begin(Database& db) {
    MW_TRY(Statement * begin, db.statement("BEGIN"));
    MW_CHECK(begin->run());
    return Snapshot(db);
  }
  Snapshot(Snapshot&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Snapshot& operator=(Snapshot&&) = delete;
  ~Snapshot() {
    if (db_ != nullptr && db_->in_transaction()) (void)db_->execute("COMMIT");
  }

 private:
  explicit Snapshot(Database& db) : db_(&db) {}
  Database* db_;
};

class PartCacheUse {
 public:
  PartCacheUse(Database& db, std::unordered_map<std::int64_t, Value>& parts) : db_(db) { db_.part_cache = &parts; }
  PartCacheUse(const PartCacheUse&) = delete;
  PartCacheUse& operator=(const PartCacheUse&) = delete;
  ~PartCacheUse() { db_.part_cache = nullptr; }

 private:
  Database& db_;
};

template <class Read>
auto read_one(ReaderPool& readers, const char* columns, const char* table, ObjectId id, std::string_view kind,
              Read read) -> decltype(read(std::declval<Database&>(), std::declval<const Statement&>())) {
  MW_TRY(ReaderPool::Lease lease, readers.take());
  MW_TRY(Statement * query, lease.db().statement(fmt::format("SELECT {} FROM {} WHERE id = ?1", columns, table)));
  StatementUse use(*query);
  use->bind(1, id);
  MW_TRY(const bool found, use->step());
  if (!found) return Error(Code::kNotFound, fmt::format("no {} with id {}", kind, id.hex()));
  return read(lease.db(), *use);
}

template <class T, class Read>
Result<Page<T>> read_page(ReaderPool& readers, const ListQuery& list, const char* columns, const ListOptions& options,
                          Read read) {
  MW_TRY(ReaderPool::Lease lease, readers.take());
  MW_TRY(const Snapshot snapshot, Snapshot::begin(lease.db()));
  Page<T> page;
  if (options.count_total) {
    MW_TRY(auto count, lease.db().prepare(list.count_sql()));
    list.bind(*count);
    MW_TRY([[maybe_unused]] const bool row, count->step());
    page.total = static_cast<std::uint64_t>(count->integer(0));
  }
  MW_TRY(auto query, lease.db().prepare(list.page_sql(columns, options)));
  list.bind(*query);
  while (true) {
    MW_TRY(const bool row, query->step());
    if (!row) return page;
    MW_TRY(T record, read(lease.db(), *query));
    page.items.push_back(std::move(record));
  }
}

// Every row of a query of recovery.
template <class T, class Read>
Status read_all(Database& db, const std::string& sql, std::vector<T>& out, Read read) {
  MW_TRY(auto query, db.prepare(sql));
  while (true) {
    MW_TRY(const bool row, query->step());
    if (!row) return {};
    MW_TRY(T record, read(db, *query));
    out.push_back(std::move(record));
  }
}

Result<Execution> whole_execution(Database& db, const Statement& row) {
  MW_TRY(ExecutionRow read, read_execution(db, row));
  if (read.result_is_apart) {
    MW_TRY(read.record.result, read_result(db, read.record.id));
  }
  return std::move(read.record);
}

Result<Execution> listed_execution(Database& db, const Statement& row) {
  MW_TRY(ExecutionRow read, read_execution(db, row));
  return std::move(read.record);
}

// A reader of one row as a function of connection and row.
template <auto kRead>
auto plain(Database& /*db*/, const Statement& row) {
  return kRead(row);
}

std::string select(const char* columns, std::string_view rest) {
  return fmt::format("SELECT {} FROM {}", columns, rest);
}

}  // namespace

Result<Execution> SqliteStore::execution(ObjectId id) {
  return read_one(impl_->readers, kExecutionColumns, "executions", id, "execution", whole_execution);
}

Result<TriggerInstance> SqliteStore::trigger_instance(ObjectId id) {
  return read_one(impl_->readers, kTriggerInstanceColumns, "trigger_instances", id, "trigger instance",
                  plain<read_trigger_instance>);
}

Result<RuleEnforcement> SqliteStore::enforcement(ObjectId id) {
  return read_one(impl_->readers, kEnforcementColumns, "enforcements", id, "rule enforcement", plain<read_enforcement>);
}

Result<Incident> SqliteStore::incident(ObjectId id) {
  return read_one(impl_->readers, kIncidentColumns, "incidents", id, "incident", plain<read_incident>);
}

Result<Value> SqliteStore::content_rules(std::string_view version) {
  MW_TRY(ReaderPool::Lease lease, impl_->readers.take());
  MW_TRY(Statement * query, lease.db().statement(select(kContentColumns, "contents WHERE version = ?1")));
  StatementUse use(*query);
  use->bind(1, version);
  MW_TRY(const bool found, use->step());
  if (!found) return Error(Code::kNotFound, fmt::format("no rules of content version {}", version));
  return read_content(*use);
}

Result<Page<Execution>> SqliteStore::executions(const ExecutionFilter& filter, const ListOptions& options) {
  MW_TRY(const ListQuery list, ListQuery::of(filter));
  return read_page<Execution>(impl_->readers, list, kExecutionColumns, options,
                              options.large_results ? whole_execution : listed_execution);
}

Result<Page<TriggerInstance>> SqliteStore::trigger_instances(const TriggerInstanceFilter& filter,
                                                             const ListOptions& options) {
  MW_TRY(const ListQuery list, ListQuery::of(filter));
  return read_page<TriggerInstance>(impl_->readers, list, kTriggerInstanceColumns, options,
                                    plain<read_trigger_instance>);
}

Result<Page<RuleEnforcement>> SqliteStore::enforcements(const EnforcementFilter& filter, const ListOptions& options) {
  MW_TRY(const ListQuery list, ListQuery::of(filter));
  return read_page<RuleEnforcement>(impl_->readers, list, kEnforcementColumns, options, plain<read_enforcement>);
}

Result<Page<Incident>> SqliteStore::incidents(std::optional<Incident::State> state, const ListOptions& options) {
  return read_page<Incident>(impl_->readers, ListQuery::of_incidents(state), kIncidentColumns, options,
                             plain<read_incident>);
}

Result<std::vector<WorkflowDelta>> SqliteStore::deltas(ObjectId execution) {
  MW_TRY(ReaderPool::Lease lease, impl_->readers.take());
  MW_TRY(Statement * query, lease.db().statement(select(kDeltaColumns, "deltas WHERE execution = ?1 ORDER BY number")));
  StatementUse use(*query);
  use->bind(1, execution);
  std::vector<WorkflowDelta> out;
  while (true) {
    MW_TRY(const bool row, use->step());
    if (!row) return out;
    MW_TRY(WorkflowDelta delta, read_delta(lease.db(), *use));
    out.push_back(std::move(delta));
  }
}

Result<std::optional<KeyValue>> SqliteStore::key(std::string_view name) {
  MW_TRY(ReaderPool::Lease lease, impl_->readers.take());
  MW_TRY(Statement * query, lease.db().statement(select(kKeyColumns, "keys WHERE name = ?1")));
  StatementUse use(*query);
  use->bind(1, name);
  MW_TRY(const bool found, use->step());
  if (!found) return std::optional<KeyValue>();
  MW_TRY(KeyValue key, read_key(*use));
  return std::optional<KeyValue>(std::move(key));
}

Result<Page<KeyValue>> SqliteStore::keys(std::string_view prefix, const ListOptions& options) {
  return read_page<KeyValue>(impl_->readers, ListQuery::of_keys(prefix), kKeyColumns, options, plain<read_key>);
}

Result<OpenState> SqliteStore::load_open(Instant guards_since) {
  MW_TRY(ReaderPool::Lease lease, impl_->readers.take());
  Database& db = lease.db();
  MW_TRY(const Snapshot snapshot, Snapshot::begin(db));
  // What records share on disk they share in memory again.
  std::unordered_map<std::int64_t, Value> parts;
  const PartCacheUse use(db, parts);
  OpenState open;
  MW_CHECK(read_all(
      db, select(kTriggerInstanceColumns, "trigger_instances WHERE state IN ('pending', 'processing') ORDER BY id"),
      open.trigger_instances, plain<read_trigger_instance>));
  MW_CHECK(read_all(db,
                    select(kExecutionColumns,
                           "executions WHERE completed = 0 OR (parent IS NOT NULL AND parent IN "
                           "(SELECT id FROM executions WHERE completed = 0)) ORDER BY id"),
                    open.executions, whole_execution));
  MW_CHECK(read_all(db,
                    select(kDeltaColumns,
                           "deltas WHERE execution IN (SELECT id FROM executions WHERE completed = 0) "
                           "ORDER BY execution, number"),
                    open.deltas, read_delta));
  MW_CHECK(read_all(db, select(kIncidentColumns, "incidents WHERE closed = 0 ORDER BY id"), open.incidents,
                    plain<read_incident>));
  MW_CHECK(read_all(
      db, select(kGuardedRunColumns, fmt::format("guarded_runs WHERE at >= {} ORDER BY row", micros(guards_since))),
      open.guarded_runs, plain<read_guarded_run>));
  MW_CHECK(read_all(db, select(kKeyColumns, "keys ORDER BY name"), open.keys, plain<read_key>));
  return open;
}

}  // namespace midwatch::store_sqlite
