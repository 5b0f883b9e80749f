#include "runners/text.h"

#include <gtest/gtest.h>

#include "codec/json.h"
#include "runners/script_arguments.h"

namespace midwatch::runners {
namespace {

TEST(Utf8, BytesThatAreNoTextAreReplacedOneByOne) {
  EXPECT_EQ(utf8_or_replaced("aé"), "aé");
  EXPECT_EQ(utf8_or_replaced("a\xffz\xc3"), "a\xEF\xBF\xBDz\xEF\xBF\xBD");
  EXPECT_EQ(utf8_or_replaced("\xed\xa0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") << "a surrogate is no character";
}

TEST(Utf8, ACharacterCutInTwoIsHeldBack) {
  Utf8Stream stream;
  EXPECT_EQ(stream.next("a\xe2\x82"), "a");
  EXPECT_EQ(stream.next("\xac!"), "€!");
  EXPECT_EQ(stream.next("\x82\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Output, AtMostOneLineEndIsTakenOff) {
  EXPECT_EQ(without_last_newline("a\n\n"), "a\n");
  EXPECT_EQ(without_last_newline("a\r\n"), "a");
  EXPECT_EQ(without_last_newline("a\n\r"), "a\n");
  EXPECT_EQ(without_last_newline(""), "");
}

TEST(Output, JsonBecomesWhatItSays) {
  EXPECT_EQ(to_json(value_of_output(R"({"a": [1, 2.5]})")), R"({"a":[1,2.5]})");
  EXPECT_EQ(value_of_output("12"), Value(12));
  EXPECT_EQ(value_of_output("true"), Value(true));
  EXPECT_EQ(value_of_output("total 12"), Value("total 12"));
  EXPECT_EQ(value_of_output("{not json"), Value("{not json"));
  EXPECT_EQ(value_of_output(""), Value(""));
}

TEST(PythonStr, WritesWhatPythonWould) {
  EXPECT_EQ(python_str("it's"), "it's");
  EXPECT_EQ(python_str(Value()), "None");
  EXPECT_EQ(python_str(true), "True");
  EXPECT_EQ(python_str(1.0), "1.0");
  EXPECT_EQ(python_str(Value::array({"a", "it's", "\"'", nullptr, Value::object({{"b", 1}}), "\n"})),
            R"(['a', "it's", '"\'', None, {'b': 1}, '\n'])");
}

std::string joined(const Value& schema, const Value& parameters) {
  std::string out;
  for (const std::string& argument : script_arguments(schema, parameters, "--")) out += "<" + argument + ">";
  return out;
}

TEST(ScriptArguments, NamedOnesComeFirstAsTheyAre) {
  const Value schema = Value::object({{"p", Value::object({{"position", 0}, {"type", "string"}})}});
  EXPECT_EQ(joined(schema, Value::object({{"p", "pos"}, {"a", "b c"}, {"n", 5}, {"l", Value::array({1, "x"})}})),
            "<--a=b c><--n=5><--l=[1, 'x']><pos>");
}

TEST(ScriptArguments, FlagsAndEmptyOnes) {
  EXPECT_EQ(joined(Value::object({}), Value::object({{"yes", true}, {"no", false}, {"none", nullptr}, {"empty", ""}})),
            "<--yes>");
}

TEST(ScriptArguments, PositionalOnesKeepTheirPlacesAndTypes) {
  const auto at = [](int position, const char* type) {
    return Value::object({{"position", position}, {"type", type}});
  };
  const Value schema = Value::object({{"f", at(5, "object")},
                                      {"e", at(4, "array")},
                                      {"d", at(3, "boolean")},
                                      {"c", at(2, "number")},
                                      {"b", at(1, "string")},
                                      {"a", at(0, "integer")}});
  EXPECT_EQ(
      joined(schema,
             Value::object(
                 {{"a", 1}, {"c", 2.5}, {"d", true}, {"e", Value::array({"x", 1})}, {"f", Value::object({{"k", 1}})}})),
      R"(<1><><2.5><1><x,1><{"k":1}>)");
  EXPECT_EQ(joined(schema, Value::object({{"d", false}})), "<><><><0><><>");
}

}  // namespace
}  // namespace midwatch::runners
