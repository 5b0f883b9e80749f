// engine/state.h — the engine's state and the handlers of its inputs; for engine's own sources only.
//
// Every handler runs to completion. What it causes next (a finished child, a workflow that can go on)
// goes to `work_`, which the step empties before it returns: no handler calls back into one that is
// running. Records that changed are collected once, at the end of the step.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "action_chain/chain_run.h"
#include "engine/compiled_content.h"
#include "engine/engine.h"
#include "engine/fair_queue.h"
#include "engine/timers.h"
#include "expr/workflow_functions.h"
#include "policy/run_ledger.h"
#include "workflow/conductor.h"

namespace midwatch {

// A task with items while it runs. The conductor keeps no results; it wants them all with the event that
// ends the task, and only then: a list for each item would be quadratic.
struct ItemResults {
  std::vector<Value> results;  // by item; null where there is none yet
  std::uint32_t count = 0;     // of items in all; 0 when not known (after a restart)
  std::uint32_t active = 0;    // started and not ended
  std::uint32_t ended = 0;
  bool failed = false;  // some item ended otherwise than succeeded

  void started() { ++active; }
  void finished(std::uint32_t item, const Value& result, bool succeeded) {
    if (results.size() <= item) results.resize(item + 1);
    results[item] = result;
    if (active > 0) --active;
    ++ended;
    failed = failed || !succeeded;
  }
  // May the event that was just counted be the task's last? In a workflow that does not run, that some
  // items never started does not matter.
  [[nodiscard]] bool may_end(bool runs) const {
    return active == 0 && (!runs || count == 0 || ended >= count || failed);
  }
  // Was it, for certain?
  [[nodiscard]] bool over() const { return count != 0 && active == 0 && (ended >= count || failed); }
};

// A workflow that is conducted, or an action chain.
struct WorkflowRun {
  std::optional<Conductor> conductor;                                  // of a workflow, once it started
  std::optional<ChainRun> chain;                                       // of an action chain, once it started
  std::uint64_t deltas = 0;                                            // journaled so far
  std::uint32_t depth = 0;                                             // workflows around it
  std::map<std::pair<std::string, std::uint32_t>, ItemResults> items;  // by task and route
  // A person paused it: only a person resumes it. One that paused because it waits (for an inquiry, for a
  // paused workflow below) goes on by itself.
  bool held = false;
  bool repeats = false;  // has the journal of an earlier run, and has not asked for its tasks yet
  Value refusal;         // the error with which the conductor refused an event; null when it did not

  [[nodiscard]] bool is_under_way() const { return conductor.has_value() || chain.has_value(); }
  [[nodiscard]] ItemResults& items_of(const TaskPlace& place) { return items[{place.task, place.route}]; }
};

struct OpenExecution {
  Execution record;
  std::shared_ptr<const CompiledContent> content;  // what `plan` points into
  const ActionPlan* plan = nullptr;                // null when the action is gone
  std::unique_ptr<WorkflowRun> workflow;           // of runner orquesta once it started
  std::set<ObjectId> children;                     // not completed
  ObjectId root;                                   // the topmost workflow around it, or itself
  bool holds_slot = false;
  Timers::Handle watchdog{};  // while it holds a slot: when the attempt is given up
  bool changed = false;
};

[[nodiscard]] inline bool is_inquiry(const Execution& record) { return record.runner_type == "inquirer"; }
// Neither runs nor has ended, and only someone else can change that.
[[nodiscard]] inline bool is_waiting(ExecutionStatus status) {
  return status == ExecutionStatus::kPending || status == ExecutionStatus::kPaused ||
         status == ExecutionStatus::kPausing;
}

// Where an execution comes from.
struct Origin {
  Value supplied;           // parameters as given
  bool rendered = false;    // templates in them are not to be rendered again
  Value context;            // of the execution
  Value template_contexts;  // {"trigger": payload} for templates
  const OpenExecution* parent = nullptr;
  std::optional<TaskPlace> place;
  std::optional<ObjectId> trigger_instance;
  std::string rule;
  std::optional<ObjectId> incident;
  Duration delay{};
  std::shared_ptr<const EarlierRun> again{};
};

class Engine::State final : public Datastore {
 public:
  State(std::shared_ptr<const CompiledContent> content, Options options);

  void begin(Instant now, Decision& out);
  void end();  // empties work_, collects what changed

  void on(TriggerArrived& input);
  void on(AnomalyReported& input);
  void on(ExecutionRequested& input);
  void on(CancelRequested& input);
  void on(StatusRequested& input);
  void on(InquiryAnswered& input);
  void on(ReEmitRequested& input);
  void on(KeySetRequested& input);
  void on(KeyDeleteRequested& input);
  void on(ContentChanged& input);
  void on(ActionOutcome& input);
  void on(PageOutcome& input);
  void on(WokeUp& input);
  void recover(OpenState& state);

  [[nodiscard]] std::vector<Engine::Attempt> running_attempts() const;
  [[nodiscard]] std::optional<Instant> next_wake() const { return timers_.next_due(); }
  [[nodiscard]] Counts counts() const;
  [[nodiscard]] const std::shared_ptr<const Content>& content() const { return content_->content(); }

  // Datastore: what templates see as st2kv.
  [[nodiscard]] Result<std::optional<std::string>> get(Owner owner, std::string_view user, std::string_view key,
                                                       bool decrypt) const override;

 private:
  // An execution below a workflow has another status: completed, pending, or a workflow's pausing,
  // paused, resuming.
  struct ChildChanged {
    ObjectId parent;
    TaskPlace place;
    ExecutionStatus before;
    ExecutionStatus status;
    Value result;
  };
  struct InquiryOpened {
    ObjectId execution;
    std::string route;
  };
  struct Advance {
    ObjectId workflow;
  };
  struct RepairDone {
    ObjectId incident;
    ObjectId execution;
    std::string action;
    ExecutionStatus status;
    Value result;
    Duration took;
  };
  using Work = std::variant<ChildChanged, InquiryOpened, Advance, RepairDone>;

