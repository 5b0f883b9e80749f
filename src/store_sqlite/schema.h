// store_sqlite/schema.h — the tables, and how a store of an older format becomes one of today's.
//
// Formats are numbered; PRAGMA user_version holds the number, the table schema_migrations when each
// step was made. Migrations only go forward, each in one transaction. docs/formats/store.md
// describes the tables.
#pragma once

#include <string>

#include "base/result.h"
#include "store_sqlite/database.h"

namespace midwatch::store_sqlite {

inline constexpr int kFormat = 2;

// Brings the database to kFormat. Refuses a store that is newer (kInvalid) or none of ours.
Status migrate(Database& db, const std::string& path);

}  // namespace midwatch::store_sqlite
