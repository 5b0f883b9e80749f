// expr/scope.h — where an expression finds its variables.
//
// A Scope answers by name and never copies: a variable is a handle to a shared Value, so the size of
// the context costs nothing. MapScope is a ready one: an object, variables laid over it, and an
// outer scope asked last. Scopes live at least as long as the evaluation that reads them; a scope may
// be read by several threads while nobody changes it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "value/value.h"

namespace midwatch {

class Scope {
 public:
  virtual ~Scope() = default;
  // Null when there is no such variable. The pointer stays good while the scope is not changed.
  [[nodiscard]] virtual const Value* find(std::string_view name) const = 0;
  // Every variable as one object, for `ctx()` and `__context`.
  [[nodiscard]] virtual Value all() const = 0;
};

class MapScope final : public Scope {
 public:
  MapScope() = default;
  explicit MapScope(Value variables, const Scope* outer = nullptr) : variables_(std::move(variables)), outer_(outer) {}

  // Lays one variable over the object. O(1); the last of a name wins.
  MapScope& set(std::string name, Value value);
  [[nodiscard]] const Value* find(std::string_view name) const override;
  [[nodiscard]] Value all() const override;

 private:
  Value variables_;
  std::vector<std::pair<std::string, Value>> overlay_;
  const Scope* outer_ = nullptr;
};

}  // namespace midwatch
