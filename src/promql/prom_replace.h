// promql/prom_replace.h — the pattern and the replacement of label_replace.
//
// The pattern matches the whole value; $1, ${1}, $name and ${name} are groups, $$ is a dollar, as in
// Go's regexp.Expand. Immutable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace midwatch::internal {

class LabelReplacer {
 public:
  static Result<LabelReplacer> create(const std::string& pattern, std::string replacement);
  // Nothing when the pattern does not match.
  [[nodiscard]] std::optional<std::string> replace(std::string_view value) const;

 private:
  struct Pattern;
  LabelReplacer() = default;
  std::shared_ptr<const Pattern> pattern_;
  std::string replacement_;
};

}  // namespace midwatch::internal
