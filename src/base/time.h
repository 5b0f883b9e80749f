// base/time.h — points in time and spans, passed as arguments; nothing here reads a clock.
//
// Instant is UTC with microseconds, since 1970-01-01. Range: years 1 to 9999 as text.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace midwatch {

using Duration = std::chrono::microseconds;

struct UtcTime {
  using rep = std::int64_t;
  using period = std::micro;
  using duration = Duration;
};
using Instant = std::chrono::time_point<UtcTime, Duration>;

constexpr Instant instant_from_micros(std::int64_t us) { return Instant(Duration(us)); }
constexpr std::int64_t micros(Instant at) { return at.time_since_epoch().count(); }
constexpr double seconds(Duration span) { return static_cast<double>(span.count()) / 1e6; }
Duration duration_from_seconds(double seconds);  // saturates

// "2026-11-22T21:54:55.074595Z", always six decimals: StackStorm's form.
[[nodiscard]] std::string to_iso8601(Instant at);
// Accepts "T" or a blank, 0 to 9 decimals, "Z", "+hh:mm" or nothing (UTC).
[[nodiscard]] Result<Instant> parse_iso8601(std::string_view text);

// "850 ms", "4.2 s", "3 min 5 s", "2 h 10 min": for people.
[[nodiscard]] std::string to_human(Duration span);
// Prometheus' spelling: "5s", "1h30m", "250ms". Units: ms s m h d w y, each once, largest first.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
[[nodiscard]] std::string to_duration_text(Duration span);  // the inverse; "0s" for zero

}  // namespace midwatch
