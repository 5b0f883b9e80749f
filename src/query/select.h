// query/select.h — include_attributes and exclude_attributes of lists (spec 9.2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "value/value.h"

namespace midwatch {

// Which attributes of an object are wanted: dotted names, "action.ref". Both empty: all. At most one
// of the two is set.
struct AttributeSelection {
  std::vector<std::string> include;
  std::vector<std::string> exclude;

  [[nodiscard]] bool all() const { return include.empty() && exclude.empty(); }
  // Whether anything of this top-level attribute is wanted.
  [[nodiscard]] bool wants(std::string_view attribute) const;
};

// `always` are the attributes that are there in any case (id, and what a reference is made of).
[[nodiscard]] Value select_attributes(const Value& object, const AttributeSelection& selection,
                                      std::initializer_list<std::string_view> always);

}  // namespace midwatch
