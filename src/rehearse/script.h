// rehearse/script.h — what the actions of a workflow answer in a rehearsal, and what is expected of it.
//
//   input: {host: web1}
//   tasks:
//     look: {result: {load: 0.97}}            # each time
//     fix: [failed, {result: ok, takes: 30}]  # the first time, then
//   expect:
//     status: succeeded
//     tasks: [look, fix]
//
// The format is described for people in docs/workflows.md. A file is one rehearsal, or several under `cases:`,
// each of which adds to what the file says for all. parse_script() reports every mistake with its place;
// check_script() those that only show beside the workflow (a task that is not in it).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/diagnostics.h"
#include "value/value.h"
#include "workflow/definition.h"
#include "workflow/status.h"

namespace midwatch {

inline constexpr std::size_t kRehearsalCasesMax = 1'000;
inline constexpr std::size_t kScriptBytesMax = 4u << 20;
inline constexpr std::int64_t kScriptedSecondsMax = 1'000'000'000;

// How one run of an action ends.
struct ScriptedAnswer {
  FlowStatus status = FlowStatus::kSucceeded;  // succeeded, failed, timeout, abandoned or canceled
  Value result{};
  std::int64_t takes_seconds = 1;
  std::optional<std::int64_t> waits_seconds{};  // first it asks, as an inquiry does, and is answered after so long
};

struct ScriptedTask {
  std::vector<ScriptedAnswer> answers{};             // by start; the last one repeats. Never empty
  std::vector<std::vector<ScriptedAnswer>> items{};  // by item; items without an entry take `answers`
  Location where{};
};

struct ScriptedControl {
  std::int64_t at_seconds = 0;
  FlowStatus request = FlowStatus::kPaused;  // paused, resuming or canceled
  std::size_t order = 0;                     // as written, among those of the same second
};

// One thing that must be so; where it is written.
struct Expected {
  Value value{};
  Location where{};
};

struct Expectations {
  std::optional<Expected> status{};  // a text; a case without it expects `succeeded`
  std::optional<Expected> output{};
  std::optional<Expected> tasks{};   // names in the order of their starts
  std::optional<Expected> errors{};  // parts of messages, in order
  std::optional<Expected> seconds{};
  std::map<std::string, Expected> count{};    // by task: how often it ran
  std::map<std::string, Expected> inputs{};   // by task: the input of its first run, or a list of all
  std::map<std::string, Expected> context{};  // by task: variables that its last run saw
};

struct RehearsalCase {
  std::string name{};
  Value input = Value::object({});
  Value context = Value::object({});    // the parent context: st2, parent
  Value datastore = Value::object({});  // "system.x" or "user.x" → text
  std::map<std::string, ScriptedTask> tasks{};
  std::optional<ScriptedAnswer> otherwise{};  // of tasks that are not listed; absent: they succeed with null
  bool refuse_unlisted = false;               // `default: error`
  std::vector<ScriptedControl> controls{};    // in order of time
  Expectations expect{};
  Location where{};
};

struct RehearsalScript {
  std::string file{};
  std::string workflow{};  // beside the script; empty when it names none
  std::vector<RehearsalCase> cases{};
};

// `file` is only what errors name. Errors are in `wrong`, with their places.
[[nodiscard]] RehearsalScript parse_script(std::string_view text, std::string_view file, Diagnostics& wrong);
// Tasks of the script that are not tasks of the workflow.
void check_script(const RehearsalScript& script, const Definition& definition, Diagnostics& wrong);

}  // namespace midwatch
