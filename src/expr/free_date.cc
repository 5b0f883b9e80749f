#include "expr/free_date.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "expr/python_text.h"

namespace midwatch {
namespace {

using Tokens = std::vector<std::string>;

bool is_number_char(char32_t c) { return c >= '0' && c <= '9'; }
bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}
bool is_one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, text) != names.end();
}

// ---------------------------------------------------------------- tokens

// Runs of letters, runs of digits (with a decimal point inside), and every other character by itself.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Tokens run() {
    Tokens out;
    while (true) {
      if (!pending_.empty()) {
        out.push_back(std::move(pending_.front()));
        pending_.pop_front();
        continue;
      }
      std::string token;
      if (!next(token)) return out;
      out.push_back(std::move(token));
    }
  }

 private:
  enum class State : std::uint8_t { kStart, kWord, kNumber, kDottedWord, kDottedNumber };

  bool read(char32_t& c) {
    do {
      if (at_ >= text_.size()) return false;
      before_ = at_;
      c = next_code_point(text_, at_);
    } while (c == 0);
    return true;
  }

  bool next(std::string& token) {
    State state = State::kStart;
    bool saw_letters = false;
    char32_t c = 0;
    while (read(c)) {
      if (state == State::kStart) {
        append_code_point(token, c);
        if (is_letter(c)) state = State::kWord;
        else if (is_number_char(c)) state = State::kNumber;
        else {
          if (is_space(c)) token = " ";
          return true;
        }
        continue;
      }
      if (!extends(state, c, token, saw_letters)) {
        at_ = before_;
        break;
      }
      append_code_point(token, c);
    }
    if (state == State::kStart) return false;
    finish(token, state, saw_letters);
    return true;
  }

  // Whether the character belongs to the token that has been begun; changes the state.
  static bool extends(State& state, char32_t c, const std::string& token, bool& saw_letters) {
    const bool after_dot = token.back() == '.';
    switch (state) {
      case State::kWord:
        saw_letters = true;
        if (c == '.') state = State::kDottedWord;
        return c == '.' || is_letter(c);
      case State::kNumber:
        if (is_number_char(c)) return true;
        if (c != '.' && !(c == ',' && token.size() >= 2)) return false;
        state = State::kDottedNumber;
        return true;
      case State::kDottedWord:
        saw_letters = true;
        if (c == '.' || is_letter(c)) return true;
        if (!is_number_char(c) || !after_dot) return false;
        state = State::kDottedNumber;
        return true;
      case State::kDottedNumber:
        if (c == '.' || is_number_char(c)) return true;
        if (!is_letter(c) || !after_dot) return false;
        state = State::kDottedWord;
        return true;
      case State::kStart: break;
    }
    return false;
  }

  // "Sep.20.2009" is five tokens, "21.447" is one.
  void finish(std::string& token, State state, bool saw_letters) {
    if (state != State::kDottedWord && state != State::kDottedNumber) return;
    const auto dots = std::ranges::count(token, '.');
    if (saw_letters || dots > 1 || token.back() == '.' || token.back() == ',') {
      const std::string whole = std::exchange(token, {});
      std::vector<std::string> parts{{}};
      for (const char c : whole) {
        if (c == '.' || c == ',') {
          parts.emplace_back(1, c);
          parts.emplace_back();
        } else {
          parts.back() += c;
        }
      }
      token = parts.front();
      for (std::size_t i = 1; i < parts.size(); ++i) {
        if (!parts[i].empty()) pending_.push_back(std::move(parts[i]));
      }
    }
    if (state == State::kDottedNumber && token.find('.') == token.npos) std::ranges::replace(token, ',', '.');
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t before_ = 0;
  std::deque<std::string> pending_;
};

// ---------------------------------------------------------------- words

std::optional<int> index_in(std::string_view word, std::span<const std::array<std::string_view, 3>> table) {
  const std::string lower = lower_text(word);
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (!lower.empty() && std::ranges::find(table[i], std::string_view(lower)) != table[i].end())
      return static_cast<int>(i);
  }
  return std::nullopt;
}

