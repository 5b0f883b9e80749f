#include "store_sqlite/reader_pool.h"

#include <fmt/core.h>

namespace midwatch::store_sqlite {

Result<Database> ReaderPool::open_reader() const {
  MW_TRY(Database db, Database::open(path_, Database::Access::kReadOnly));
  // No memory mapping: a disk error would arrive as a signal instead of as an error.
  MW_CHECK(db.execute(
      fmt::format("PRAGMA query_only = 1; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{}", cache_bytes_ / 1024)));
  return db;
}

Result<ReaderPool::Lease> ReaderPool::take() {
  {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return !idle_.empty() || made_ < readers_max_; });
    if (!idle_.empty()) {
      Lease lease(*this, std::move(idle_.back()));
      idle_.pop_back();
      return lease;
    }
    ++made_;
  }
  auto opened = open_reader();
  if (opened) return Lease(*this, std::move(*opened));
  {
    const std::lock_guard lock(mutex_);
    --made_;
  }
  freed_.notify_one();
  return std::move(opened).error();
}

void ReaderPool::give_back(Database db) {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(db));
  }
  freed_.notify_one();
}

}  // namespace midwatch::store_sqlite
