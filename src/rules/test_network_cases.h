// rules/test_network_cases.h — random rules and events, for the property test and the fuzzer of the network.
//
// `next(n)` gives a number below n: from a seeded generator, or from a fuzzer's bytes. Few fields and few values,
// so that rules and events meet; every operator, constants of every kind, keys and patterns that fail.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "codec/json.h"
#include "model/content.h"
#include "model/criteria_operator.h"
#include "value/value.h"

namespace midwatch::network_cases {

using Next = std::function<std::uint32_t(std::uint32_t below)>;

inline constexpr std::array kTexts = {"",   "a", "ab", "aB",  "abc", "b", "web1",       "web-01.log", "WEB1", "1",
                                      "12", "é", "aé", "x\n", "a*b", "[", "2024-03-15", "a.b",        "tru",  "İ"};
inline constexpr std::array kExpressions = {"a",       "^a",     "b$",     "^web", "\\d+", "[ab]c",
                                            "(a|b)c?", "a(?=b)", "(a)\\1", "(",    "^a?b", "x\\Z",
                                            "\\bweb",  ".",      "é",      "^a|b", "a{2}", "\\w{2,}"};
inline constexpr std::array kWildcards = {"*",   "a*",  "*b",   "?", "web*", "*.log", "[ab]*",
                                          "a*b", "*e*", "[!a]", "",  "[",    "w*1"};
inline constexpr std::array kTemplates = {"{{ trigger.a }}", "{{ trigger.n }}", "a{{ trigger.b }}", "{{ ghost }}",
                                          "{% if %}"};
inline constexpr std::array kKeys = {"trigger.a",   "trigger.a#2", "trigger.b",   "trigger.n",       "trigger.n#1",
                                     "trigger.o.a", "trigger.o",   "trigger.o.n", "trigger.list[0]", "trigger..a",
                                     "trigger.",    "ghost",       "trigger",     "trigger.list"};

template <std::size_t N>
const char* pick(const Next& next, const std::array<const char*, N>& from) {
  return from[next(static_cast<std::uint32_t>(N))];
}

inline Value number(const Next& next) {
  switch (next(12)) {
    case 0: return Value(0.5);
    case 1: return Value(-1);
    case 2: return Value(1.0);
    case 3: return *Value::integer("123456789012345678901234567890");
    case 4: return Value(std::int64_t{9007199254740993});
    case 5: return Value(9007199254740992.0);
    case 6: return Value(-0.0);
    default: return Value(static_cast<int>(next(6)));
  }
}

inline Value scalar(const Next& next) {
  switch (next(8)) {
    case 0: return {};
    case 1: return Value(next(2) == 0);
    case 2:
    case 3:
    case 4: return number(next);
    default: return Value(pick(next, kTexts));
  }
}

inline Value any(const Next& next, int depth) {
  const std::uint32_t kind = next(10);
  if (depth >= 3 || kind < 7) return scalar(next);
  if (kind < 9) {
    std::vector<Value> elements;
    for (std::uint32_t i = next(4); i > 0; --i) elements.push_back(any(next, depth + 1));
    return Value::array(std::move(elements));
  }
  std::vector<Value::Member> members;
  for (std::uint32_t i = next(3); i > 0; --i) members.emplace_back(pick(next, kTexts), any(next, depth + 1));
  return Value::object(std::move(members));
}

inline Value pattern_for(const Next& next, CriteriaOperator op) {
  if (next(12) == 0) return any(next, 1);
  if (next(25) == 0) return Value(pick(next, kTemplates));
  switch (op) {
    case CriteriaOperator::kLess:
    case CriteriaOperator::kGreater: return next(5) == 0 ? Value(pick(next, kTexts)) : number(next);
    case CriteriaOperator::kIn:
    case CriteriaOperator::kNotIn: {
      std::vector<Value> elements;
      for (std::uint32_t i = next(4); i > 0; --i) elements.push_back(scalar(next));
      return Value::array(std::move(elements));
    }
    case CriteriaOperator::kMatchWildcard: return Value(pick(next, kWildcards));
    case CriteriaOperator::kMatchRegex:
    case CriteriaOperator::kRegex:
    case CriteriaOperator::kIRegex: return Value(pick(next, kExpressions));
    case CriteriaOperator::kTimeLess:
    case CriteriaOperator::kTimeGreater: return Value(60);
    case CriteriaOperator::kSearch:
      return Value::object({{"item", Value::object({{"type", "eq"}, {"pattern", scalar(next)}})},
                            {"item.a", Value::object({{"type", "gt"}, {"pattern", 1}})}});
    default: return scalar(next);
  }
}

inline Criterion criterion(const Next& next) {
  const auto names = operator_names();
  const OperatorName& name = names[next(static_cast<std::uint32_t>(names.size()))];
  Criterion out;
  // Keys that fail or need a general evaluator are rare.
  out.key = next(8) == 0 ? pick(next, kKeys) : kKeys[next(8)];
  out.op = name.name;
  out.pattern = pattern_for(next, name.op);
  out.condition = next(3) == 0 ? "all" : "any";
  return out;
}

inline std::deque<Rule> rules(const Next& next, std::size_t count) {
  std::deque<Rule> out;
  for (std::size_t i = 0; i < count; ++i) {
    Rule& rule = out.emplace_back();
    rule.pack = "p";
    rule.name = "r" + std::to_string(i);
    rule.enabled = true;
    for (std::uint32_t n = next(5); n > 0; --n) rule.criteria.push_back(criterion(next));
  }
  return out;
}

inline Value event(const Next& next) {
  if (next(30) == 0) return any(next, 0);
  ObjectBuilder out;
  out.set_if(next(5) != 0, "a", next(4) == 0 ? any(next, 0) : Value(pick(next, kTexts)));
  out.set_if(next(3) != 0, "b", scalar(next));
  out.set_if(next(4) != 0, "n", next(5) == 0 ? any(next, 0) : number(next));
  if (next(3) != 0) out.set("o", Value::object({{"a", scalar(next)}, {"n", number(next)}}));
  out.set_if(next(2) == 0, "list", any(next, 0));
  return std::move(out).build();
}

inline std::string shown(const std::deque<Rule>& rules) {
  std::string out;
  for (const Rule& rule : rules) {
    out += rule.name;
    for (const Criterion& one : rule.criteria) {
      out += "  " + one.key + " " + one.op + " " + to_json(one.pattern);
    }
    out += "\n";
  }
  return out;
}

}  // namespace midwatch::network_cases
