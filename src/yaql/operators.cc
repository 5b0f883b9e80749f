// Operators, attributes and indexes.
#include <algorithm>
#include <cmath>

#include "expr/python_text.h"
#include "yaql/runtime.h"
#include "yaql/time_values.h"

namespace midwatch::yaql {

namespace {

Failure no_operator(Operator op) { return no_matching("#operator_" + std::string(symbol(op)), Form::kFunction); }

bool is_null(const Datum& d) { return d.is_none(); }

// -1, 0, 1 for values that have an order, with null lowest; nothing for those without.
std::optional<int> relation(const Datum& a, const Datum& b) {
  if (is_null(a) || is_null(b)) return is_null(a) == is_null(b) ? 0 : is_null(a) ? -1 : 1;
  if (a.is_number() && b.is_number()) return compare_numbers(a.plain(), b.plain()).value_or(2);
  if (a.is_string() && b.is_string()) return std::clamp(a.text().compare(b.text()), -1, 1);
  const auto order = [](std::int64_t x, std::int64_t y) { return x < y ? -1 : x > y ? 1 : 0; };
  const auto* time_a = a.as<DateTimeObject>();
  const auto* time_b = b.as<DateTimeObject>();
  if (time_a != nullptr && time_b != nullptr) return order(time_a->microseconds, time_b->microseconds);
  const auto* span_a = a.as<TimespanObject>();
  const auto* span_b = b.as<TimespanObject>();
  if (span_a != nullptr && span_b != nullptr) return order(span_a->microseconds, span_b->microseconds);
  return std::nullopt;
}

Comparison comparison_of(Operator op) {
  return op == Operator::kLess        ? Comparison::kLess
         : op == Operator::kLessEqual ? Comparison::kLessEqual
         : op == Operator::kGreater   ? Comparison::kGreater
                                      : Comparison::kGreaterEqual;
}

Outcome<Datum> compare(Evaluation& evaluation, Operator op, const Datum& a, const Datum& b) {
  if (a.type() == Type::kSet && b.type() == Type::kSet) {
    MW_TRY(const bool holds, py_compare(evaluation, comparison_of(op), a, b));
    return Datum(holds);
  }
  const auto order = relation(a, b);
  if (!order) return no_operator(op);
  if (*order == 2) return Datum(false);
  switch (op) {
    case Operator::kLess: return Datum(*order < 0);
    case Operator::kLessEqual: return Datum(*order <= 0);
    case Operator::kGreater: return Datum(*order > 0);
    default: return Datum(*order >= 0);
  }
}

Failure out_of_range() { return {ErrorKind::kValue, "OverflowError", "date value out of range"}; }

Outcome<Datum> datetime_in_range(std::int64_t us, std::int64_t offset) {
  constexpr std::int64_t kFirstUs = -62'135'596'800'000'000;  // year 1
  constexpr std::int64_t kLastUs = 253'402'300'799'999'999;   // year 9999
  if (us + offset < kFirstUs || us + offset > kLastUs) return out_of_range();
  return make_datetime(us, offset);
}

// A span by a number: exact for integers, to the nearest even microsecond for floats.
Outcome<Datum> scaled(std::int64_t us, const Datum& number, bool multiplies) {
  if (multiplies && number.plain().is_int()) {
    std::int64_t out = 0;
    if (__builtin_mul_overflow(us, number.plain().as_int(), &out)) return out_of_range();
    return make_timespan(out);
  }
  const double factor = number.plain().as_double();
  if (!multiplies && factor == 0) return Failure(ErrorKind::kValue, "ZeroDivisionError", "division by zero");
  const double exact = multiplies ? static_cast<double>(us) * factor : static_cast<double>(us) / factor;
  if (std::isnan(exact)) return value_error("cannot convert float NaN to integer");
  if (!(std::fabs(exact) < 9.2e18)) return out_of_range();
  return make_timespan(static_cast<std::int64_t>(std::nearbyint(exact)));
}

Outcome<Datum> time_arithmetic(Operator op, const Datum& a, const Datum& b) {
  const auto* time_a = a.as<DateTimeObject>();
  const auto* time_b = b.as<DateTimeObject>();
  const auto* span_a = a.as<TimespanObject>();
  const auto* span_b = b.as<TimespanObject>();
  const auto combined = [&](std::int64_t x, std::int64_t y) -> std::optional<std::int64_t> {
    std::int64_t out = 0;
    const bool overflow =
        op == Operator::kAdd ? __builtin_add_overflow(x, y, &out) : __builtin_sub_overflow(x, y, &out);
    return overflow ? std::nullopt : std::optional<std::int64_t>(out);
  };
  if ((op == Operator::kAdd || op == Operator::kSubtract)) {
    if (span_a != nullptr && span_b != nullptr) {
      const auto us = combined(span_a->microseconds, span_b->microseconds);
      return us ? Outcome<Datum>(make_timespan(*us)) : out_of_range();
    }
    if (time_a != nullptr && span_b != nullptr) {
      const auto us = combined(time_a->microseconds, span_b->microseconds);
      return us ? datetime_in_range(*us, time_a->offset) : out_of_range();
    }
    if (op == Operator::kAdd && span_a != nullptr && time_b != nullptr) {
      const auto us = combined(span_a->microseconds, time_b->microseconds);
      return us ? datetime_in_range(*us, time_b->offset) : out_of_range();
    }
    if (op == Operator::kSubtract && time_a != nullptr && time_b != nullptr) {
      const auto us = combined(time_a->microseconds, time_b->microseconds);
      return us ? Outcome<Datum>(make_timespan(*us)) : out_of_range();
    }
  }
  if (op == Operator::kMultiply && span_a != nullptr && b.is_number()) return scaled(span_a->microseconds, b, true);
  if (op == Operator::kMultiply && a.is_number() && span_b != nullptr) return scaled(span_b->microseconds, a, true);
  if (op == Operator::kDivide && span_a != nullptr && b.is_number()) return scaled(span_a->microseconds, b, false);
  if (op == Operator::kDivide && span_a != nullptr && span_b != nullptr) {
    if (span_b->microseconds == 0) return Failure(ErrorKind::kValue, "ZeroDivisionError", "float division by zero");
    return Datum(static_cast<double>(span_a->microseconds) / static_cast<double>(span_b->microseconds));
  }
  return no_operator(op);
}

Outcome<Datum> add_dicts(const Datum& a, const Datum& b) {
  auto out = std::make_shared<DictObject>();
  for (const Datum* side : {&a, &b}) {
    for (std::size_t i = 0; i < dict_size(*side); ++i) {
      auto [key, value] = dict_entry(*side, i);
      out->set(std::move(key), std::move(value));
    }
  }
  return Datum(out);
}

// Two lists make a list, two sets a set, anything else a generator over both.
Outcome<Datum> chained(Evaluation& evaluation, const Datum& a, const Datum& b) {
  if (a.is_sequence() && b.is_sequence()) {
    MW_TRY(std::vector<Datum> items, py_items(evaluation, a));
    MW_TRY(std::vector<Datum> more, py_items(evaluation, b));
    items.insert(items.end(), more.begin(), more.end());
    return charged_list(evaluation, std::move(items));
  }
  if (a.type() == Type::kSet && b.type() == Type::kSet) {
    auto out = std::make_shared<SetObject>();
    for (const Datum* side : {&a, &b}) {
      MW_TRY(const std::vector<Datum> items, py_items(evaluation, *side));
      for (const Datum& item : items) out->insert(item);
    }
    return Datum(out);
  }
  MW_TRY(Cursor first, Cursor::over(a));
  MW_TRY(Cursor second, Cursor::over(b));
  return make_lazy([first = std::move(first), second = std::move(second), in_first = true](
                       Evaluation& e, Datum& out) mutable -> Outcome<bool> {
    if (in_first) {
      MW_TRY(in_first, first.next(e, out));
      if (in_first) return true;
    }
    return second.next(e, out);
  });
}

Outcome<Datum> arithmetic(Evaluation& evaluation, Operator op, const Datum& a, const Datum& b) {
  const bool numbers = a.is_number() && b.is_number();
  switch (op) {
    case Operator::kAdd: {
      if (numbers) return py_arithmetic(evaluation, Arithmetic::kAdd, a, b);
      if (a.is_string() && b.is_string()) return py_arithmetic(evaluation, Arithmetic::kAdd, a, b);
      if (a.is_dict() && b.is_dict()) return add_dicts(a, b);
      if (is_iterable_value(a) && is_iterable_value(b)) return chained(evaluation, a, b);
      return time_arithmetic(op, a, b);
    }
    case Operator::kSubtract:
      if (numbers) return py_arithmetic(evaluation, Arithmetic::kSubtract, a, b);
      if (a.type() == Type::kSet && b.type() == Type::kSet)
        return py_arithmetic(evaluation, Arithmetic::kSubtract, a, b);
      return time_arithmetic(op, a, b);
    case Operator::kMultiply: {
      if (numbers) return py_arithmetic(evaluation, Arithmetic::kMultiply, a, b);
      const auto repeatable = [](const Datum& d) { return d.is_string() || d.is_sequence(); };
      const auto times = [](const Datum& d) { return d.is_int() || d.is_bool(); };
      if ((repeatable(a) && times(b)) || (times(a) && repeatable(b))) {
        return py_arithmetic(evaluation, Arithmetic::kMultiply, a, b);
      }
      return time_arithmetic(op, a, b);
    }
    case Operator::kDivide:
      if (!numbers) return time_arithmetic(op, a, b);
      return py_arithmetic(evaluation, a.is_int() && b.is_int() ? Arithmetic::kFloorDivide : Arithmetic::kDivide, a, b);
    default:
      if (!numbers) return no_operator(op);
      return py_arithmetic(evaluation, Arithmetic::kModulo, a, b);
  }
}

Outcome<Datum> matches(Operator op, const Datum& a, const Datum& b) {
  if (!a.is_string()) return no_operator(op);
  bool found = false;
  if (const auto* regex = b.as<RegexObject>()) {
    MW_TRY(const auto hit, regex->pattern->match(a.text()));
    found = hit.has_value();
  } else {
    if (!b.is_string()) return no_operator(op);
    MW_TRY(const auto pattern, Pattern::compile(b.text()));
    MW_TRY(const auto hit, pattern->match(a.text()));
    found = hit.has_value();
  }
  return Datum(found == (op == Operator::kMatches));
}

}  // namespace

bool refused_by_constants(Operator op, const Datum* left, const Datum* right) {
  const auto number = [](const Datum& d) { return d.is_number(); };
  const auto text = [](const Datum& d) { return d.is_string(); };
  for (const Datum* one : {left, right}) {
    if (one == nullptr) continue;
    switch (op) {
      case Operator::kAdd:
        if (!number(*one) && !text(*one)) return true;
        break;
      case Operator::kSubtract:
      case Operator::kDivide:
      case Operator::kModulo:
        if (!number(*one)) return true;
        break;
      case Operator::kMultiply:
        if (one->is_none()) return true;
        break;
      case Operator::kMatches:
      case Operator::kNotMatches:
        if (!text(*one)) return true;
        break;
      default: break;
    }
  }
  if (op == Operator::kIn && right != nullptr) return !text(*right) || (left != nullptr && !text(*left));
  return false;
}

Outcome<bool> contains_item(Evaluation& evaluation, const Datum& container, const Datum& item) {
  // Everything has a hash here: sets, lists and mappings are frozen.
  if (const auto* set = container.as<SetObject>()) return set->contains(item);
  return py_contains(evaluation, container, item);
}

Outcome<bool> less(Evaluation& evaluation, const Datum& a, const Datum& b) {
  MW_TRY(const Datum verdict, compare(evaluation, Operator::kLess, a, b));
  return truthy(verdict);
}

Outcome<Datum> binary(Evaluation& evaluation, Operator op, const Datum& a, const Datum& b) {
  switch (op) {
    case Operator::kMatches:
    case Operator::kNotMatches: return matches(op, a, b);
    case Operator::kGreater:
    case Operator::kLess:
    case Operator::kGreaterEqual:
    case Operator::kLessEqual: return compare(evaluation, op, a, b);
    case Operator::kEqual: return Datum(equal(a, b));
    case Operator::kNotEqual: return Datum(!equal(a, b));
    case Operator::kIn: {
      if (b.is_string() && !a.is_string()) return no_operator(op);
      if (b.is_dict()) return no_operator(op);
      if (!is_iterable(b)) return no_operator(op);
      MW_TRY(const bool found, contains_item(evaluation, b, a));
      return Datum(found);
    }
    case Operator::kDot: return no_matching("#operator_.", Form::kFunction);
    default: return arithmetic(evaluation, op, a, b);
  }
}

Outcome<Datum> unary(Operator op, const Datum& operand) {
  if (op == Operator::kNot) return Datum(!truthy(operand));
  if (const auto* span = operand.as<TimespanObject>()) {
    return make_timespan(op == Operator::kNegate ? -span->microseconds : span->microseconds);
  }
  if (!operand.is_number()) return no_matching("#unary_operator_" + std::string(symbol(op)), Form::kFunction);
  return op == Operator::kNegate ? Datum(negate(operand.plain())) : operand;
}

Outcome<Datum> attribute(Evaluation& evaluation, const Datum& object, const std::string& name) {
  if (object.is_dict()) {
    Datum out;
    if (dict_find(object, Datum(std::string_view(name)), out)) return out;
    return key_error(name);
  }
  if (is_iterable_value(object)) {
    MW_TRY(Cursor cursor, Cursor::over(object));
    return make_lazy([cursor = std::move(cursor), name](Evaluation& e, Datum& out) mutable -> Outcome<bool> {
      Datum item;
      MW_TRY(const bool more, cursor.next(e, item));
      if (!more) return false;
      const Evaluation::Level level(e);
      if (!level.ok()) return e.too_deep();
      MW_TRY(out, attribute(e, item, name));
      return true;
    });
  }
  if (!object.is_plain()) {
    Datum out;
    MW_TRY(const bool found, object.object()->attribute(evaluation, name, out));
    if (found) return out;
  }
  constexpr std::string_view kProperties[] = {
      "year",      "month", "day",  "hour",         "minute",       "second", "weekday", "microsecond", "offset", "utc",
      "timestamp", "date",  "time", "milliseconds", "microseconds", "days",   "hours",   "minutes",     "seconds"};
  if (std::ranges::find(kProperties, name) != std::end(kProperties)) {
    return no_matching("#property#" + name, Form::kFunction);
  }
  return Failure(ErrorKind::kUndefined, "NoFunctionRegisteredException", "Unknown function \"#property#" + name + "\"");
}

Outcome<Datum> index(Evaluation& evaluation, const Node& node, const Datum& object, const FramePtr& frame) {
  const auto& arguments = node.arguments;
  const auto mismatch = [] { return no_matching("#indexer", Form::kFunction); };
  if (arguments[0].key || arguments.size() > 2) return mismatch();
  if (is_constant(*node.children[0])) return mismatch();
  MW_TRY(const Datum key, evaluate(evaluation, *arguments[0].value, frame));
  Datum fallback;
  if (arguments.size() == 2) {
    MW_TRY(fallback, evaluate(evaluation, *arguments[1].value, frame));
  }
  Datum out;
  if (object.is_dict()) {
    if (dict_find(object, key, out)) return out;
    if (arguments.size() == 2) return fallback;
    MW_TRY(const std::string text, py_str(evaluation, key));
    return key_error(text);
  }
  if (!object.is_sequence() || arguments.size() != 1) return mismatch();
  const Value position = key.is_bool() ? Value(key.plain().as_bool() ? 1 : 0) : key.is_plain() ? key.plain() : Value();
  if (!position.is_int()) return mismatch();
  if (py_element(object, position.as_int(), out)) return out;
  return Failure(ErrorKind::kValue, "IndexError", "tuple index out of range");
}

namespace {

// What prints as Python's immutable data: lists are tuples, all the way down.
Datum frozen(const Datum& datum, int depth) {
  if (depth > kDatumDepthMax) return datum;
  if (datum.is_sequence()) {
    std::vector<Datum> items;
    for (std::size_t i = 0; i < sequence_size(datum); ++i) items.push_back(frozen(sequence_at(datum, i), depth + 1));
    return make_tuple(std::move(items));
  }
  if (datum.is_dict()) {
    auto out = std::make_shared<DictObject>();
    for (std::size_t i = 0; i < dict_size(datum); ++i) {
      const auto [key, value] = dict_entry(datum, i);
      out->set(key, frozen(value, depth + 1));
    }
    return Datum(out);
  }
  return datum;
}

}  // namespace

Outcome<std::string> yaql_text(Evaluation& evaluation, const Datum& datum) {
  if (datum.is_none()) return std::string("null");
  if (datum.is_bool()) return std::string(datum.plain().as_bool() ? "true" : "false");
  return py_str(evaluation, frozen(datum, 0));
}

}  // namespace midwatch::yaql
