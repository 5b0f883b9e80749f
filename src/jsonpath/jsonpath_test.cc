#include <gtest/gtest.h>

#include "codec/json.h"
#include "jsonpath/query.h"

namespace midwatch::jsonpath {
namespace {

constexpr std::string_view kStore =
    R"({"book": [{"t": "A", "p": 8, "tags": ["x", "y"]}, {"t": "B", "p": 12, "tags": []}, {"t": "C"}],
        "bike": {"color": "red", "p": 20}, "odd key": 1})";

// The matches as JSON, or the error.
std::string found(std::string_view text, std::string_view json = kStore) {
  const auto query = Query::compile(text);
  if (!query) return query.error().message;
  const auto values = (*query)->find(*parse_json(json));
  return values ? to_json(Value::array(*values)) : values.error().message;
}

TEST(Query, FieldsIndexesAndSlices) {
  EXPECT_EQ(found("bike.color"), R"(["red"])");
  EXPECT_EQ(found("$.bike['color','p']"), R"(["red",20])");
  EXPECT_EQ(found("book[-1].t"), R"(["C"])");
  EXPECT_EQ(found("book[9].t"), "[]");
  EXPECT_EQ(found("book[1:].t"), R"(["B","C"])");
  EXPECT_EQ(found("book[:-1].t"), R"(["A","B"])");
  EXPECT_EQ(found("book.[0].t"), R"(["A"])");
  EXPECT_EQ(found("'odd key'"), "[1]");
}

TEST(Query, ASliceOfWhatIsNoListIsTheThingItself) {
  EXPECT_EQ(found("bike[*].color"), R"(["red"])");
  EXPECT_EQ(found("[*]", "5"), "[5]");
  EXPECT_EQ(found("[*]", "\"ab\""), R"(["ab"])");
}

TEST(Query, DescendantsComeInTheOrderOfTheDocument) {
  EXPECT_EQ(found("$..p"), "[8,12,20]");
  EXPECT_EQ(found("book..tags[*]"), R"(["x","y"])");
}

TEST(Query, UnionBindsTighterThanTheDot) {
  EXPECT_EQ(found("bike.color|p"), R"(["red",20])");
  EXPECT_EQ(found("(bike|book[0]).p"), "[20,8]");
}

TEST(Query, WhereKeepsWhatTheOtherPathFindsSomethingIn) { EXPECT_EQ(found("(book[*] where p).t"), R"(["A","B"])"); }

TEST(Query, ParentsAndRootsClimb) {
  EXPECT_EQ(found("bike.color.`parent`.p"), "[20]");
  EXPECT_EQ(found("book[0].t.$.bike.p"), "[20]");
  EXPECT_EQ(found("`parent`.a"), "jsonpath: the root has no parent");
}

TEST(Query, ErrorsSayWhereTheyAre) {
  EXPECT_EQ(found("book[?(@.p > 9)]"), "jsonpath: unexpected character '?' at column 6");
  EXPECT_EQ(found("a."), "jsonpath: expected a path, got 'the end' at column 3");
  EXPECT_EQ(found(""), "jsonpath: expected a path, got 'the end' at column 1");
  EXPECT_EQ(found("a.parent"), "jsonpath: expected a path, got 'parent' at column 3");
  EXPECT_EQ(found("'a"), "jsonpath: a quote that is not closed at column 1");
  EXPECT_EQ(found("a & b"), "jsonpath: '&' is not implemented");
}

TEST(Query, AnIndexOfWhatHasNoLengthFails) {
  EXPECT_EQ(found("bike.p[0]"), "jsonpath: an index of something that has no length");
  EXPECT_EQ(found("book[-4]"), "jsonpath: index -4 is out of range");
}

TEST(Query, WorkAndNestingAreBounded) {
  std::string deep;
  for (int i = 0; i < kQueryDepthMax + 1; ++i) deep += "(";
  EXPECT_EQ(found(deep), "jsonpath: nested more than 200 levels");
  std::string wide = "$";
  for (int i = 0; i < 40; ++i) wide += "..*";
  std::string value = "1";
  for (int i = 0; i < 40; ++i) value = "{\"a\": " + value + "}";
  EXPECT_EQ(found(wide, value), "jsonpath: the query visits more than 1000000 nodes");
}

}  // namespace
}  // namespace midwatch::jsonpath
