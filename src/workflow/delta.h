// workflow/delta.h — one change of a workflow's state: what is journaled and replayed.
//
// The conductor never changes its state but by FlowState::apply(delta). In the journal a delta is an array,
// ["stage", "notify", 0, 3, 5, 2, true]: its kind, then the fields that this kind has, in a fixed order.
// Tasks are named; everything else is an index, so a delta is only good for the text of the definition that
// made it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "value/value.h"
#include "workflow/graph.h"
#include "workflow/status.h"

namespace midwatch {

enum class DeltaKind : std::uint8_t {
  kContext,     // value: appended to the contexts
  kExtendPath,  // path, context: a new path, that one and the context after it
  kJoinPath,    // path, other: a new path, `path` and then what `other` adds to the root
  kRoute,       // route, edge: a new route, that one and the transition
  kStart,       // node: staged as a start task
  kStage,       // node, route, path, edge, run, flag (ready): staged by a transition
  kStageAgain,  // run, flag (as a retry): staged with the contexts of an earlier run
  kArrive,      // staged, path, edge, run, flag (ready): another transition to a staged task
  kUnstage,     // staged
  kRunOnFail,   // staged: offered although the workflow failed
  kItems,       // staged, count: its items, none started
  kItem,        // staged, item, status
  kHold,        // staged, flag: kept for a re-run, not offered
  kRun,         // staged, value (retry or null): a new run
  kRunAgain,    // run, value: a new run like an earlier one
  kRunStatus,   // run, status
  kRunNext,     // run, edge, flag: whether the transition fired
  kRunOut,      // run, edge, context: what the transition published
  kRunEnd,      // run, flag: whether its context is part of the output's
  kRetried,     // run: one more try
  kWorkflow,    // status
  kError,       // value: appended to the error log
  kForget,      // node: its errors leave the log
  kOutput,      // value
  kReruns,      // value: array of runs, appended
  kPrepare,     // path: its contexts are merged as Orquesta does it, in place
  kPrepareEnd,  // the same for the contexts that the output sees
};
inline constexpr std::size_t kDeltaKindCount = 27;
inline constexpr std::uint32_t kNoIndex = 0xffffffffu;

struct Delta {
  DeltaKind kind;
  FlowStatus status = FlowStatus::kUnset;
  bool flag = false;
  std::uint32_t node = 0;
  std::uint32_t run = 0;
  std::uint32_t staged = 0;
  std::uint32_t route = 0;
  std::uint32_t path = 0;
  std::uint32_t other = 0;
  std::uint32_t edge = 0;
  std::uint32_t context = 0;
  std::uint32_t item = 0;
  std::uint32_t count = 0;
  Value value{};

  [[nodiscard]] Value to_value(const Graph& graph) const;
  // Checks the form; whether the indexes exist is FlowState::check().
  [[nodiscard]] static Result<Delta> from_value(const Value& value, const Graph& graph);
};

}  // namespace midwatch
