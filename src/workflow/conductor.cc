#include "workflow/conductor.h"

#include <utility>

#include "workflow/conductor_impl.h"

namespace midwatch {

void Conductor::Impl::commit(Delta delta) {
  state.apply(delta);
  pending.push_back(std::move(delta));
}

const Value& Conductor::Impl::variables_at(std::uint32_t path) {
  if (state.unprepared(path)) commit({.kind = DeltaKind::kPrepare, .path = path});
  return state.merged(path);
}

Evaluated<Value> Conductor::Impl::evaluate(const Expression& expression, const Scope& scope,
                                           const TaskFunctions& functions) const {
  return expression.evaluate({.scope = scope, .functions = functions, .datastore = datastore});
}

// "Equal entries are logged once."
void Conductor::Impl::log_error(std::string_view message, const ErrorPlace& place, const Value& result) {
  ObjectBuilder entry;
  entry.set("type", Value("error")).set("message", Value(message));
  entry.set_if(!place.task.empty(), "task_id", Value(place.task));
  if (place.route) entry.set("route", Value(*place.route));
  entry.set_if(!place.transition.empty(), "task_transition_id", Value(place.transition));
  entry.set_if(!result.is_null(), "result", result);
  Value logged = std::move(entry).build();
  if (state.has_error(logged) || state.errors().size() >= kWorkflowErrorsMax) return;
  commit({.kind = DeltaKind::kError, .value = std::move(logged)});
}

// "context0 = parent context ⊕ rendered input ⊕ vars. Errors in either → status failed, no tasks."
void Conductor::Impl::begin(const Value& inputs, const Value& context) {
  const TaskFunctions functions(state, graph(), records);
  bool failed = false;
  const Value parent = context.is_object() ? context : Value::object({});
  MapScope scope(parent);
  for (const Assignment& input : definition->inputs()) {
    const Value* const given = inputs.find(input.name);
    Evaluated<Value> value = evaluate(given != nullptr ? Expression(*given) : input.value, scope, functions);
    if (value) scope.set(input.name, std::move(*value));
    else log_error(value.error().text(), {});
    failed |= !value;
  }
  Value initial = merge(parent, scope.all());
  MapScope rolling(initial);
  ObjectBuilder rendered;
  for (const Assignment& variable : definition->vars()) {
    Evaluated<Value> value = evaluate(variable.value, rolling, functions);
    if (!value) {
      log_error(value.error().text(), {});
      failed = true;
      continue;
    }
    rolling.set(variable.name, *value);
    rendered.set(variable.name, std::move(*value));
  }
  if (failed) {
    commit({.kind = DeltaKind::kWorkflow, .status = FlowStatus::kFailed});
    return;
  }
  commit({.kind = DeltaKind::kContext, .value = merge(initial, std::move(rendered).build())});
  for (const NodeIndex root : graph().roots()) commit({.kind = DeltaKind::kStart, .node = root});
}

Status Conductor::Impl::request_status(FlowStatus requested) {
  const FlowStatus before = state.status();
  const bool for_tasks = requested == FlowStatus::kPausing || requested == FlowStatus::kPaused ||
                         requested == FlowStatus::kCanceling || requested == FlowStatus::kCanceled;
  if (for_tasks) {
    const std::vector<std::uint32_t> active(state.active_runs().begin(), state.active_runs().end());
    for (const std::uint32_t run : active) MW_CHECK(step_task_for_workflow(run, requested));
  }
  MW_CHECK(step_workflow(requested));
  const FlowStatus after = state.status();
  if (requested == FlowStatus::kPaused && before == FlowStatus::kPausing && after == before) return {};
  if (requested == FlowStatus::kCanceled && before == FlowStatus::kCanceling && after == before) return {};
  if (requested == before || after != before) return {};
  return Error(Code::kConflict, "InvalidWorkflowStatusTransition: Unable to process event \"workflow_" +
                                    std::string(to_string(requested)) + "\" for workflow in \"" +
                                    std::string(to_string(before)) + "\" status.");
}

// "terminal context = merge of in-contexts of all `term` entries in sequence order (index 0 only once)"
Status Conductor::Impl::render_output() {
  const FlowStatus status = state.status();
  if (!is_completed(status) || state.output().truthy()) return {};
  if (state.unprepared_end()) commit({.kind = DeltaKind::kPrepareEnd});
  Value variables = Value::object({});
  bool first = true;
  for (const std::uint32_t run : state.end_runs()) {
    const std::uint32_t path = state.runs()[run].path;
    if (first) {
      variables = state.merged(path);
      state.release(path);
    } else if (path != 0) {
      variables = merge(variables, state.merged_without_root(path));
    }
    first = false;
  }
  const TaskFunctions functions(state, graph(), records);
  MapScope scope(std::move(variables));
  ObjectBuilder output;
  bool failed = false;
  for (const Assignment& assignment : definition->outputs()) {
    Evaluated<Value> value = evaluate(assignment.value, scope, functions);
    if (!value) {
      log_error(value.error().text(), {});
      failed = true;
      continue;
    }
    scope.set(assignment.name, *value);
    output.set(assignment.name, std::move(*value));
  }
  if (output.size() != 0) commit({.kind = DeltaKind::kOutput, .value = std::move(output).build()});
  if (!failed || status == FlowStatus::kTimeout || status == FlowStatus::kAbandoned ||
      status == FlowStatus::kCanceled) {
    return {};
  }
  return fail_workflow();
}

std::optional<Conductor::Impl::StagedRef> Conductor::Impl::find_staged(NodeIndex node, std::uint32_t route) const {
  std::uint32_t index = 0;
  const StagedTask* const task = state.find_staged(node, route, &index);
  if (task == nullptr) return std::nullopt;
  return StagedRef{index, task};
}

Conductor::Conductor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Conductor::Conductor(Conductor&&) noexcept = default;
Conductor& Conductor::operator=(Conductor&&) noexcept = default;
Conductor::~Conductor() = default;

Result<Conductor> Conductor::create(std::shared_ptr<const Definition> definition, const Value& inputs,
                                    const Value& context) {
  if (!definition->undefined_targets().empty()) {
    return Error(Code::kInvalid, "The task \"" + definition->undefined_targets().front() + "\" is not defined.",
                 {definition->file(), 0, 0});
  }
  auto impl = std::make_unique<Impl>(std::move(definition));
  impl->begin(inputs, context);
  return Conductor(std::move(impl));
}

Result<Conductor> Conductor::restore(std::shared_ptr<const Definition> definition, std::span<const Value> deltas) {
  auto impl = std::make_unique<Impl>(std::move(definition));
  for (const Value& encoded : deltas) {
    MW_TRY(const Delta delta, Delta::from_value(encoded, impl->graph()));
    MW_CHECK(impl->state.check(delta));
    impl->state.apply(delta);
  }
  return Conductor(std::move(impl));
}

void Conductor::set_datastore(const Datastore* datastore) { impl_->datastore = datastore; }
Status Conductor::request_status(FlowStatus status) { return impl_->request_status(status); }
void Conductor::set_task_records(const TaskRecords* records) { impl_->records = records; }
std::vector<OfferedTask> Conductor::next_tasks() { return impl_->next_tasks(); }
Status Conductor::rerun(std::span<const RerunRequest> tasks) { return impl_->rerun(tasks); }
Status Conductor::render_output() { return impl_->render_output(); }
FlowStatus Conductor::status() const { return impl_->state.status(); }
Value Conductor::output() const { return impl_->state.output(); }
Value Conductor::errors() const { return Value::array(impl_->state.errors()); }
bool Conductor::has_active_tasks() const { return !impl_->state.active_runs().empty(); }
const Definition& Conductor::definition() const { return *impl_->definition; }

Status Conductor::on_task(std::string_view task, std::uint32_t route, FlowStatus status, const Value& result) {
  const std::optional<NodeIndex> node = impl_->graph().find(task);
  if (!node) return Error(Code::kInvalid, "InvalidTask: Task \"" + std::string(task) + "\" does not exist.");
  return impl_->update(*node, route, {.kind = TaskEvent::Kind::kAction, .status = status, .result = result});
}

Status Conductor::on_item(std::string_view task, std::uint32_t route, std::uint32_t item, FlowStatus status,
                          const Value& result, const Value& accumulated) {
  const std::optional<NodeIndex> node = impl_->graph().find(task);
  if (!node) return Error(Code::kInvalid, "InvalidTask: Task \"" + std::string(task) + "\" does not exist.");
  return impl_->update(
      *node, route,
      {.kind = TaskEvent::Kind::kItem, .status = status, .item = item, .result = result, .accumulated = accumulated});
}

std::vector<TaskRun> Conductor::task_runs() const {
  std::vector<TaskRun> runs;
  runs.reserve(impl_->state.runs().size());
  for (const FlowRun& run : impl_->state.runs()) {
    runs.push_back(
        {impl_->graph().node(run.node).name, run.route, run.status, static_cast<std::uint32_t>(runs.size())});
  }
  return runs;
}

std::optional<TaskRun> Conductor::latest_run(std::string_view task, std::uint32_t route) const {
  const std::optional<NodeIndex> node = impl_->graph().find(task);
  if (!node) return std::nullopt;
  const std::optional<std::uint32_t> run = impl_->state.current_run(*node, route);
  if (!run) return std::nullopt;
  return TaskRun{impl_->graph().node(*node).name, route, impl_->state.runs()[*run].status, *run};
}

std::vector<Value> Conductor::take_deltas() {
  std::vector<Value> deltas;
  deltas.reserve(impl_->pending.size());
  for (const Delta& delta : impl_->pending) deltas.push_back(delta.to_value(impl_->graph()));
  impl_->pending.clear();
  return deltas;
}

}  // namespace midwatch
