// Goal: whatever a workflow is made of, and in whatever order things happen, the conductor keeps its promises:
// it never gets stuck, a `join: all` fires once a visit, the final status follows from what happened, the journal
// gives the identical state back, and after a crash at any commit the workflow can be brought to an end.
//
// Method: random definitions (those that inspection accepts), driven by random starts, ends, items, pending
// answers, pauses, resumes, cancels and restarts. MIDWATCH_PROPERTY_SECONDS makes it run for so long;
// MIDWATCH_PROPERTY_SEED runs one seed and prints what it did.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "codec/json.h"
#include "workflow/conductor.h"
#include "workflow/graph.h"
#include "workflow/inspect.h"

namespace midwatch {
namespace {

using S = FlowStatus;

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}
  std::uint32_t below(std::uint32_t n) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::uint32_t>((state_ * 0x2545f4914f6cdd1du) >> 33) % n;
  }
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  template <class T>
  const T& of(const std::vector<T>& choices) {
    return choices[below(static_cast<std::uint32_t>(choices.size()))];
  }

 private:
  std::uint64_t state_;
};

// ---- random definitions

class Author {
 public:
  explicit Author(Random& random) : random_(random) {}

  std::string write() {
    const std::uint32_t count = 2 + random_.below(10);
    std::string text = "input: [{x: 1}]\nvars:\n  - n: 0\n  - seen: {}\n  - list: [1, 2, 3]\ntasks:\n";
    std::vector<std::vector<std::string>> next(count);
    std::vector<std::set<std::uint32_t>> sources(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      for (std::uint32_t left = random_.below(4); left > 0 && i + 1 < count; --left) {
        const std::uint32_t target = i + 1 + random_.below(count - i - 1);
        next[i].push_back(transition(task(target)));
        sources[target].insert(i);
      }
      if (random_.one_in(8)) next[i].push_back(transition(random_.of<std::string>({"noop", "fail", "continue"})));
      if (random_.one_in(10)) next[i].push_back("{publish: [{p" + std::to_string(i) + ": 1}]}");
    }
    // A loop that ends, because the world says `again` only so often: a counter would not do, since an older value of
    // it can come back with another branch.
    if (count > 3 && random_.one_in(3)) {
      const std::uint32_t from = 2 + random_.below(count - 2);
      const std::uint32_t back = 1 + random_.below(from - 1);
      next[from].push_back("{when: \"<% result() = 'again' %>\", publish: [{n: <% ctx(n) + 1 %>}], do: " + task(back) +
                           "}");
      sources[back].insert(from);
    }
    for (std::uint32_t i = 0; i < count; ++i) text += body(i, next[i], sources[i].size());
    return text + "output:\n  - seen: <% ctx(seen) %>\n  - n: \"{{ ctx().n }}\"\n";
  }

 private:
  static std::string task(std::uint32_t i) { return "t" + std::to_string(i); }

  std::string transition(const std::string& target) {
    static const std::vector<std::string> kConditions = {"<% succeeded() %>",
                                                         "<% failed() %>",
                                                         "{{ succeeded() }}",
                                                         "{{ completed() }}",
                                                         "<% ctx(n) < 2 %>",
                                                         "{{ ctx().x == 1 }}",
                                                         "<% succeeded() and ctx(x) = 1 %>",
                                                         "<% result() = 'no' %>"};
    static const std::vector<std::string> kPublish = {"seen: {k" + std::to_string(0) + ": 1}", "y: <% result() %>",
                                                      "seen: {deep: {v: <% ctx(n) %>}}", "y: \"{{ ctx().x + 1 }}\""};
    std::string out = "{";
    if (!random_.one_in(3)) out += "when: \"" + random_.of(kConditions) + "\", ";
    if (random_.one_in(3)) out += "publish: [{" + random_.of(kPublish) + "}], ";
    return out + "do: " + target + "}";
  }

