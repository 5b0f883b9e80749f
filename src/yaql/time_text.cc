#include "yaql/time_text.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "expr/python_text.h"

namespace midwatch::yaql {

namespace {

constexpr const char* kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                   "July",    "August",   "September", "October", "November", "December"};
constexpr const char* kDays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

bool is_leap(std::int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }
std::int64_t month_length(std::int64_t year, std::int64_t month) {
  constexpr std::int64_t kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kLengths[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

// Days since 1970-01-01 of a civil date, by eras of 400 years.
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

std::string padded(std::int64_t number, int width) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%0*lld", width, static_cast<long long>(number));
  return buffer;
}

}  // namespace

Civil civil_of(std::int64_t local_us) {
  std::int64_t days = local_us / kDayUs;
  std::int64_t rest = local_us % kDayUs;
  if (rest < 0) {
    rest += kDayUs;
    --days;
  }
  const std::int64_t shifted = days + 719468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const std::int64_t day_of_era = shifted - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_index = (5 * day_of_year + 2) / 153;
  Civil out;
  out.day = day_of_year - (153 * month_index + 2) / 5 + 1;
  out.month = month_index < 10 ? month_index + 3 : month_index - 9;
  out.year = year_of_era + era * 400 + (out.month <= 2 ? 1 : 0);
  out.hour = rest / 3'600'000'000;
  out.minute = rest / 60'000'000 % 60;
  out.second = rest / 1'000'000 % 60;
  out.microsecond = rest % 1'000'000;
  out.weekday = ((days + 3) % 7 + 7) % 7;
  out.year_day = days - days_from_civil(out.year, 1, 1) + 1;
  return out;
}

std::optional<std::int64_t> microseconds_of(const Civil& c) {
  const auto within = [](std::int64_t n, std::int64_t low, std::int64_t high) { return n >= low && n <= high; };
  if (!within(c.year, 1, 9999) || !within(c.month, 1, 12) || !within(c.day, 1, month_length(c.year, c.month)))
    return std::nullopt;
  if (!within(c.hour, 0, 23) || !within(c.minute, 0, 59) || !within(c.second, 0, 59) ||
      !within(c.microsecond, 0, 999'999))
    return std::nullopt;
  return days_from_civil(c.year, c.month, c.day) * kDayUs + ((c.hour * 60 + c.minute) * 60 + c.second) * 1'000'000 +
         c.microsecond;
}

std::string isoformat(std::int64_t utc_us, std::int64_t offset_us, char separator) {
  const Civil c = civil_of(utc_us + offset_us);
  std::string out = padded(c.year, 4) + "-" + padded(c.month, 2) + "-" + padded(c.day, 2) + separator +
                    padded(c.hour, 2) + ":" + padded(c.minute, 2) + ":" + padded(c.second, 2);
  if (c.microsecond != 0) out += "." + padded(c.microsecond, 6);
  const std::int64_t minutes = std::abs(offset_us) / 60'000'000;
  return out + (offset_us < 0 ? "-" : "+") + padded(minutes / 60, 2) + ":" + padded(minutes % 60, 2);
}

namespace {

std::string directive(char letter, const Civil& c, std::int64_t utc_us, std::int64_t offset_us) {
  const auto expand = [&](std::string_view format) { return formatted_time(utc_us, offset_us, format); };
  switch (letter) {
    case 'Y': return std::to_string(c.year);
    case 'y': return padded(c.year % 100, 2);
    case 'm': return padded(c.month, 2);
    case 'd': return padded(c.day, 2);
    case 'e': return (c.day < 10 ? " " : "") + std::to_string(c.day);
    case 'H': return padded(c.hour, 2);
    case 'I': return padded((c.hour + 11) % 12 + 1, 2);
    case 'M': return padded(c.minute, 2);
    case 'S': return padded(c.second, 2);
    case 'f': return padded(c.microsecond, 6);
    case 'p': return c.hour < 12 ? "AM" : "PM";
    case 'j': return padded(c.year_day, 3);
    case 'a': return std::string(kDays[c.weekday]).substr(0, 3);
    case 'A': return kDays[c.weekday];
    case 'b':
    case 'h': return std::string(kMonths[c.month - 1]).substr(0, 3);
    case 'B': return kMonths[c.month - 1];
    case 'w': return std::to_string((c.weekday + 1) % 7);
    case 'u': return std::to_string(c.weekday + 1);
    case 'U': return padded((c.year_day + 6 - (c.weekday + 1) % 7) / 7, 2);
    case 'W': return padded((c.year_day + 6 - c.weekday) / 7, 2);
    case 'T': return expand("%H:%M:%S");
    case 'D': return expand("%m/%d/%y");
    case 'F': return expand("%Y-%m-%d");
    case 'R': return expand("%H:%M");
    case 'x': return expand("%m/%d/%y");
    case 'X': return expand("%H:%M:%S");
    case 'c': return expand("%a %b %e %H:%M:%S %Y");
    case 'n': return "\n";
    case 't': return "\t";
    case 's': return std::to_string(utc_us / 1'000'000);
    case 'z': {
      const std::int64_t minutes = std::abs(offset_us) / 60'000'000;
      return (offset_us < 0 ? "-" : "+") + padded(minutes / 60, 2) + padded(minutes % 60, 2);
    }
    case 'Z':
      return offset_us == 0
                 ? "UTC"
                 : "UTC" + isoformat(utc_us, offset_us, ' ').substr(isoformat(utc_us, offset_us, ' ').size() - 6);
    case '%': return "%";
    default: return std::string("%") + letter;
  }
}

}  // namespace

std::string formatted_time(std::int64_t utc_us, std::int64_t offset_us, std::string_view format) {
  const Civil civil = civil_of(utc_us + offset_us);
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) out += format[i];
    else out += directive(format[++i], civil, utc_us, offset_us);
  }
  return out;
}

// ---------------------------------------------------------------- reading

namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  [[nodiscard]] bool done() const { return text_.empty(); }
  [[nodiscard]] char peek() const { return text_.empty() ? '\0' : text_.front(); }
  bool take(char c) {
    if (peek() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void skip_spaces() { text_ = strip_space(text_, Strip::kLeft); }
  std::optional<std::int64_t> number(std::size_t digits_max) {
    std::int64_t out = 0;
    std::size_t taken = 0;
    while (taken < digits_max && peek() >= '0' && peek() <= '9') {
      out = out * 10 + (peek() - '0');
      text_.remove_prefix(1);
      ++taken;
    }
    if (taken == 0) return std::nullopt;
    digits = taken;
    return out;
  }
  std::optional<std::int64_t> name(std::span<const char* const> names) {
    for (std::size_t length : {std::size_t{0}, std::size_t{3}}) {
      for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string wanted =
            lower_text(length == 0 ? std::string_view(names[i]) : std::string_view(names[i]).substr(0, length));
        if (lower_text(text_.substr(0, wanted.size())) == wanted) {
          text_.remove_prefix(wanted.size());
          return static_cast<std::int64_t>(i);
        }
      }
    }
    return std::nullopt;
  }
  // Z, +02:00, -0330, +02
  std::optional<std::int64_t> offset() {
    if (take('Z') || take('z')) return 0;
    const bool negative = peek() == '-';
    if (!take('+') && !take('-')) return std::nullopt;
    auto hours = number(2);
    if (!hours) return std::nullopt;
    std::int64_t minutes = 0;
    (void)take(':');
    if (const auto more = number(2)) minutes = *more;
    const std::int64_t us = (*hours * 60 + minutes) * 60'000'000;
    return negative ? -us : us;
  }
  bool word(std::string_view wanted) {
    if (lower_text(text_.substr(0, wanted.size())) != wanted) return false;
    text_.remove_prefix(wanted.size());
    return true;
  }
  std::size_t digits = 0;  // of the last number

 private:
  std::string_view text_;
};

std::int64_t fraction(Reader& reader) {
  auto part = reader.number(6);
  if (!part) return 0;
  std::int64_t us = *part;
  for (std::size_t i = reader.digits; i < 6; ++i) us *= 10;
  (void)reader.number(20);
  return us;
}

}  // namespace

