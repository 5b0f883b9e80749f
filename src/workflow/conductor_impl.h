// workflow/conductor_impl.h — the inside of Conductor; for workflow's own sources only.
//
// conductor.cc: creation, requests, output, the log. conductor_events.cc: what an event of a task does.
// conductor_machines.cc: events named for the state machines. conductor_offer.cc: what may start.
// conductor_rerun.cc: re-runs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "workflow/conductor.h"
#include "workflow/flow_state.h"
#include "workflow/graph.h"
#include "workflow/task_functions.h"

namespace midwatch {

// An event of a task: of its action, of one item's action, or one that the engine makes itself.
struct TaskEvent {
  enum class Kind : std::uint8_t { kAction, kItem, kCommand };
  Kind kind = Kind::kAction;
  FlowStatus status = FlowStatus::kUnset;
  std::string_view command{};  // "task_noop_requested", …, of kCommand
  std::uint32_t item = 0;
  Value result{};
  Value accumulated{};
};

struct Conductor::Impl {
  Impl(std::shared_ptr<const Definition> d) : definition(std::move(d)), state(definition->graph()) {}

  // What with-items rendered for a staged task, until another branch arrives.
  struct RenderedItems {
    std::uint32_t version = 0;
    std::vector<OfferedAction> actions;
    std::uint32_t first_unstarted = 0;  // all before it have started
  };
  struct StagedRef {
    std::uint32_t index;
    const StagedTask* task;
  };
  struct Command {
    NodeIndex node;
    std::uint32_t route;
  };
  enum class Inbound : std::uint8_t { kSatisfied, kOpen, kNotSatisfied };

  std::shared_ptr<const Definition> definition;
  FlowState state;
  std::vector<Delta> pending;
  std::unordered_map<std::uint32_t, RenderedItems> rendered_items;
  const Datastore* datastore = nullptr;
  const TaskRecords* records = nullptr;

  [[nodiscard]] const Graph& graph() const { return definition->graph(); }
  void commit(Delta delta);
  // What a task at the end of the path sees; contexts are changed as Orquesta's are by looking.
  [[nodiscard]] const Value& variables_at(std::uint32_t path);

  // conductor.cc
  void begin(const Value& inputs, const Value& context);
  Status request_status(FlowStatus status);
  Status fail_workflow() { return request_status(FlowStatus::kFailed); }
  Status render_output();
  struct ErrorPlace {
    std::string_view task{};
    std::optional<std::uint32_t> route{};
    std::string_view transition{};
  };
  void log_error(std::string_view message, const ErrorPlace& place, const Value& result = {});
  [[nodiscard]] Evaluated<Value> evaluate(const Expression& expression, const Scope& scope,
                                          const TaskFunctions& functions) const;

  // conductor_events.cc
  Status update(NodeIndex node, std::uint32_t route, const TaskEvent& event);
  [[nodiscard]] Result<std::uint32_t> run_for(NodeIndex node, std::uint32_t route, const TaskEvent& event);
  [[nodiscard]] Result<std::uint32_t> add_run(NodeIndex node, std::uint32_t route);
  [[nodiscard]] Result<Value> retry_for_run(const GraphNode& node, std::uint32_t path);
  Status record_item(std::optional<StagedRef> staged, const TaskEvent& event);
  Status complete(std::uint32_t run, FlowStatus before, const TaskEvent& event, std::vector<Command>& commands,
                  bool& retried);
  [[nodiscard]] Result<bool> wants_retry(const FlowRun& run, const Scope& scope, const TaskFunctions& functions) const;
  Status take_transitions(std::uint32_t run, const Scope& scope, const TaskFunctions& functions,
                          std::vector<Command>& commands);
  [[nodiscard]] Result<std::optional<std::uint32_t>> publish(std::uint32_t run, EdgeIndex edge, const Scope& scope,
                                                             const TaskFunctions& functions);
  std::uint32_t stage_target(std::uint32_t run, EdgeIndex edge, std::uint32_t path);
  [[nodiscard]] std::uint32_t route_into(const GraphEdge& edge, EdgeIndex index, std::uint32_t route);
  void remove_staged(NodeIndex node, std::uint32_t route);

  // conductor_machines.cc
  Status step_task(std::uint32_t run, const TaskEvent& event);
  Status step_task_for_workflow(std::uint32_t run, FlowStatus requested);
  Status step_workflow(FlowStatus requested);
  Status step_workflow_for_task(std::uint32_t run);
  [[nodiscard]] Inbound inbound(NodeIndex node, std::uint32_t route) const;
  [[nodiscard]] bool leads_on(std::uint32_t run) const;
  [[nodiscard]] bool leads_to_barrier(std::uint32_t run) const;
  void fail_unreachable_joins();

  // conductor_offer.cc
  [[nodiscard]] std::vector<OfferedTask> next_tasks();
  [[nodiscard]] Evaluated<std::optional<OfferedTask>> offer(std::uint32_t staged);
  [[nodiscard]] Evaluated<Value> render_delay(const TaskSpec& spec, const Scope& scope,
                                              const TaskFunctions& functions) const;
  [[nodiscard]] Evaluated<std::vector<OfferedAction>> render_items(const TaskSpec& spec, const Scope& scope,
                                                                   TaskFunctions& functions) const;
  [[nodiscard]] Evaluated<void> offer_items(std::uint32_t staged, const Scope& scope, TaskFunctions& functions,
                                            OfferedTask& offered);

  // conductor_rerun.cc
  Status rerun(std::span<const RerunRequest> requests);
  [[nodiscard]] std::vector<std::uint32_t> followers(std::uint32_t run) const;
  Status rerun_task(std::uint32_t run, bool reset_items);

  [[nodiscard]] std::optional<StagedRef> find_staged(NodeIndex node, std::uint32_t route) const;
};

}  // namespace midwatch
