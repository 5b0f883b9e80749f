// engine/engine.h — one shard: inputs in, decisions out, nothing else.
//
// step() is the whole interface. It is deterministic: the same construction and the same sequence of
// (now, input) give the same changes and effects. The node runs it on one thread behind a bounded
// queue and commits before it releases effects; the simulator runs the same object under a virtual
// clock with crashes. It never blocks, never throws, and never looks at the world by itself.
//
//   TriggerArrived ──▶ RuleMatcher ──▶ guards ──▶ executions ──▶ ActionRequest (effect)
//   AnomalyReported ─▶ incident ──▶ trigger instance ──▶ (as above)
//   ActionOutcome ──▶ execution ──▶ conductor of its workflow ──▶ next executions
//                              └──▶ incident ──▶ verified, tried again, or PageRequest
//
// All mutable domain state lives here: what is not finished. Finished records are only in the store.
//
// Thread-safety: one thread. Cost of a step: what the input touches; never all rules, executions or
// incidents.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/object_id.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/input.h"
#include "incident/incident_machine.h"
#include "model/content.h"
#include "ports/store.h"

namespace midwatch {

class Engine {
 public:
  struct Options {
    IncidentOptions incident{};
    std::uint32_t running_max = 64;                     // actions that run at once; further ones wait, scheduled
    std::uint32_t open_executions_max = 50'000;         // beyond that, requests and rules are refused with kLimit
    std::uint32_t workflow_depth_max = 128;             // workflows in workflows
    Duration attempt_grace = std::chrono::seconds(60);  // beyond an action's own timeout, its runner is given up
    Duration guard_memory = std::chrono::hours(24);     // the longest window a guard can count
    std::uint16_t id_origin = 0;                        // random bits of this start, or the number of the shard
    std::string user = "stanley";                       // the system user, in whose name rules act
    std::string api_url = "http://127.0.0.1:9101/v1";   // what workflows see as ctx().st2.api_url
  };

  // Compiles rules and workflows of `content`. Fails with the first thing that does not compile:
  // content is validated before it comes here (packs/).
  static Result<Engine> create(std::shared_ptr<const Content> content, Options options);
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // Goes on from what the store held: called once, before the first step. Executions that were waiting
  // wait again; attempts that were cut off end as abandoned, or run again if the action says that it
  // is idempotent; pages that were not delivered go out again.
  Decision recover(OpenState state, Instant now);

  // Decides on one input and appends to `out`. Many steps may share one Decision (group commit).
  void step(Instant now, Input input, Decision& out);

  // When WokeUp is due, if nothing comes before.
  [[nodiscard]] std::optional<Instant> next_wake() const;

  struct Counts {
    std::size_t open_executions = 0;  // not completed, workflows included
    std::size_t running = 0;          // actions that hold a slot
    std::size_t waiting = 0;          // scheduled, no slot yet
    std::size_t open_incidents = 0;
    std::uint64_t trigger_instances = 0, rules_matched = 0, executions_finished = 0, guard_denials = 0,
                  incidents_remediated = 0, incidents_escalated = 0, outcomes_ignored = 0;
  };
  [[nodiscard]] Counts counts() const;
  // Attempts whose outcome is waited for, in no particular order. O(open executions).
  struct Attempt {
    ObjectId execution;
    std::uint32_t number;
  };
  [[nodiscard]] std::vector<Attempt> running_attempts() const;
  [[nodiscard]] const std::shared_ptr<const Content>& content() const;

 private:
  class State;  // engine/state.h
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace midwatch
