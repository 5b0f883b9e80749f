// tsdb/checkpoint.h — the head's samples in a file, so that a restart forgets little.
//
// Written beside the old one, flushed, and renamed over it: a reader sees a whole file or the one
// before. The bytes are SeriesHead's own, which carry their version and checksum.
//
// Blocking; any thread, one writer at a time. Cost: linear in the bytes of the head.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "series/series_head.h"

namespace midwatch::tsdb {

// kUnavailable when the disk does not take it; the old file stays then.
Status write_checkpoint(const std::string& path, std::string_view bytes);

// nullopt when there is no file; kInvalid when it is damaged or of a version that we do not read. The
// caller then starts empty and says so.
Result<std::optional<SeriesHead>> read_checkpoint(const std::string& path, SeriesHead::Options options);

}  // namespace midwatch::tsdb