std::optional<CivilTime> parse_with_format(std::string_view text, std::string_view format) {
  Reader reader(text);
  CivilTime out;
  bool afternoon = false;
  bool half_day = false;
  const auto field = [&](std::int64_t& into, std::size_t digits) {
    const auto number = reader.number(digits);
    if (number) into = *number;
    return number.has_value();
  };
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (is_space(static_cast<unsigned char>(format[i]))) {
      reader.skip_spaces();
      continue;
    }
    if (format[i] != '%' || i + 1 == format.size()) {
      if (!reader.take(format[i])) return std::nullopt;
      continue;
    }
    bool good = true;
    switch (format[++i]) {
      case 'Y': good = field(out.civil.year, 4); break;
      case 'y':
        good = field(out.civil.year, 2);
        out.civil.year += out.civil.year < 69 ? 2000 : 1900;
        break;
      case 'm': good = field(out.civil.month, 2); break;
      case 'd': good = field(out.civil.day, 2); break;
      case 'H': good = field(out.civil.hour, 2); break;
      case 'I':
        good = field(out.civil.hour, 2);
        half_day = true;
        break;
      case 'M': good = field(out.civil.minute, 2); break;
      case 'S': good = field(out.civil.second, 2); break;
      case 'f': out.civil.microsecond = fraction(reader); break;
      case 'b':
      case 'B': {
        const auto month = reader.name(kMonths);
        good = month.has_value();
        out.civil.month = month.value_or(0) + 1;
        break;
      }
      case 'a':
      case 'A': good = reader.name(kDays).has_value(); break;
      case 'p':
        afternoon = reader.word("pm");
        good = afternoon || reader.word("am");
        break;
      case 'z': {
        const auto offset = reader.offset();
        good = offset.has_value();
        out.offset_us = offset.value_or(0);
        break;
      }
      case '%': good = reader.take('%'); break;
      default: return std::nullopt;
    }
    if (!good) return std::nullopt;
  }
  if (half_day) out.civil.hour = out.civil.hour % 12 + (afternoon ? 12 : 0);
  if (!reader.done()) return std::nullopt;
  return out;
}

