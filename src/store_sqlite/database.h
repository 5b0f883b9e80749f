// store_sqlite/database.h — SQLite as values and Results: a connection and its prepared statements.
//
//   MW_TRY(Database db, Database::open(path, Database::Access::kReadWrite));
//   Statement& insert = *db.statement("INSERT INTO t VALUES (?1)").value();   // prepared once, kept
//   insert.bind(1, text);
//   MW_CHECK(insert.run());
//
// Texts and blobs that are bound must live until the statement has run: they are not copied.
// Thread-safety: none; one thread uses a connection at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/object_id.h"
#include "base/result.h"
#include "value/value.h"

struct sqlite3;
struct sqlite3_stmt;

namespace midwatch::store_sqlite {

class Statement {
 public:
  Statement(sqlite3* db, sqlite3_stmt* handle) : db_(db), handle_(handle) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view text);
  void bind(int index, const ObjectId& id);
  void bind(int index, const std::optional<ObjectId>& id);  // NULL when there is none
  void bind(int index, const std::optional<std::int64_t>& value);
  void bind_blob(int index, std::string_view bytes);

  // True while there is a row. Columns count from 0 and live until the next step or reset.
  Result<bool> step();
  // Runs to the end and resets: for statements without rows.
  Status run();
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::string_view blob(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  // A damaged id (not 12 bytes) reads as the null id: the record's digest does not hold then.
  [[nodiscard]] ObjectId id(int column) const;
  [[nodiscard]] std::optional<ObjectId> optional_id(int column) const;

 private:
  sqlite3* db_;
  sqlite3_stmt* handle_;
};

// Resets a statement that was left in the middle of its rows.
class StatementUse {
 public:
  explicit StatementUse(Statement& statement) : statement_(statement) {}
  StatementUse(const StatementUse&) = delete;
  StatementUse& operator=(const StatementUse&) = delete;
  ~StatementUse() { statement_.reset(); }
  Statement* operator->() { return &statement_; }
  Statement& operator*() { return statement_; }

 private:
  Statement& statement_;
};

class Database {
 public:
  enum class Access : std::uint8_t { kReadOnly, kReadWrite };
  // Statements kept per connection: only texts that are fixed in the program go through statement().
  static constexpr std::size_t kStatementsMax = 128;

  static Result<Database> open(const std::string& path, Access access);
  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) noexcept = default;

  Status execute(const std::string& sql);
  // The prepared statement of this text; owned by the connection.
  Result<Statement*> statement(const std::string& sql);
  // One that is used once.
  Result<std::unique_ptr<Statement>> prepare(const std::string& sql);
  Result<std::int64_t> integer(const std::string& sql);  // first column of the first row
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] std::int64_t inserted_row() const;  // of the last INSERT
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

  // Whoever reads many records that share parts (parts.h) lends a place for them meanwhile; may be null.
  std::unordered_map<std::int64_t, Value>* part_cache = nullptr;

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}
  std::unique_ptr<sqlite3, Close> handle_;
  std::unordered_map<std::string, std::unique_ptr<Statement>> statements_;
};

// What SQLite says, for an administrator: full and read-only disks are kUnavailable with a hint, a
// damaged file is kInvalid.
[[nodiscard]] Error database_error(sqlite3* db, int code);

}  // namespace midwatch::store_sqlite