  std::string body(std::uint32_t i, const std::vector<std::string>& next, std::size_t sources) {
    std::string out = "  " + task(i) + ":\n";
    if (!random_.one_in(6)) {
      out += "    action: x.y v=<% ctx(x) %>\n";
      if (random_.one_in(4)) {
        const bool limited = random_.one_in(2);
        const std::string items = random_.one_in(5) ? "<% [] %>" : "<% ctx(list) %>";
        out += limited ? "    with: {items: " + items + ", concurrency: " + std::to_string(1 + random_.below(2)) + "}\n"
                       : "    with: " + items + "\n";
      }
      if (random_.one_in(5)) out += "    retry: {count: " + std::to_string(1 + random_.below(2)) + ", delay: 1}\n";
      if (random_.one_in(12)) out += "    retry: {when: \"<% failed() %>\", count: <% ctx(x) %>}\n";
      if (random_.one_in(6)) out += "    delay: 2\n";
    } else {
      out += "    delay: 0\n";
    }
    if (sources > 1 && random_.one_in(2)) {
      out += random_.one_in(3)
                 ? "    join: " + std::to_string(1 + random_.below(static_cast<std::uint32_t>(sources))) + "\n"
                 : "    join: all\n";
    }
    if (!next.empty()) out += "    next:\n";
    for (const std::string& entry : next) out += "      - " + entry + "\n";
    return out;
  }

  Random& random_;
};

// A definition that could be loaded; null when the author has a bad day.
std::shared_ptr<const Definition> definition_for(std::uint64_t seed, std::string& text) {
  Random random(seed);
  for (int attempt = 0; attempt < 20; ++attempt) {
    text = Author(random).write();
    const auto definition = Definition::parse(text, "random.yaml");
    // Retries twice in one task are a duplicate key, which does not parse.
    if (definition && inspect(**definition).empty()) return *definition;
  }
  return nullptr;
}

// ---- the world around a conductor

struct InFlight {
  std::string task;
  std::uint32_t route = 0;
  std::optional<std::uint32_t> item{};
  bool pending = false;
};
using TaskKey = std::pair<std::string, std::uint32_t>;

class World {
 public:
  World(std::shared_ptr<const Definition> definition, std::uint64_t seed, bool verbose)
      : definition_(std::move(definition)), random_(seed + 1'000'003), verbose_(verbose) {
    conductor_.emplace(std::move(*Conductor::create(definition_)));
    calm_ = random_.one_in(2);
    (void)conductor_->request_status(S::kRunning);
    save();
  }

  // Until the workflow is over and nothing is left. What is broken, or "".
  std::string live() {
    for (int step = 0; step < 3'000; ++step) {
      if (in_flight_.empty() && is_completed(conductor_->status()) && !poll()) break;
      if (step > 600) calm_ = true;
      if (std::string broken = one_step(); !broken.empty()) return broken;
    }
    if (!is_completed(conductor_->status())) return "it did not end: " + describe();
    (void)conductor_->render_output();
    save();
    if (std::string broken = check_journal(); !broken.empty()) return broken;
    return check_end();
  }

  // A crash at a random commit: what was in flight then is in flight still.
  World crashed(std::uint64_t seed) const {
    World other(*this, Copy{});
    other.random_ = Random(seed);
    const Commit& at = commits_[other.random_.below(static_cast<std::uint32_t>(commits_.size()))];
    other.journal_.assign(journal_.begin(), journal_.begin() + static_cast<std::ptrdiff_t>(at.deltas));
    other.in_flight_ = at.in_flight;
    other.item_results_ = at.item_results;
    other.canceled_ = at.canceled;
    other.refused_ = at.refused;
    other.calm_ = true;
    Result<Conductor> restored = Conductor::restore(definition_, other.journal_);
    if (restored) other.conductor_.emplace(std::move(*restored));
    // A crash may come before the start was committed, or after the end.
    if (restored && other.conductor_->status() == S::kUnset) (void)other.conductor_->request_status(S::kRunning);
    return other;
  }
  [[nodiscard]] bool restored() const { return conductor_.has_value(); }