std::optional<CivilTime> parse_free(std::string_view text) {
  Reader reader(strip_space(text));
  CivilTime out;
  std::vector<std::int64_t> numbers;
  std::optional<std::int64_t> month;
  bool has_date = false;
  bool has_time = false;
  while (!reader.done()) {
    reader.skip_spaces();
    if (const auto named = reader.name(kMonths)) {
      month = *named + 1;
      continue;
    }
    if (reader.name(kDays) || reader.take(',') || reader.take('T') || reader.take('t')) continue;
    if (has_time) {
      if (const auto offset = reader.offset()) {
        out.offset_us = *offset;
        continue;
      }
    }
    const auto number = reader.number(8);
    if (!number) return std::nullopt;
    const std::size_t digits = reader.digits;
    if (digits == 8) {
      out.civil.year = *number / 10000;
      out.civil.month = *number / 100 % 100;
      out.civil.day = *number % 100;
      has_date = true;
    } else if (reader.take(':')) {
      out.civil.hour = *number;
      const auto minute = reader.number(2);
      if (!minute) return std::nullopt;
      out.civil.minute = *minute;
      if (reader.take(':')) {
        const auto second = reader.number(2);
        if (!second) return std::nullopt;
        out.civil.second = *second;
        if (reader.take('.')) out.civil.microsecond = fraction(reader);
      }
      has_time = true;
    } else if (digits == 4 && (reader.peek() == '-' || reader.peek() == '/')) {
      const char separator = reader.peek();
      (void)reader.take(separator);
      const auto in_month = reader.number(2);
      if (!in_month) return std::nullopt;
      out.civil.year = *number;
      out.civil.month = *in_month;
      if (reader.take(separator)) {
        const auto day = reader.number(2);
        if (!day) return std::nullopt;
        out.civil.day = *day;
      }
      has_date = true;
    } else {
      numbers.push_back(*number);
      if (digits >= 3) out.civil.year = *number;
    }
  }
  if (!has_date) {
    // "6 May 2024", "May 6, 2024": the month has a name, the year three digits or more.
    if (!month || numbers.empty()) return std::nullopt;
    out.civil.month = *month;
    for (const std::int64_t number : numbers) {
      if (number < 100) out.civil.day = number;
    }
  }
  return out;
}

}  // namespace midwatch::yaql
