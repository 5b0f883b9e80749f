#include "value/value.h"

#include <cmath>
#include <limits>
#include <map>
#include <random>

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

// Random values for the properties below: few names and numbers, so that equal parts are common.
class SmallValues {
 public:
  explicit SmallValues(std::uint64_t seed) : bits_(seed) {}

  std::uint64_t below(std::uint64_t limit) { return bits_() % limit; }
  std::string name() {
    return below(3) == 0 ? "a name beyond fourteen bytes " + std::to_string(below(20))
                         : "n" + std::to_string(below(20));
  }

  Value next(int depth = 3) {
    switch (below(depth > 0 ? 9 : 6)) {
      case 0: return {};
      case 1: return below(2) == 0;
      case 2: return static_cast<int>(below(3));
      case 3: return static_cast<double>(below(5)) / 2;
      case 4: return *Value::integer("1844674407370955161" + std::to_string(below(3)));
      case 5: return Value(name());
      case 6: {
        std::vector<Value> elements(below(4));
        for (Value& element : elements) element = next(depth - 1);
        return Value::array(std::move(elements));
      }
      default: return object(depth);
    }
  }

  Value object(int depth) {
    std::vector<Value::Member> members;
    for (std::uint64_t count = below(below(4) == 0 ? 25 : 6); count != 0; --count)
      members.emplace_back(name(), next(depth - 1));
    return Value::object(std::move(members));
  }

 private:
  std::mt19937_64 bits_;
};

// What merge promises, written the slow way.
Value merged_slowly(const Value& base, const Value& over) {
  if (!base.is_object() || !over.is_object()) return over;
  ObjectBuilder builder(base);
  for (const Value::Member& member : over.members()) {
    const Value* old = base.find(member.name());
    builder.set(member.key, old == nullptr ? member.value : merged_slowly(*old, member.value));
  }
  return std::move(builder).build();
}

// Goal: order, equality and hash tell one story. Method: random triples; the seed of a failure is printed.
TEST(ValueProperties, OrderIsTotalAndEqualValuesHashEqual) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    SmallValues random(seed);
    const Value a = random.next(2);
    const Value b = random.below(3) == 0 ? Value(a) : random.next(2);
    const Value c = random.next(2);
    ASSERT_EQ(order(a, b) == 0, a == b);
    ASSERT_EQ(order(a, b), 0 <=> order(b, a));
    if (a == b) {
      ASSERT_EQ(hash(a), hash(b));
    }
    if (order(a, b) <= 0 && order(b, c) <= 0) {
      ASSERT_TRUE(order(a, c) <= 0);
    }
    ASSERT_TRUE(!identical(a, b) || a == b);
  }
}

// Goal: the shortcuts of merge, with_member and the builder give what a std::map gives, and nothing that was
// shared is ever changed. Method: random objects below and above the size at which an index begins.
TEST(ValueProperties, ChangedCopiesAgreeWithAPlainMap) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    SmallValues random(seed);
    const Value base = random.object(2);
    const Value over = random.object(2);
    std::vector<Value::Member> before(base.members().begin(), base.members().end());

    const Value merged = merge(base, over);
    ASSERT_TRUE(identical(merged, merged_slowly(base, over)));
    std::map<std::string, Value> expected;
    for (const Value::Member& member : base.members())
      expected.insert_or_assign(std::string(member.name()), member.value);
    for (const Value::Member& member : over.members())
      expected.insert_or_assign(std::string(member.name()), member.value);
    const Value shallow = merge_shallow(base, over);
    ASSERT_EQ(shallow.size(), expected.size());
    for (const auto& [name, value] : expected) {
      ASSERT_NE(shallow.find(name), nullptr) << name;
      ASSERT_TRUE(identical(*shallow.find(name), value)) << name;
    }
    const std::string name = random.name();
    const Value changed = with_member(base, name, seed);
    ASSERT_EQ(changed.get(name), Value(seed));
    ASSERT_EQ(changed.size(), base.size() + (base.find(name) == nullptr ? 1 : 0));
    ASSERT_EQ(without_member(changed, name).find(name), nullptr);
    ASSERT_TRUE(identical(base, Value::object(std::move(before)))) << "the original has not changed";
  }
}

}  // namespace
}  // namespace midwatch
