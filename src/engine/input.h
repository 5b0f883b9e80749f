// engine/input.h — everything that can happen to the engine, and everything that it can want done.
//
// Inputs are values made at the edge (a webhook, a finished action, a detector's transition). Effects
// are what the engine decided; the node releases them after the changes of the same step are durable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/object_id.h"
#include "base/result.h"
#include "base/time.h"
#include "model/content.h"
#include "ports/notifier.h"
#include "ports/runner.h"
#include "ports/store.h"
#include "value/value.h"

namespace midwatch {

// Whoever waits for an answer; 0 is nobody.
using AckToken = std::uint64_t;

// A webhook, a sensor or a client says that a trigger occurred. Answer: {"id": trigger instance}.
struct TriggerArrived {
  std::string trigger;       // reference of the trigger type
  Value trigger_parameters;  // e.g. {"url": "deploy"} of core.st2.webhook; null when none
  Value payload;
  std::string trace_tag;
  AckToken ack = 0;
};

// A detector changed its mind about one series.
struct AnomalyReported {
  std::string detector;  // reference
  Value labels;          // object
  bool firing = false;
  double value = 0;
  std::optional<double> expected_low;  // unset: no bound on that side
  std::optional<double> expected_high;
  double score = 0;
  Instant since;   // when the condition began (firing) or ended
  Value evidence;  // array of [time, value]
};

// A workflow of which some tasks are to be run again (spec 4.10, 5.11): what the store has of it.
struct EarlierRun {
  ObjectId execution;
  bool completed = false;
  std::vector<Value> journal;    // its deltas, first to last
  std::vector<Execution> items;  // of its tasks with items: the executions that ended
  std::vector<std::string> tasks;
  std::vector<std::string> reset;  // of those: with all of their items, not only the failed ones
};

// Someone asks for an action to be run (spec 4.3). Answer: the execution in its stored form.
struct ExecutionRequested {
  std::string action;
  Value parameters;  // object or null
  Value context;     // merged into the execution's context
  std::string user;
  AckToken ack = 0;
  Duration delay{};
  std::shared_ptr<const EarlierRun> again{};  // null: all of it runs
};

// Spec 4.9. Answer: the execution.
struct CancelRequested {
  ObjectId execution;
  std::string user;
  AckToken ack = 0;
};

// Spec 4.9, PUT: pausing or paused asks a workflow to pause, resuming asks it to go on, canceling or
// canceled cancels; a completed status ends an execution with the result that is given. Answer: the
// execution. kInvalid with StackStorm's sentence when it cannot be.
struct StatusRequested {
  ObjectId execution;
  ExecutionStatus status = ExecutionStatus::kRequested;
  Value result;
  std::string user;
  AckToken ack = 0;
};

// Someone responds to an inquiry. Answer: {"id", "response"}. kDenied when the user may not, kInvalid when
// the response does not match the inquiry's schema, kConflict when nothing waits for it.
struct InquiryAnswered {
  ObjectId execution;
  Value response;
  std::string user;
  AckToken ack = 0;
};

// A stored trigger instance is to be decided again. Answer: {"id": …}.
struct ReEmitRequested {
  TriggerInstance original;
  AckToken ack = 0;
};

struct KeySetRequested {
  std::string name;
  std::string value;
  std::optional<Duration> ttl;
  AckToken ack = 0;
};
struct KeyDeleteRequested {
  std::string name;
  AckToken ack = 0;  // answer: kNotFound when it is not there
};

// New content is in force from now on.
struct ContentChanged {
  std::shared_ptr<const Content> content;
  AckToken ack = 0;
};

// The time of next_wake() has come.
struct WokeUp {};

using Input = std::variant<TriggerArrived, AnomalyReported, ExecutionRequested, CancelRequested, StatusRequested,
                           InquiryAnswered, ReEmitRequested, KeySetRequested, KeyDeleteRequested, ContentChanged,
                           ActionOutcome, PageOutcome, WokeUp>;

struct Acknowledge {
  AckToken token;
  Result<Value> answer;
};
struct CancelAction {
  ObjectId execution;
};
using Effect = std::variant<ActionRequest, CancelAction, PageRequest, Acknowledge>;

// What one or many steps decided. Effects may be released only after `changes` are durable.
struct Decision {
  Batch changes;
  std::vector<Effect> effects;
};

}  // namespace midwatch
