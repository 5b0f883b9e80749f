// ports/runner.h — the world in which actions run, as the engine sees it.
//
// start() is called once for each attempt, after the decision to start is durable. Its outcome comes
// back exactly once, as an input of the engine: also when the runner cannot start it (failed), runs
// out of time (timeout) or was cancelled. After a crash there is no outcome; recovery decides.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/object_id.h"
#include "base/secret.h"
#include "base/time.h"
#include "model/execution.h"
#include "value/value.h"

namespace midwatch {

struct ActionRequest {
  ObjectId execution;
  std::uint32_t attempt = 1;
  std::string action;  // reference
  std::string pack;
  std::string pack_path;  // absolute
  std::string runner_type;
  std::string entry_point;  // relative to <pack>/actions, or empty
  Value action_schema;      // the action's parameters: name → schema (positions of script arguments)
  Value parameters;         // of the action
  Value runner_parameters;  // of the runner, defaults filled in
  Value config;             // of the pack
  Value context;
};

struct ActionOutcome {
  ObjectId execution;
  std::uint32_t attempt = 1;
  ExecutionStatus status = ExecutionStatus::kFailed;  // a completed one
  Value result;
};

struct OutputChunk {
  enum class Stream : std::uint8_t { kStdout, kStderr };
  ObjectId execution;
  Stream stream = Stream::kStdout;
  std::string text;
};

class Runner {
 public:
  virtual ~Runner() = default;
  // Must not block. Thread-safe.
  virtual void start(ActionRequest request) = 0;
  // Of an execution that runs: ends it, with an outcome of `canceled`. Unknown ones are ignored.
  virtual void cancel(ObjectId execution) = 0;
  // Whether an attempt of this execution is under way here. Of one that was started, `false` means that its
  // outcome was reported or will never be.
  [[nodiscard]] virtual bool knows(ObjectId execution) const = 0;
};

// Where a Runner puts what it has to say; called on any thread.
struct RunnerSink {
  std::function<void(ActionOutcome)> finished;
  std::function<void(OutputChunk)> output;
};

}  // namespace midwatch
