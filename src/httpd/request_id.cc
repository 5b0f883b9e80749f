#include "httpd/request_id.h"

#include <random>

namespace midwatch::httpd {
namespace {

constexpr std::size_t kRequestIdBytesMax = 128;

// SplitMix64's output function: a bijection, so different counters give different ids.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

RequestIdSource::RequestIdSource() : seed_(0) {
  std::random_device device;
  seed_ = (static_cast<std::uint64_t>(device()) << 32) | device();
}

std::string RequestIdSource::next() {
  std::uint64_t halves[2] = {mixed(seed_ + 2 * count_), mixed(seed_ + 2 * count_ + 1)};
  ++count_;
  halves[0] = (halves[0] & ~0xf000ULL) | 0x4000ULL;                          // version 4
  halves[1] = (halves[1] & ~0xc000000000000000ULL) | 0x8000000000000000ULL;  // variant 1
  std::string out(36, '-');
  std::size_t at = 0;
  for (const std::uint64_t half : halves) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      if (at == 8 || at == 13 || at == 18 || at == 23) ++at;
      out[at++] = "0123456789abcdef"[(half >> shift) & 15];
    }
  }
  return out;
}

bool is_acceptable_request_id(std::string_view text) {
  if (text.empty() || text.size() > kRequestIdBytesMax) return false;
  for (const char c : text) {
    if (c <= 0x20 || c >= 0x7f) return false;
  }
  return true;
}

}  // namespace midwatch::httpd
