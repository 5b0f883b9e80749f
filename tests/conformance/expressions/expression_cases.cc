#include "expression_cases.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string>

#include "codec/json.h"
#include "expr_cases/expression_case.h"

namespace midwatch::conformance {

bool same(const Value& expected, const Value& actual) {
  if (expected.kind() != actual.kind()) return false;
  if (expected.is_array()) {
    const auto a = expected.elements();
    const auto b = actual.elements();
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!same(a[i], b[i])) return false;
    }
    return true;
  }
  if (expected.is_object()) {
    if (expected.members().size() != actual.members().size()) return false;
    for (const Value::Member& member : expected.members()) {
      const Value* other = actual.find(member.name());
      if (other == nullptr || !same(member.value, *other)) return false;
    }
    return true;
  }
  return expected == actual;
}

namespace {

std::string shortened(std::string text) {
  constexpr std::size_t kShownMax = 300;
  if (text.size() > kShownMax) text = text.substr(0, kShownMax) + "…";
  return text;
}

void show(const Value& record, const Outcome<Value>& answer) {
  std::cout << record.get("id").text_or("?") << "\n  input    ";
  for (const char* field : {"template", "expr", "format", "param_stream"}) {
    if (const Value* source = record.find(field)) std::cout << shortened(to_json(*source));
  }
  std::cout << "   context " << shortened(to_json(record.get("context")));
  if (const Value* schema = record.find("schema")) std::cout << "   schema " << shortened(to_json(*schema));
  const Value* expected = record.find("output");
  std::cout << "\n  expected "
            << shortened(expected != nullptr ? to_json(*expected) : "error " + to_json(record.get("error")));
  std::cout << "\n  actual   "
            << shortened(answer ? to_json(*answer)
                                : "error " + std::string(to_string(answer.error().kind())) + ": " +
                                      answer.error().message())
            << "\n";
}

}  // namespace

Score run_cases(std::string_view file, const std::function<bool(const Value& record)>& wanted) {
  const bool shows_failures = std::getenv("SHOW_FAILURES") != nullptr;
  std::ifstream lines(std::string(MIDWATCH_SOURCE_DIR) + "/tests/conformance/expressions/" + std::string(file));
  EXPECT_TRUE(lines.is_open()) << file;
  std::map<std::string, Score> features;
  Score sum;
  for (std::string line; std::getline(lines, line);) {
    const auto record = parse_json(line);
    EXPECT_TRUE(record) << line;
    if (!record || !wanted(*record)) continue;
    const auto ran = run_expression_case(*record);
    EXPECT_TRUE(ran) << line;
    if (!ran) continue;
    const Outcome<Value>& answer = *ran;
    const Value* output = record->find("output");
    const bool passed = output != nullptr ? answer && same(*output, *answer) : !answer;
    const bool kind = output != nullptr ||
                      (!answer && to_string(answer.error().kind()) == record->get("error").get("kind").text_or(""));
    for (Score* score : {&sum, &features[record->get("feature").text_or("?")]}) {
      ++score->total;
      score->passed += passed ? 1 : 0;
      score->kinds += passed && kind ? 1 : 0;
    }
    if (shows_failures && !(passed && kind)) show(*record, answer);
  }
  for (const auto& [feature, score] : features) {
    if (score.passed != score.total) std::printf("  %-40s %4zu / %zu\n", feature.c_str(), score.passed, score.total);
  }
  std::printf("%s: %zu of %zu cases agree, %zu with the kind of the error\n", std::string(file).c_str(), sum.passed,
              sum.total, sum.kinds);
  return sum;
}

Score run_cases(std::string_view file) {
  return run_cases(file, [](const Value&) { return true; });
}

}  // namespace midwatch::conformance
