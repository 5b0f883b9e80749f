// rules/key_path.h — the left side of a criterion: where in the event its value is (spec 2.3).
//
//   trigger.body.load      trigger.labels.'with-dash'      trigger.hosts[0]      trigger.alerts[*].name
//
// JSONPath as jsonpath-rw has it, over {"trigger": payload} (or {"item": element} for the children of a
// search); everything from the first `#` on is dropped; where several values fit, the first counts. A key
// that begins elsewhere (`host`) is no error: it finds nothing. Plain dotted keys, which almost all are,
// are walked without a general evaluator.
//
// Thread-safety: immutable. Cost of first(): O(steps) for plain keys, else at most O(size of the event).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "expr/diagnostic.h"
#include "value/value.h"

namespace midwatch {

namespace jsonpath {
class Query;
}

inline constexpr std::size_t kKeyStepsMax = 64;

enum class KeyRoot : std::uint8_t { kTrigger, kItem };

class KeyPath {
 public:
  // Never fails: a key that does not parse has an error(), with which first() then fails.
  static KeyPath parse(std::string_view key, KeyRoot root = KeyRoot::kTrigger);

  // The first value that fits in the subject (the payload, or the item); null where there is none.
  [[nodiscard]] Outcome<Value> first(const Value& subject) const;

  [[nodiscard]] KeyRoot root() const { return root_; }
  [[nodiscard]] const std::string& error() const { return error_; }

  // Of a plain key the names after the root; such a key cannot fail.
  [[nodiscard]] bool is_plain() const { return is_plain_; }
  [[nodiscard]] std::span<const std::string> names() const { return names_; }
  // Of a plain key: where its value is, or null.
  [[nodiscard]] const Value* find_plain(const Value& subject) const {
    const Value* at = &subject;
    for (const std::string& name : names_) {
      at = at->find(name);
      if (at == nullptr) break;
    }
    return at;
  }

 private:
  bool parse_plain(std::string_view text);

  KeyRoot root_ = KeyRoot::kTrigger;
  bool is_plain_ = false;
  std::vector<std::string> names_;
  std::shared_ptr<const jsonpath::Query> general_;
  std::string error_;
};

}  // namespace midwatch
