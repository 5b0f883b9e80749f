#include "series/label_hash.h"

#include <bit>

#include "series/little_endian.h"

namespace midwatch {
namespace {

constexpr std::uint64_t kPrime1 = 0x9e3779b185ebca87;
constexpr std::uint64_t kPrime2 = 0xc2b2ae3d27d4eb4f;
constexpr std::uint64_t kPrime3 = 0x165667b19e3779f9;
constexpr std::uint64_t kPrime4 = 0x85ebca77c2b2ae63;
constexpr std::uint64_t kPrime5 = 0x27d4eb2f165667c5;

std::uint64_t mixed(std::uint64_t lane, std::uint64_t input) { return std::rotl(lane + input * kPrime2, 31) * kPrime1; }

template <class Int>
Int taken(std::string_view& bytes) {
  Int value = 0;
  static_cast<void>(internal::take_le(bytes, value));  // the caller checked the size
  return value;
}

void append_sized(std::string& out, std::string_view text) {
  if (text.size() < 255) {
    out += static_cast<char>(text.size());
  } else {
    out += '\xff';
    for (unsigned shift = 0; shift < 24; shift += 8) out += static_cast<char>(text.size() >> shift & 0xff);
  }
  out += text;
}

}  // namespace

std::uint64_t xxhash64(std::string_view bytes) {
  const std::uint64_t size = bytes.size();
  std::uint64_t hash = kPrime5;
  if (size >= 32) {
    std::uint64_t lanes[] = {kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1};
    while (bytes.size() >= 32) {
      for (std::uint64_t& lane : lanes) lane = mixed(lane, taken<std::uint64_t>(bytes));
    }
    hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
    for (const std::uint64_t lane : lanes) hash = (hash ^ mixed(0, lane)) * kPrime1 + kPrime4;
  }
  hash += size;
  while (bytes.size() >= 8) hash = std::rotl(hash ^ mixed(0, taken<std::uint64_t>(bytes)), 27) * kPrime1 + kPrime4;
  if (bytes.size() >= 4) hash = std::rotl(hash ^ taken<std::uint32_t>(bytes) * kPrime1, 23) * kPrime2 + kPrime3;
  while (!bytes.empty()) hash = std::rotl(hash ^ taken<std::uint8_t>(bytes) * kPrime5, 11) * kPrime1;
  hash = (hash ^ hash >> 33) * kPrime2;
  hash = (hash ^ hash >> 29) * kPrime3;
  return hash ^ hash >> 32;
}

std::uint64_t prometheus_hash(const Labels& labels) {
  std::string bytes;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    append_sized(bytes, labels[i].name);
    append_sized(bytes, labels[i].value);
  }
  return xxhash64(bytes);
}

}  // namespace midwatch
