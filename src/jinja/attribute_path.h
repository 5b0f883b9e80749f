// jinja/attribute_path.h — "a.b.0" as the filters with an `attribute` argument read it (internal).
#pragma once

#include <vector>

#include "jinja/interpreter.h"

namespace midwatch::jinja {

// Rows and slices that batch() and slice() may add for filling.
inline constexpr std::int64_t kBatchFillMax = 100'000;

class AttributePath {
 public:
  // A text with dots, or an integer.
  [[nodiscard]] static Outcome<AttributePath> parse(const Datum& attribute);
  [[nodiscard]] Outcome<Datum> get(Evaluation& evaluation, const Datum& item) const;

 private:
  std::vector<Datum> steps_;
};

}  // namespace midwatch::jinja
