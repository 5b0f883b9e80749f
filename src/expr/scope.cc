#include "expr/scope.h"

namespace midwatch {

MapScope& MapScope::set(std::string name, Value value) {
  for (auto& [known, old] : overlay_) {
    if (known == name) {
      old = std::move(value);
      return *this;
    }
  }
  overlay_.emplace_back(std::move(name), std::move(value));
  return *this;
}

const Value* MapScope::find(std::string_view name) const {
  for (const auto& [known, value] : overlay_) {
    if (known == name) return &value;
  }
  if (const Value* found = variables_.find(name)) return found;
  return outer_ == nullptr ? nullptr : outer_->find(name);
}

Value MapScope::all() const {
  if (outer_ == nullptr && overlay_.empty()) return variables_.is_object() ? variables_ : Value::object({});
  ObjectBuilder builder(outer_ == nullptr ? Value() : outer_->all());
  for (const Value::Member& member : variables_.members()) builder.set(member.key, member.value);
  for (const auto& [name, value] : overlay_) builder.set(name, value);
  return std::move(builder).build();
}

}  // namespace midwatch