constexpr std::array<std::string_view, 3> kWeekdays[] = {
    {"mon", "monday", ""}, {"tue", "tuesday", ""},  {"wed", "wednesday", ""}, {"thu", "thursday", ""},
    {"fri", "friday", ""}, {"sat", "saturday", ""}, {"sun", "sunday", ""}};
constexpr std::array<std::string_view, 3> kMonths[] = {
    {"jan", "january", ""}, {"feb", "february", ""}, {"mar", "march", ""},
    {"apr", "april", ""},   {"may", "", ""},         {"jun", "june", ""},
    {"jul", "july", ""},    {"aug", "august", ""},   {"sep", "sept", "september"},
    {"oct", "october", ""}, {"nov", "november", ""}, {"dec", "december", ""}};
constexpr std::array<std::string_view, 3> kUnits[] = {
    {"h", "hour", "hours"}, {"m", "minute", "minutes"}, {"s", "second", "seconds"}};
constexpr std::array<std::string_view, 3> kHalves[] = {{"am", "a", ""}, {"pm", "p", ""}};

std::optional<int> weekday_of(std::string_view word) { return index_in(word, kWeekdays); }
std::optional<int> unit_of(std::string_view word) { return index_in(word, kUnits); }
std::optional<int> half_of(std::string_view word) { return index_in(word, kHalves); }
std::optional<int> month_of(std::string_view word) {
  const auto index = index_in(word, kMonths);
  return index ? std::optional(*index + 1) : std::nullopt;
}
bool is_jump(std::string_view word) {
  return is_one_of(lower_text(word), {" ", ".", ",", ";", "-", "/", "'", "at", "on", "and", "ad", "m", "t", "of", "st",
                                      "nd", "rd", "th"});
}
bool is_utc_name(std::string_view word) { return is_one_of(lower_text(word), {"utc", "gmt", "z"}); }

// ---------------------------------------------------------------- numbers

// Beyond this a number is out of every range; sums of such numbers still fit.
constexpr std::int64_t kNumberMax = 1'000'000'000'000'000;

// int(): digits only. Saturates.
std::optional<std::int64_t> whole_number(std::string_view digits) {
  if (!is_digits(digits)) return std::nullopt;
  std::int64_t out = 0;
  for (const char c : digits) out = std::min(out * 10 + (c - '0'), kNumberMax);
  return out;
}

// A number with a fraction, exact to 15 digits of it.
struct Decimal {
  std::int64_t whole = 0;
  std::int64_t fraction = 0;  // of kScale
  static constexpr std::int64_t kScale = 1'000'000'000'000'000;
};

std::optional<Decimal> decimal(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto whole = whole_number(text.substr(0, dot));
  if (!whole) return std::nullopt;
  Decimal out{*whole, 0};
  if (dot == text.npos) return out;
  std::string fraction(text.substr(dot + 1));
  if (!is_digits(fraction)) return std::nullopt;
  fraction.resize(15, '0');
  out.fraction = *whole_number(fraction.substr(0, 15));
  return out;
}

std::int64_t sixtieths(const Decimal& number) {
  return static_cast<std::int64_t>(static_cast<__int128>(number.fraction) * 60 / Decimal::kScale);
}