 private:
  struct Copy {};
  struct Commit {
    std::size_t deltas;
    std::vector<InFlight> in_flight;
    std::map<TaskKey, std::vector<Value>> item_results;
    bool canceled;
    bool refused;
  };
  World(const World& other, Copy) : definition_(other.definition_), random_(1), verbose_(other.verbose_) {}

  void say(const std::string& what) const {
    if (verbose_) std::cout << what << " → " << to_string(conductor_->status()) << "\n";
  }

  void save() {
    for (Value& delta : conductor_->take_deltas()) journal_.push_back(std::move(delta));
    commits_.push_back({journal_.size(), in_flight_, item_results_, canceled_, refused_});
  }

  std::string one_step() {
    const std::uint32_t dice = random_.below(100);
    if (!calm_ && dice < 3) control(S::kPaused, "pause");
    else if (!calm_ && dice < 6) control(S::kResuming, "resume");
    else if (!calm_ && dice < 7 && !canceled_) control(S::kCanceled, "cancel");
    else if (dice < 12) {
      if (std::string broken = check_journal(); !broken.empty()) return broken;
    } else if (dice < 55 || in_flight_.empty()) {
      const bool started = poll();
      if (!started && in_flight_.empty() && !is_completed(conductor_->status())) return unblock();
    } else {
      finish(random_.below(static_cast<std::uint32_t>(in_flight_.size())));
    }
    save();
    return check_joins();
  }

  // Nothing runs and nothing is offered: then somebody must have paused it.
  std::string unblock() {
    const bool paused = conductor_->status() == S::kPaused || conductor_->status() == S::kPausing;
    if (!paused || !conductor_->request_status(S::kResuming)) return "stuck: " + describe();
    say("resume");
    save();
    return "";
  }

  void control(S status, const std::string& what) {
    if (status == S::kCanceled && conductor_->request_status(status)) canceled_ = true;
    else if (status != S::kCanceled) (void)conductor_->request_status(status);
    say(what);
  }

  // Starts what is offered, most of it. Whether anything was offered.
  bool poll() {
    bool offered = false;
    for (const OfferedTask& task : conductor_->next_tasks()) {
      offered = true;
      if (random_.one_in(6)) continue;  // offered again next time
      if (task.items_count == 0u) {
        (void)conductor_->on_task(task.id, task.route, S::kRunning);
        (void)conductor_->on_task(task.id, task.route, S::kSucceeded, Value::array(std::vector<Value>{}));
        continue;
      }
      if (task.items_count) {
        std::vector<Value>& results = item_results_[{task.id, task.route}];
        if (results.size() != *task.items_count) results.assign(*task.items_count, Value());
      }
      for (const OfferedAction& action : task.actions) {
        // A task that is tried again starts with `running`: anything else counts as one more try.
        const bool early = random_.one_in(4) && status_of(task.id, task.route) != S::kRetrying;
        if (early) tell({task.id, task.route, action.item}, S::kRequested, {});
        if (tell({task.id, task.route, action.item}, S::kRunning, {})) {
          in_flight_.push_back({task.id, task.route, action.item});
        }
      }
      say("start " + task.id + "#" + std::to_string(task.route));
    }
    return offered;
  }

  [[nodiscard]] S status_of(std::string_view task, std::uint32_t route) const {
    const std::optional<TaskRun> run = conductor_->latest_run(task, route);
    return run ? run->status : S::kUnset;
  }

  // "Any unexpected exception while handling: workflow failed": so does the engine with what is refused.
  bool tell(const InFlight& action, S status, const Value& result) {
    const bool told = report(action, status, result);
    if (!told) {
      say("refused " + action.task);
      (void)conductor_->request_status(S::kFailed);
      refused_ = true;
    }
    return told;
  }

  bool report(const InFlight& action, S status, const Value& result) {
    if (!action.item) return conductor_->on_task(action.task, action.route, status, result).has_value();
    std::vector<Value>& results = item_results_[{action.task, action.route}];
    const bool ends = is_completed(status);
    if (ends && *action.item < results.size()) results[*action.item] = result;
    return conductor_
        ->on_item(action.task, action.route, *action.item, status, result, ends ? Value::array(results) : Value())
        .has_value();
  }

