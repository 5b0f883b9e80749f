#include "rules/operators.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "expr/free_date.h"
#include "expr/python_number.h"
#include "expr/python_ops.h"
#include "expr/python_text.h"

namespace midwatch {
namespace {

using Op = CriteriaOperator;

// Booleans are numbers.
Value as_number(const Value& value) { return value.is_bool() ? Value(value.as_bool() ? 1 : 0) : value; }

Failure no_attribute(const Value& value, std::string_view name) {
  return Failure(ErrorKind::kType, "AttributeError",
                 fmt::format("'{}' object has no attribute '{}'", type_name(Datum(value)), name));
}

// Python's operators over two plain values.
Outcome<bool> compared(Comparison comparison, const Value& a, const Value& b) {
  if (a.is_string() && b.is_string()) {
    // The bytes of UTF-8 have the order of their code points.
    return comparison == Comparison::kLess ? a.as_string() < b.as_string() : a.as_string() > b.as_string();
  }
  const MapScope nothing;
  Evaluation evaluation(nothing);
  return py_compare(evaluation, comparison, Datum(a), Datum(b));
}

Outcome<bool> contained(const Value& part, const Value& whole) {
  if (whole.is_string() && part.is_string()) return whole.as_string().find(part.as_string()) != std::string_view::npos;
  if (whole.is_array()) {
    return std::ranges::any_of(whole.elements(), [&](const Value& element) { return python_equal(element, part); });
  }
  const MapScope nothing;
  Evaluation evaluation(nothing);
  return py_contains(evaluation, Datum(whole), Datum(part));
}

Outcome<bool> negated(Outcome<bool> result) {
  if (!result) return result;
  return !*result;
}

// float(): of a number, or of a text that spells one.
Outcome<double> to_float(const Value& value) {
  if (value.is_bool()) return value.as_bool() ? 1.0 : 0.0;
  if (value.is_number()) return value.as_double();
  if (!value.is_string()) {
    return type_error(
        fmt::format("float() argument must be a string or a real number, not '{}'", type_name(Datum(value))));
  }
  const auto number = parse_py_float(value.as_string());
  if (!number) return value_error("could not convert string to float: " + py_repr_text(value.as_string()));
  return *number;
}

Failure again(const Diagnostic& diagnostic) {
  return Failure(diagnostic.kind, diagnostic.exception, diagnostic.message);
}

bool ignores_case(Op op) {
  return op == Op::kIEquals || op == Op::kIContains || op == Op::kINotContains || op == Op::kIStartsWith ||
         op == Op::kIEndsWith;
}

bool is_time(Op op) { return op == Op::kTimeLess || op == Op::kTimeGreater; }

bool ignores_pattern(Op op) { return op == Op::kNotEquals || op == Op::kExists || op == Op::kNotExists; }

TextPattern::Mode mode_of(Op op) {
  if (op == Op::kMatchRegex) return TextPattern::Mode::kMatchDotAll;
  return op == Op::kIRegex ? TextPattern::Mode::kSearchIgnoringCase : TextPattern::Mode::kSearch;
}

// The method of str that is called on the value.
std::string_view method_of(Op op) {
  if (op == Op::kStartsWith) return "startswith";
  return op == Op::kEndsWith ? "endswith" : "lower";
}

// What a pattern that is no text does to an operator that wants one; null where it is not the pattern's fault.
std::optional<Failure> pattern_failure(Op op, const Value& pattern) {
  if (pattern.is_string() || pattern.is_null()) return std::nullopt;
  const std::string type = type_name(Datum(pattern));
  switch (op) {
    case Op::kIEquals:
    case Op::kIContains:
    case Op::kINotContains:
    case Op::kIStartsWith:
    case Op::kIEndsWith: return no_attribute(pattern, "lower");
    case Op::kStartsWith:
    case Op::kEndsWith:
      return type_error(fmt::format("{} first arg must be str or a tuple of str, not {}", method_of(op), type));
    case Op::kMatchWildcard: return type_error("expected str, bytes or os.PathLike object, not " + type);
    case Op::kMatchRegex:
    case Op::kRegex:
    case Op::kIRegex:
      // A list or a mapping cannot be looked up among the patterns that Python keeps.
      if (pattern.is_array() || pattern.is_object()) return type_error(fmt::format("unhashable type: '{}'", type));
      return type_error("first argument must be string or compiled pattern");
    default: return std::nullopt;
  }
}

}  // namespace

ValueKinds kind_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull: return ValueKinds::kNull;
    case Value::Kind::kBool:
    case Value::Kind::kInt:
    case Value::Kind::kBigInt:
    case Value::Kind::kDouble: return ValueKinds::kNumber;
    case Value::Kind::kString:
      return is_ascii(value.as_string()) && !value.as_string().ends_with('\n') ? ValueKinds::kPlainText
                                                                               : ValueKinds::kOtherText;
    case Value::Kind::kArray: return ValueKinds::kArray;
    case Value::Kind::kObject: return ValueKinds::kObject;
  }
  std::unreachable();
}

