#include "sim/simulation.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "codec/json.h"
#include "engine/engine.h"
#include "ports/memory_store.h"
#include "sim/scenario.h"
#include "simkit/checkers.h"
#include "simkit/world.h"

namespace midwatch {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kHooks[] = {"work", "flow", "fan", "guarded", "nobody"};
constexpr const char* kRequested[] = {"sim.fan", "sim.ask_flow", "sim.items", "sim.chain"};
constexpr const char* kServices[] = {"web", "db", "queue"};

// Everything that a decision says, as one text: the twins must say the same.
std::string spelled(const Decision& decision) {
  std::string text;
  const auto add = [&text](const auto& records) {
    for (const auto& record : records) text += to_json(to_value(record)) + "\n";
  };
  const Batch& batch = decision.changes;
  add(batch.trigger_instances);
  add(batch.enforcements);
  add(batch.executions);
  add(batch.incidents);
  for (const WorkflowDelta& delta : batch.deltas) {
    text += fmt::format("{} {} {}\n", delta.execution.hex(), delta.number, to_json(delta.delta));
  }
  for (const GuardedRun& run : batch.guarded_runs)
    text += fmt::format("{} {} {}\n", run.guard, run.key, to_iso8601(run.at));
  for (const Effect& effect : decision.effects) {
    if (const auto* start = std::get_if<ActionRequest>(&effect)) {
      text += fmt::format("start {} {} {}\n", start->execution.hex(), start->attempt, to_json(start->parameters));
    } else if (const auto* cancel = std::get_if<CancelAction>(&effect)) {
      text += fmt::format("cancel {}\n", cancel->execution.hex());
    } else if (const auto* page = std::get_if<PageRequest>(&effect)) {
      text += fmt::format("page {} {} {}\n", page->incident.hex(), page->attempt, to_json(page->body));
    } else if (const auto* ack = std::get_if<Acknowledge>(&effect)) {
      text += fmt::format("ack {} {}\n", ack->token, ack->answer ? to_json(*ack->answer) : ack->answer.error().message);
    }
  }
  return text;
}

class Simulation {
 public:
  Simulation(const SimulationOptions& options, std::shared_ptr<const Content> content)
      : options_(options), content_(std::move(content)), world_(options.seed), history_(*content_) {
    report_.seed = options.seed;
    storm_end_ = world_.now() + options_.storm;
    running_max_ = 1 + static_cast<std::uint32_t>(world_.below(8));
  }

  Result<SimulationReport> run() {
    MW_CHECK(start_process());
    schedule_event();
    schedule_anomaly();
    schedule_fault();
    world_.run_until(storm_end_);
    disk_is_full_ = false;
    if (!engine_) MW_CHECK(start_process());
    for (auto& [service, firing] : symptoms_) {
      if (firing) report_anomaly(service, false);
    }
    schedule_operator();
    world_.run_until(storm_end_ + options_.calm);
    if (!failure_) history_.finish();
    report_.violations = history_.violations();
    if (failure_) report_.violations.push_back(*failure_);
    report_.started = history_.started_count();
    report_.completed = history_.completed_count();
    report_.incidents = history_.incident_count();
    return report_;
  }

 private:
  [[nodiscard]] bool storm() const { return world_.now() < storm_end_; }
  [[nodiscard]] bool fault(std::uint64_t one_in) { return storm() && world_.one_in(one_in); }

  // The node's clock: follows the wall, but never goes back within one life of the process.
  Instant process_now() {
    const Instant steady = process_time_ + (world_.now() - process_seen_);
    process_time_ = std::max(world_.now() + wall_offset_, steady);
    process_seen_ = world_.now();
    return process_time_;
  }

  Status start_process() {
    ++epoch_;
    Engine::Options options;
    options.running_max = running_max_;
    options.id_origin = static_cast<std::uint16_t>(epoch_);
    options.incident.verify_within = seconds(30);
    MW_TRY(Engine engine, Engine::create(content_, options));
    MW_TRY(Engine twin, Engine::create(content_, options));
    process_seen_ = world_.now();
    process_time_ = world_.now() + wall_offset_;
    const Instant now = process_now();
    MW_TRY(OpenState state, store_.load_open(now - hours(24)));
    engine_.emplace(std::move(engine));
    twin_.emplace(std::move(twin));
    Decision decision = engine_->recover(state, now);
    history_.decided_twice(spelled(decision), spelled(twin_->recover(std::move(state), now)));
    ++report_.restarts;
    commit_and_release(std::move(decision));
    // As the node does after a start: what detectors say now is said again.
    for (const auto& [service, firing] : symptoms_) report_anomaly(service, firing);
    return {};
  }