  void finish(std::uint32_t index) {
    InFlight action = in_flight_[index];
    if (!calm_ && !action.pending && random_.one_in(15)) {
      in_flight_[index].pending = true;
      tell(action, S::kPending, {});
      say("pending " + action.task);
      return;
    }
    static const std::vector<S> kEnds = {S::kSucceeded, S::kSucceeded, S::kSucceeded, S::kSucceeded,
                                         S::kSucceeded, S::kFailed,    S::kFailed,    S::kTimeout};
    const S status = random_.of(kEnds);
    in_flight_.erase(in_flight_.begin() + index);
    // A task with items that waits is paused and takes no ends: it must hear that it goes on, unless it is canceled.
    const bool goes_on = conductor_->status() != S::kCanceling && !is_completed(conductor_->status());
    if (action.pending && goes_on && status_of(action.task, action.route) == S::kPaused) tell(action, S::kRunning, {});
    const bool again = again_left_ > 0 && random_.one_in(2);
    if (again) --again_left_;
    tell(action, status, Value(again ? "again" : random_.one_in(3) ? "no" : "yes"));
    say("end " + action.task + "#" + std::to_string(action.route) +
        (action.item ? "[" + std::to_string(*action.item) + "]" : "") + " " + std::string(to_string(status)));
  }

  // "replay of the journal gives the identical state"
  std::string check_journal() {
    save();
    Result<Conductor> again = Conductor::restore(definition_, journal_);
    if (!again) return "the journal does not replay: " + again.error().to_string();
    if (!(again->state() == conductor_->state())) {
      return "another state after a replay\n" + to_json(again->state()) + "\n" + to_json(conductor_->state());
    }
    if (!(again->errors() == conductor_->errors()) || !(again->output() == conductor_->output())) {
      return "other errors or output after a replay";
    }
    if (random_.one_in(2)) conductor_.emplace(std::move(*again));
    return "";
  }

  // "a `join: all` fires at most once a visit of its route": outside of cycles there is one visit.
  std::string check_joins() {
    std::map<std::pair<std::string_view, std::uint32_t>, int> runs;
    for (const TaskRun& run : conductor_->task_runs()) ++runs[{run.id, run.route}];
    for (const auto& [key, count] : runs) {
      const GraphNode& node = definition_->graph().node(*definition_->graph().find(key.first));
      if (node.barrier == GraphNode::kBarrierAll && !below_cycle(node) && count > 1) {
        return "join " + std::string(key.first) + " fired " + std::to_string(count) + " times: " + describe();
      }
    }
    return "";
  }

  // Whether a task can come again: it is in a cycle, or behind one.
  bool below_cycle(const GraphNode& node) {
    if (repeated_.empty()) {
      const Graph& graph = definition_->graph();
      repeated_.assign(graph.nodes().size(), false);
      for (bool changed = true; changed;) {
        changed = false;
        for (NodeIndex i = 0; i < repeated_.size(); ++i) {
          const bool here = repeated_[i] || graph.node(i).in_cycle || is_counted(graph.node(i));
          if (here && !repeated_[i]) repeated_[i] = changed = true;
          if (!repeated_[i]) continue;
          for (const EdgeIndex edge : graph.node(i).out) {
            if (!repeated_[graph.edge(edge).to]) repeated_[graph.edge(edge).to] = changed = true;
          }
        }
      }
    }
    return repeated_[*definition_->graph().find(node.name)];
  }
  // "After an integer join has run, a further arrival stages it again": it runs again, and so does what follows.
  static bool is_counted(const GraphNode& node) { return node.barrier && *node.barrier != GraphNode::kBarrierAll; }