bool python_equal(const Value& a, const Value& b) {
  if (a.is_array() && b.is_array()) return std::ranges::equal(a.elements(), b.elements(), python_equal);
  if (a.is_object() && b.is_object()) {
    return a.size() == b.size() && std::ranges::all_of(a.members(), [&](const Value::Member& member) {
             const Value* other = b.find(member.name());
             return other != nullptr && python_equal(member.value, *other);
           });
  }
  if (a.is_bool() != b.is_bool()) return as_number(a) == as_number(b);
  return a == b;
}

OperatorCheck OperatorCheck::compile(CriteriaOperator op, Value pattern) {
  OperatorCheck check(op, std::move(pattern));
  check.prepare();
  return check;
}

void OperatorCheck::prepare() {
  if (pattern_.is_null()) return;
  const auto defect = [this](Failure failure) { defect_ = std::make_shared<Diagnostic>(failure.diagnostic()); };
  if (auto failure = pattern_failure(op_, pattern_)) return defect(std::move(*failure));
  if (ignores_case(op_)) {
    prepared_ = lower_text(pattern_.as_string());
  } else if (op_ == Op::kMatchWildcard) {
    prepared_ = Wildcard::compile(pattern_.as_string());
  } else if (is_regex(op_)) {
    if (pattern_.size() > kRegexBytesMax) {
      return defect(limit_error(
          fmt::format("regular expression of {} bytes, at most {} are allowed", pattern_.size(), kRegexBytesMax)));
    }
    auto regex = TextPattern::compile(pattern_.as_string(), mode_of(op_));
    if (!regex) return defect(std::move(regex).error());
    prepared_ = std::move(*regex);
  } else if (is_time(op_)) {
    auto period = to_float(pattern_);
    if (!period) return defect(std::move(period).error());
    prepared_ = *period;
  }
}

ValueKinds OperatorCheck::safe_kinds() const {
  if (defect_ != nullptr) return ValueKinds::kNone;
  if (ignores_pattern(op_) || op_ == Op::kEquals) return ValueKinds::kAll;
  if (pattern_.is_null()) return ValueKinds::kAll;
  constexpr ValueKinds kHashable = ValueKinds::kNull | ValueKinds::kNumber | ValueKinds::kText;
  switch (op_) {
    case Op::kContains:
    case Op::kNotContains: {
      ValueKinds safe = ValueKinds::kArray;
      if (pattern_.is_string()) safe = safe | ValueKinds::kText;
      if (!pattern_.is_array() && !pattern_.is_object()) safe = safe | ValueKinds::kObject;
      return safe;
    }
    case Op::kIn:
    case Op::kNotIn:
      if (pattern_.is_array()) return ValueKinds::kAll;
      if (pattern_.is_string()) return ValueKinds::kText;
      return pattern_.is_object() ? kHashable : ValueKinds::kNone;
    case Op::kLess:
    case Op::kGreater:
      if (pattern_.is_string()) return ValueKinds::kText;
      return pattern_.is_number() || pattern_.is_bool() ? ValueKinds::kNumber : ValueKinds::kNone;
    case Op::kMatchRegex:
    case Op::kRegex:
    case Op::kIRegex:
      // PCRE2 may reach its bounds on any text.
      return std::get<TextPattern>(prepared_).has_re2() ? ValueKinds::kPlainText : ValueKinds::kNone;
    case Op::kTimeLess:
    case Op::kTimeGreater:
    case Op::kSearch: return ValueKinds::kNone;
    default: return ValueKinds::kText;
  }
}

