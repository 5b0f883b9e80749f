#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "expr/diagnostic.h"
#include "value/value.h"
namespace midwatch::jsonpath {
class Path {
 public:
  static Outcome<Path> parse(std::string_view key);
  [[nodiscard]] Outcome<std::vector<Value>> find(const Value& root) const {
    std::vector<Value> out;
    if (const Value* found = first_from(root, 0)) out.push_back(*found);
    return out;
  }
 private:
  enum class Kind : std::uint8_t { kMember, kElement, kEveryMember, kEveryElement };
  struct Step {
    Kind kind = Kind::kMember;
    std::string name{};
    std::int64_t index = 0;
  };
  friend class KeyParser;
  [[nodiscard]] const Value* first_from(const Value& value, std::size_t step) const;
  std::vector<Step> steps_;
};
}