  // "final status agrees with the spec's rules"
  std::string check_end() {
    const S status = conductor_->status();
    const Value errors = conductor_->errors();
    bool beyond_actions = false;  // an expression, a join that cannot be reached
    for (const Value& error : errors.elements()) {
      beyond_actions |= error.get("message") != Value("Execution failed. See result for details.");
    }
    if (status == S::kFailed && errors.size() == 0 && !refused_ && !failed_unlogged())
      return "failed without an error: " + describe();
    if (status == S::kCanceled && !canceled_) return "canceled by nobody: " + describe();
    if (status == S::kSucceeded && canceled_) return "succeeded although canceled: " + describe();
    if (status == S::kSucceeded && beyond_actions) return "succeeded with an error: " + to_json(errors);
    return "";
  }

  // Timeouts are logged by nobody: the log has only events with status `failed`.
  [[nodiscard]] bool failed_unlogged() const {
    for (const TaskRun& run : conductor_->task_runs()) {
      if (is_abended(run.status)) return true;
    }
    return false;
  }

  [[nodiscard]] std::string describe() const {
    std::string text(to_string(conductor_->status()));
    for (const TaskRun& run : conductor_->task_runs()) {
      text += " " + std::string(run.id) + "#" + std::to_string(run.route) + ":" + std::string(to_string(run.status));
    }
    return text + " staged " + to_json(conductor_->state().get("staged")) + " errors " + to_json(conductor_->errors());
  }

  std::shared_ptr<const Definition> definition_;
  std::optional<Conductor> conductor_;
  Random random_;
  bool verbose_ = false;
  bool calm_ = false;  // nobody pauses, resumes or cancels
  bool canceled_ = false;
  bool refused_ = false;  // an event came too late for what it was about
  int again_left_ = 4;
  std::vector<InFlight> in_flight_;
  std::map<TaskKey, std::vector<Value>> item_results_;
  std::vector<Value> journal_;
  std::vector<Commit> commits_;
  std::vector<bool> repeated_;
};

// What is broken for this seed, or "".
std::string broken_by(std::uint64_t seed, bool verbose, std::size_t& lived) {
  std::string text;
  const auto definition = definition_for(seed, text);
  if (definition == nullptr) return "";
  if (verbose) std::cout << text;
  World world(definition, seed, verbose);
  ++lived;
  if (std::string broken = world.live(); !broken.empty()) return broken + "\n" + text;
  for (std::uint64_t crash = 0; crash < 3; ++crash) {
    World after = world.crashed(seed * 31 + crash);
    if (!after.restored()) return "a prefix of the journal does not restore\n" + text;
    if (std::string broken = after.live(); !broken.empty()) return "after a crash: " + broken + "\n" + text;
  }
  return "";
}

std::uint64_t from_environment(const char* name) {
  const char* const text = std::getenv(name);
  return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

TEST(ConductorProperties, HoldForRandomWorkflowsAndOrdersOfEvents) {
  std::size_t lived = 0;
  if (const std::uint64_t seed = from_environment("MIDWATCH_PROPERTY_SEED"); seed != 0) {
    EXPECT_EQ(broken_by(seed, true, lived), "");
    return;
  }
  constexpr std::uint64_t kSeedsInCi = 4'000;
  const std::uint64_t seconds = from_environment("MIDWATCH_PROPERTY_SECONDS");
  const auto start = std::chrono::steady_clock::now();
  int failures = 0;
  std::uint64_t seed = 1;
  for (;; ++seed) {
    const bool enough =
        seconds == 0 ? seed > kSeedsInCi : std::chrono::steady_clock::now() - start > std::chrono::seconds(seconds);
    if (enough || failures == 5) break;
    const std::string broken = broken_by(seed, false, lived);
    if (broken.empty()) continue;
    ++failures;
    ADD_FAILURE() << "MIDWATCH_PROPERTY_SEED=" << seed << ": " << broken;
  }
  std::cout << seed - 1 << " seeds, " << lived << " workflows\n";
  EXPECT_GT(lived, (seed - 1) / 2) << "most seeds must give a workflow";
}

}  // namespace
}  // namespace midwatch
