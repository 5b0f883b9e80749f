#include "codec/json.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "codec/json_fields.h"
#include "codec/json_scanner.h"
#include "codec/test_values.h"

namespace midwatch {
namespace {

std::string failure(std::string_view text, const JsonLimits& limits = {}) {
  const Result<Value> parsed = parse_json(text, limits);
  return parsed ? "parsed: " + to_json(*parsed) : parsed.error().to_string();
}

std::string again(std::string_view text) {
  const Result<Value> parsed = parse_json(text);
  return parsed ? to_json(*parsed) : parsed.error().to_string();
}

std::string nested(std::size_t depth, std::string_view open, std::string_view middle, std::string_view close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  text += middle;
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

TEST(Json, KindsAreKeptApart) {
  const Value value = *parse_json(R"({"n":null,"t":true,"i":1,"d":1.0,"s":"x","a":[1,[]],"o":{"k":{}}})");
  EXPECT_TRUE(value.get("n").is_null());
  EXPECT_EQ(value.get("t"), Value(true));
  EXPECT_TRUE(value.get("i").is_int());
  EXPECT_TRUE(value.get("d").is_double());
  EXPECT_EQ(to_json(value), R"({"n":null,"t":true,"i":1,"d":1.0,"s":"x","a":[1,[]],"o":{"k":{}}})");
}

TEST(Json, IntegersAreExactAtAnyLength) {
  for (const char* text : {"0", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
                           "18446744073709551616", "-9223372036854775809", "123456789012345678901234567890123456789"}) {
    EXPECT_EQ(again(text), text);
  }
  EXPECT_TRUE(parse_json("9223372036854775808")->is_bigint());
  EXPECT_EQ(again("-0"), "0") << "an integer, as in Python";
  EXPECT_EQ(failure(std::string(4301, '9')), "1:1: an integer of 4301 digits, at most 4300 are read");
}

TEST(Json, DoublesAreWrittenAsPythonsReprWritesThem) {
  const auto text = [](double v) { return to_json(Value(v)); };
  EXPECT_EQ(text(1.0), "1.0");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(100000.0), "100000.0");
  EXPECT_EQ(text(1234.5678), "1234.5678");
  EXPECT_EQ(text(0.0001), "0.0001");
  EXPECT_EQ(text(0.00001), "1e-05");
  EXPECT_EQ(text(9999999999999998.0), "9999999999999998.0");
  EXPECT_EQ(text(1e16), "1e+16");
  EXPECT_EQ(text(-1.25e+22), "-1.25e+22");
  EXPECT_EQ(text(5e-324), "5e-324");
  EXPECT_EQ(text(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(text(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(text(std::nan("")), "null");
  EXPECT_EQ(double_text(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(Json, NumbersBeyondADoubleAreRefusedAndTinyOnesAreZero) {
  EXPECT_EQ(failure("[1, 1e999]"), "1:5: number 1e999 is beyond the range of a double");
  EXPECT_EQ(failure("-1e400"), "1:1: number -1e400 is beyond the range of a double");
  EXPECT_EQ(again("1e-999"), "0.0");
  EXPECT_EQ(again("-1e-999"), "-0.0");
  EXPECT_EQ(again("[18446744073709551616, 1e-999, 0.00e9999, 1e308]"), "[18446744073709551616,0.0,0.0,1e+308]")
      << "the scanner rounds as simdjson does";
}

TEST(Json, TheLastOfTwoMembersCounts) {
  EXPECT_EQ(again(R"({"a":1,"b":2,"a":3})"), R"({"a":3,"b":2})");
  EXPECT_EQ(again(R"({"a":18446744073709551616,"a":3})"), R"({"a":3})");
}

TEST(Json, TextsAreWrittenVerbatimButForControlCharacters) {
  const Value text = *parse_json(R"("\u00e9 \ud83d\ude42 \/ \b\f\n\r\t\u0001 \"\\")");
  EXPECT_EQ(text.as_string(), "é 🙂 / \b\f\n\r\t\x01 \"\\");
  EXPECT_EQ(to_json(text), "\"é 🙂 / \\b\\f\\n\\r\\t\\u0001 \\\"\\\\\"");
  EXPECT_EQ(parse_json("\"a\\u0000b\"")->size(), 3u);
  EXPECT_EQ(again("\"a\\u0000b\""), "\"a\\u0000b\"");
}

TEST(Json, PrettyPutsOneMemberOnALine) {
  const Value value = *parse_json(R"({"a":[1,{"b":[]}],"c":{}})");
  EXPECT_EQ(to_json_pretty(value), "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}");
  EXPECT_EQ(to_json_pretty(Value(1)), "1");
}

TEST(Json, ErrorsSayWhereAndWhatWasExpected) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "1:1: found the end of the text, expected a value"},
      {"  \n ", "2:2: found the end of the text, expected a value"},
      {"{\"a\": 1,\n  \"b\" 2}", "2:7: found '2', expected ':' after a name"},
      {"[1 2]", "1:4: found '2', expected ',' or ']' (the array begins at line 1, column 1)"},
      {"{\"é\": [1, 2}", "1:12: found '}', expected ',' or ']' (the array begins at line 1, column 7)"},
      {"[1,]", "1:4: found ']', expected a value (remove the comma before it)"},
      {"{\"a\":]", "1:6: found ']', expected a value"},
      {"{\"a\":1,}", "1:8: found '}', expected a name in double quotes (remove the comma before it)"},
      {"{'a':1}", "1:2: found ''', expected a name in double quotes (JSON quotes with \", not ')"},
      {"{a:1}", "1:2: found 'a', expected a name in double quotes"},
      {"[None]", "1:2: found 'None', expected a value (JSON writes null)"},
      {"NaN", "1:1: found 'NaN', expected a value (JSON has no such number: use null or a text)"},
      {"1 2", "1:3: found '2', expected nothing more after the value"},
      {"01", "1:1: found '01', expected a number without leading zeros"},
      {"1.", "1:3: found the end of the text, expected a digit after the dot of a number"},
      {"-x", "1:2: found 'x', expected a digit after '-'"},
      {"1e+", "1:4: found the end of the text, expected a digit in the exponent of a number"},
      {"[\"abc", "1:2: found a text without a closing '\"'"},
      {"\"a\nb\"",
       "1:3: found byte 0x0a, expected a text without control characters (write it as an escape, as in \\n)"},
      {"\"\\x\"", "1:3: found 'x', expected one of \"\\/bfnrtu after '\\'"},
      {"\"\\u12g4\"", "1:6: found 'g', expected four hexadecimal digits after \\u"},
      {"\"ab\\ud800\"", "1:4: found \\ud800, the first half of a surrogate pair without the second"},
      {"\"\\ud800\\u0041\"", "1:2: found \\ud800\\u0041, expected a second half of \\udc00 to \\udfff"},
      {"\"\\udc00\"", "1:2: found \\udc00, the second half of a surrogate pair without the first"},
      {"[\"é\xff\"]", "1:4: found byte 0xff that is not UTF-8 (save the text as UTF-8)"},
      {"\"\xed\xa0\x80\"", "1:2: found byte 0xed that is not UTF-8 (save the text as UTF-8)"},
      {"\xef\xbb\xbf{}", "1:1: found a byte order mark, expected a value (save the text without one)"},
      {"{\"a\":1", "1:7: found the end of the text, expected ',' or '}' (the object begins at line 1, column 1)"},
      {std::string("\0", 1), "1:1: found byte 0x00, expected a value"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(failure(text), expected) << text;
}

TEST(Json, DepthIsLimitedAndNeverCostsTheStack) {
  EXPECT_EQ(failure(nested(10'000, "[", "", "]")), "1:513: arrays and objects are nested deeper than 512");
  EXPECT_EQ(failure(nested(10'000, "{\"a\":", "1", "}")), "1:2561: arrays and objects are nested deeper than 512");
  EXPECT_EQ(parse_json(nested(10'000, "[", "", "]")).error().code, Code::kLimit);
  EXPECT_TRUE(parse_json(nested(512, "[", "", "]")).has_value());
  EXPECT_TRUE(parse_json(nested(512, "[", "1", "]")).has_value());
  EXPECT_FALSE(parse_json(nested(513, "[", "1", "]")).has_value());
  EXPECT_FALSE(parse_json(nested(513, "[", "", "]")).has_value());
  EXPECT_EQ(failure("[[1]]", {.depth_max = 1}), "1:2: arrays and objects are nested deeper than 1");
  EXPECT_EQ(failure("[]", {.depth_max = 0}), "1:1: arrays and objects are nested deeper than 0");

  const std::string deep = nested(100'000, "[{\"a\":", "1", "}]");
  const Result<Value> value = parse_json(deep, {.depth_max = 200'000});
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(to_json(*value), deep);
}

TEST(Json, SizeIsLimited) {
  EXPECT_EQ(failure("[1,2,3]", {.bytes_max = 6}), "a JSON text of 7 bytes, at most 6 are read");
  EXPECT_EQ(parse_json("[1,2,3]", {.bytes_max = 6}).error().code, Code::kLimit);
}

// Goal: what is written reads back identical, compact and pretty, by simdjson and by the scanner.
// Method: random values of every kind; the seed of a failure is printed.
TEST(Json, RandomValuesSurviveTheRoundTrip) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Value value = internal::RandomValues(seed).next();
    const std::string text = to_json(value);
    const Result<Value> fast = parse_json(text);
    ASSERT_TRUE(fast.has_value()) << fast.error().to_string() << "\n" << text;
    ASSERT_TRUE(identical(*fast, value)) << text;
    const Result<Value> slow = internal::scan_json(text, {});
    ASSERT_TRUE(slow.has_value()) << slow.error().to_string() << "\n" << text;
    ASSERT_TRUE(identical(*slow, value)) << text;
    const Result<Value> pretty = parse_json(to_json_pretty(value));
    ASSERT_TRUE(pretty && identical(*pretty, value));
  }
}

TEST(Json, EveryDoubleSurvivesTheRoundTrip) {
  std::mt19937_64 bits(7);
  for (int i = 0; i < 100'000; ++i) {
    const auto number = std::bit_cast<double>(bits());
    if (!std::isfinite(number)) continue;
    const Value read = *parse_json(double_text(number));
    ASSERT_TRUE(read.is_double());
    ASSERT_EQ(std::bit_cast<std::uint64_t>(read.as_double()), std::bit_cast<std::uint64_t>(number));
  }
}

// Goal: both readers accept the same texts. Method: valid texts with one byte changed, removed or doubled.
TEST(Json, SimdjsonAndTheScannerAgree) {
  std::mt19937_64 bits(11);
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    std::string text = to_json(internal::RandomValues(seed).next(2));
    const std::size_t at = bits() % text.size();
    switch (bits() % 3) {
      case 0: text[at] = "\"\\[]{},:0-.eEtu \x01\xc3"[bits() % 18]; break;
      case 1: text.erase(at, 1); break;
      default: text.insert(at, 1, text[at]); break;
    }
    const Result<Value> fast = parse_json(text);
    const Result<Value> slow = internal::scan_json(text, {});
    ASSERT_EQ(fast.has_value(), slow.has_value()) << text;
    if (fast) {
      ASSERT_TRUE(identical(*fast, *slow)) << text;
    }
  }
}

TEST(Json, ManyThreadsParseAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 200; ++i) {
        const std::string text = "{\"thread\":" + std::to_string(t) + ",\"big\":\"" + std::string(i * 10, 'x') + "\"}";
        ASSERT_EQ(again(text), text);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Json, ALargeTextIsReadAndItsBuffersAreGivenBack) {
  std::string text = "[";
  while (text.size() < 4 * kJsonKeptBytesMax) text += R"({"host":"web1","load":0.25},)";
  text.back() = ']';
  EXPECT_EQ(again(text), text);
  EXPECT_EQ(again("[1]"), "[1]");
}

TEST(JsonFields, OnlyWhatThePathsNameIsMade) {
  const std::vector<JsonFields::Path> paths = {{"a", "b"}, {"c"}, {"n", "x", "y"}};
  const JsonFields fields(paths);
  const auto some = [&](std::string_view text) {
    const auto value = parse_json_fields(text, fields);
    return value ? to_json(*value) : value.error().to_string();
  };
  EXPECT_EQ(some(R"( {"z": [1, {"q": "]"}], "a": {"b": "text", "k": 1}, "c": [1, 2.5e1, {"d": null}], "n": 7} )"),
            R"({"a":{"b":"text"},"c":[1,25.0,{"d":null}],"n":7})")
      << "a path through what is no object gives that";
  EXPECT_EQ(some(R"({"c": 1, "c": -0.5, "x": "\\\"}"})"), R"({"c":-0.5})") << "the last occurrence";
  EXPECT_EQ(some(R"({"n": {"x": {"y": true, "z": 1}, "w": 2}})"), R"({"n":{"x":{"y":true}}})");
  EXPECT_EQ(some("{}"), "{}");
  EXPECT_EQ(some(R"({"c": "\u0041", "z": 1})"), R"({"c":"A","z":1})") << "left to parse_json, which gives all";
  EXPECT_EQ(some(R"({"\u0063": 1})"), R"({"c":1})");
  EXPECT_EQ(some(R"({"c": 123456789012345678901})"), R"({"c":123456789012345678901})");
  EXPECT_EQ(some(R"([1])"), "[1]");
  EXPECT_EQ(some(R"({"c": 01})").substr(0, 4), "1:7:") << "what is wrong in a field is found";
  EXPECT_EQ(some(R"({"c": 1} x)").substr(0, 5), "1:10:");
  EXPECT_NE(some("{\"c\": \"\xff\"}").find("UTF-8"), std::string::npos);
  EXPECT_NE(some(R"({"c": [1, 2)").find("expected"), std::string::npos);
}

}  // namespace
}  // namespace midwatch
