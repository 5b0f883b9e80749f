// The tests of `is`.
#include <algorithm>
#include <cmath>

#include "expr/python_methods.h"
#include "expr/python_text.h"
#include "jinja/globals.h"
#include "jinja/interpreter.h"

namespace midwatch::jinja {

namespace {

template <bool (*Holds)(const Datum&)>
Outcome<Datum> kind_test(Call& call) {
  return Datum(Holds(call.args[0]));
}

bool is_defined(const Datum& d) { return !d.is_undefined(); }
bool is_undefined(const Datum& d) { return d.is_undefined(); }
bool is_none(const Datum& d) { return d.is_none(); }
bool is_boolean(const Datum& d) { return d.is_bool(); }
bool is_true(const Datum& d) { return d.is_bool() && d.plain().as_bool(); }
bool is_false(const Datum& d) { return d.is_bool() && !d.plain().as_bool(); }
bool is_integer(const Datum& d) { return d.is_int(); }
bool is_float(const Datum& d) { return d.is_float(); }
bool is_number(const Datum& d) { return d.is_number() || d.is_bool(); }
bool is_text(const Datum& d) { return d.is_string(); }
bool is_mapping(const Datum& d) { return d.is_dict(); }
bool is_callable(const Datum& d) { return d.type() == Type::kCallable || d.is_undefined(); }
bool is_escaped(const Datum& d) { return d.as<MarkupObject>() != nullptr; }
bool is_sequence_like(const Datum& d) {
  return d.is_string() || d.is_sequence() || d.is_dict() || d.as<RangeObject>() != nullptr;
}

Outcome<Datum> test_iterable(Call& call) {
  if (call.args[0].is_undefined()) {
    // iter() of a strict undefined name raises, which the test lets through.
    MW_TRY(const bool unused, py_truth(call.args[0]));
    return Datum(!unused);
  }
  return Datum(is_iterable(call.args[0]));
}

template <Comparison Op>
Outcome<Datum> comparison(Call& call) {
  MW_TRY(const bool holds, py_compare(call.evaluation, Op, call.args[0], call.args[1]));
  return Datum(holds);
}

Outcome<Datum> contained(Call& call) {
  MW_TRY(const bool holds, py_contains(call.evaluation, call.args[1], call.args[0]));
  return Datum(holds);
}

Outcome<Datum> same_as(Call& call) {
  const Datum& a = call.args[0];
  const Datum& b = call.args[1];
  if (!a.is_plain() || !b.is_plain()) return Datum(a.object() != nullptr && a.object() == b.object());
  const bool simple = a.is_none() || a.is_bool() || a.is_int() || a.is_string();
  if (simple || b.is_none() || b.is_bool()) return Datum(identical(a.plain(), b.plain()));
  return Datum(a.plain().node_for_testing() != nullptr && a.plain().node_for_testing() == b.plain().node_for_testing());
}

Outcome<Datum> remainder_is(Call& call, const Datum& divisor, std::int64_t wanted) {
  MW_TRY(const Datum rest, py_arithmetic(call.evaluation, Arithmetic::kModulo, call.args[0], divisor));
  return Datum(equal(rest, Datum(wanted)));
}
Outcome<Datum> odd(Call& call) { return remainder_is(call, Datum(2), 1); }
Outcome<Datum> even(Call& call) { return remainder_is(call, Datum(2), 0); }
Outcome<Datum> divisible_by(Call& call) { return remainder_is(call, call.args[1], 0); }

template <bool Upper>
Outcome<Datum> cased(Call& call) {
  MW_TRY(const std::string text, py_str(call.evaluation, call.args[0]));
  Call method{call.evaluation, "", {Datum(std::string_view(text))}, {}};
  return find_method(Type::kString, Upper ? "isupper" : "islower")->invoke(method);
}

Outcome<Datum> names_filter(Call& call) {
  MW_CHECK(require_hashable(call.args[0]));
  return Datum(call.args[0].is_string() && tables(Dialect::kStackStorm).filters->find(call.args[0].text()) != nullptr);
}
Outcome<Datum> names_test(Call& call) {
  MW_CHECK(require_hashable(call.args[0]));
  return Datum(call.args[0].is_string() && tables(Dialect::kStackStorm).tests->find(call.args[0].text()) != nullptr);
}

constexpr NativeEntry kEntries[] = {
    {"defined", "value", &kind_test<is_defined>},
    {"undefined", "value", &kind_test<is_undefined>},
    {"none", "value", &kind_test<is_none>},
    {"boolean", "value", &kind_test<is_boolean>},
    {"true", "value", &kind_test<is_true>},
    {"false", "value", &kind_test<is_false>},
    {"integer", "value", &kind_test<is_integer>},
    {"float", "value", &kind_test<is_float>},
    {"number", "value", &kind_test<is_number>},
    {"string", "value", &kind_test<is_text>},
    {"mapping", "value", &kind_test<is_mapping>},
    {"callable", "value", &kind_test<is_callable>},
    {"escaped", "value", &kind_test<is_escaped>},
    {"iterable", "value", &test_iterable},
    {"sequence", "value", &kind_test<is_sequence_like>},
    {"odd", "value", &odd},
    {"even", "value", &even},
    {"divisibleby", "value, num", &divisible_by},
    {"in", "value, seq", &contained},
    {"sameas", "value, other", &same_as},
    {"lower", "value", &cased<false>},
    {"upper", "value", &cased<true>},
    {"filter", "value", &names_filter},
    {"test", "value", &names_test},
    {"==", "a, b", &comparison<Comparison::kEqual>},
    {"eq", "a, b", &comparison<Comparison::kEqual>},
    {"equalto", "a, b", &comparison<Comparison::kEqual>},
    {"!=", "a, b", &comparison<Comparison::kNotEqual>},
    {"ne", "a, b", &comparison<Comparison::kNotEqual>},
    {">", "a, b", &comparison<Comparison::kGreater>},
    {"gt", "a, b", &comparison<Comparison::kGreater>},
    {"greaterthan", "a, b", &comparison<Comparison::kGreater>},
    {">=", "a, b", &comparison<Comparison::kGreaterEqual>},
    {"ge", "a, b", &comparison<Comparison::kGreaterEqual>},
    {"<", "a, b", &comparison<Comparison::kLess>},
    {"lt", "a, b", &comparison<Comparison::kLess>},
    {"lessthan", "a, b", &comparison<Comparison::kLess>},
    {"<=", "a, b", &comparison<Comparison::kLessEqual>},
    {"le", "a, b", &comparison<Comparison::kLessEqual>},
};

}  // namespace

void add_tests(FunctionTable& table) { table.add(kEntries); }

}  // namespace midwatch::jinja
