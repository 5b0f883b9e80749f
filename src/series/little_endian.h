// series/little_endian.h — numbers and texts as bytes, the same on every machine.
//
// Readers take from the front of a view and answer false when it is too short.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace midwatch::internal {

template <class Int>
void put_le(std::string& out, Int value) {
  for (std::size_t i = 0; i < sizeof(Int); ++i) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xff);
  }
}

template <class Int>
[[nodiscard]] bool take_le(std::string_view& in, Int& value) {
  if (in.size() < sizeof(Int)) return false;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof(Int); ++i) {
    bits |= static_cast<std::uint64_t>(static_cast<unsigned char>(in[i])) << (8 * i);
  }
  value = static_cast<Int>(bits);
  in.remove_prefix(sizeof(Int));
  return true;
}

inline void put_text(std::string& out, std::string_view text) {
  put_le(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

[[nodiscard]] inline bool take_text(std::string_view& in, std::string_view& text) {
  std::uint32_t size = 0;
  if (!take_le(in, size) || in.size() < size) return false;
  text = in.substr(0, size);
  in.remove_prefix(size);
  return true;
}

}  // namespace midwatch::internal
