// store_sqlite/sqlite_store_impl.h — what a SqliteStore holds; shared by the files that implement it:
// sqlite_store.cc (life and writing) and sqlite_reads.cc (reading and recovery).
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <utility>

#include "store_sqlite/data_lock.h"
#include "store_sqlite/database.h"
#include "store_sqlite/reader_pool.h"
#include "store_sqlite/record_writer.h"
#include "store_sqlite/sqlite_store.h"

namespace midwatch::store_sqlite {

struct SqliteStore::Impl {
  Impl(SqliteStoreOptions chosen, DataLock held, const std::string& path, Database write, Database check)
      : options(std::move(chosen)),
        lock(std::move(held)),
        writer(std::move(write)),
        checkpointer(std::move(check)),
        records(writer),
        readers(path, options.readers_max, options.cache_bytes / 8) {}

  const SqliteStoreOptions options;
  DataLock lock;
  Database writer;
  std::mutex checkpoint_mutex;
  Database checkpointer;  // under checkpoint_mutex
  RecordWriter records;
  ReaderPool readers;
  std::atomic<std::size_t> wal_pages{0};

  // What readers do not hold back is moved into the file; the next commit then starts the log anew.
  Status checkpoint();
};

}  // namespace midwatch::store_sqlite
