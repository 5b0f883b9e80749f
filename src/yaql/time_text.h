// yaql/time_text.h — civil dates, strftime, strptime and free-form dates (internal to the module).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace midwatch::yaql {

inline constexpr std::int64_t kDayUs = 86'400'000'000;

struct Civil {
  std::int64_t year = 1900, month = 1, day = 1, hour = 0, minute = 0, second = 0, microsecond = 0;
  std::int64_t weekday = 0;   // 0 is Monday
  std::int64_t year_day = 1;  // 1 to 366
};

struct CivilTime {
  Civil civil;
  std::int64_t offset_us = 0;
};

[[nodiscard]] Civil civil_of(std::int64_t local_us);
// Microseconds since 1970; nothing when a field is out of range.
[[nodiscard]] std::optional<std::int64_t> microseconds_of(const Civil& civil);
// "2024-02-29 01:02:03.000004+02:00"
[[nodiscard]] std::string isoformat(std::int64_t utc_us, std::int64_t offset_us, char separator);
[[nodiscard]] std::string formatted_time(std::int64_t utc_us, std::int64_t offset_us, std::string_view format);
[[nodiscard]] std::optional<CivilTime> parse_with_format(std::string_view text, std::string_view format);
// "2024-05-06T07:08:09+02:00", "20240506", "6 May 2024", "May 6, 2024 10:00", …
[[nodiscard]] std::optional<CivilTime> parse_free(std::string_view text);

}  // namespace midwatch::yaql
