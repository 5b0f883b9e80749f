// base/strong_id.h — a name that cannot be mistaken for another kind of name.
//
//   using RuleRef = StrongId<struct RuleRefTag>;
//
// Same cost as the representation. Compares and hashes like it.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace midwatch {

template <class Tag, class Rep = std::string>
class StrongId {
 public:
  StrongId() = default;
  explicit StrongId(Rep value) : value_(std::move(value)) {}

  [[nodiscard]] const Rep& value() const { return value_; }

  friend auto operator<=>(const StrongId&, const StrongId&) = default;
  friend bool operator==(const StrongId&, const StrongId&) = default;

 private:
  Rep value_{};
};

}  // namespace midwatch

template <class Tag, class Rep>
struct std::hash<midwatch::StrongId<Tag, Rep>> {
  std::size_t operator()(const midwatch::StrongId<Tag, Rep>& id) const { return std::hash<Rep>{}(id.value()); }
};
