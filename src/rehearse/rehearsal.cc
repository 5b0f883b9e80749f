#include "rehearse/rehearsal.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "expr/workflow_functions.h"
#include "workflow/conductor.h"
#include "workflow/graph.h"

namespace midwatch {
namespace {

// What st2kv() reads: the script's `datastore`.
class ScriptedDatastore : public Datastore {
 public:
  explicit ScriptedDatastore(Value keys) : keys_(std::move(keys)) {}
  Result<std::optional<std::string>> get(Owner owner, std::string_view, std::string_view key, bool) const override {
    const Value* const found = keys_.find((owner == Owner::kSystem ? "system." : "user.") + std::string(key));
    if (found == nullptr) return std::optional<std::string>();
    return std::optional(found->text_or(""));
  }

 private:
  Value keys_;
};

// What the engine puts into the context of each workflow, where the script does not say it.
Value usual_context() {
  return Value::object({{"st2", Value::object({{"action_execution_id", "rehearsal"},
                                               {"workflow_execution_id", "rehearsal"},
                                               {"api_url", "http://127.0.0.1:9101/v1"},
                                               {"user", "rehearsal"},
                                               {"pack", "rehearsal"},
                                               {"action", "rehearsal.workflow"},
                                               {"runner", "orquesta"}})},
                        {"parent", Value::object({})}});
}

class Rehearsal : private TaskRecords {
 public:
  Rehearsal(std::shared_ptr<const Definition> definition, const RehearsalCase& script, const AskRehearsal& ask)
      : definition_(std::move(definition)), script_(script), ask_(ask), datastore_(script.datastore) {}

  Rehearsed run() {
    Result<Conductor> created = Conductor::create(definition_, script_.input, merge(usual_context(), script_.context));
    if (!created) {
      out_.stopped = std::move(created.error());
      return std::move(out_);
    }
    conductor_.emplace(std::move(*created));
    conductor_->set_datastore(&datastore_);
    conductor_->set_task_records(this);
    // Refused when inputs or variables are wrong: the workflow is failed then, and its log says why.
    (void)conductor_->request_status(FlowStatus::kRunning);
    poll();
    while (!out_.stopped && step()) {}
    (void)conductor_->render_output();
    finish();
    return std::move(out_);
  }

 private:
  using TaskKey = std::pair<std::string, std::uint32_t>;

  std::optional<Value> task_record(std::string_view task, std::uint32_t route) const override {
    const auto run = last_run_.find({std::string(task), route});
    if (run == last_run_.end()) return std::nullopt;
    const RehearsedStart& last = runs_.at(run->second).starts.back();
    const auto items = item_results_.find(run->first);
    return Value::object({{"task_execution_id", Value("rehearsal-" + std::to_string(run->second))},
                          {"workflow_execution_id", "rehearsal"},
                          {"task_name", Value(task)},
                          {"task_id", Value(task)},
                          {"route", Value(route)},
                          {"status", Value(to_string(last.status))},
                          {"result", last.item ? Value::array(items->second) : last.result}});
  }

  enum class Phase : std::uint8_t { kWait, kEnd };

  // Something that will happen to an action.
  struct Due {
    std::int64_t at = 0;
    std::uint64_t order = 0;
    Phase phase = Phase::kEnd;
    TaskKey task{};
    std::uint32_t run = 0;  // index of the conductor's runs
    std::size_t start = 0;  // index of the run's starts
    ScriptedAnswer answer{};
    bool operator<(const Due& other) const { return std::tie(at, order) < std::tie(other.at, other.order); }
  };

  // The next thing in time: false when nothing is left.
  bool step() {
    const bool controls = next_control_ < script_.controls.size();
    const std::int64_t control_at = controls ? script_.controls[next_control_].at_seconds : 0;
    if (controls && (due_.empty() || control_at <= due_.begin()->at)) {
      // A finished workflow takes no more controls; one that waits for nothing may be resumed later.
      if (due_.empty() && is_completed(conductor_->status())) return false;
      now_ = std::max(now_, control_at);
      const ScriptedControl& control = script_.controls[next_control_++];
      paused_by_hand_ = control.request == FlowStatus::kPaused;
      (void)conductor_->request_status(control.request);
      poll();
      return true;
    }
    if (due_.empty()) return false;
    const Due due = *due_.begin();
    due_.erase(due_.begin());
    now_ = due.at;
    happen(due);
    poll();
    return true;
  }

