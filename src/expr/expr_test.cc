#include <gtest/gtest.h>

#include "expr/diagnostic.h"
#include "expr/function_table.h"
#include "expr/pattern.h"
#include "expr/python_number.h"
#include "expr/python_ops.h"
#include "expr/python_text.h"
#include "expr/scope.h"

namespace midwatch {
namespace {

TEST(Diagnostic, PutsTheCaretBelowTheCodePointOfTheOffset) {
  Failure failure = value_error("division by zero").at(9).in("first\nä 1/0");
  EXPECT_EQ(failure.diagnostic().caret(), "ä 1/0\n  ^");
  EXPECT_EQ(failure.to_error().where.line, 2u);
  EXPECT_EQ(failure.to_error().where.column, 3u);
}

TEST(Diagnostic, TheInnermostPlaceWins) {
  Failure failure = value_error("x").at(1).at(5).in("abcdefg").in("other");
  EXPECT_EQ(failure.diagnostic().offset, 1u);
  EXPECT_EQ(failure.diagnostic().source, "abcdefg");
}

TEST(MapScope, OverlayThenObjectThenOuter) {
  const MapScope outer(Value::object({{"a", 1}, {"b", 2}, {"c", 3}}));
  MapScope scope(Value::object({{"b", 20}, {"c", 30}}), &outer);
  scope.set("c", 300);
  EXPECT_EQ(*scope.find("a"), Value(1));
  EXPECT_EQ(*scope.find("b"), Value(20));
  EXPECT_EQ(*scope.find("c"), Value(300));
  EXPECT_EQ(scope.find("d"), nullptr);
  EXPECT_EQ(scope.all(), Value::object({{"a", 1}, {"b", 20}, {"c", 300}}));
}

Outcome<Datum> second(Call& call) { return call.args[1]; }

TEST(Signature, BindsPositionalNamedAndOptional) {
  FunctionTable table;
  constexpr NativeEntry kEntries[] = {{"f", "a, b=, c=", &second}};
  table.add(kEntries);
  const MapScope scope;
  Evaluation evaluation(scope);
  Call named{evaluation, "f", {Datum(1)}, {{"b", Datum(2)}}};
  EXPECT_EQ(table.find("f")->invoke(named)->plain(), Value(2));
  Call missing{evaluation, "f", {}, {}};
  EXPECT_EQ(table.find("f")->invoke(missing).error().kind(), ErrorKind::kType);
  Call unknown{evaluation, "f", {Datum(1)}, {{"z", Datum(2)}}};
  EXPECT_EQ(table.find("f")->invoke(unknown).error().message(), "f() got an unexpected keyword argument 'z'");
}

TEST(Numbers, IntegersGrowInsteadOfOverflowing) {
  const auto sum = number_arithmetic(Arithmetic::kAdd, Value(INT64_MAX), Value(1));
  EXPECT_EQ(int_digits(sum->plain()), "9223372036854775808");
  const auto back = number_arithmetic(Arithmetic::kSubtract, sum->plain(), Value(1));
  EXPECT_TRUE(back->plain().is_int());
}

TEST(Numbers, DivisionFloorsLikePython) {
  EXPECT_EQ(number_arithmetic(Arithmetic::kFloorDivide, Value(-7), Value(2))->plain(), Value(-4));
  EXPECT_EQ(number_arithmetic(Arithmetic::kModulo, Value(-7), Value(2))->plain(), Value(1));
  EXPECT_EQ(number_arithmetic(Arithmetic::kFloorDivide, Value(INT64_MIN), Value(-1))->plain(),
            *Value::integer("9223372036854775808"));
  EXPECT_EQ(number_arithmetic(Arithmetic::kDivide, Value(1), Value(0)).error().kind(), ErrorKind::kValue);
}

TEST(Numbers, AHugePowerIsALimitNotAHang) {
  EXPECT_EQ(number_arithmetic(Arithmetic::kPower, Value(10), Value(1000000000)).error().kind(), ErrorKind::kLimit);
}

TEST(PythonText, FloatsPrintAsReprDoes) {
  EXPECT_EQ(py_float_text(1.0), "1.0");
  EXPECT_EQ(py_float_text(1e16), "1e+16");
  EXPECT_EQ(py_float_text(1e-5), "1e-05");
  EXPECT_EQ(py_float_text(0.1), "0.1");
  EXPECT_EQ(py_str(Value::array({Value("it's"), Value(nullptr), Value(true)})), "[\"it's\", None, True]");
}

TEST(Pattern, SubstitutesGroupsByNumberAndName) {
  const auto pattern = Pattern::compile("(?P<first>\\w)(\\w)");
  EXPECT_EQ(*(*pattern)->substitute("abcd", "\\2\\g<first>", SIZE_MAX, 1000), "badc");
  EXPECT_FALSE((*pattern)->substitute("abcd", "\\9", SIZE_MAX, 1000));
  EXPECT_EQ(*(*Pattern::compile("x*"))->substitute("abxd", "-", SIZE_MAX, 1000), "-a-b--d-");
}

TEST(Pattern, LooksAroundAndRefersBack) {
  EXPECT_EQ(*(*Pattern::compile("(?<=\\d)(?=(\\d{3})+$)"))->substitute("1234567", ",", SIZE_MAX, 1000), "1,234,567");
  EXPECT_TRUE((*(*Pattern::compile("(a)\\1"))->match("baa")).has_value());
}

TEST(Pattern, RunawayBacktrackingIsALimit) {
  const auto found = (*Pattern::compile("(a+)+$"))->match(std::string(40, 'a') + "b");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind(), ErrorKind::kLimit);
}

TEST(Sort, FailsForValuesWithoutAnOrder) {
  const MapScope scope;
  Evaluation evaluation(scope);
  std::vector<std::pair<Datum, Datum>> keyed{{Datum(1), Datum()}, {Datum("a"), Datum()}};
  EXPECT_EQ(py_sort(evaluation, keyed, false).error().kind(), ErrorKind::kType);
}

}  // namespace
}  // namespace midwatch
