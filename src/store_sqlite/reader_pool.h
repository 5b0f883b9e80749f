// store_sqlite/reader_pool.h — a few read-only connections for any number of threads.
//
// Connections are opened when they are first needed. Thread-safety: any thread; a caller waits while
// all are in use.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "store_sqlite/database.h"

namespace midwatch::store_sqlite {

class ReaderPool {
 public:
  ReaderPool(std::string path, std::size_t readers_max, std::size_t cache_bytes)
      : path_(std::move(path)), readers_max_(readers_max), cache_bytes_(cache_bytes) {}

  // A connection that is ours until the Lease goes.
  class Lease {
   public:
    Lease(ReaderPool& pool, Database db) : pool_(&pool), db_(std::move(db)) {}
    Lease(Lease&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), db_(std::move(other.db_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (pool_ != nullptr) pool_->give_back(std::move(db_));
    }
    Database& db() { return db_; }

   private:
    ReaderPool* pool_;
    Database db_;
  };
  Result<Lease> take();

 private:
  void give_back(Database db);
  Result<Database> open_reader() const;

  const std::string path_;
  const std::size_t readers_max_;
  const std::size_t cache_bytes_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Database> idle_;  // under mutex_
  std::size_t made_ = 0;        // under mutex_
};

}  // namespace midwatch::store_sqlite