  void kill() {
    engine_.reset();
    twin_.reset();
    queue_.clear();
    pump_due_ = false;
    holds_decision_ = false;
    ++report_.crashes;
    world_.after(milliseconds(1 + world_.below(20'000)), [this] {
      if (engine_) return;
      if (Status started = start_process(); !started) failure_ = started.error().to_string();
    });
  }

  void submit(Input input) {
    if (!engine_) return;
    queue_.push_back(std::move(input));
    pump_soon();
  }

  void pump_soon() {
    if (pump_due_) return;
    pump_due_ = true;
    world_.after(milliseconds(world_.below(30)), [this, epoch = epoch_] {
      if (epoch != epoch_ || !engine_) return;
      pump_due_ = false;
      if (!holds_decision_) pump();  // else the commit that goes through pumps again
    });
  }

  void pump() {
    Decision decision;
    Decision twin_decision;
    const Instant now = process_now();
    for (std::size_t taken = 1 + world_.below(4); taken > 0 && !queue_.empty(); --taken) {
      Input input = std::move(queue_.front());
      queue_.pop_front();
      Input same = input;
      engine_->step(now, std::move(input), decision);
      twin_->step(now, std::move(same), twin_decision);
      ++report_.steps;
    }
    history_.decided_twice(spelled(decision), spelled(twin_decision));
    history_.saw_running(engine_->counts().running, running_max_);
    commit_and_release(std::move(decision));
  }

  void commit_and_release(Decision decision) {
    if (disk_is_full_) {  // as the node does: hold it, decide on nothing else, try again
      ++report_.refused_commits;
      holds_decision_ = true;
      world_.after(milliseconds(500), [this, epoch = epoch_, held = std::make_shared<Decision>(std::move(decision))] {
        if (epoch == epoch_ && engine_) commit_and_release(std::move(*held));
      });
      return;
    }
    holds_decision_ = false;
    if (fault(60)) return kill();
    if (Status committed = store_.commit(std::span(&decision.changes, 1)); !committed) {
      failure_ = committed.error().to_string();
      return;
    }
    ++report_.commits;
    history_.committed(decision.changes);
    if (fault(60)) return kill();
    for (Effect& effect : decision.effects) std::visit([this](auto& of_kind) { release(of_kind); }, effect);
    wake_when_due();
    if (!queue_.empty()) pump_soon();
  }

  void wake_when_due() {
    const auto due = engine_->next_wake();
    if (!due) return;
    const Duration wait = std::max(Duration(0), *due - process_now());
    world_.after(wait, [this, epoch = epoch_] {
      if (epoch == epoch_) submit(WokeUp{});
    });
  }

  void release(ActionRequest& request) {
    history_.started(request);
    ActionOutcome outcome;
    outcome.execution = request.execution;
    outcome.attempt = request.attempt;
    const auto draw = world_.below(100);
    outcome.status = draw < 85   ? ExecutionStatus::kSucceeded
                     : draw < 95 ? ExecutionStatus::kFailed
                                 : ExecutionStatus::kTimeout;
    outcome.result = Value::object({{"draw", draw}});
    if (request.action == "sim.restart" && outcome.status == ExecutionStatus::kSucceeded) heal();
    if (fault(80)) return;  // lost
    deliver(outcome, milliseconds(world_.below(5'000)));
    if (fault(10)) deliver(outcome, seconds(world_.below(120)));  // repeated, late
  }

  // A dead process gets nothing; the next one may get what was meant for it.
  void deliver(const ActionOutcome& outcome, Duration wait) {
    world_.after(wait, [this, outcome, epoch = epoch_] {
      if (epoch == epoch_ || world_.one_in(5)) submit(outcome);
    });
  }

  void release(CancelAction& cancel) {
    ActionOutcome outcome;
    outcome.execution = cancel.execution;
    outcome.status = ExecutionStatus::kCanceled;
    for (std::uint32_t attempt = 1; attempt <= 2; ++attempt) {
      outcome.attempt = attempt;
      deliver(outcome, milliseconds(world_.below(500)));
    }
  }

  void release(PageRequest& request) {
    history_.paged(request);
    PageOutcome outcome{request.incident, request.attempt, !fault(3), "connection refused"};
    world_.after(milliseconds(world_.below(2'000)), [this, outcome, epoch = epoch_] {
      if (epoch == epoch_) submit(outcome);
    });
  }

  void release(Acknowledge& ack) {
    if (!ack.answer) return;
    const Value* id = ack.answer->find("id");
    const auto parsed =
        id == nullptr ? Result<ObjectId>(Error(Code::kInvalid, "no id")) : ObjectId::parse(id->as_string());
    if (!parsed) return;
    // Whose answer it is: of a response, of an event, or of an execution, which carries an action.
    if (ack.answer->find("response") != nullptr) {
      history_.acknowledged_response(*parsed);
    } else if (ack.answer->find("action") == nullptr) {
      ++report_.acknowledged;
      history_.acknowledged_event(*parsed);
    } else {
      requested_.push_back(*parsed);
    }
  }

  void schedule_event() {
    const Duration gap = Duration(minutes(1)) / options_.events_per_minute;
    world_.after(Duration(1 + world_.below(static_cast<std::uint64_t>(2 * gap.count()))), [this] {
      if (!storm()) return;
      for (std::uint64_t burst = fault(20) ? 20 : 1; burst > 0; --burst) event();
      schedule_event();
    });
  }

  void event() {
    ++report_.events;
    if (world_.one_in(5)) {
      const char* action = kRequested[world_.below(std::size(kRequested))];
      return submit(ExecutionRequested{action, Value::object({}), {}, "sim", ++token_});
    }
    if (world_.one_in(4)) return respond();
    if (world_.one_in(8)) return ask_for(ExecutionStatus::kRunning, ExecutionStatus::kPausing);
    if (world_.one_in(8)) return ask_for(ExecutionStatus::kPaused, ExecutionStatus::kResuming);
    if (!requested_.empty() && world_.one_in(10)) {
      return submit(CancelRequested{requested_[world_.below(requested_.size())], "sim", ++token_});
    }
    TriggerArrived arrived;
    arrived.trigger = "core.st2.webhook";
    arrived.trigger_parameters = Value::object({{"url", kHooks[world_.below(std::size(kHooks))]}});
    arrived.payload = Value::object({{"body", Value::object({{"host", kServices[world_.below(3)]}, {"n", token_}})}});
    arrived.ack = ++token_;
    submit(std::move(arrived));
  }

  // Someone answers an inquiry, sometimes twice.
  void respond() {
    const auto pending = store_.executions({.status = ExecutionStatus::kPending}, {})->items;
    if (pending.empty()) return;
    const ObjectId id = pending[world_.below(pending.size())].id;
    for (std::uint64_t times = 1 + world_.below(2); times > 0; --times) {
      submit(InquiryAnswered{id, Value::object({{"continue", world_.one_in(2)}}), "sim", ++token_});
    }
  }

  // Someone pauses or resumes a workflow, at any depth.
  void ask_for(ExecutionStatus found, ExecutionStatus wanted) {
    const auto records = store_.executions({.status = found}, {})->items;
    if (records.empty()) return;
    submit(StatusRequested{records[world_.below(records.size())].id, wanted, {}, "sim", ++token_});
  }

  // When it is calm again, what people paused is resumed.
  void schedule_operator() {
    world_.after(minutes(5), [this] {
      for (const Execution& record : store_.executions({.status = ExecutionStatus::kPaused}, {})->items) {
        submit(StatusRequested{record.id, ExecutionStatus::kResuming, {}, "sim", ++token_});
      }
      schedule_operator();
    });
  }

  void schedule_anomaly() {
    world_.after(seconds(10 + world_.below(240)), [this] {
      if (!storm()) return;
      report_anomaly(kServices[world_.below(3)], !world_.one_in(3));
      schedule_anomaly();
    });
  }

  void report_anomaly(const std::string& service, bool firing) {
    symptoms_[service] = firing;
    AnomalyReported report;
    report.detector = "sim.latency";
    report.labels = Value::object({{"service", service}});
    report.firing = firing;
    report.value = firing ? 0.9 : 0.01;
    report.expected_high = 0.1;
    report.since = world_.now() + wall_offset_ - seconds(3);
    submit(std::move(report));
  }

  void heal() {
    for (const auto& [service, firing] : symptoms_) {
      if (!firing || world_.one_in(4)) continue;
      world_.after(seconds(1 + world_.below(10)), [this, name = service] { report_anomaly(name, false); });
    }
  }

  void schedule_fault() {
    world_.after(seconds(5 + world_.below(120)), [this] {
      if (!storm()) return;
      switch (world_.below(4)) {
        case 0:
          wall_offset_ += seconds(static_cast<std::int64_t>(world_.below(7'200)) - 3'600);
          ++report_.clock_jumps;
          break;
        case 1:
          disk_is_full_ = true;
          world_.after(seconds(1 + world_.below(20)), [this] { disk_is_full_ = false; });
          break;
        default:
          if (engine_) kill();
      }
      schedule_fault();
    });
  }

  const SimulationOptions options_;
  const std::shared_ptr<const Content> content_;
  World world_;
  MemoryStore store_;
  History history_;
  SimulationReport report_;
  Instant storm_end_;
  std::uint32_t running_max_ = 4;

  std::optional<Engine> engine_;
  std::optional<Engine> twin_;
  std::uint32_t epoch_ = 0;
  std::deque<Input> queue_;
  bool pump_due_ = false;
  bool disk_is_full_ = false;
  bool holds_decision_ = false;
  Duration wall_offset_{};
  Instant process_time_;
  Instant process_seen_;
  AckToken token_ = 0;
  std::map<std::string, bool> symptoms_;
  std::vector<ObjectId> requested_;
  std::optional<std::string> failure_;
};

}  // namespace

Result<SimulationReport> simulate(const SimulationOptions& options) {
  MW_TRY(auto content, simulated_content());
  return Simulation(options, std::move(content)).run();
}

}  // namespace midwatch
