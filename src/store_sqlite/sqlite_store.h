// store_sqlite/sqlite_store.h — the Store port in one SQLite file of a data directory.
//
//   MW_TRY(auto store, SqliteStore::open({.directory = "/var/lib/midwatch"}));
//   MW_CHECK(store->commit(batches));   // one transaction, one flush
//   store->maintain();                  // when there is nothing better to do; any thread
//
// commit() and load_open() belong to one thread. Reads may come from any thread: they use a small pool
// of read-only connections, wait for one that is free, and never wait for the writer. The write-ahead
// log is moved into the file by maintain(); commit() does it itself only when the log has grown past
// wal_bytes_max. After an error of commit nothing of it is stored and it may be repeated.
//
// Limits: bodies of 256 MiB, lists of kFilterIdsMax ids. There is no purge of completed records yet.
// Format and tables: docs/formats/store.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "ports/store.h"

namespace midwatch::store_sqlite {

struct SqliteStoreOptions {
  std::string directory{};  // made when it is not there
  std::size_t readers_max = 4;
  std::size_t cache_bytes = 4u << 20;      // of the writer; a reader has an eighth
  std::size_t wal_bytes_ready = 4u << 20;  // maintain() does something from here on
  std::size_t wal_bytes_max = 64u << 20;   // commit() waits for a checkpoint from here on
  std::uint32_t pages_max = 0;             // of 4 KiB, 0: as SQLite has it; a size limit on the file
};

class SqliteStore final : public Store {
 public:
  // kUnavailable: the directory is locked by another process, cannot be made or written; kInvalid:
  // the store is newer than this program, or damaged.
  static Result<std::unique_ptr<SqliteStore>> open(SqliteStoreOptions options);
  ~SqliteStore() override;

  Status commit(std::span<const Batch> batches) override;
  Result<OpenState> load_open(Instant guards_since) override;

  // Moves the write-ahead log into the file if it is worth it; never blocks commit() for longer than
  // a page. Thread-safety: any thread.
  Status maintain();
  [[nodiscard]] std::size_t wal_bytes() const;

  Result<Execution> execution(ObjectId id) override;
  Result<TriggerInstance> trigger_instance(ObjectId id) override;
  Result<RuleEnforcement> enforcement(ObjectId id) override;
  Result<Incident> incident(ObjectId id) override;
  Result<Value> content_rules(std::string_view version) override;
  Result<Page<Execution>> executions(const ExecutionFilter& filter, const ListOptions& options) override;
  Result<Page<TriggerInstance>> trigger_instances(const TriggerInstanceFilter& filter,
                                                  const ListOptions& options) override;
  Result<Page<RuleEnforcement>> enforcements(const EnforcementFilter& filter, const ListOptions& options) override;
  Result<Page<Incident>> incidents(std::optional<Incident::State> state, const ListOptions& options) override;
  Result<std::vector<WorkflowDelta>> deltas(ObjectId execution) override;
  Result<std::optional<KeyValue>> key(std::string_view name) override;
  Result<Page<KeyValue>> keys(std::string_view prefix, const ListOptions& options) override;

 private:
  struct Impl;
  explicit SqliteStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace midwatch::store_sqlite
