#include "query/select.h"

#include <algorithm>

namespace midwatch {
namespace {

std::vector<std::string_view> split_path(std::string_view dotted) {
  std::vector<std::string_view> steps;
  for (std::size_t start = 0; start <= dotted.size();) {
    const std::size_t dot = std::min(dotted.find('.', start), dotted.size());
    steps.push_back(dotted.substr(start, dot - start));
    start = dot + 1;
  }
  return steps;
}

const Value* follow(const Value& object, const std::vector<std::string_view>& steps) {
  const Value* at = &object;
  for (const std::string_view step : steps) {
    at = at->find(step);
    if (at == nullptr) return nullptr;
  }
  return at;
}

Value without_path(const Value& object, const std::vector<std::string_view>& steps, std::size_t from) {
  const Value* next = object.find(steps[from]);
  if (next == nullptr) return object;
  if (from + 1 == steps.size()) return without_member(object, steps[from]);
  return with_member(object, steps[from], without_path(*next, steps, from + 1));
}

}  // namespace

bool AttributeSelection::wants(std::string_view attribute) const {
  if (!include.empty()) {
    return std::ranges::any_of(include, [&](const std::string& name) {
      return name == attribute ||
             (name.starts_with(attribute) && name.size() > attribute.size() && name[attribute.size()] == '.');
    });
  }
  return std::ranges::find(exclude, attribute) == exclude.end();
}

Value select_attributes(const Value& object, const AttributeSelection& selection,
                        std::initializer_list<std::string_view> always) {
  if (selection.all()) return object;
  if (selection.include.empty()) {
    Value out = object;
    for (const std::string& name : selection.exclude) {
      if (std::ranges::find(always, std::string_view(name)) == always.end()) {
        out = without_path(out, split_path(name), 0);
      }
    }
    return out;
  }
  Value out = Value::object({});
  for (const std::string_view name : always) {
    if (const Value* value = object.find(name)) out = with_member(out, name, *value);
  }
  for (const std::string& name : selection.include) {
    const auto steps = split_path(name);
    if (const Value* value = follow(object, steps)) out = with_path(out, steps, *value);
  }
  return out;
}

}  // namespace midwatch
