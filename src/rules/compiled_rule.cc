#include "rules/compiled_rule.h"

#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "codec/json.h"

namespace midwatch {
namespace {

constexpr std::size_t kShownBytesMax = 256;

bool is_empty(const Value& payload) { return payload.is_null() || payload.size() == 0; }

}  // namespace

Result<CompiledCriterion> CompiledCriterion::compile(const Criterion& criterion) {
  const auto op = find_operator(criterion.op);
  if (!op) return Error(Code::kInvalid, fmt::format("unknown operator '{}'", criterion.op), criterion.where);
  auto key = KeyPath::parse(criterion.key);
  if (!key) return std::move(key).error().at(criterion.where);
  CompiledCriterion compiled(criterion, *op, std::move(*key));
  if (PatternTemplate::is_template(criterion.pattern)) {
    if (!is_evaluated(*op)) {
      return Error(Code::kInvalid, fmt::format("operator '{}' is not evaluated by this version", criterion.op),
                   criterion.where);
    }
    auto pattern = PatternTemplate::compile(criterion.pattern.as_string());
    if (!pattern) {
      Error error = std::move(pattern).error().within(fmt::format("pattern of '{}'", criterion.key));
      error.where = criterion.where;
      return error;
    }
    compiled.template_ = std::move(*pattern);
    return compiled;
  }
  auto check = OperatorCheck::compile(*op, criterion.pattern);
  if (!check) return std::move(check).error().at(criterion.where);
  compiled.check_ = std::move(*check);
  return compiled;
}

bool CompiledCriterion::is_constant_equality() const {
  const Value& pattern = source_->pattern;
  if (op_ != CriteriaOperator::kEquals || !check_) return false;
  if (pattern.is_double()) return !std::isnan(pattern.as_double());
  return pattern.is_string() || pattern.is_number() || pattern.is_bool();
}

bool CompiledCriterion::cannot_fail() const {
  return check_.has_value() && (op_ == CriteriaOperator::kEquals || op_ == CriteriaOperator::kNotEquals ||
                                op_ == CriteriaOperator::kExists || op_ == CriteriaOperator::kNotExists);
}

CompiledCriterion::Evaluated CompiledCriterion::finish(const OperatorCheck& check, Evaluated outcome) const {
  static const Value none;
  const auto matched = check.matches(outcome.value == nullptr ? none : *outcome.value);
  if (matched) outcome.matched = *matched;
  else
    outcome.error = fmt::format("There might be a problem with the criteria: \"{}\" {}: {}", source_->key, source_->op,
                                matched.error().message);
  return outcome;
}

CompiledCriterion::Evaluated CompiledCriterion::evaluate(const Value& payload) const {
  Evaluated outcome;
  outcome.value = key_.first(payload);
  outcome.pattern = source_->pattern;
  if (check_) return finish(*check_, std::move(outcome));
  auto pattern = template_->render(payload);
  if (pattern) {
    outcome.pattern = std::move(*pattern);
    const auto check = OperatorCheck::compile(op_, outcome.pattern);
    if (check) return finish(*check, std::move(outcome));
    outcome.error = fmt::format("There might be a problem with the criteria: \"{}\" {}: {}", source_->key, source_->op,
                                check.error().message);
    return outcome;
  }
  outcome.error =
      fmt::format("Failed to render pattern value \"{}\" for key \"{}\": {}",
                  source_->pattern.text_or("").substr(0, kShownBytesMax), source_->key, pattern.error().message);
  return outcome;
}

Result<CompiledRule> CompiledRule::compile(const Rule& rule) {
  CompiledRule compiled;
  compiled.rule = &rule;
  compiled.criteria.reserve(rule.criteria.size());
  for (const Criterion& criterion : rule.criteria) {
    auto one = CompiledCriterion::compile(criterion);
    if (!one) return std::move(one).error().within("rule " + rule.ref());
    compiled.criteria.push_back(std::move(*one));
  }
  return compiled;
}

bool CompiledRule::matches(const Value& payload, std::string& failure) const {
  if (criteria.empty()) return true;
  if (is_empty(payload)) return false;
  for (const CompiledCriterion& criterion : criteria) {
    CompiledCriterion::Evaluated outcome = criterion.evaluate(payload);
    if (!outcome.error.empty()) failure = std::move(outcome.error);
    if (!outcome.matched) return false;
  }
  return true;
}

RuleVerdict CompiledRule::explain(const Value& payload) const {
  RuleVerdict verdict;
  verdict.rule = rule;
  std::string failure;
  verdict.matched = matches(payload, failure);
  if (criteria.empty()) verdict.reason = "it has no criteria, so every event of its trigger matches";
  else if (is_empty(payload)) verdict.reason = "the event has no payload";
  std::size_t failed = 0;
  for (const CompiledCriterion& criterion : criteria) {
    CompiledCriterion::Evaluated outcome = criterion.evaluate(payload);
    CriterionVerdict one;
    one.key = criterion.source().key;
    one.op = criterion.source().op;
    one.pattern = std::move(outcome.pattern);
    if (outcome.value != nullptr) one.value = *outcome.value;
    one.matched = outcome.matched;
    one.error = std::move(outcome.error);
    if (!one.matched) ++failed;
    verdict.criteria.push_back(std::move(one));
  }
  if (!verdict.reason.empty()) return verdict;
  if (verdict.matched) verdict.reason = fmt::format("all {} criteria hold", criteria.size());
  else if (!failure.empty()) verdict.reason = std::move(failure);
  else
    verdict.reason = fmt::format("{} of {} criteria {} not hold", failed, criteria.size(), failed == 1 ? "does" : "do");
  return verdict;
}

}  // namespace midwatch
