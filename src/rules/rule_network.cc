#include "rules/rule_network.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace midwatch {
namespace {

using Op = CriteriaOperator;

constexpr std::size_t kHitsUsual = 32;  // for which there is room at once

const Value& no_value() {
  static const Value none;
  return none;
}

// A null pattern: does not hold for any value, and does not fail.
bool never_holds(const OperatorCheck& check) {
  return check.pattern().is_null() && check.op() != Op::kNotEquals && check.op() != Op::kExists &&
         check.op() != Op::kNotExists;
}

bool is_bound(const OperatorCheck& check) {
  return (check.op() == Op::kLess || check.op() == Op::kGreater) &&
         (check.pattern().is_number() || check.pattern().is_bool());
}

double bound_of(const Value& pattern) {
  return pattern.is_bool() ? (pattern.as_bool() ? 1.0 : 0.0) : pattern.as_double();
}

}  // namespace

// Where a rule is filed.
struct RuleNetwork::Access {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t criterion = kNone;
  std::size_t other_bound = kNone;  // of the same field, for an interval
  std::size_t last = 0;             // criteria before this one are watched for failures
  bool never = false;               // the criterion at `last` does not hold for any event
};

RuleNetwork::Access RuleNetwork::choose_access(const CompiledRule& rule) {
  Access best;
  int best_rank = FieldIndex::kNoUse;
  const auto& criteria = rule.criteria;
  for (std::size_t i = 0; i < criteria.size(); ++i) {
    const OperatorCheck* check = criteria[i].constant();
    if (check == nullptr || !criteria[i].key().is_plain()) break;
    if (never_holds(*check)) return {.last = i, .never = true};
    const int rank = FieldIndex::rank(*check);
    if (rank < best_rank) {
      best_rank = rank;
      best = {.criterion = i, .last = i};
    } else if (best.criterion != Access::kNone && best.other_bound == Access::kNone && is_bound(*check)) {
      const CompiledCriterion& other = criteria[best.criterion];
      if (is_bound(*other.constant()) && other.constant()->op() != check->op() &&
          std::ranges::equal(other.key().names(), criteria[i].key().names())) {
        best.other_bound = i;
        best.last = i;
      }
    }
    if (check->safe_kinds() == ValueKinds::kNone) break;
  }
  return best;
}

FieldIndex& RuleNetwork::index_of(const KeyPath& key) {
  std::uint32_t at = 0;
  for (const std::string& name : key.names()) {
    const auto& parts = fields_[at].parts;
    const auto found =
        std::ranges::find_if(parts, [&](std::uint32_t part) { return fields_[part].name.as_string() == name; });
    if (found != parts.end()) {
      at = *found;
      continue;
    }
    const auto made = static_cast<std::uint32_t>(fields_.size());
    fields_[at].parts.push_back(made);
    fields_.emplace_back().name = Value(name);
    at = made;
  }
  if (fields_[at].index == nullptr) fields_[at].index = std::make_unique<FieldIndex>();
  return *fields_[at].index;
}

void RuleNetwork::file(std::uint32_t number) {
  const CompiledRule& rule = *rules_[number];
  if (rule.criteria.empty()) return unconditional_.push_back(hit_of(number, true));
  const Access access = choose_access(rule);
  if (access.criterion == Access::kNone && !access.never) return always_.push_back(hit_of(number, false));
  for (std::size_t i = 0; i < access.last; ++i) {
    const CompiledCriterion& before = rule.criteria[i];
    const ValueKinds unsafe = ~before.constant()->safe_kinds();
    if (unsafe != ValueKinds::kNone) index_of(before.key()).add_for_kinds(unsafe, number);
  }
  if (access.never) return;
  const CompiledCriterion& criterion = rule.criteria[access.criterion];
  FieldIndex& index = index_of(criterion.key());
  if (!is_bound(*criterion.constant())) return index.add(*criterion.constant(), number, rule.criteria.size() == 1);
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  for (const std::size_t i : {access.criterion, access.other_bound}) {
    if (i == Access::kNone) continue;
    const OperatorCheck& bound = *rule.criteria[i].constant();
    (bound.op() == Op::kGreater ? low : high) = bound_of(bound.pattern());
  }
  index.add_interval(low, high, number);
}

RuleNetwork::RuleNetwork(std::vector<std::shared_ptr<const CompiledRule>> rules) : rules_(std::move(rules)) {
  for (std::uint32_t number = 0; number < rules_.size(); ++number) file(number);
  for (Field& field : fields_) {
    if (field.index != nullptr) field.index->build();
  }
}

// As deep as the longest key: at most kKeyStepsMax.
void RuleNetwork::collect(const Field& field, const Value& value, RuleHits& hits) const {
  if (field.index != nullptr) field.index->collect(value, hits);
  for (const std::uint32_t part : field.parts) {
    const Value* found = value.find_key(fields_[part].name);
    collect(fields_[part], found == nullptr ? no_value() : *found, hits);
  }
}

void RuleNetwork::evaluate(const CompiledRule& rule, const Value& payload, const CriteriaContext& context,
                           MatchResult& result) const {
  CriteriaRun run{context, rule.ref};
  const auto matched = rule.matches(payload, run);
  if (matched && *matched) result.matched.push_back(rule.rule);
  for (std::string& failure : run.failures) result.failures.push_back({rule.rule, std::move(failure)});
  if (!matched) result.failures.push_back({rule.rule, matched.error().message()});
}

void RuleNetwork::match(const Value& payload, const CriteriaContext& context, MatchResult& result) const {
  RuleHits hits;
  hits.reserve(kHitsUsual);
  hits.assign(unconditional_.begin(), unconditional_.end());
  if (!is_empty_payload(payload)) {
    hits.insert(hits.end(), always_.begin(), always_.end());
    collect(fields_.front(), payload, hits);
  }
  std::ranges::sort(hits);
  result.matched.reserve(result.matched.size() + std::min(hits.size(), kHitsUsual));
  for (std::size_t i = 0; i < hits.size(); ++i) {
    // The certain hit of a rule comes after the uncertain ones.
    if (i + 1 < hits.size() && rule_of(hits[i + 1]) == rule_of(hits[i])) continue;
    const CompiledRule& rule = *rules_[rule_of(hits[i])];
    if (is_certain(hits[i])) result.matched.push_back(rule.rule);
    else evaluate(rule, payload, context, result);
  }
}

void RuleNetwork::match_each(const Value& payload, const CriteriaContext& context, MatchResult& result) const {
  for (const auto& rule : rules_) evaluate(*rule, payload, context, result);
}

}  // namespace midwatch
