#include "expr_cases/expression_case.h"

#include <gtest/gtest.h>

#include "codec/json.h"

namespace midwatch {
namespace {

std::string answer(std::string_view line) {
  const auto record = parse_json(line);
  if (!record) return "not JSON";
  const auto ran = run_expression_case(*record);
  return ran ? to_json(expression_answer(*record, *ran)) : "no case: " + ran.error().to_string();
}

TEST(ExpressionCase, TheSuiteIsKnownByTheIdOrByTheFields) {
  EXPECT_EQ(answer(R"({"id": "yaql/x/1", "expr": "1 + 1"})"), R"({"id":"yaql/x/1","output":2})");
  EXPECT_EQ(answer(R"({"id": 7, "template": "{{ 1 + 1 }}"})"), R"({"id":7,"output":"2"})");
  EXPECT_EQ(answer(R"({"id": "a", "format": "do {{x}}", "param_stream": "do it"})"),
            R"({"id":"a","output":{"x":"it"}})");
  EXPECT_TRUE(answer(R"({"id": "a"})").starts_with("no case: "));
  EXPECT_TRUE(answer("[]").starts_with("no case: "));
}

TEST(ExpressionCase, LayersAndFormsHaveNames) {
  EXPECT_EQ(answer(R"({"id": 1, "template": "{{ ctx().a }}", "layer": "orquesta", "context": {"a": [1]}})"),
            R"({"id":1,"output":[1]})");
  EXPECT_EQ(answer(R"({"id": 1, "expr": "n <% 1 %>", "form": "text"})"), R"({"id":1,"output":"n 1"})");
  EXPECT_TRUE(answer(R"({"id": 1, "expr": "1", "form": "poem"})").starts_with("no case: unknown form 'poem'"));
  EXPECT_TRUE(answer(R"({"id": 1, "template": "1", "layer": "poem"})").starts_with("no case: unknown layer 'poem'"));
}

TEST(ExpressionCase, AnErrorHasItsKindAndText) {
  const std::string text = answer(R"({"id": 1, "expr": "ctx().ghost"})");
  EXPECT_TRUE(text.starts_with(R"({"id":1,"error":{"kind":"undefined","message":"Unable to resolve key 'ghost')"))
      << text;
}

TEST(ExpressionCase, WhatJsonCannotWriteIsMarked) {
  EXPECT_EQ(answer(R"x({"id": 1, "expr": "timespan(seconds => 1)"})x"),
            R"({"id":1,"output":{"$timespan_us":1000000}})");
  EXPECT_EQ(answer(R"({"id": 1, "expr": "{1 => a}"})"), R"({"id":1,"output":{"$pairs":[[1,"a"]]}})");
}

}  // namespace
}  // namespace midwatch
