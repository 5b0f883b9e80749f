// rules/key_path.h — the left side of a criterion: where in the event its value is (spec 2.3).
//
//   trigger.body.load      trigger.labels.'with-dash'      trigger.hosts[0]      trigger.alerts[*].name
//
// The part of JSONPath that rules use: names, quoted names, [n] (negative: from the end), ['name'], .* and
// [*]; a leading `$.`; everything from the first `#` on is dropped. Where several values fit, the first
// counts. Recursive descent, unions and slices are refused when the rule is loaded.
//
// Thread-safety: immutable. Cost of first(): O(steps), with wildcards at most O(size of the event).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "value/value.h"

namespace midwatch {

inline constexpr std::size_t kKeyStepsMax = 64;

class KeyPath {
 public:
  static Result<KeyPath> parse(std::string_view key);

  // The first value that fits in the event's payload, or null.
  [[nodiscard]] const Value* first(const Value& payload) const { return first_from(payload, 0); }

  friend bool operator==(const KeyPath&, const KeyPath&) = default;

 private:
  enum class Kind : std::uint8_t { kMember, kElement, kEveryMember, kEveryElement };
  struct Step {
    Kind kind = Kind::kMember;
    std::string name{};
    std::int64_t index = 0;
    friend bool operator==(const Step&, const Step&) = default;
  };
  friend class KeyParser;

  [[nodiscard]] const Value* first_from(const Value& value, std::size_t step) const;
  std::vector<Step> steps_;
};

}  // namespace midwatch
