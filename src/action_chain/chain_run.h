// action_chain/chain_run.h — runs one action chain: takes events, offers the next task, performs nothing
// itself (spec 3.6).
//
//   ChainRun run(definition, surroundings);
//   run.begin();
//   while (auto offer = run.next()) run.started(execution, now);   // …start its action…
//   run.task_changed(ChainRun::TaskStatus::kSucceeded, result, now);  // …then next() again
//   journal.append(run.take_deltas());                                // before any effect leaves
//   if (run.ended()) … run.state(), run.result()
//
// After a crash: a new ChainRun with the same definition and surroundings, restored with all deltas in
// order, is the identical run. Results of tasks are not in the deltas: the executions have them, and
// restore() asks for them by execution.
//
// Pure: no clock; what templates read from the datastore is rendered once and journaled. One thread.
// Cost: a task costs what its templates cost; the deltas hold what is published and nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "action_chain/chain_definition.h"
#include "base/result.h"
#include "base/time.h"
#include "expr/workflow_functions.h"
#include "value/value.h"

namespace midwatch {

inline constexpr std::size_t kChainRunsMax = 100'000;  // task runs of one chain: endless loops end

class ChainRun {
 public:
  enum class State : std::uint8_t { kRunning, kPausing, kPaused, kCanceling, kSucceeded, kFailed, kTimeout, kCanceled };
  enum class TaskStatus : std::uint8_t {
    kRunning,
    kPending,
    kPaused,
    kSucceeded,
    kFailed,
    kTimeout,
    kAbandoned,
    kCanceled
  };

  // What templates of the chain see besides its tasks.
  struct Surroundings {
    Value parameters;  // of the action
    Value parent;      // action_context.parent
    Value config;      // config_context
    const Datastore* datastore = nullptr;
    std::string user;
    bool display_published = true;
  };
  struct Offer {
    const ChainTask* task;
    Value parameters;  // rendered: not to be rendered again
  };
  struct Ended {
    TaskStatus status;
    Value result;
  };

  ChainRun(std::shared_ptr<const ChainDefinition> definition, Surroundings surroundings);

  void begin();  // renders vars; a chain whose vars cannot be rendered has failed
  // The task that is to start now; nullopt while one is under way, or nothing is to start.
  [[nodiscard]] std::optional<Offer> next();
  // What came of the offer: its execution, or why there is none. An action that does not exist ends the
  // chain; one that refuses what it is given is a task that failed.
  void started(std::string_view execution, Instant now);
  void refused(std::string_view why, Instant now);
  void missing_action();
  void task_changed(TaskStatus status, const Value& result, Instant now);

  void pause();   // what runs ends, nothing new starts
  void resume();  // also of one that waits for its task
  void cancel();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool ended() const { return state_ >= State::kSucceeded; }
  [[nodiscard]] bool has_task() const { return current_.has_value(); }
  // {"tasks": […], "published": {…}, "error"?, "traceback"?}
  [[nodiscard]] Value result() const;

  [[nodiscard]] std::vector<Value> take_deltas() { return std::exchange(deltas_, {}); }
  // `result_of` gives the result of an execution that ended.
  Status restore(const std::vector<Value>& deltas, const std::function<Value(std::string_view execution)>& result_of);

 private:
  struct Current {
    const ChainTask* task;
    std::string execution;
    std::string created_at;
    TaskStatus status = TaskStatus::kRunning;
  };
  // Every change is one of these, and restore() replays them: ["start", task, execution, time], …
  void commit(std::initializer_list<Value> delta, const Value& result = {});
  void apply(std::span<const Value> delta, const Value& result);
  void apply_end(std::span<const Value> delta, const Value& result);
  void set_state(State state);
  [[nodiscard]] Value variables(const Value& results) const;
  [[nodiscard]] Result<Value> render(const Value& mapping, const Value& variables, std::string_view what) const;
  void fail(std::string text);
  void go_on_from(const ChainTask& task, TaskStatus status);
  void settle();
  [[nodiscard]] bool waits() const;

  std::shared_ptr<const ChainDefinition> definition_;
  Surroundings surroundings_;
  State state_ = State::kRunning;
  State outcome_ = State::kFailed;  // what it ends as when nothing follows
  bool held_ = false;               // a person paused it
  Value vars_ = Value::object({});
  Value published_ = Value::object({});
  Value results_ = Value::object({});  // by task
  std::vector<Value> tasks_;           // as in the result
  std::optional<Current> current_;
  const ChainTask* next_ = nullptr;
  Value error_;
  std::vector<Value> deltas_;
};

}  // namespace midwatch
