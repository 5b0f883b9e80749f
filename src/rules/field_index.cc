#include "rules/field_index.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <re2/re2.h>

#include "expr/python_text.h"

namespace midwatch {
namespace {

using Op = CriteriaOperator;

// What has a place in a hash of values; Python's equality has true == 1, so they share one.
bool is_scalar(const Value& value) { return !value.is_array() && !value.is_object(); }
Value key_of(const Value& scalar) { return scalar.is_bool() ? Value(scalar.as_bool() ? 1 : 0) : scalar; }
bool is_nan(const Value& value) { return value.is_double() && std::isnan(value.as_double()); }

void append(RuleHits& to, const RuleHits& from) { to.insert(to.end(), from.begin(), from.end()); }

template <class Map, class Key>
void append_found(RuleHits& to, const Map& map, const Key& key) {
  if (map.empty()) return;
  const auto found = map.find(key);
  if (found != map.end()) append(to, found->second);
}

}  // namespace

int FieldIndex::rank(const OperatorCheck& check) {
  if (check.defect() != nullptr) return kNoUse;
  const Value& pattern = check.pattern();
  switch (check.op()) {
    case Op::kEquals: return 0;
    case Op::kIn: return pattern.is_string() ? 60 : 1;
    case Op::kIEquals: return 2;
    case Op::kStartsWith:
    case Op::kEndsWith:
    case Op::kIStartsWith:
    case Op::kIEndsWith: return 10;
    case Op::kMatchWildcard: return 20;
    case Op::kMatchRegex:
    case Op::kRegex:
    case Op::kIRegex: return check.regex() != nullptr && check.regex()->has_re2() ? 30 : kNoUse;
    case Op::kContains: return pattern.is_array() || pattern.is_object() ? kNoUse : 40;
    case Op::kLess:
    case Op::kGreater: return pattern.is_number() || pattern.is_bool() ? 50 : kNoUse;
    case Op::kNotExists: return 70;
    case Op::kExists: return 80;
    case Op::kNotEquals: return 90;
    case Op::kNotIn: return pattern.is_array() ? 90 : kNoUse;
    default: return kNoUse;
  }
}

void FieldIndex::add_for_kinds(ValueKinds kinds, std::uint32_t rule, bool decides) {
  for (std::size_t bit = 0; bit < by_kind_.size(); ++bit) {
    if (overlap(kinds, static_cast<ValueKinds>(1U << bit))) by_kind_[bit].push_back(hit_of(rule, decides));
  }
}

void FieldIndex::add_equals(const Value& pattern, std::uint32_t rule, bool decides) {
  if (!is_scalar(pattern)) return add_for_kinds(kind_of(pattern), rule);
  if (!is_nan(pattern)) equal_[key_of(pattern)].push_back(hit_of(rule, decides));
}

void FieldIndex::add_in(const Value& pattern, std::uint32_t rule, bool decides) {
  if (pattern.is_string()) return add_for_kinds(ValueKinds::kText, rule);
  for (const Value& element : pattern.elements()) add_equals(element, rule, decides);
  for (const Value::Member& member : pattern.members()) add_equals(member.key, rule, decides);
}

void FieldIndex::add_except(std::span<const Value> constants, std::uint32_t rule, bool decides) {
  if (!std::ranges::all_of(constants, is_scalar)) return add_for_kinds(ValueKinds::kAll, rule);
  except_.push_back(hit_of(rule, decides));
  for (const Value& constant : constants) {
    if (!is_nan(constant)) excluded_[key_of(constant)].push_back(hit_of(rule, decides));
  }
}

void FieldIndex::add_contains(const Value& pattern, std::uint32_t rule, bool decides) {
  if (!is_scalar(pattern)) return add_for_kinds(ValueKinds::kArray, rule);
  if (!is_nan(pattern)) elements_[key_of(pattern)].push_back(hit_of(rule, decides));
  if (!pattern.is_string()) return;
  add_for_kinds(ValueKinds::kObject, rule);
  wildcards_.add(re2::RE2::QuoteMeta(pattern.to_text()), hit_of(rule, decides));
}

void FieldIndex::add_wildcard(const Wildcard& wildcard, std::uint32_t rule) {
  const std::string prefix = wildcard.literal_prefix();
  const std::string suffix = wildcard.literal_suffix();
  if (prefix.empty() && suffix.empty()) wildcards_.add(wildcard.re2_source(), hit_of(rule, false));
  else if (prefix.size() >= suffix.size()) prefixes_.add(prefix, hit_of(rule, false));
  else suffixes_.add(suffix, hit_of(rule, false));
}

void FieldIndex::add_regex(const TextPattern& regex, std::uint32_t rule) {
  const std::string prefix = regex.literal_prefix();
  if (prefix.empty()) regexes_.add(regex.re2_source(), hit_of(rule, false));
  else prefixes_.add(prefix, hit_of(rule, false));
}

void FieldIndex::add(const OperatorCheck& check, std::uint32_t rule, bool decides) {
  const Value& pattern = check.pattern();
  add_for_kinds(~check.safe_kinds(), rule);
  const auto lower = [&] { return lower_text(pattern.as_string()); };
  const std::uint32_t hit = hit_of(rule, decides);
  if (check.op() == Op::kIEquals || check.op() == Op::kIStartsWith || check.op() == Op::kIEndsWith) has_lower_ = true;
  switch (check.op()) {
    case Op::kEquals: return add_equals(pattern, rule, decides);
    case Op::kIn: return add_in(pattern, rule, decides);
    case Op::kNotEquals: return add_except({&pattern, 1}, rule, decides);
    case Op::kNotIn: return add_except(pattern.elements(), rule, decides);
    case Op::kIEquals: return lower_equal_[lower()].push_back(hit);
    case Op::kStartsWith: return prefixes_.add(pattern.as_string(), hit);
    case Op::kEndsWith: return suffixes_.add(pattern.as_string(), hit);
    case Op::kIStartsWith: return lower_prefixes_.add(lower(), hit);
    case Op::kIEndsWith: return lower_suffixes_.add(lower(), hit);
    case Op::kMatchWildcard: return add_wildcard(*check.wildcard(), rule);
    case Op::kMatchRegex:
    case Op::kRegex:
    case Op::kIRegex: return add_regex(*check.regex(), rule);
    case Op::kContains: return add_contains(pattern, rule, decides);
    case Op::kExists: return add_for_kinds(~ValueKinds::kNull, rule, decides);
    case Op::kNotExists: return add_for_kinds(ValueKinds::kNull, rule, decides);
    default: return add_for_kinds(ValueKinds::kAll, rule);
  }
}

void FieldIndex::add_interval(double low, double high, std::uint32_t rule) {
  add_for_kinds(~ValueKinds::kNumber, rule);
  intervals_.add(low, high, hit_of(rule, false));
}

void FieldIndex::build() {
  intervals_.build();
  wildcards_.build();
  regexes_.build();
}

void FieldIndex::collect_except(const Value& scalar, RuleHits& hits) const {
  if (except_.empty()) return;
  const auto excluded = excluded_.find(scalar);
  if (excluded == excluded_.end()) return append(hits, except_);
  // Both are in the order in which rules were added; a constant that comes twice is there twice.
  auto next = excluded->second.begin();
  for (const std::uint32_t hit : except_) {
    while (next != excluded->second.end() && *next < hit) ++next;
    if (next == excluded->second.end() || *next != hit) hits.push_back(hit);
  }
}

void FieldIndex::collect_text(std::string_view text, ValueKinds kind, RuleHits& hits) const {
  prefixes_.collect(text, hits);
  suffixes_.collect(text, hits);
  wildcards_.collect(text, hits);
  if (kind == ValueKinds::kPlainText) regexes_.collect(text, hits);
  if (!has_lower_) return;
  const std::string lower = lower_text(text);
  append_found(hits, lower_equal_, std::string_view(lower));
  lower_prefixes_.collect(lower, hits);
  lower_suffixes_.collect(lower, hits);
}

void FieldIndex::collect(const Value& value, RuleHits& hits) const {
  const ValueKinds kind = kind_of(value);
  append(hits, by_kind_[static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(kind)))]);
  if (is_scalar(value)) {
    const Value key = key_of(value);
    append_found(hits, equal_, key);
    collect_except(key, hits);
    if (kind == ValueKinds::kNumber && !is_nan(key)) intervals_.collect(key.as_double(), hits);
    else if (overlap(kind, ValueKinds::kText)) collect_text(value.as_string(), kind, hits);
    return;
  }
  append(hits, except_);
  if (elements_.empty()) return;
  for (const Value& element : value.elements()) {
    if (is_scalar(element)) append_found(hits, elements_, key_of(element));
  }
}

}  // namespace midwatch
