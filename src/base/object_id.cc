#include "base/object_id.h"

#include <algorithm>

#include <fmt/core.h>

namespace midwatch {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<ObjectId> ObjectId::parse(std::string_view hex) {
  const auto bad = [&] {
    return Error(Code::kInvalid, fmt::format("'{}' is not an id; expected 24 hexadecimal digits", hex.substr(0, 64)));
  };
  if (hex.size() != 2 * kBytes) return bad();
  std::array<std::uint8_t, kBytes> bytes{};
  for (std::size_t i = 0; i < kBytes; ++i) {
    const int high = hex_digit(hex[2 * i]);
    const int low = hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return bad();
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return ObjectId(bytes);
}

std::string ObjectId::hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(2 * kBytes, '0');
  for (std::size_t i = 0; i < kBytes; ++i) {
    text[2 * i] = kDigits[bytes_[i] >> 4];
    text[2 * i + 1] = kDigits[bytes_[i] & 15];
  }
  return text;
}

Instant ObjectId::made_at() const {
  std::int64_t second = 0;
  for (std::size_t i = 0; i < 4; ++i) second = second << 8 | bytes_[i];
  const std::int64_t fraction = bytes_[4] << 8 | bytes_[5];
  return instant_from_micros(second * 1'000'000 + (fraction * 1'000'000 >> 16));
}

ObjectId ObjectIdSource::next(Instant now) {
  const std::int64_t us = std::max<std::int64_t>(micros(now), 0);
  const std::uint64_t tick =
      static_cast<std::uint64_t>(us / 1'000'000) << 16 | static_cast<std::uint64_t>((us % 1'000'000 << 16) / 1'000'000);
  if (tick > last_tick_) {
    last_tick_ = tick;
    counter_ = 0;
  } else if (++counter_ == 0) {
    ++last_tick_;
  }
  std::array<std::uint8_t, ObjectId::kBytes> bytes{};
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(last_tick_ >> (40 - 8 * i));
  for (std::size_t i = 0; i < 4; ++i) bytes[6 + i] = static_cast<std::uint8_t>(counter_ >> (24 - 8 * i));
  bytes[10] = static_cast<std::uint8_t>(origin_ >> 8);
  bytes[11] = static_cast<std::uint8_t>(origin_);
  return ObjectId(bytes);
}

}  // namespace midwatch
