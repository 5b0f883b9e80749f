#include "store_sqlite/sqlite_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/core.h>
#include <sqlite3.h>

#include "store_sqlite/schema.h"
#include "store_sqlite/sqlite_store_impl.h"

namespace midwatch::store_sqlite {
namespace {

constexpr std::size_t kPageBytes = 4096;

Status make_directory(const std::string& directory) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(directory, error);
  if (error) {
    return Error(Code::kUnavailable, fmt::format("cannot make the data directory {}: {}", directory, error.message()),
                 {}, "make it by hand, or choose another with the setting for the data directory");
  }
  if (made) ::chmod(directory.c_str(), 0700);
  return {};
}

// SQLite gives its log the permissions of the file, so the file is made first: payloads and results
// are nobody else's to read.
Status make_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return Error(Code::kUnavailable, fmt::format("cannot open {}: {}", path, std::strerror(errno)), {},
                 "make the data directory and the files in it writable for this user");
  }
  ::close(descriptor);
  return {};
}

Result<Database> open_writer(const std::string& path, const SqliteStoreOptions& options) {
  MW_CHECK(make_file(path));
  MW_TRY(Database db, Database::open(path, Database::Access::kReadWrite));
  std::string pragmas = fmt::format(
      "PRAGMA page_size = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; "
      "PRAGMA cache_size = -{}; PRAGMA journal_size_limit = {}; PRAGMA foreign_keys = 0;",
      kPageBytes, options.cache_bytes / 1024, options.wal_bytes_max);
  if (options.pages_max != 0) pragmas += fmt::format("PRAGMA max_page_count = {};", options.pages_max);
  if (Status set = db.execute(pragmas); !set) return std::move(set).error().within(path);
  return db;
}

int on_wal(void* store, sqlite3* /*db*/, const char* /*name*/, int pages) {
  static_cast<std::atomic<std::size_t>*>(store)->store(static_cast<std::size_t>(pages), std::memory_order_relaxed);
  return SQLITE_OK;
}

}  // namespace

Status SqliteStore::Impl::checkpoint() {
  const std::lock_guard guard(checkpoint_mutex);
  int log = 0;
  int moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(checkpointer.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &log, &moved);
  if ((code & 0xff) == SQLITE_BUSY) return {};  // someone else is at it
  if (code != SQLITE_OK) return database_error(checkpointer.handle(), code).within("checkpoint of the store");
  if (log >= 0 && log == moved) wal_pages.store(0, std::memory_order_relaxed);
  return {};
}

SqliteStore::SqliteStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  sqlite3_wal_hook(impl_->writer.handle(), &on_wal, &impl_->wal_pages);
}
SqliteStore::~SqliteStore() = default;

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(SqliteStoreOptions options) {
  MW_CHECK(make_directory(options.directory));
  MW_TRY(DataLock lock, DataLock::take(options.directory));
  const std::string path = options.directory + "/midwatch.db";
  MW_TRY(Database writer, open_writer(path, options));
  MW_CHECK(migrate(writer, path));
  MW_TRY(Database checkpointer, Database::open(path, Database::Access::kReadWrite));
  // A connection learns at its first read that there is a log; before, it would find nothing to move.
  MW_TRY([[maybe_unused]] const std::int64_t format, checkpointer.integer("PRAGMA user_version"));
  MW_CHECK(checkpointer.execute("PRAGMA cache_size = -64; PRAGMA synchronous = FULL"));
  auto impl =
      std::make_unique<Impl>(std::move(options), std::move(lock), path, std::move(writer), std::move(checkpointer));
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(impl)));
}

Status SqliteStore::commit(std::span<const Batch> batches) {
  Database& db = impl_->writer;
  // A log that nobody could empty (a reader held it, the disk was busy) is emptied here, before it
  // fills the disk; if that fails, the commit itself says why.
  if (impl_->wal_pages.load(std::memory_order_relaxed) * kPageBytes > impl_->options.wal_bytes_max) {
    (void)impl_->checkpoint();
  }
  MW_TRY(Statement * begin, db.statement("BEGIN IMMEDIATE"));
  MW_TRY(Statement * end, db.statement("COMMIT"));
  Status done = begin->run();
  if (done) done = impl_->records.write(batches);
  if (done) done = end->run();
  if (done) {
    impl_->records.committed();
    return {};
  }
  if (db.in_transaction()) (void)db.execute("ROLLBACK");
  impl_->records.undone();
  return std::move(done).error().within("commit to the store");
}

Status SqliteStore::maintain() {
  if (wal_bytes() < impl_->options.wal_bytes_ready) return {};
  return impl_->checkpoint();
}

std::size_t SqliteStore::wal_bytes() const { return impl_->wal_pages.load(std::memory_order_relaxed) * kPageBytes; }

}  // namespace midwatch::store_sqlite
