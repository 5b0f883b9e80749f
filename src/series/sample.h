// series/sample.h — one measured value at one point in time, and the mark of a series that ended.
//
// Samples are kept to the millisecond, as Prometheus keeps them: whatever stores a sample drops the
// finer part of `at` (toward the past). A stale marker is a NaN with one particular bit pattern; it
// says that the series has no value from then on, until its next sample.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "base/time.h"

namespace midwatch {

struct Sample {
  Instant at{};
  double value = 0;

  // Bitwise for the value, so that a stale marker equals only itself.
  friend bool operator==(const Sample& a, const Sample& b) {
    return a.at == b.at && std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value);
  }
};

inline constexpr std::uint64_t kStaleMarkerBits = 0x7ff0000000000002;
inline constexpr std::uint64_t kNormalNanBits = 0x7ff8000000000001;

inline double stale_marker() { return std::bit_cast<double>(kStaleMarkerBits); }
inline double normal_nan() { return std::bit_cast<double>(kNormalNanBits); }
inline bool is_stale_marker(double value) { return std::bit_cast<std::uint64_t>(value) == kStaleMarkerBits; }

// Milliseconds since 1970, rounded down; and back.
constexpr std::int64_t to_millis(Instant at) {
  const std::int64_t us = micros(at);
  return us >= 0 ? us / 1000 : -((-us + 999) / 1000);
}
constexpr Instant instant_from_millis(std::int64_t ms) { return instant_from_micros(ms * 1000); }

}  // namespace midwatch
