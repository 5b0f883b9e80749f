#include "value/value.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace midwatch {
namespace {

TEST(Value, AHandleIsSixteenBytesAndShortTextsNeedNoNode) {
  EXPECT_EQ(sizeof(Value), 16u);
  EXPECT_EQ(Value("fourteen bytes").node_for_testing(), nullptr);
  const Value longer("fifteen bytes !");
  EXPECT_NE(longer.node_for_testing(), nullptr);
  EXPECT_EQ(longer.as_string(), "fifteen bytes !");
  const Value copy = longer;
  EXPECT_EQ(copy.node_for_testing(), longer.node_for_testing());
}

TEST(Value, IntegersBeyondInt64AreExact) {
  EXPECT_TRUE(Value::integer("9223372036854775807")->is_int());
  const Value big = *Value::integer("9223372036854775808");
  EXPECT_TRUE(big.is_bigint());
  EXPECT_EQ(big.bigint_digits(), "9223372036854775808");
  EXPECT_EQ(big, Value(9223372036854775808.0));
  EXPECT_EQ(hash(big), hash(Value(9223372036854775808.0)));
  EXPECT_EQ(*Value::integer("-007"), Value(-7));
  EXPECT_FALSE(Value::integer("1x").has_value());
  EXPECT_EQ(Value(std::numeric_limits<std::uint64_t>::max()).bigint_digits(), "18446744073709551615");
}

TEST(Value, EqualityIsThatOfTheLanguagesAndIdentityTellsIntFromDouble) {
  EXPECT_EQ(Value(1), Value(1.0));
  EXPECT_FALSE(identical(Value(1), Value(1.0)));
  EXPECT_NE(Value("1"), Value(1));
  EXPECT_NE(Value(std::nan("")), Value(std::nan("")));
  EXPECT_NE(Value(9007199254740993), Value(9007199254740992.0)) << "compared without rounding";
  EXPECT_EQ(Value::object({{"a", 1}, {"b", 2}}), Value::object({{"b", 2.0}, {"a", 1}}));
  EXPECT_EQ(hash(Value::object({{"a", 1}, {"b", 2}})), hash(Value::object({{"b", 2.0}, {"a", 1}})));
}

TEST(Value, ObjectsKeepTheOrderOfInsertionAndTheLastValueOfAName) {
  const Value object = Value::object({{"z", 1}, {"a", 2}, {"z", 3}});
  ASSERT_EQ(object.size(), 2u);
  EXPECT_EQ(object.members()[0].name(), "z");
  EXPECT_EQ(object.get("z"), Value(3));
  EXPECT_TRUE(object.get("missing").is_null());
}

TEST(Value, LargeObjectsFindByIndex) {
  ObjectBuilder builder;
  for (int i = 0; i < 1000; ++i) builder.set("key" + std::to_string(i % 500), i);
  const Value object = std::move(builder).build();
  ASSERT_EQ(object.size(), 500u);
  for (int i = 0; i < 500; ++i) EXPECT_EQ(object.get("key" + std::to_string(i)), Value(i + 500));
  EXPECT_EQ(object.find("key500"), nullptr);
}

TEST(Value, AChangeSharesEverythingButItsPath) {
  const Value before = Value::object({{"left", Value::object({{"x", 1}})}, {"right", Value::object({{"y", 2}})}});
  const Value after = with_path(before, {"left", "x"}, 5);
  EXPECT_EQ(at_path(before, "left.x")->as_int(), 1);
  EXPECT_EQ(at_path(after, "left.x")->as_int(), 5);
  EXPECT_EQ(after.find("right")->node_for_testing(), before.find("right")->node_for_testing());
  EXPECT_EQ(with_path(Value(), {"a", "b"}, 1), Value::object({{"a", Value::object({{"b", 1}})}}));
}

TEST(Value, MergeIsDeepAndKeepsWhatDoesNotChange) {
  const Value base = Value::object({{"a", Value::object({{"x", 1}, {"y", 2}})}, {"big", Value::array({1, 2, 3})}});
  const Value merged = merge(base, Value::object({{"a", Value::object({{"y", 9}})}, {"new", true}}));
  EXPECT_EQ(merged, Value::object(
                        {{"a", Value::object({{"x", 1}, {"y", 9}})}, {"big", Value::array({1, 2, 3})}, {"new", true}}));
  EXPECT_EQ(merged.find("big")->node_for_testing(), base.find("big")->node_for_testing());
  EXPECT_EQ(merge(base, Value::object({})).node_for_testing(), base.node_for_testing());
  EXPECT_EQ(merge_shallow(base, Value::object({{"a", 1}})).get("a"), Value(1));
}

TEST(Value, OrderIsTotalOverKinds) {
  const std::vector<Value> ascending{nullptr,
                                     false,
                                     true,
                                     std::nan(""),
                                     -1e300,
                                     -5,
                                     0.5,
                                     1,
                                     *Value::integer("99999999999999999999"),
                                     1e300,
                                     "",
                                     "a",
                                     "ab",
                                     Value::array({}),
                                     Value::array({1}),
                                     Value::object({}),
                                     Value::object({{"a", 1}})};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(order(ascending[i], ascending[j]), i <=> j) << i << " and " << j;
    }
  }
}

TEST(Value, DeepNestingIsDestroyedWithoutRecursion) {
  Value deep = 1;
  for (int i = 0; i < 200'000; ++i)
    deep = i % 2 == 0 ? Value::array({std::move(deep)}) : Value::object({{"k", std::move(deep)}});
  const Value second = deep;
  deep = nullptr;
  EXPECT_TRUE(second.is_object() || second.is_array());
}

TEST(Value, AssigningAPartToItsWholeIsSafe) {
  Value value = Value::object({{"inner", Value::object({{"text", "long enough for a node"}})}});
  value = *value.find("inner");
  EXPECT_EQ(value.get("text"), Value("long enough for a node"));
  value = Value(*value.find("text"));
  EXPECT_EQ(value, Value("long enough for a node"));
}

TEST(Value, TruthIsPythons) {
  for (const Value& v : {Value(), Value(false), Value(0), Value(0.0), Value(""), Value::array({}), Value::object({})}) {
    EXPECT_FALSE(v.truthy());
  }
  for (const Value& v : {Value(true), Value(-1), Value(0.1), Value("0"), Value::array({nullptr}),
                         *Value::integer("-99999999999999999999")}) {
    EXPECT_TRUE(v.truthy());
  }
}

TEST(Value, Utf8IsCheckedAsRfc3629Says) {
  EXPECT_TRUE(is_utf8("plain, ünïcode, 漢字, 🙂 and more than eight bytes"));
  for (const char* bad : {"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "ok then \xff"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

}  // namespace
}  // namespace midwatch
