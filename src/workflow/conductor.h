// workflow/conductor.h — runs one workflow: takes events, offers tasks, performs nothing itself.
//
//   MW_TRY(Conductor conductor, Conductor::create(definition, inputs, context));
//   MW_CHECK(conductor.request_status(FlowStatus::kRunning));
//   for (OfferedTask& task : conductor.next_tasks()) {
//     conductor.on_task(task.id, task.route, FlowStatus::kRunning);       // …start its action…
//   }
//   conductor.on_task("read", 0, FlowStatus::kSucceeded, result);          // the action's end; then next_tasks()
//   journal.append(conductor.take_deltas());                               // before any effect leaves
//   …
//   if (is_completed(conductor.status())) { conductor.render_output(); conductor.output(); }
//
// After a crash: `Conductor::restore(definition, deltas)` with all deltas since create(), in order, gives
// the identical conductor. Every change of state is a delta, made and applied by the same code that
// replays it; results of actions are not part of the state (only what is published, and errors).
//
// The rules (spec 5.3 to 5.6, 5.11) are Orquesta's: which transitions fire, routes, joins, contexts, with
// items, retries, re-runs. Calls that Orquesta refuses return an Error (kConflict, or kInvalid for events
// that do not exist) whose text begins with the reference's class name. A refused call may have changed
// the state: journal its deltas all the same.
//
// Pure: no clock, no randomness; the same calls give the same answers and the same deltas. One thread at
// a time. Cost: an event or an offered task costs the same in a workflow of ten tasks or ten thousand; a
// join costs what its branches published.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "value/value.h"
#include "workflow/definition.h"
#include "workflow/status.h"

namespace midwatch {

inline constexpr std::size_t kWorkflowItemsMax = 100'000;       // of one with-items task
inline constexpr std::size_t kWorkflowSequenceMax = 1'000'000;  // task runs of one workflow: endless loops end
inline constexpr std::size_t kWorkflowErrorsMax = 10'000;       // kept in the log

struct OfferedAction {
  Value action;                       // reference of the action (a text); null: the task does nothing
  Value input;                        // object, or null when none is defined
  std::optional<std::uint32_t> item;  // index, of a task with items
};

struct OfferedTask {
  std::string id;  // the task's name
  std::uint32_t route = 0;
  std::vector<OfferedAction> actions;          // one; with items, those that may start now
  Value context;                               // what the task sees
  Value delay_seconds{};                       // integer; null when none is asked for
  std::optional<std::uint32_t> items_count{};  // set for tasks with items; 0: report running, then succeeded with []
  Value concurrency{};                         // of tasks with items; null when not limited
};

struct RerunRequest {
  std::string task;
  std::uint32_t route = 0;
  bool reset_items = false;
};

// A task run, as the API and `task()` show it.
struct TaskRun {
  std::string_view id;
  std::uint32_t route;
  FlowStatus status;
  std::uint32_t index;  // in the sequence of runs
};

// What `task()` answers: whoever runs the actions keeps their results, ids and times, the conductor does not.
class TaskRecords {
 public:
  virtual ~TaskRecords() = default;
  // {"task_id", "task_name", "route", "status", "result", "task_execution_id", …} of the latest run; nothing where
  // there is none.
  [[nodiscard]] virtual std::optional<Value> task_record(std::string_view task, std::uint32_t route) const = 0;
};

class Conductor {
 public:
  // `context` is the parent context (st2, parent, …). Errors in input and vars make the workflow failed,
  // not an Error; an Error means that the definition cannot be conducted (a target that is not defined).
  [[nodiscard]] static Result<Conductor> create(std::shared_ptr<const Definition> definition, const Value& inputs = {},
                                                const Value& context = {});
  // kInvalid when a delta is none, or does not fit the definition.
  [[nodiscard]] static Result<Conductor> restore(std::shared_ptr<const Definition> definition,
                                                 std::span<const Value> deltas);
  Conductor(Conductor&&) noexcept;
  Conductor& operator=(Conductor&&) noexcept;
  ~Conductor();

  // What st2kv() reads; may be null. Must outlive the conductor.
  void set_datastore(const Datastore* datastore);
  // What task() reads; may be null: then task() fails. Must outlive the conductor.
  void set_task_records(const TaskRecords* records);

  // running (start), pausing/paused, resuming, canceling/canceled, failed, …: a table decides what it means now.
  Status request_status(FlowStatus status);
  // The tasks that may start now, sorted by (id, route). Offered again at each call until their first event.
  // A task whose rendering fails is logged, and fails the workflow; then nothing is offered.
  [[nodiscard]] std::vector<OfferedTask> next_tasks();
  // The status of the execution of a task's action. For tasks with items: of the task itself, e.g. running
  // and succeeded for an empty list.
  Status on_task(std::string_view task, std::uint32_t route, FlowStatus status, const Value& result = {});
  // The same of one item. `accumulated` is the list of results so far, by item; needed with the last event.
  Status on_item(std::string_view task, std::uint32_t route, std::uint32_t item, FlowStatus status,
                 const Value& result = {}, const Value& accumulated = {});
  // Of a completed workflow: runs tasks again (all failed ends when `tasks` is empty), with what follows them.
  Status rerun(std::span<const RerunRequest> tasks);
  // Once completed. Errors in it make the workflow failed (unless it was canceled).
  Status render_output();

  [[nodiscard]] FlowStatus status() const;
  [[nodiscard]] Value output() const;                    // object, or null while there is none
  [[nodiscard]] Value errors() const;                    // array: {"type", "message", "task_id"?, "route"?, …}
  [[nodiscard]] std::vector<TaskRun> task_runs() const;  // in order of start
  // The latest run of a task on a route. O(1).
  [[nodiscard]] std::optional<TaskRun> latest_run(std::string_view task, std::uint32_t route) const;
  [[nodiscard]] bool has_active_tasks() const;
  [[nodiscard]] const Definition& definition() const;

  // Changes since the last call, to be journaled. Empty when nothing changed.
  [[nodiscard]] std::vector<Value> take_deltas();
  // The state in the reference's form (spec 5.4), for tools and tests. O(size of the workflow).
  [[nodiscard]] Value state() const;

 private:
  struct Impl;
  explicit Conductor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace midwatch
