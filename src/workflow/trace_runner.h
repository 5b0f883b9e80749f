// workflow/trace_runner.h — replays recorded cases of tests/conformance/orquesta on a Conductor.
//
//   MW_TRY(const Value replayed, replay_trace(recorded));      // a line of the same form
//   const TraceVerdict verdict = compare_trace(recorded, replayed);
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "value/value.h"

namespace midwatch {

enum class Persistence : std::uint8_t {
  kNone,
  kEveryStep,  // before each step the conductor is thrown away and restored from its deltas
};

struct TraceVerdict {
  bool passed = false;
  bool same_text = false;   // and so are the texts of errors, to the letter
  bool same_state = false;  // and the final state, lists of contexts and all
  std::string difference;   // the first one
};

// Makes the calls `trace[i].do` of a line of traces.jsonl: {"id", "trace": [{"do", "see"}…], "final": {…}}.
// Fails when the case's workflow cannot be read.
[[nodiscard]] Result<Value> replay_trace(const Value& recorded, Persistence persistence = Persistence::kNone);

// "Objects compare without regard to key order, lists with it. 1 and 1.0 are different." Of expression errors,
// what precedes the first `. `; of refusals made by the Python runtime, that there is one.
[[nodiscard]] TraceVerdict compare_trace(const Value& recorded, const Value& replayed);
[[nodiscard]] TraceVerdict run_trace(const Value& recorded, Persistence persistence);

// Equal but for the order of members; 1 and 1.0 are different.
[[nodiscard]] bool same_value(const Value& a, const Value& b);

}  // namespace midwatch
