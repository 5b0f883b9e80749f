#include "store_sqlite/database.h"

#include <array>
#include <cstring>

#include <fmt/core.h>
#include <sqlite3.h>

#include "base/assert.h"

namespace midwatch::store_sqlite {
namespace {

constexpr int kBusyTimeoutMs = 5'000;

std::string_view bytes_of(const ObjectId& id) {
  return {reinterpret_cast<const char*>(id.bytes().data()), ObjectId::kBytes};
}

}  // namespace

Error database_error(sqlite3* db, int code) {
  const std::string text = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  const int system = db != nullptr ? sqlite3_system_errno(db) : 0;
  std::string message = fmt::format("sqlite: {} ({})", text, sqlite3_errstr(code & 0xff));
  if (system != 0) message += fmt::format(", {}", std::strerror(system));
  switch (code & 0xff) {
    case SQLITE_FULL:
      return Error(Code::kUnavailable, std::move(message), {},
                   "the disk of the data directory is full: free space; nothing was changed");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return Error(Code::kUnavailable, std::move(message), {},
                   "make the data directory and the files in it writable for this user");
    case SQLITE_IOERR:
      return Error(Code::kUnavailable, std::move(message), {},
                   "the disk of the data directory refused to read or write: look at its free space and health");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Error(Code::kInvalid, std::move(message), {},
                   "the store's file is damaged: restore it from a backup, or save what sqlite3's .recover finds");
    case SQLITE_TOOBIG: return Error(Code::kLimit, std::move(message));
    default: return Error(Code::kUnavailable, std::move(message));
  }
}

Statement::~Statement() { sqlite3_finalize(handle_); }

// A failed bind (too big, out of memory) shows as an error of the step, so it is not looked at here.
void Statement::bind(int index, std::int64_t value) { (void)sqlite3_bind_int64(handle_, index, value); }
void Statement::bind(int index, std::string_view text) {
  const char* start = text.data() != nullptr ? text.data() : "";
  (void)sqlite3_bind_text64(handle_, index, start, text.size(), SQLITE_STATIC, SQLITE_UTF8);
}
void Statement::bind(int index, const ObjectId& id) { bind_blob(index, bytes_of(id)); }
void Statement::bind(int index, const std::optional<ObjectId>& id) {
  if (id) bind_blob(index, bytes_of(*id));
  else (void)sqlite3_bind_null(handle_, index);
}
void Statement::bind(int index, const std::optional<std::int64_t>& value) {
  if (value) bind(index, *value);
  else (void)sqlite3_bind_null(handle_, index);
}
void Statement::bind_blob(int index, std::string_view bytes) {
  const char* start = bytes.data() != nullptr ? bytes.data() : "";
  (void)sqlite3_bind_blob64(handle_, index, start, bytes.size(), SQLITE_STATIC);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Error error = database_error(db_, sqlite3_extended_errcode(db_));
  sqlite3_reset(handle_);
  return error;
}

Status Statement::run() {
  MW_TRY([[maybe_unused]] const bool row, step());
  sqlite3_reset(handle_);
  return {};
}

void Statement::reset() { sqlite3_reset(handle_); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }
std::string_view Statement::text(int column) const {
  const unsigned char* start = sqlite3_column_text(handle_, column);
  return {reinterpret_cast<const char*>(start), static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}
std::string_view Statement::blob(int column) const {
  const void* start = sqlite3_column_blob(handle_, column);
  return {static_cast<const char*>(start), static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}
bool Statement::is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }

ObjectId Statement::id(int column) const {
  const std::string_view bytes = blob(column);
  std::array<std::uint8_t, ObjectId::kBytes> out{};
  if (bytes.size() == out.size()) std::memcpy(out.data(), bytes.data(), out.size());
  return ObjectId(out);
}

std::optional<ObjectId> Statement::optional_id(int column) const {
  if (is_null(column)) return std::nullopt;
  return id(column);
}

void Database::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

Result<Database> Database::open(const std::string& path, Access access) {
  const int flags = (access == Access::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
                    SQLITE_OPEN_NOMUTEX;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Database db(raw);
  if (code != SQLITE_OK) return database_error(raw, code).within(path);
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  return db;
}

Status Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return database_error(handle(), sqlite3_extended_errcode(handle()));
  return {};
}

Result<std::unique_ptr<Statement>> Database::prepare(const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle(), sql.c_str(), static_cast<int>(sql.size()), 0, &raw, nullptr);
  if (code != SQLITE_OK) return database_error(handle(), sqlite3_extended_errcode(handle()));
  return std::make_unique<Statement>(handle(), raw);
}

Result<Statement*> Database::statement(const std::string& sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second.get();
  MW_ASSERT(statements_.size() < kStatementsMax, "a statement whose text varies must be made by prepare()");
  MW_TRY(auto made, prepare(sql));
  return statements_.emplace(sql, std::move(made)).first->second.get();
}

Result<std::int64_t> Database::integer(const std::string& sql) {
  MW_TRY(auto query, prepare(sql));
  MW_TRY(const bool row, query->step());
  return row ? query->integer(0) : 0;
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle()); }
std::int64_t Database::inserted_row() const { return sqlite3_last_insert_rowid(handle()); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(handle()) == 0; }

}  // namespace midwatch::store_sqlite
