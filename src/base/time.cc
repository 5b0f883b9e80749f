#include "base/time.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/core.h>

namespace midwatch {
namespace {

using std::chrono::floor;

constexpr std::int64_t kMicrosPerSecond = 1'000'000;

struct Unit {
  std::string_view name;
  std::int64_t micros;
};
// Largest first; "ms" must be tried before "m" and "s".
constexpr std::array<Unit, 7> kUnits{{{"y", 365LL * 86'400 * kMicrosPerSecond},
                                      {"w", 7LL * 86'400 * kMicrosPerSecond},
                                      {"d", 86'400LL * kMicrosPerSecond},
                                      {"h", 3'600LL * kMicrosPerSecond},
                                      {"m", 60LL * kMicrosPerSecond},
                                      {"s", kMicrosPerSecond},
                                      {"ms", 1'000}}};

// Reads exactly `digits` decimal digits; -1 when they are not there.
int read_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool eat(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

Error bad_time(std::string_view text) {
  return Error(Code::kInvalid,
               fmt::format("'{}' is not a time; expected a form like 2026-11-22T21:54:55.074595Z", text));
}

}  // namespace

Duration duration_from_seconds(double value) {
  const double us = value * 1e6;
  if (std::isnan(us)) return Duration(0);
  if (us >= 9.2e18) return Duration(std::numeric_limits<std::int64_t>::max());
  if (us <= -9.2e18) return Duration(std::numeric_limits<std::int64_t>::min());
  return Duration(static_cast<std::int64_t>(us));
}

std::string to_iso8601(Instant at) {
  const auto days = floor<std::chrono::days>(at.time_since_epoch());
  const std::chrono::year_month_day date{std::chrono::sys_days(days)};
  const std::int64_t us = (at.time_since_epoch() - days).count();
  const std::int64_t second = us / kMicrosPerSecond;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), second / 3600,
                     second / 60 % 60, second % 60, us % kMicrosPerSecond);
}

Result<Instant> parse_iso8601(std::string_view text) {
  std::string_view rest = text;
  const int year = read_digits(rest, 4);
  if (year < 0 || !eat(rest, '-')) return bad_time(text);
  const int month = read_digits(rest, 2);
  if (month < 1 || !eat(rest, '-')) return bad_time(text);
  const int day = read_digits(rest, 2);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(std::max(day, 0)))};
  if (!date.ok() || !(eat(rest, 'T') || eat(rest, ' '))) return bad_time(text);
  const int hour = read_digits(rest, 2);
  if (hour < 0 || hour > 23 || !eat(rest, ':')) return bad_time(text);
  const int minute = read_digits(rest, 2);
  if (minute < 0 || minute > 59 || !eat(rest, ':')) return bad_time(text);
  const int second = read_digits(rest, 2);
  if (second < 0 || second > 59) return bad_time(text);
  std::int64_t us = 0;
  if (eat(rest, '.')) {
    std::int64_t scale = 100'000;
    std::size_t digits = 0;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9' && digits < 9) {
      us += (rest.front() - '0') * scale;
      scale /= 10;
      ++digits;
      rest.remove_prefix(1);
    }
    if (digits == 0) return bad_time(text);
  }
  std::int64_t offset_minutes = 0;
  if (!rest.empty() && !eat(rest, 'Z')) {
    const bool behind = rest.front() == '-';
    if (!behind && rest.front() != '+') return bad_time(text);
    rest.remove_prefix(1);
    const int hours = read_digits(rest, 2);
    eat(rest, ':');
    const int minutes = rest.empty() ? 0 : read_digits(rest, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return bad_time(text);
    offset_minutes = (behind ? -1 : 1) * (hours * 60 + minutes);
  }
  if (!rest.empty()) return bad_time(text);
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  return Instant(std::chrono::duration_cast<Duration>(days) +
                 Duration(((hour * 60LL + minute - offset_minutes) * 60 + second) * kMicrosPerSecond + us));
}

std::string to_human(Duration span) {
  const std::int64_t us = span.count();
  if (us < 0) return "-" + to_human(Duration(us == std::numeric_limits<std::int64_t>::min() ? us + 1 : us) * -1);
  if (us < 1'000) return fmt::format("{} µs", us);
  if (us < kMicrosPerSecond) return fmt::format("{} ms", us / 1'000);
  const std::int64_t second = us / kMicrosPerSecond;
  if (second < 60) return fmt::format("{:.1f} s", static_cast<double>(us / 100'000) / 10.0);
  if (second < 3'600) return fmt::format("{} min {} s", second / 60, second % 60);
  if (second < 86'400) return fmt::format("{} h {} min", second / 3'600, second / 60 % 60);
  return fmt::format("{} d {} h", second / 86'400, second / 3'600 % 24);
}

Result<Duration> parse_duration(std::string_view text) {
  const Error bad(Code::kInvalid, fmt::format("'{}' is not a duration; expected a form like 30s, 5m or 1h30m", text));
  std::string_view rest = text;
  if (rest == "0") return Duration(0);
  if (rest.empty()) return bad;
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  while (!rest.empty()) {
    std::int64_t number = 0;
    std::size_t digits = 0;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') {
      if (number > 9'000'000'000'000'000LL / 10) return bad;
      number = number * 10 + (rest[digits++] - '0');
    }
    if (digits == 0) return bad;
    rest.remove_prefix(digits);
    const bool is_millis = rest.starts_with("ms");
    std::size_t unit = next_unit;
    while (unit < kUnits.size() && !(is_millis ? kUnits[unit].name == "ms" : rest.starts_with(kUnits[unit].name))) {
      ++unit;
    }
    if (unit == kUnits.size()) return bad;
    std::int64_t part = 0;
    if (__builtin_mul_overflow(number, kUnits[unit].micros, &part) || __builtin_add_overflow(total, part, &total)) {
      return bad;
    }
    rest.remove_prefix(kUnits[unit].name.size());
    next_unit = unit + 1;
  }
  return Duration(total);
}

std::string to_duration_text(Duration span) {
  std::int64_t us = span.count();
  std::string text;
  for (const Unit& unit : kUnits) {
    if (unit.name == "y" || unit.name == "w") continue;
    if (us >= unit.micros) {
      text += fmt::format("{}{}", us / unit.micros, unit.name);
      us %= unit.micros;
    }
  }
  return text.empty() ? "0s" : text;
}

}  // namespace midwatch
