// store_sqlite/data_lock.h — one process at a time owns a data directory.
//
// The lock is an flock on <directory>/lock, in which the owner writes its process id. The
// kernel lets go of it when the process ends, however it ends.
#pragma once

#include <string>

#include "base/result.h"

namespace midwatch::store_sqlite {

class DataLock {
 public:
  // kUnavailable, with the owner's process id, when another process holds it.
  static Result<DataLock> take(const std::string& directory);
  DataLock(DataLock&& other) noexcept;
  DataLock& operator=(DataLock&& other) noexcept;
  ~DataLock();

 private:
  explicit DataLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace midwatch::store_sqlite