  void happen(const Due& due) {
    RehearsedStart& start = runs_[due.run].starts[due.start];
    if (due.phase == Phase::kWait) {
      report(due, FlowStatus::kPending);
      waiting_.insert({due.run, due.start});
      Due later = due;
      later.answer.waits_seconds.reset();
      schedule(later, Phase::kEnd, *due.answer.waits_seconds);
      return;
    }
    start.status = due.answer.status;
    start.result = due.answer.result;
    start.ended_seconds = now_;
    // A task with items that waits is paused and takes no ends: it must hear that it goes on, unless it is canceled.
    const bool asked = waiting_.erase({due.run, due.start}) != 0;
    const std::optional<TaskRun> run = conductor_->latest_run(due.task.first, due.task.second);
    const bool is_paused = run && run->status == FlowStatus::kPaused;
    const bool goes_on = conductor_->status() != FlowStatus::kCanceling && !is_completed(conductor_->status());
    if (asked && is_paused && goes_on) report(due, FlowStatus::kRunning);
    const bool waited = conductor_->status() == FlowStatus::kPaused || conductor_->status() == FlowStatus::kPausing;
    report(due, due.answer.status);
    if (!waited || paused_by_hand_ || conductor_->status() != FlowStatus::kPaused) return;
    // Who answers the last inquiry resumes what waited for it.
    const bool asks = std::ranges::any_of(conductor_->task_runs(),
                                          [](const TaskRun& other) { return other.status == FlowStatus::kPending; });
    if (!asks) (void)conductor_->request_status(FlowStatus::kResuming);
  }

  void schedule(Due due, Phase phase, std::int64_t after) {
    due.phase = phase;
    due.at = now_ + after;
    due.order = next_order_++;
    due_.insert(std::move(due));
  }

  // Tells the conductor. What it refuses fails the workflow, as in the engine.
  void report(const Due& due, FlowStatus status) {
    const RehearsedStart& start = runs_[due.run].starts[due.start];
    const bool ends = is_completed(status);
    Status told;
    if (start.item) {
      std::vector<Value>& results = item_results_[due.task];
      if (ends) results[*start.item] = start.result;
      told = conductor_->on_item(due.task.first, due.task.second, *start.item, status, ends ? start.result : Value(),
                                 ends ? Value::array(results) : Value());
    } else {
      told = conductor_->on_task(due.task.first, due.task.second, status, ends ? start.result : Value());
    }
    if (told) return;
    refusals_.push_back(told.error().message);
    (void)conductor_->request_status(FlowStatus::kFailed);
  }

  // Starts what is offered, until nothing new is.
  void poll() {
    bool started = true;
    while (started && !out_.stopped) {
      started = false;
      for (const OfferedTask& task : conductor_->next_tasks()) {
        started = true;
        if (!start(task)) return;
      }
    }
  }

  bool start(const OfferedTask& task) {
    const TaskKey key{task.id, task.route};
    if (task.items_count) {
      std::vector<Value>& results = item_results_[key];
      if (results.size() != *task.items_count) results.assign(*task.items_count, Value());
    }
    if (task.items_count == 0u) {
      if (!count_start()) return false;
      (void)conductor_->on_task(task.id, task.route, FlowStatus::kRunning);
      (void)conductor_->on_task(task.id, task.route, FlowStatus::kSucceeded, Value::array(std::vector<Value>{}));
      note_run(key, task);
      return true;
    }
    for (const OfferedAction& action : task.actions) {
      if (!count_start() || !start_action(key, task, action)) return false;
    }
    return true;
  }

  bool count_start() {
    if (++start_count_ <= kRehearsalStartsMax) return true;
    out_.stopped = Error(Code::kLimit, "the workflow started " + std::to_string(kRehearsalStartsMax) +
                                           " actions, which is the most allowed: does a loop in it never end?");
    return false;
  }

  bool start_action(const TaskKey& key, const OfferedTask& task, const OfferedAction& action) {
    Due due{.task = key};
    const std::optional<ScriptedAnswer> answer = answer_for(key, action);
    if (!answer) return false;
    due.answer = *answer;
    const std::int64_t delay = std::max<std::int64_t>(task.delay_seconds.int_or(0), 0);
    // As in the engine it runs from here on, also while it is delayed: of a retry, any other status would count as one
    // more try.
    const Status told = action.item ? conductor_->on_item(key.first, key.second, *action.item, FlowStatus::kRunning)
                                    : conductor_->on_task(key.first, key.second, FlowStatus::kRunning);
    if (!told) {
      refusals_.push_back(told.error().message);
      (void)conductor_->request_status(FlowStatus::kFailed);
      return true;
    }
    due.run = note_run(key, task);
    RehearsedRun& run = runs_[due.run];
    last_run_[key] = due.run;
    due.start = run.starts.size();
    run.starts.push_back(
        {.started_seconds = now_ + delay, .item = action.item, .action = action.action, .input = action.input});
    const bool waits = due.answer.waits_seconds.has_value();
    schedule(due, waits ? Phase::kWait : Phase::kEnd, delay + (waits ? 0 : due.answer.takes_seconds));
    return true;
  }

