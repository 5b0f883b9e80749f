// rules/rule_verdict.h — what a rule made of an event, and why.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/content.h"
#include "value/value.h"

namespace midwatch {

struct CriterionVerdict {
  std::string key;
  std::string op;
  Value pattern;  // as rendered
  Value value;    // null where the event has none
  bool matched = false;
  std::string error;
};

struct RuleVerdict {
  const Rule* rule = nullptr;
  bool matched = false;
  std::string reason;  // a sentence: why it matched or did not
  std::vector<CriterionVerdict> criteria;

  [[nodiscard]] std::size_t unmet() const;  // criteria that do not hold
};

// {"rule", "matched", "reason", "criteria": [{"key", "type", "pattern", "value", "matched", "error"?}]}
[[nodiscard]] Value to_value(const RuleVerdict& verdict);

}  // namespace midwatch