int days_in(std::int64_t year, std::int64_t month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// ---------------------------------------------------------------- which number is the day, month, year

struct DateParts {
  std::optional<std::int64_t> year, month, day;
};

class DateNumbers {
 public:
  enum class Label : std::uint8_t { kNone, kYear, kMonth };

  [[nodiscard]] std::size_t size() const { return values_.size(); }
  [[nodiscard]] bool century_specified() const { return century_specified_; }

  // False for what dateutil refuses.
  bool append_text(std::string_view text, Label label = Label::kNone) {
    const auto number = whole_number(text);
    if (!number) return false;
    return append(*number, text.size() > 2, label);
  }
  bool append_number(std::int64_t number, Label label = Label::kNone) { return append(number, number > 100, label); }

  [[nodiscard]] bool could_be_day(const Decimal& number) const {
    if (!month_at_) return in_days(number, 31);
    const std::int64_t month = values_[*month_at_];
    if (month < 1 || month > 12) return false;
    return in_days(number, days_in(year_at_ ? values_[*year_at_] : 2000, month));
  }

  // Nothing when there are too many.
  [[nodiscard]] std::optional<DateParts> resolve() const {
    const std::size_t known = (year_at_ ? 1u : 0u) + (month_at_ ? 1u : 0u);
    const std::size_t count = values_.size();
    if ((count == known && count > 0) || (count == 3 && known == 2)) return resolve_labelled();
    if (count > 3) return std::nullopt;
    DateParts out;
    if (count == 1 || (month_at_ && count == 2)) {
      if (month_at_) out.month = values_[*month_at_];
      const std::int64_t other = month_at_ ? values_[*month_at_ == 0 ? count - 1 : *month_at_ - 1] : values_[0];
      if (count > 1 || !month_at_) (other > 31 ? out.year : out.day) = other;
    } else if (count == 2) {
      if (values_[0] > 31) set(out.year, out.month);
      else if (values_[1] > 31) set(out.month, out.year);
      else set(out.month, out.day);
    } else if (count == 3) {
      resolve_three(out);
    }
    return out;
  }

 private:
  using Slot = std::optional<std::int64_t>;

  static bool in_days(const Decimal& number, int days) {
    return number.whole >= 1 && (number.whole < days || (number.whole == days && number.fraction == 0));
  }

  bool append(std::int64_t number, bool is_year, Label label) {
    if (is_year) {
      century_specified_ = true;
      if (label == Label::kMonth) return false;
      label = Label::kYear;
    }
    values_.push_back(number);
    if (label == Label::kNone) return true;
    std::optional<std::size_t>& place = label == Label::kYear ? year_at_ : month_at_;
    if (place) return false;
    place = values_.size() - 1;
    return true;
  }

  [[nodiscard]] DateParts resolve_labelled() const {
    DateParts out;
    std::size_t used = 0;
    if (year_at_) out.year = values_[*year_at_], used += *year_at_;
    if (month_at_) out.month = values_[*month_at_], used += *month_at_;
    if (values_.size() == 3) out.day = values_[3 - used];
    return out;
  }

  void set(Slot& first, Slot& second) const {
    first = values_[0];
    second = values_[1];
  }
  void set(Slot& first, Slot& second, Slot& third) const {
    first = values_[0];
    second = values_[1];
    third = values_[2];
  }

  void resolve_three(DateParts& out) const {
    if (month_at_ == 0u) {
      if (values_[1] > 31) set(out.month, out.year, out.day);
      else set(out.month, out.day, out.year);
    } else if (month_at_ == 1u) {
      if (values_[0] > 31) set(out.year, out.month, out.day);
      else set(out.day, out.month, out.year);
    } else if (month_at_ == 2u) {
      if (values_[1] > 31) set(out.day, out.year, out.month);
      else set(out.year, out.day, out.month);
    } else if (values_[0] > 31 || year_at_ == 0u) {
      set(out.year, out.month, out.day);
    } else if (values_[0] > 12) {
      set(out.day, out.month, out.year);
    } else {
      set(out.month, out.day, out.year);
    }
  }

  std::vector<std::int64_t> values_;
  std::optional<std::size_t> year_at_, month_at_;
  bool century_specified_ = false;
};

// ---------------------------------------------------------------- the parser

struct Fields {
  DateParts date;
  std::optional<std::int64_t> weekday, hour, minute, second, microsecond, offset_seconds;
  std::optional<std::string> zone;
  bool has_half = false;

  [[nodiscard]] bool empty() const {
    return !date.year && !date.month && !date.day && !weekday && !hour && !minute && !second && !microsecond &&
           !offset_seconds && !zone && !has_half;
  }
};

class Parser {
 public:
  Parser(Tokens tokens, std::int64_t this_year) : tokens_(std::move(tokens)), this_year_(this_year) {}

  // Nothing for what is no date.
  std::optional<Fields> run() {
    while (at_ < tokens_.size()) {
      if (!step()) return std::nullopt;
      ++at_;
    }
    const auto date = numbers_.resolve();
    if (!date) return std::nullopt;
    fields_.date = *date;
    if (fields_.date.year) fields_.date.year = full_year(*fields_.date.year, numbers_.century_specified());
    if ((fields_.offset_seconds == 0 && (!fields_.zone || fields_.zone->empty())) || fields_.zone == "Z" ||
        fields_.zone == "z") {
      fields_.zone = "UTC";
      fields_.offset_seconds = 0;
    } else if (fields_.offset_seconds != 0 && fields_.zone && is_utc_name(*fields_.zone)) {
      fields_.offset_seconds = 0;
    }
    return std::move(fields_);
  }

 private:
  [[nodiscard]] bool has(std::size_t i) const { return i < tokens_.size(); }
  [[nodiscard]] bool is(std::size_t i, std::string_view text) const { return has(i) && tokens_[i] == text; }
  [[nodiscard]] bool is_separator(std::size_t i) const { return is(i, "-") || is(i, "/"); }

  // Two-digit years are within fifty years of this one.
  [[nodiscard]] std::int64_t full_year(std::int64_t year, bool century_specified) const {
    if (year >= 100 || century_specified) return year;
    year += this_year_ / 100 * 100;
    if (year >= this_year_ + 50) return year - 100;
    return year < this_year_ - 50 ? year + 100 : year;
  }

  bool step() {
    const std::string& token = tokens_[at_];
    if (is_number_char(static_cast<unsigned char>(token[0]))) return numeric();
    const std::string lower = lower_text(token);
    if (is_one_of(lower, {"nan", "inf", "infinity"})) return false;  // a float, and no decimal
    if (const auto weekday = weekday_of(token)) {
      fields_.weekday = *weekday;
      return true;
    }
    if (const auto month = month_of(token)) return after_month(*month);
    if (const auto half = half_of(token)) {
      if (!fields_.hour || *fields_.hour > 12) return false;
      fields_.hour = adjusted(*fields_.hour, *half);
      fields_.has_half = true;
      return true;
    }
    if (could_be_zone(token, fields_.offset_seconds.has_value())) return zone();
    if (fields_.hour && (token == "+" || token == "-")) return offset(token == "+" ? 1 : -1);
    return is_jump(token);
  }

  static std::int64_t adjusted(std::int64_t hour, int half) {
    if (hour < 12 && half == 1) return hour + 12;
    return hour == 12 && half == 0 ? 0 : hour;
  }

  // "Mar-15-2024", "Mar of 2024".
  bool after_month(int month) {
    if (!numbers_.append_number(month, DateNumbers::Label::kMonth)) return false;
    if (!has(at_ + 1)) return true;
    if (is_separator(at_ + 1)) {
      const std::string separator = tokens_[at_ + 1];
      if (!has(at_ + 2) || !numbers_.append_text(tokens_[at_ + 2])) return false;
      if (is(at_ + 3, separator)) {
        if (!has(at_ + 4) || !numbers_.append_text(tokens_[at_ + 4])) return false;
        at_ += 2;
      }
      at_ += 2;
    } else if (has(at_ + 4) && is(at_ + 1, " ") && is(at_ + 3, " ") && lower_text(tokens_[at_ + 2]) == "of") {
      if (is_digits(tokens_[at_ + 4])) {
        const std::string year = std::to_string(full_year(*whole_number(tokens_[at_ + 4]), false));
        if (!numbers_.append_text(year, DateNumbers::Label::kYear)) return false;
      }
      at_ += 4;
    }
    return true;
  }

  [[nodiscard]] bool could_be_zone(std::string_view token, bool has_offset) const {
    if (!fields_.hour || fields_.zone || has_offset || token.size() > 5) return false;
    return token == "z" || std::ranges::all_of(token, [](char c) { return c >= 'A' && c <= 'Z'; });
  }

  // "GMT+3" is "my time plus 3 is GMT": the sign turns.
  bool zone() {
    fields_.zone = tokens_[at_];
    if (is_utc_name(*fields_.zone)) fields_.offset_seconds = 0;
    if (!is(at_ + 1, "+") && !is(at_ + 1, "-")) return true;
    tokens_[at_ + 1] = tokens_[at_ + 1] == "+" ? "-" : "+";
    fields_.offset_seconds.reset();
    if (is_utc_name(*fields_.zone)) fields_.zone.reset();
    return true;
  }

  bool offset(int sign) {
    if (!has(at_ + 1)) return false;
    const std::string digits = tokens_[at_ + 1];
    std::optional<std::int64_t> hours;
    std::optional<std::int64_t> minutes = 0;
    if (digits.size() == 4) {
      hours = whole_number(digits.substr(0, 2));
      minutes = whole_number(digits.substr(2));
    } else if (is(at_ + 2, ":")) {
      hours = whole_number(digits);
      minutes = has(at_ + 3) ? whole_number(tokens_[at_ + 3]) : std::nullopt;
      at_ += 2;
    } else if (digits.size() <= 2) {
      hours = whole_number(digits);
    }
    if (!hours || !minutes) return false;
    fields_.offset_seconds = sign * (*hours * 3600 + *minutes * 60);
    // "-0300 (BRST)"
    if (has(at_ + 5) && is_jump(tokens_[at_ + 2]) && is(at_ + 3, "(") && is(at_ + 5, ")") &&
        tokens_[at_ + 4].size() >= 3 && could_be_zone(tokens_[at_ + 4], false)) {
      fields_.zone = tokens_[at_ + 4];
      at_ += 4;
    }
    ++at_;
    return true;
  }

  // "30.25" seconds.
  bool set_seconds(std::string_view text) {
    const std::size_t dot = text.find('.');
    const auto second = whole_number(text.substr(0, dot));
    if (!second) return false;
    fields_.second = *second;
    fields_.microsecond = 0;
    if (dot == text.npos) return true;
    std::string fraction(text.substr(dot + 1));
    fraction.resize(std::max<std::size_t>(fraction.size(), 6), '0');
    const auto microsecond = whole_number(fraction.substr(0, 6));
    if (!microsecond) return false;
    fields_.microsecond = *microsecond;
    return true;
  }

  void set_minutes(const Decimal& value) {
    fields_.minute = value.whole;
    fields_.second = value.fraction != 0 ? std::optional(sixtieths(value)) : std::nullopt;
  }

  bool numeric() {
    const std::string token = tokens_[at_];
    const auto value = decimal(token);
    if (!value) return false;
    const std::size_t length = token.size();
    const bool unit_or_colon_next = is(at_ + 1, ":") || (has(at_ + 1) && unit_of(tokens_[at_ + 1]));
    if (numbers_.size() == 3 && (length == 2 || length == 4) && !fields_.hour && !unit_or_colon_next) {
      // "19990101T23[59]"
      const auto hour = whole_number(std::string_view(token).substr(0, 2));
      if (!hour) return false;
      fields_.hour = *hour;
      if (length == 2) return true;
      const auto minute = whole_number(std::string_view(token).substr(2));
      if (!minute) return false;
      fields_.minute = *minute;
      return true;
    }
    if (length == 6 || (length > 6 && token.find('.') == 6)) return six_digits(token);
    if (length == 8 || length == 12 || length == 14) return long_digits(token);
    if (unit_place()) return with_unit(token, *value);
    if (has(at_ + 2) && is(at_ + 1, ":")) return clock(*value);
    if (is_separator(at_ + 1) || is(at_ + 1, ".")) return separated(token);
    return plain_number(*value);
  }

  // "YYMMDD" or "hhmmss[.ss]".
  bool six_digits(std::string_view token) {
    if (numbers_.size() == 0 && token.find('.') == token.npos) {
      return numbers_.append_text(token.substr(0, 2)) && numbers_.append_text(token.substr(2, 2)) &&
             numbers_.append_text(token.substr(4));
    }
    const auto hour = whole_number(token.substr(0, 2));
    const auto minute = whole_number(token.substr(2, 2));
    if (!hour || !minute) return false;
    fields_.hour = *hour;
    fields_.minute = *minute;
    return set_seconds(token.substr(4));
  }

  // "YYYYMMDD[hhmm[ss]]"
  bool long_digits(std::string_view token) {
    if (!numbers_.append_text(token.substr(0, 4), DateNumbers::Label::kYear) ||
        !numbers_.append_text(token.substr(4, 2)) || !numbers_.append_text(token.substr(6, 2))) {
      return false;
    }
    if (token.size() == 8) return true;
    const auto hour = whole_number(token.substr(8, 2));
    const auto minute = whole_number(token.substr(10, 2));
    if (!hour || !minute) return false;
    fields_.hour = *hour;
    fields_.minute = *minute;
    if (token.size() == 12) return true;
    const auto second = whole_number(token.substr(12));
    if (!second) return false;
    fields_.second = *second;
    return true;
  }

  // Where the unit of this number is: "12h", "12 h", "h 12".
  [[nodiscard]] std::optional<std::size_t> unit_place() const {
    if (has(at_ + 1) && unit_of(tokens_[at_ + 1])) return at_ + 1;
    if (has(at_ + 2) && is(at_ + 1, " ") && unit_of(tokens_[at_ + 2])) return at_ + 2;
    if (at_ > 0 && unit_of(tokens_[at_ - 1])) return at_ - 1;
    if (at_ > 1 && at_ + 1 == tokens_.size() && is(at_ - 1, " ") && unit_of(tokens_[at_ - 2])) return at_ - 2;
    return std::nullopt;
  }

  bool with_unit(const std::string& token, const Decimal& value) {
    const std::size_t place = *unit_place();
    const bool after = place > at_;
    const int unit = *unit_of(tokens_[place]) + (after ? 0 : 1);
    if (after) at_ = place;
    if (unit == 0) {
      fields_.hour = value.whole;
      if (value.fraction != 0) fields_.minute = sixtieths(value);
    } else if (unit == 1) {
      set_minutes(value);
    } else if (unit == 2) {
      return set_seconds(token);
    }
    return true;
  }

  // "hh:mm[:ss[.ss]]"
  bool clock(const Decimal& hour) {
    fields_.hour = hour.whole;
    const auto minutes =
        is_number_char(static_cast<unsigned char>(tokens_[at_ + 2][0])) ? decimal(tokens_[at_ + 2]) : std::nullopt;
    if (!minutes) return false;
    set_minutes(*minutes);
    if (has(at_ + 4) && is(at_ + 3, ":")) {
      if (!set_seconds(tokens_[at_ + 4])) return false;
      at_ += 2;
    }
    at_ += 2;
    return true;
  }

  // "2024-03-15", "15/Mar/2024", "15.3"
  bool separated(const std::string& token) {
    const std::string separator = tokens_[at_ + 1];
    if (!numbers_.append_text(token)) return false;
    if (has(at_ + 2) && !is_jump(tokens_[at_ + 2])) {
      if (!date_part(tokens_[at_ + 2], /*month_first=*/false)) return false;
      if (is(at_ + 3, separator)) {
        if (!has(at_ + 4) || !date_part(tokens_[at_ + 4], /*month_first=*/true)) return false;
        at_ += 2;
      }
      ++at_;
    }
    ++at_;
    return true;
  }

  bool date_part(const std::string& token, bool month_first) {
    if (!month_first && is_digits(token)) return numbers_.append_text(token);
    if (const auto month = month_of(token)) return numbers_.append_number(*month, DateNumbers::Label::kMonth);
    return month_first && numbers_.append_text(token);
  }

  // A lone number: an hour before am or pm, else a part of the date.
  bool plain_number(const Decimal& value) {
    if (!has(at_ + 1) || is_jump(tokens_[at_ + 1])) {
      if (has(at_ + 2) && half_of(tokens_[at_ + 2])) {
        fields_.hour = adjusted(value.whole, *half_of(tokens_[at_ + 2]));
        ++at_;
      } else if (!numbers_.append_number(value.whole)) {
        return false;
      }
      ++at_;
      return true;
    }
    if (const auto half = half_of(tokens_[at_ + 1]); half && value.whole < 24) {
      fields_.hour = adjusted(value.whole, *half);
      ++at_;
      return true;
    }
    return numbers_.could_be_day(value) && numbers_.append_number(value.whole);
  }

  Tokens tokens_;
  std::int64_t this_year_;
  std::size_t at_ = 0;
  DateNumbers numbers_;
  Fields fields_;
};

// ---------------------------------------------------------------- fields to a point in time

Failure parser_error(std::string_view what, std::string_view text) {
  return Failure(ErrorKind::kValue, "ParserError", std::string(what) + ": " + std::string(text));
}

std::chrono::year_month_day day_of(Instant at) {
  const auto days = std::chrono::floor<std::chrono::days>(at.time_since_epoch());
  return std::chrono::year_month_day(std::chrono::sys_days(days));
}

// What is missing is taken from `today` at midnight.
Outcome<Instant> instant_of(const Fields& fields, std::chrono::year_month_day today, std::string_view text) {
  const std::int64_t year = fields.date.year.value_or(static_cast<int>(today.year()));
  const std::int64_t month = fields.date.month.value_or(static_cast<unsigned>(today.month()));
  if (year < 1 || year > 9999) return parser_error("year is out of range", text);
  if (month < 1 || month > 12) return parser_error("month must be in 1..12", text);
  const std::int64_t last_day = days_in(year, month);
  const std::int64_t day =
      fields.date.day.value_or(std::min<std::int64_t>(static_cast<unsigned>(today.day()), last_day));
  if (day < 1 || day > last_day) return parser_error("day is out of range for month", text);
  const std::int64_t hour = fields.hour.value_or(0);
  const std::int64_t minute = fields.minute.value_or(0);
  const std::int64_t second = fields.second.value_or(0);
  if (hour > 23) return parser_error("hour must be in 0..23", text);
  if (minute > 59) return parser_error("minute must be in 0..59", text);
  if (second > 59) return parser_error("second must be in 0..59", text);
  const std::int64_t offset = fields.offset_seconds.value_or(0);
  if (offset <= -86'400 || offset >= 86'400) return parser_error("offset must be less than a day", text);
  using namespace std::chrono;
  sys_days date =
      year_month_day(std::chrono::year(static_cast<int>(year)), std::chrono::month(static_cast<unsigned>(month)),
                     std::chrono::day(static_cast<unsigned>(day)));
  if (fields.weekday && !fields.date.day.value_or(0)) {
    const auto wanted = weekday(static_cast<unsigned>((*fields.weekday + 1) % 7));
    date += wanted - weekday(date);
  }
  return Instant(duration_cast<Duration>(date.time_since_epoch()) + hours(hour) + minutes(minute) +
                 std::chrono::seconds(second - offset) + microseconds(fields.microsecond.value_or(0)));
}

}  // namespace

Outcome<Instant> parse_free_date(std::string_view text, Instant now) {
  if (text.size() > kFreeDateBytesMax) {
    return limit_error("a date of more than " + std::to_string(kFreeDateBytesMax) + " bytes");
  }
  const auto today = day_of(now);
  const auto fields = Parser(Lexer(text).run(), static_cast<int>(today.year())).run();
  if (!fields) return parser_error("Unknown string format", text);
  if (fields->empty()) return parser_error("String does not contain a date", text);
  return instant_of(*fields, today, text);
}

}  // namespace midwatch
