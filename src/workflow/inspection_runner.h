// workflow/inspection_runner.h — checks one recorded case of tests/conformance/orquesta/inspection.jsonl.
#pragma once

#include <string>

#include "value/value.h"

namespace midwatch {

struct InspectionVerdict {
  bool passed = false;
  std::string difference;
};

// A line of inspection.jsonl, or of traces.jsonl with `inspect`. Refusals are compared by being refusals.
[[nodiscard]] InspectionVerdict run_inspection(const Value& recorded);

}  // namespace midwatch
