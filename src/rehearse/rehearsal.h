// rehearse/rehearsal.h — runs a workflow in virtual time with scripted answers instead of actions.
//
//   const Rehearsed rehearsed = rehearse(definition, script.cases[0]);
//   const std::vector<Finding> findings = check_expectations(script.cases[0], rehearsed);   // expectations.h
//
// The conductor is the one of the engine; only what the actions do is made up. Time is counted in whole seconds
// from the start: an answer comes after `takes`, a task or a retry with a delay starts that much later. At the
// same second, controls come first, then ends in the order in which the actions started. Deterministic.
//
// Where nobody scripted an answer, `ask` is called, if there is one: that is how a person plays the actions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "rehearse/script.h"
#include "value/value.h"
#include "workflow/definition.h"
#include "workflow/status.h"

namespace midwatch {

inline constexpr std::size_t kRehearsalStartsMax = 10'000;  // of actions: endless loops end

// One action that was started: a try of a task, or of one of its items.
struct RehearsedStart {
  std::int64_t started_seconds = 0;
  std::optional<std::int64_t> ended_seconds{};
  std::optional<std::uint32_t> item{};
  Value action{};  // reference, or null
  Value input{};
  FlowStatus status = FlowStatus::kRunning;
  Value result{};
};

// One visit of a task, or an engine command.
struct RehearsedRun {
  std::string task;
  std::uint32_t route = 0;
  FlowStatus status = FlowStatus::kUnset;
  bool command = false;                  // noop or fail
  std::vector<RehearsedStart> starts{};  // several with retries and items
  std::vector<std::uint32_t> from{};     // the runs that led to it
  Value context{};                       // what it saw
};

struct Rehearsed {
  FlowStatus status = FlowStatus::kUnset;
  Value output{};
  Value errors{};  // the log of the conductor
  std::int64_t seconds = 0;
  std::vector<RehearsedRun> runs{};  // in order of start; `continue` is left out
  // What ended the rehearsal early: too many starts, an unscripted task where that is an error, …
  std::optional<Error> stopped{};
};

struct RehearsalQuestion {
  std::string_view task;
  std::optional<std::uint32_t> item;
  const Value& action;
  const Value& input;
  std::int64_t at_seconds;
};
using AskRehearsal = std::function<Result<ScriptedAnswer>(const RehearsalQuestion&)>;

[[nodiscard]] Rehearsed rehearse(const std::shared_ptr<const Definition>& definition, const RehearsalCase& script,
                                 const AskRehearsal& ask = {});

}  // namespace midwatch
