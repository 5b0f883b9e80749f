// yaql/time_values.h — points in time, spans and regular expressions as values (internal to the module).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "expr/datum.h"
#include "expr/pattern.h"

namespace midwatch::yaql {

// Microseconds since 1970 in UTC, and the offset it is shown in.
class DateTimeObject final : public Object {
 public:
  DateTimeObject(std::int64_t utc_us, std::int64_t offset_us)
      : Object(Type::kOther), microseconds(utc_us), offset(offset_us) {}
  [[nodiscard]] std::string type_name() const override { return "datetime"; }
  [[nodiscard]] std::string text() const override;  // 2024-02-29 01:02:03+00:00
  [[nodiscard]] Value exported(Foreign foreign) const override;
  [[nodiscard]] bool equals(const Object& other) const override {
    return microseconds == static_cast<const DateTimeObject&>(other).microseconds;
  }
  Outcome<bool> attribute(Evaluation& evaluation, std::string_view name, Datum& out) const override;

  const std::int64_t microseconds;
  const std::int64_t offset;
};

class TimespanObject final : public Object {
 public:
  explicit TimespanObject(std::int64_t us) : Object(Type::kOther), microseconds(us) {}
  [[nodiscard]] std::string type_name() const override { return "timedelta"; }
  [[nodiscard]] std::string text() const override;  // 1 day, 2:03:04
  [[nodiscard]] bool truthy() const override { return microseconds != 0; }
  [[nodiscard]] bool equals(const Object& other) const override {
    return microseconds == static_cast<const TimespanObject&>(other).microseconds;
  }
  [[nodiscard]] Value exported(Foreign foreign) const override;
  Outcome<bool> attribute(Evaluation& evaluation, std::string_view name, Datum& out) const override;

  const std::int64_t microseconds;
};

class RegexObject final : public Object {
 public:
  explicit RegexObject(std::shared_ptr<const Pattern> p) : Object(Type::kOther), pattern(std::move(p)) {}
  [[nodiscard]] std::string type_name() const override { return "Pattern"; }
  [[nodiscard]] std::string text() const override { return "re.compile('" + pattern->source() + "')"; }
  const std::shared_ptr<const Pattern> pattern;
};

[[nodiscard]] Datum make_datetime(std::int64_t utc_us, std::int64_t offset_us);
[[nodiscard]] Datum make_timespan(std::int64_t us);

}  // namespace midwatch::yaql