  // rules.cc: from a trigger instance to executions.
  struct Enforced {
    std::size_t started = 0;
    std::size_t matched = 0;
  };
  TriggerInstance occur(std::string trigger, Value trigger_parameters, Value payload, std::string trace_tag);
  Enforced enforce(const TriggerInstance& instance, Incident* incident);
  bool enforce_rule(const Rule& rule, const TriggerInstance& instance, Incident* incident);
  Status check_guard(const Rule& rule, const TriggerInstance& instance);
  void record_enforcement(const TriggerInstance& instance, const std::string& rule, std::optional<ObjectId> execution,
                          std::string failure);

  // executions.cc: the life of one execution.
  Result<ObjectId> create(const std::string& action, Origin origin);
  Result<Value> prepare_parameters(const ActionPlan& plan, const Origin& origin) const;
  ObjectId create_failed(const std::string& action, Origin origin, const Error& error);
  OpenExecution& insert(const ActionPlan* plan, const std::string& action, Origin origin, Value parameters);
  void schedule(OpenExecution& open);
  void start(OpenExecution& open);
  void start_waiting();
  void finish(OpenExecution& open, ExecutionStatus status, Value result);
  void set_status(OpenExecution& open, ExecutionStatus status);
  void touch(OpenExecution& open);
  [[nodiscard]] Value config_of(const OpenExecution& open) const;
  OpenExecution* find(ObjectId id);

  // workflows.cc: what conductors offer is run, what ends is told to them.
  void start_workflow(OpenExecution& open, const Value& inputs, const Value& runner_parameters);
  void advance(OpenExecution& open);
  void start_task(OpenExecution& open, const OfferedTask& task);
  void start_child(OpenExecution& open, const OfferedTask& task, const OfferedAction& action);
  void tell(OpenExecution& open, const TaskPlace& place, FlowStatus status, const Value& result);
  void journal(OpenExecution& open);
  void complete_workflow_if_done(OpenExecution& open);
  void do_work(ChildChanged& change);
  void do_work(Advance& work);
  Status adopt(OpenExecution& open, const EarlierRun& earlier);
  void run_again(OpenExecution& open);
  static void keep_items(WorkflowRun& workflow, const Value& entry);
  Status restore_workflow(OpenExecution& open, std::span<const Value> journal);

  // chains.cc: the same for action chains.
  void start_chain(OpenExecution& open, const Value& inputs, bool display_published);
  void advance_chain(OpenExecution& open);
  Result<ObjectId> start_chain_task(OpenExecution& open, const ChainRun::Offer& offer);
  void chain_task_changed(OpenExecution& open, const ChildChanged& change);
  void journal_chain(OpenExecution& open);
  ChainRun::Surroundings chain_surroundings(const OpenExecution& open, const Value& inputs, bool display_published);
  Status restore_chain(OpenExecution& open, std::span<const Value> journal);

  // flow_control.cc: pausing, resuming and cancelling, up and down the tree of workflows.
  Status pause(OpenExecution& open, const std::string& user);
  Status resume(OpenExecution& open, const std::string& user);
  void hold(OpenExecution& open, const std::string& user);
  void let_go(OpenExecution& open, const std::string& user);
  void cancel(OpenExecution& open, const std::string& user);
  void drop(OpenExecution& open, const std::string& user, std::string_view why);
  void become(OpenExecution& open, ExecutionStatus status);
  void cancel_workflow(OpenExecution& open, const std::string& user);
  void cancel_waiting_children(OpenExecution& open);
  void settle(OpenExecution& open);
  void show_status(OpenExecution& open);
  void tell_parent(OpenExecution& open, ExecutionStatus before);
  Status cancel_by_hand(OpenExecution& open, const std::string& user);
  Status update_by_hand(OpenExecution& open, StatusRequested& input);

  // inquiries.cc
  void ask(OpenExecution& open, const Value& question);
  void wait_for_answer(OpenExecution& open);
  void give_up_waiting(OpenExecution& open);
  Status check_answer(const OpenExecution& open, const InquiryAnswered& input) const;
  void do_work(InquiryOpened& work);

  // incidents.cc
  void do_work(RepairDone& done);
  void dispatch(Incident& incident);
  void withdraw_page(ObjectId incident);
  void meet(Incident& incident, IncidentNeed need);
  void touch(Incident& incident);
  Incident* find_incident(ObjectId id);

  // recovery.cc
  void recover_execution(Execution record);
  void go_on(OpenExecution& open);

  void acknowledge(AckToken token, Result<Value> answer);

  std::shared_ptr<const CompiledContent> content_;
  const Options options_;
  IncidentMachine machine_;
  ObjectIdSource ids_;
  RunLedger ledger_;
  Timers timers_;
  std::unordered_map<ObjectId, std::unique_ptr<OpenExecution>> open_;
  FairQueue waiting_;
  std::size_t running_ = 0;
  std::map<ObjectId, Incident> incidents_;
  std::map<std::string, ObjectId> incident_by_key_;
  std::map<std::string, KeyValue, std::less<>> keys_;
  Counts counts_{};

  std::unordered_map<std::string, Value> recovered_results_;  // by execution; while recovering only

  // Of the step that is running.
  Instant now_{};
  Decision* out_ = nullptr;
  std::deque<Work> work_;
  std::vector<ObjectId> changed_executions_;
  std::set<ObjectId> changed_incidents_;
};

}  // namespace midwatch