  // The conductor's latest run of the task.
  std::uint32_t note_run(const TaskKey& key, const OfferedTask& task) {
    const std::uint32_t index = conductor_->latest_run(key.first, key.second)->index;
    runs_[index].context = task.context;
    return index;
  }

  std::optional<ScriptedAnswer> answer_for(const TaskKey& key, const OfferedAction& action) {
    if (action.action.is_null()) {
      ScriptedAnswer nothing;
      nothing.takes_seconds = 0;
      return nothing;
    }
    const std::size_t nth = starts_of_[{key.first, action.item}]++;
    const auto pick = [nth](const std::vector<ScriptedAnswer>& answers) {
      return answers[std::min(nth, answers.size() - 1)];
    };
    if (const auto scripted = script_.tasks.find(key.first); scripted != script_.tasks.end()) {
      const bool listed = action.item && *action.item < scripted->second.items.size();
      return pick(listed ? scripted->second.items[*action.item] : scripted->second.answers);
    }
    if (script_.otherwise) return script_.otherwise;
    if (script_.refuse_unlisted) {
      out_.stopped = Error(Code::kInvalid, "task '" + key.first + "' ran, and the script has no answer for it");
      return std::nullopt;
    }
    if (!ask_) return ScriptedAnswer{};
    Result<ScriptedAnswer> asked = ask_({key.first, action.item, action.action, action.input, now_});
    if (asked) return *asked;
    out_.stopped = std::move(asked.error());
    return std::nullopt;
  }

  // The runs, without `continue`; arrows that led through it lead nowhere.
  void finish() {
    out_.status = conductor_->status();
    out_.output = conductor_->output();
    out_.seconds = now_;
    const Value log = conductor_->errors();
    std::vector<Value> errors(log.elements().begin(), log.elements().end());
    for (const std::string& refusal : refusals_) {
      errors.push_back(Value::object({{"type", "error"}, {"message", Value(refusal)}}));
    }
    out_.errors = Value::array(std::move(errors));
    const Value state = conductor_->state();
    const std::vector<TaskRun> all = conductor_->task_runs();
    const Value sequence = state.get("sequence");
    std::map<std::uint32_t, std::uint32_t> place;
    for (const TaskRun& run : all) {
      if (run.id == "continue") continue;
      place[run.index] = static_cast<std::uint32_t>(out_.runs.size());
      RehearsedRun made = std::move(runs_[run.index]);
      made.task = std::string(run.id);
      made.route = run.route;
      made.status = run.status;
      made.command = is_engine_command(run.id);
      const Value previous = sequence.elements()[run.index].get("prev");
      std::set<std::uint32_t> from;
      for (const Value::Member& member : previous.members()) {
        const auto known = place.find(static_cast<std::uint32_t>(member.value.int_or(0)));
        if (known != place.end() && known->second < out_.runs.size()) from.insert(known->second);
      }
      made.from.assign(from.begin(), from.end());
      out_.runs.push_back(std::move(made));
    }
  }

  std::shared_ptr<const Definition> definition_;
  const RehearsalCase& script_;
  const AskRehearsal& ask_;
  ScriptedDatastore datastore_;
  std::optional<Conductor> conductor_;
  Rehearsed out_;
  std::int64_t now_ = 0;
  std::set<Due> due_;
  std::uint64_t next_order_ = 0;
  std::size_t next_control_ = 0;
  bool paused_by_hand_ = false;
  std::size_t start_count_ = 0;
  std::map<std::uint32_t, RehearsedRun> runs_;  // by the conductor's index
  std::map<std::pair<std::string, std::optional<std::uint32_t>>, std::size_t> starts_of_;
  std::map<TaskKey, std::uint32_t> last_run_;  // of tasks that started an action
  std::map<TaskKey, std::vector<Value>> item_results_;
  std::set<std::pair<std::uint32_t, std::size_t>> waiting_;  // runs and starts that asked
  std::vector<std::string> refusals_;
};

}  // namespace

Rehearsed rehearse(const std::shared_ptr<const Definition>& definition, const RehearsalCase& script,
                   const AskRehearsal& ask) {
  return Rehearsal(definition, script, ask).run();
}

}  // namespace midwatch
