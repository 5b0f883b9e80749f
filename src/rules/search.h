// rules/search.h — the operator `search`: child criteria over the elements of a list (spec 2.4).
//
//   type: search
//   condition: any                 # any, all: elements that meet all children; any2any, all2any: any child
//   pattern: {item.name: {type: equals, pattern: Status}, item.n#1: {type: gt, pattern: 1}}
//
// Every child is evaluated for every element, as in StackStorm, so each child's failure is reported; an
// unknown operator of a child fails the whole search. A mapping counts as a list of itself, a text as the
// list of its characters. Children are compiled once; they may be searches again, up to kSearchDepthMax.
//
// Thread-safety: immutable. Cost: elements · children.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "expr/diagnostic.h"
#include "rules/criteria_run.h"
#include "value/value.h"

namespace midwatch {

inline constexpr int kSearchDepthMax = 16;

class CompiledCriterion;

class SearchCheck {
 public:
  // Never fails: what is wrong with a pattern is an error of each search.
  static SearchCheck compile(const Value& pattern, int depth);

  [[nodiscard]] Outcome<bool> matches(const Value& value, std::string_view condition, CriteriaRun& run) const;

  // Why no search can succeed; empty where one can.
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] static bool is_condition(std::string_view condition);
  // The children that are criteria, for those who check content.
  [[nodiscard]] std::vector<const CompiledCriterion*> criteria() const;

 private:
  // A child that has a `type`; one that has none never matches; anything else is an error.
  struct Child {
    std::shared_ptr<const CompiledCriterion> criterion;
    std::string error;
  };
  [[nodiscard]] Outcome<bool> item_matches(const Value& item, bool any_child, CriteriaRun& run) const;

  std::vector<Child> children_;
  std::string error_;  // of a pattern that is no mapping
};

}  // namespace midwatch