Outcome<bool> OperatorCheck::matches_regex(const Value& value) const {
  if (!value.is_string()) {
    return type_error(fmt::format("expected string or bytes-like object, got '{}'", type_name(Datum(value))));
  }
  return std::get<TextPattern>(prepared_).matches(value.as_string());
}

// The operators that call methods of a text.
Outcome<bool> OperatorCheck::matches_texts(const Value& value) const {
  if (!value.is_string()) return no_attribute(value, method_of(op_));
  const std::string_view text = value.as_string();
  if (op_ == Op::kStartsWith) return text.starts_with(pattern_.as_string());
  if (op_ == Op::kEndsWith) return text.ends_with(pattern_.as_string());
  const std::string lower = lower_text(text);
  const auto& part = std::get<std::string>(prepared_);
  switch (op_) {
    case Op::kIEquals: return lower == part;
    case Op::kIContains: return lower.find(part) != lower.npos;
    case Op::kINotContains: return lower.find(part) == lower.npos;
    case Op::kIStartsWith: return lower.starts_with(part);
    default: return lower.ends_with(part);
  }
}

// (now - parse(v)).total_seconds() against float(p).
Outcome<bool> OperatorCheck::matches_time(const Value& value, std::optional<Instant> now) const {
  if (!now) return value_error("the time is not known here");
  MW_TRY(const Instant then, parse_free_date(py_str(value), *now));
  // The period is read only after the date: so are their errors.
  if (defect_ != nullptr) return again(*defect_);
  const double age = seconds(*now - then);
  const double period = std::get<double>(prepared_);
  return op_ == Op::kTimeLess ? age < period : age > period;
}

Outcome<bool> OperatorCheck::matches(const Value& value, std::optional<Instant> now) const {
  // No pattern: false, but for those that do not look at it.
  if (pattern_.is_null() && !ignores_pattern(op_)) return false;
  if (is_time(op_)) return matches_time(value, now);
  if (defect_ != nullptr) return again(*defect_);
  switch (op_) {
    case Op::kEquals: return python_equal(value, pattern_);
    case Op::kNotEquals: return !python_equal(value, pattern_);
    case Op::kExists: return !value.is_null();
    case Op::kNotExists: return value.is_null();
    case Op::kContains: return contained(pattern_, value);
    case Op::kNotContains: return negated(contained(pattern_, value));
    case Op::kIn: return contained(value, pattern_);
    case Op::kNotIn: return negated(contained(value, pattern_));
    case Op::kLess: return compared(Comparison::kLess, value, pattern_);
    case Op::kGreater: return compared(Comparison::kGreater, value, pattern_);
    case Op::kMatchRegex:
    case Op::kRegex:
    case Op::kIRegex: return matches_regex(value);
    case Op::kMatchWildcard:
      if (value.is_string()) return std::get<Wildcard>(prepared_).matches(value.as_string());
      return type_error("expected str, bytes or os.PathLike object, not " + type_name(Datum(value)));
    case Op::kSearch: return type_error("search() missing 2 required positional arguments");
    default: return matches_texts(value);
  }
}

}  // namespace midwatch
