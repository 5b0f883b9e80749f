// workflow/trace_runner.h — replays one recorded case of tests/conformance/orquesta on a Conductor.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "value/value.h"

namespace midwatch {

enum class Persistence : std::uint8_t {
  kNone,
  kEveryStep,  // before each step the conductor is thrown away and restored from its deltas
};

struct TraceVerdict {
  bool passed = false;
  bool same_state = false;  // the final state too is the reference's, lists of contexts and all
  std::string difference;   // the first one
};

// A line of traces.jsonl.
[[nodiscard]] TraceVerdict run_trace(const Value& recorded, Persistence persistence);

// Equal but for the order of members; 1 and 1.0 are different.
[[nodiscard]] bool same_value(const Value& a, const Value& b);

}  // namespace midwatch
