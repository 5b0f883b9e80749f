// base/object_id.h — ids of records: 12 bytes, 24 hex digits as StackStorm's clients expect, and in
// the order in which they were made.
//
// Layout, big endian: seconds (4), fraction of a second in 1/65536 (2), counter (4), origin (2). The
// text of ids compares like their times. ObjectIdSource never repeats an id and never goes back,
// also when `now` does.
//
// Thread-safety: ObjectId is a value; a source belongs to one thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace midwatch {

class ObjectId {
 public:
  static constexpr std::size_t kBytes = 12;

  constexpr ObjectId() = default;
  explicit constexpr ObjectId(std::array<std::uint8_t, kBytes> bytes) : bytes_(bytes) {}
  static Result<ObjectId> parse(std::string_view hex);

  [[nodiscard]] const std::array<std::uint8_t, kBytes>& bytes() const { return bytes_; }
  [[nodiscard]] std::string hex() const;
  [[nodiscard]] bool is_null() const { return *this == ObjectId(); }
  // When it was made, to 15 µs.
  [[nodiscard]] Instant made_at() const;

  friend auto operator<=>(const ObjectId&, const ObjectId&) = default;
  friend bool operator==(const ObjectId&, const ObjectId&) = default;

 private:
  std::array<std::uint8_t, kBytes> bytes_{};
};

class ObjectIdSource {
 public:
  // `origin` tells apart sources that may run at the same moment: a shard, or random bits per start.
  explicit ObjectIdSource(std::uint16_t origin) : origin_(origin) {}
  ObjectId next(Instant now);

 private:
  std::uint16_t origin_;
  std::uint64_t last_tick_ = 0;  // seconds << 16 | fraction
  std::uint32_t counter_ = 0;
};

}  // namespace midwatch

template <>
struct std::hash<midwatch::ObjectId> {
  std::size_t operator()(const midwatch::ObjectId& id) const {
    std::uint64_t h = 0xcbf29ce484222325ULL;
    for (const std::uint8_t byte : id.bytes()) h = (h ^ byte) * 0x100000001b3ULL;
    return h;
  }
};
