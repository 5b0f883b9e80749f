// store_sqlite/body.h — the part of a record that is text: packed when large, checked always.
//
// A body above kPackBytesMin is compressed with zstd; `unpacked` is its size before, 0 for one that is
// stored as it is. The digest (XXH3, 64 bits) covers the columns of the row and the bytes as stored, so
// that a damaged row is noticed when it is read and never answered from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/object_id.h"
#include "base/result.h"
#include "base/time.h"
#include "store_sqlite/database.h"
#include "value/value.h"

namespace midwatch::store_sqlite {

inline constexpr std::size_t kPackBytesMin = 64u << 10;
inline constexpr std::size_t kBodyBytesMax = 256u << 20;  // unpacked

// Gathers the columns of a row, in a form in which two different rows differ.
class Columns {
 public:
  Columns& add(std::string_view text);
  Columns& add(std::int64_t value);
  Columns& add(const ObjectId& id);
  Columns& add(const std::optional<ObjectId>& id);
  Columns& add(const std::optional<std::int64_t>& value);
  void clear() { bytes_.clear(); }
  [[nodiscard]] std::int64_t digest(std::string_view body = {}) const;

 private:
  std::string bytes_;
};

// A body as it is stored. `bytes` refers to the text given or to `packed`.
struct Body {
  std::string_view bytes;
  std::int64_t unpacked = 0;
};
// `packed` holds the compressed bytes, if any, and must live as long as the Body.
Result<Body> pack(std::string_view text, std::string& packed);

// The text of a stored body; `out` holds it if it had to be unpacked.
Result<std::string_view> unpack(std::string_view bytes, std::int64_t unpacked, std::string& out);

// The error of a row whose digest does not hold.
[[nodiscard]] Error damaged(std::string_view table, std::string_view id);

inline std::optional<std::int64_t> micros_of(const std::optional<Instant>& at) {
  return at ? std::optional(micros(*at)) : std::nullopt;
}

}  // namespace midwatch::store_sqlite
