#include "rules/search.h"

#include <fmt/core.h>

#include "expr/python_ops.h"
#include "rules/compiled_criterion.h"

namespace midwatch {
namespace {

// "type" in child, for what is no mapping: texts and lists can hold it, and then cannot be asked for it.
std::string odd_child_error(const Value& child) {
  const std::string type = type_name(Datum(child));
  if (!child.is_string() && !child.is_array()) return fmt::format("argument of type '{}' is not iterable", type);
  const MapScope nothing;
  Evaluation evaluation(nothing);
  const auto has_type = py_contains(evaluation, Datum(child), Datum("type"));
  if (!has_type || !*has_type) return {};
  return child.is_string() ? "string indices must be integers, not 'str'"
                           : "list indices must be integers or slices, not str";
}

}  // namespace

SearchCheck SearchCheck::compile(const Value& pattern, int depth) {
  SearchCheck search;
  if (depth >= kSearchDepthMax) {
    search.error_ = fmt::format("searches are nested deeper than {}", kSearchDepthMax);
    return search;
  }
  if (!pattern.is_object()) {
    search.error_ = fmt::format("'{}' object has no attribute 'items'", type_name(Datum(pattern)));
    return search;
  }
  for (const Value::Member& member : pattern.members()) {
    Child child;
    if (member.value.is_object()) {
      child.criterion = std::make_shared<const CompiledCriterion>(
          CompiledCriterion::compile(criterion_from_value(member.name(), member.value), KeyRoot::kItem, depth + 1));
    } else {
      child.error = odd_child_error(member.value);
    }
    search.children_.push_back(std::move(child));
  }
  return search;
}

bool SearchCheck::is_condition(std::string_view condition) {
  return condition == "any" || condition == "all" || condition == "any2any" || condition == "all2any";
}

std::vector<const CompiledCriterion*> SearchCheck::criteria() const {
  std::vector<const CompiledCriterion*> out;
  for (const Child& child : children_) {
    if (child.criterion != nullptr) out.push_back(child.criterion.get());
  }
  return out;
}

Outcome<bool> SearchCheck::item_matches(const Value& item, bool any_child, CriteriaRun& run) const {
  if (!error_.empty()) return Failure(ErrorKind::kType, "AttributeError", error_);
  std::size_t matched = 0;
  for (const Child& child : children_) {
    if (!child.error.empty()) return type_error(child.error);
    if (child.criterion == nullptr) continue;
    CompiledCriterion::Evaluated outcome = child.criterion->evaluate(item, run);
    if (outcome.escaped) return std::move(*outcome.escaped);
    matched += outcome.matched ? 1 : 0;
  }
  return any_child ? matched > 0 : matched == children_.size();
}

Outcome<bool> SearchCheck::matches(const Value& value, std::string_view condition, CriteriaRun& run) const {
  const bool any_item = condition == "any" || condition == "any2any";
  const bool any_child = condition == "all2any" || condition == "any2any";
  if (!is_condition(condition)) {
    return Failure(ErrorKind::kValue, "UnrecognizedConditionError",
                   fmt::format("The '{}' condition is not recognized for type search, 'any', 'all', 'any2any' and "
                               "'all2any' are allowed",
                               condition));
  }
  std::vector<Datum> items;
  if (value.is_object()) {
    items.emplace_back(value);
  } else {
    const MapScope nothing;
    Evaluation evaluation(nothing);
    MW_TRY(items, py_items(evaluation, Datum(value)));
  }
  std::size_t matched = 0;
  for (const Datum& item : items) {
    MW_TRY(const bool met, item_matches(item.plain(), any_child, run));
    matched += met ? 1 : 0;
  }
  return any_item ? matched > 0 : matched == items.size();
}

}  // namespace midwatch
