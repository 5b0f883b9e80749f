// workflow/inspection_runner.h — inspects recorded cases of tests/conformance/orquesta/inspection.jsonl.
#pragma once

#include <string>

#include "value/value.h"

namespace midwatch {

struct InspectionVerdict {
  bool passed = false;
  std::string difference;
};

// What the inspection of a case's workflow says, in the form of `expect`: {"errors": {…}} or {"raises": {…}}.
// A line of inspection.jsonl, or of traces.jsonl.
[[nodiscard]] Value replay_inspection(const Value& recorded);

// Compares that with what was recorded; with `inspect` in a line of traces.jsonl. Refusals are compared by
// being refusals.
[[nodiscard]] InspectionVerdict run_inspection(const Value& recorded);

}  // namespace midwatch
