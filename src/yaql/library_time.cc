// Points in time and spans.
#include <cmath>
#include <cstdio>
#include <optional>

#include "expr/python_text.h"
#include "yaql/runtime.h"
#include "yaql/time_text.h"
#include "yaql/time_values.h"

namespace midwatch::yaql {

Datum make_datetime(std::int64_t utc_us, std::int64_t offset_us) {
  return std::make_shared<DateTimeObject>(utc_us, offset_us);
}
Datum make_timespan(std::int64_t us) { return std::make_shared<TimespanObject>(us); }

namespace {

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

Value DateTimeObject::exported(Foreign foreign) const {
  std::string iso = text();
  if (foreign != Foreign::kPrinted) iso[10] = 'T';
  if (foreign == Foreign::kMarked) return Value::object({{"$datetime", std::string_view(iso)}});
  return Value(std::string_view(iso));
}

std::string DateTimeObject::text() const { return isoformat(microseconds, offset, ' '); }

Outcome<bool> DateTimeObject::attribute(Evaluation&, std::string_view name, Datum& out) const {
  const Civil civil = civil_of(microseconds + offset);
  if (name == "year") out = civil.year;
  else if (name == "month") out = civil.month;
  else if (name == "day") out = civil.day;
  else if (name == "hour") out = civil.hour;
  else if (name == "minute") out = civil.minute;
  else if (name == "second") out = civil.second;
  else if (name == "microsecond") out = civil.microsecond;
  else if (name == "weekday") out = civil.weekday;
  else if (name == "offset") out = make_timespan(offset);
  else if (name == "timestamp")
    out = static_cast<double>(microseconds - offset) / 1e6;  // the reference takes the offset off twice
  else if (name == "utc") out = make_datetime(microseconds - offset, offset);  // the reference keeps the zone
  else if (name == "date") out = make_datetime(floor_divide(microseconds + offset, kDayUs) * kDayUs - offset, offset);
  else if (name == "time")
    out = make_timespan(microseconds + offset - floor_divide(microseconds + offset, kDayUs) * kDayUs);
  else return false;
  return true;
}

Value TimespanObject::exported(Foreign foreign) const {
  if (foreign == Foreign::kMarked) return Value::object({{"$timespan_us", microseconds}});
  return Value(std::string_view(text()));
}

std::string TimespanObject::text() const {
  const std::int64_t days = floor_divide(microseconds, kDayUs);
  const std::int64_t rest = microseconds - days * kDayUs;
  std::string out;
  if (days != 0) out = std::to_string(days) + (days == 1 || days == -1 ? " day, " : " days, ");
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%lld:%02lld:%02lld", static_cast<long long>(rest / 3'600'000'000),
                static_cast<long long>(rest / 60'000'000 % 60), static_cast<long long>(rest / 1'000'000 % 60));
  out += buffer;
  if (rest % 1'000'000 != 0) {
    std::snprintf(buffer, sizeof buffer, ".%06lld", static_cast<long long>(rest % 1'000'000));
    out += buffer;
  }
  return out;
}

Outcome<bool> TimespanObject::attribute(Evaluation&, std::string_view name, Datum& out) const {
  const auto in = [&](double unit) { return static_cast<double>(microseconds) / unit; };
  if (name == "days") out = in(86'400e6);
  else if (name == "hours") out = in(3'600e6);
  else if (name == "minutes") out = in(60e6);
  else if (name == "seconds") out = in(1e6);
  else if (name == "milliseconds") out = in(1e3);
  else if (name == "microseconds") out = microseconds;
  else return false;
  return true;
}

namespace {

std::int64_t number(const LibraryCall& call, std::size_t at, std::int64_t fallback) {
  if (!call.has(at) || call.args[at].is_none()) return fallback;
  // A number beyond 64 bits is out of range wherever it stands.
  return call.args[at].is_bool() ? call.args[at].plain().as_bool() : call.args[at].plain().int_or(INT64_MAX);
}
std::int64_t span(const LibraryCall& call, std::size_t at) {
  return call.has(at) ? call.args[at].as<TimespanObject>()->microseconds : 0;
}
const DateTimeObject& time(const LibraryCall& call) { return *call.args[0].as<DateTimeObject>(); }

// Years 1 to 9999, as Python has them.
constexpr std::int64_t kFirstUs = -62'135'596'800'000'000;
constexpr std::int64_t kLastUs = 253'402'300'799'999'999;

Outcome<Datum> from_civil(const Civil& civil, std::int64_t offset) {
  const auto us = microseconds_of(civil);
  if (!us) return value_error("the date or the time of day is out of range");
  if (offset <= -kDayUs || offset >= kDayUs) {
    return value_error("offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24)");
  }
  return make_datetime(*us - offset, offset);
}

Outcome<Datum> datetime(LibraryCall& call) {
  Civil civil;
  civil.year = number(call, 0, 0);
  civil.month = number(call, 1, 0);
  civil.day = number(call, 2, 0);
  civil.hour = number(call, 3, 0);
  civil.minute = number(call, 4, 0);
  civil.second = number(call, 5, 0);
  civil.microsecond = number(call, 6, 0);
  return from_civil(civil, span(call, 7));
}

Outcome<Datum> from_timestamp(LibraryCall& call) {
  const double seconds = call.args[0].plain().as_double();
  if (!(std::fabs(seconds) < 3e11)) return value_error("the timestamp is out of range");
  // Half a microsecond goes to the even one.
  const double whole = std::floor(seconds);
  const std::int64_t us =
      static_cast<std::int64_t>(whole) * 1'000'000 + static_cast<std::int64_t>(std::nearbyint((seconds - whole) * 1e6));
  const std::int64_t offset = span(call, 1);
  if (us + offset < kFirstUs || us + offset > kLastUs) return value_error("the timestamp is out of range");
  if (offset <= -kDayUs || offset >= kDayUs) return value_error("the offset is out of range");
  return make_datetime(us, offset);
}

Outcome<Datum> from_text(LibraryCall& call) {
  const bool has_format = call.has(1) && !call.args[1].is_none();
  auto parsed =
      has_format ? parse_with_format(call.args[0].text(), call.args[1].text()) : parse_free(call.args[0].text());
  if (!parsed) return value_error("cannot read the time " + py_repr_text(call.args[0].text()));
  return from_civil(parsed->civil, parsed->offset_us);
}

Outcome<Datum> timespan(LibraryCall& call) {
  constexpr std::int64_t kUnits[] = {kDayUs, 3'600'000'000, 60'000'000, 1'000'000, 1'000, 1};
  std::int64_t us = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    std::int64_t part = 0;
    if (__builtin_mul_overflow(number(call, i, 0), kUnits[i], &part) || __builtin_add_overflow(us, part, &us)) {
      return Failure(ErrorKind::kValue, "OverflowError", "the span is too long");
    }
  }
  return make_timespan(us);
}

Outcome<Datum> replace(LibraryCall& call) {
  const std::int64_t offset = call.has(8) && !call.args[8].is_none() ? span(call, 8) : time(call).offset;
  Civil civil = civil_of(time(call).microseconds + time(call).offset);
  civil.year = number(call, 1, civil.year);
  civil.month = number(call, 2, civil.month);
  civil.day = number(call, 3, civil.day);
  civil.hour = number(call, 4, civil.hour);
  civil.minute = number(call, 5, civil.minute);
  civil.second = number(call, 6, civil.second);
  civil.microsecond = number(call, 7, civil.microsecond);
  return from_civil(civil, offset);
}

Outcome<Datum> format(LibraryCall& call) {
  return charged_text(call.evaluation, formatted_time(time(call).microseconds, time(call).offset, call.args[1].text()));
}

Outcome<Datum> now(LibraryCall& call) {
  if (!call.evaluation.now)
    return other_error("EvaluationError", "now() has no meaning here: the evaluation has no time");
  return make_datetime(micros(*call.evaluation.now), span(call, 0));
}

Outcome<Datum> utc_zone(LibraryCall&) { return make_timespan(0); }
Outcome<Datum> is_datetime(LibraryCall& call) { return Datum(call.args[0].as<DateTimeObject>() != nullptr); }
Outcome<Datum> is_timespan(LibraryCall& call) { return Datum(call.args[0].as<TimespanObject>() != nullptr); }

constexpr LibraryEntry kEntries[] = {
    {"datetime", Form::kFunction,
     "int year, int month, int day, int hour=, int minute=, int second=, int microsecond=, timespan offset=",
     &datetime},
    {"datetime", Form::kFunction, "num timestamp, timespan offset=", &from_timestamp},
    {"datetime", Form::kFunction, "str string, str? format=", &from_text},
    {"timespan", Form::kFunction,
     "int days=, int hours=, int minutes=, integer seconds=, integer milliseconds=, integer microseconds=", &timespan},
    {"replace", Form::kMethod,
     "datetime, int? year=, int? month=, int? day=, int? hour=, int? minute=, int? second=, int? microsecond=, "
     "timespan? offset=",
     &replace},
    {"format", Form::kMethod, "datetime, str format", &format},
    {"now", Form::kFunction, "timespan offset=", &now},
    {"localtz", Form::kFunction, "", &utc_zone},
    {"utctz", Form::kFunction, "", &utc_zone},
    {"isDatetime", Form::kFunction, "any value", &is_datetime},
    {"isTimespan", Form::kFunction, "any value", &is_timespan},
};

}  // namespace

Entries time_entries() { return kEntries; }

}  // namespace midwatch::yaql
