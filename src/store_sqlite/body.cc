#include "store_sqlite/body.h"

#include <cstring>
#include <memory>

#include <fmt/core.h>
#include <zstd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace midwatch::store_sqlite {
namespace {

constexpr int kLevel = 3;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

}  // namespace

// Each column is its length and its bytes: no two lists of columns give the same bytes.
Columns& Columns::add(std::string_view text) {
  add(static_cast<std::int64_t>(text.size()));
  bytes_.append(text);
  return *this;
}

Columns& Columns::add(std::int64_t value) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof raw);
  bytes_.append(raw, sizeof raw);
  return *this;
}

Columns& Columns::add(const ObjectId& id) {
  bytes_.append(reinterpret_cast<const char*>(id.bytes().data()), ObjectId::kBytes);
  return *this;
}

Columns& Columns::add(const std::optional<ObjectId>& id) {
  bytes_ += id ? '\1' : '\0';
  return id ? add(*id) : *this;
}

Columns& Columns::add(const std::optional<std::int64_t>& value) {
  bytes_ += value ? '\1' : '\0';
  return value ? add(*value) : *this;
}

std::int64_t Columns::digest(std::string_view body) const {
  const std::uint64_t head = XXH3_64bits(bytes_.data(), bytes_.size());
  return static_cast<std::int64_t>(XXH3_64bits_withSeed(body.data(), body.size(), head));
}

Result<Body> pack(std::string_view text, std::string& packed) {
  if (text.size() > kBodyBytesMax) {
    return Error(Code::kLimit,
                 fmt::format("a record of {} bytes, at most {} can be stored", text.size(), kBodyBytesMax));
  }
  if (text.size() <= kPackBytesMin) return Body{text, 0};
  const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  packed.resize(ZSTD_compressBound(text.size()));
  const std::size_t size =
      ZSTD_compressCCtx(context.get(), packed.data(), packed.size(), text.data(), text.size(), kLevel);
  if (ZSTD_isError(size) != 0) return Error(Code::kUnavailable, fmt::format("zstd: {}", ZSTD_getErrorName(size)));
  packed.resize(size);
  return Body{packed, static_cast<std::int64_t>(text.size())};
}

Result<std::string_view> unpack(std::string_view bytes, std::int64_t unpacked, std::string& out) {
  if (unpacked == 0) return bytes;
  if (unpacked < 0 || static_cast<std::size_t>(unpacked) > kBodyBytesMax) {
    return Error(Code::kInvalid,
                 fmt::format("a packed body of {} bytes, expected at most {}", unpacked, kBodyBytesMax));
  }
  out.resize(static_cast<std::size_t>(unpacked));
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size) != 0 || size != out.size()) {
    return Error(Code::kInvalid, "a packed body that zstd cannot unpack");
  }
  return std::string_view(out);
}

Error damaged(std::string_view table, std::string_view id) {
  return Error(Code::kInvalid,
               fmt::format("the record {} in table {} of the store is damaged: its checksum is wrong", id, table), {},
               "restore the store from a backup, or delete that record with sqlite3 and go on without it");
}

}  // namespace midwatch::store_sqlite
