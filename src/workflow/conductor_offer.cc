// workflow/conductor_offer.cc — spec 5.5, "next tasks", and 5.6, "with items".
#include <algorithm>
#include <string>
#include <tuple>

#include "workflow/conductor_impl.h"

namespace midwatch {
namespace {

std::unexpected<ExpressionError> type_failure(std::string message) {
  return std::unexpected(ExpressionError{"TypeError", std::move(message)});
}

std::string_view python_type(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull: return "NoneType";
    case Value::Kind::kBool: return "bool";
    case Value::Kind::kInt:
    case Value::Kind::kBigInt: return "int";
    case Value::Kind::kDouble: return "float";
    case Value::Kind::kString: return "str";
    case Value::Kind::kArray: return "list";
    case Value::Kind::kObject: return "dict";
  }
  return "object";
}

// A task with the name of an engine command does nothing, whatever is written in it.
const TaskSpec& spec_of(const GraphNode& node) {
  static const TaskSpec kNothing;
  return node.spec != nullptr ? *node.spec : kNothing;
}

// "A single name wraps the value; several names are zipped with the element (list/tuple)."
Value named_item(const Value& item, const std::vector<std::string>& names) {
  if (names.empty()) return item;
  ObjectBuilder named;
  if (item.is_array()) {
    const std::size_t count = std::min(names.size(), item.elements().size());
    for (std::size_t i = 0; i < count; ++i) named.set(names[i], item.elements()[i]);
    return std::move(named).build();
  }
  if (names.size() != 1) return item;
  named.set(names.front(), item);
  return std::move(named).build();
}

}  // namespace

std::vector<OfferedTask> Conductor::Impl::next_tasks() {
  std::vector<std::uint32_t> candidates;
  const bool failed = state.status() == FlowStatus::kFailed;
  if (!failed && !is_running(state.status())) return {};
  for (const std::uint32_t index : state.offerable()) {
    if (!failed || state.staged().at(index).run_on_fail) candidates.push_back(index);
  }
  std::vector<OfferedTask> offered;
  bool rendering_failed = false;
  for (const std::uint32_t index : candidates) {
    Evaluated<std::optional<OfferedTask>> task = offer(index);
    if (!task) {
      const StagedTask& staged = state.staged().at(index);
      log_error(task.error().text(), {.task = graph().node(staged.node).name, .route = staged.route});
      rendering_failed = true;
    } else if (*task) {
      offered.push_back(std::move(**task));
    }
  }
  if (rendering_failed) {
    // Running or failed already: neither refuses.
    if (const Status asked = fail_workflow(); !asked) log_error(asked.error().message, {});
    return {};
  }
  std::ranges::sort(offered, [](const OfferedTask& a, const OfferedTask& b) {
    return std::tie(a.id, a.route) < std::tie(b.id, b.route);
  });
  return offered;
}

Evaluated<std::optional<OfferedTask>> Conductor::Impl::offer(std::uint32_t index) {
  const StagedTask& staged = state.staged().at(index);
  const GraphNode& node = graph().node(staged.node);
  const TaskSpec& spec = spec_of(node);
  const Value variables = variables_at(staged.path);
  const MapScope scope(variables);
  TaskFunctions functions(state, graph(), records, staged.node, staged.route);

  OfferedTask offered{.id = node.name, .route = staged.route, .actions = {}, .context = variables};
  if (spec.with) {
    if (Evaluated<void> items = offer_items(index, scope, functions, offered); !items) {
      return std::unexpected(std::move(items.error()));
    }
  } else {
    OfferedAction action;
    for (const auto& [expression, into] : {std::pair{&spec.action, &action.action}, {&spec.input, &action.input}}) {
      if (!*expression) continue;
      Evaluated<Value> value = evaluate(**expression, scope, functions);
      if (!value) return std::unexpected(std::move(value.error()));
      *into = std::move(*value);
    }
    offered.actions.push_back(std::move(action));
    Evaluated<Value> delay = render_delay(spec, scope, functions);
    if (!delay) return std::unexpected(std::move(delay.error()));
    offered.delay_seconds = std::move(*delay);
  }
  // "A retry's delay overrides the task delay (absent → 0)."
  if (staged.retry_of != kNoIndex) {
    const Value delay = state.runs()[staged.retry_of].retry.get("delay");
    offered.delay_seconds = delay.truthy() ? delay : Value(0);
  }
  if (offered.actions.empty() && offered.items_count != 0u) return std::optional<OfferedTask>();
  return std::optional(std::move(offered));
}

Evaluated<Value> Conductor::Impl::render_delay(const TaskSpec& spec, const Scope& scope,
                                               const TaskFunctions& functions) const {
  if (!spec.delay || !spec.delay->source().truthy()) return Value();
  Evaluated<Value> delay = evaluate(*spec.delay, scope, functions);
  if (!delay) return delay;
  if (!delay->is_int() && !delay->is_bool()) return type_failure("The value of task delay is not type of integer.");
  return delay;
}

Evaluated<std::vector<OfferedAction>> Conductor::Impl::render_items(const TaskSpec& spec, const Scope& scope,
                                                                    TaskFunctions& functions) const {
  Evaluated<Value> items = evaluate(spec.with->items, scope, functions);
  if (!items) return std::unexpected(std::move(items.error()));
  if (!items->is_array()) return type_failure("The value of \"" + spec.with->items_text + "\" is not type of list.");
  if (items->elements().size() > kWorkflowItemsMax) {
    return std::unexpected(ExpressionError{"LimitError", "the task has " + std::to_string(items->elements().size()) +
                                                             " items; at most " + std::to_string(kWorkflowItemsMax) +
                                                             " are allowed"});
  }
  std::vector<OfferedAction> actions;
  actions.reserve(items->elements().size());
  for (const Value& item : items->elements()) {
    functions.set_item(named_item(item, spec.with->names));
    OfferedAction action;
    action.item = static_cast<std::uint32_t>(actions.size());
    for (const auto& [expression, into] : {std::pair{&spec.action, &action.action}, {&spec.input, &action.input}}) {
      if (!*expression) continue;
      Evaluated<Value> value = evaluate(**expression, scope, functions);
      if (!value) return std::unexpected(std::move(value.error()));
      *into = std::move(*value);
    }
    actions.push_back(std::move(action));
  }
  functions.clear_item();
  return actions;
}

Evaluated<void> Conductor::Impl::offer_items(std::uint32_t index, const Scope& scope, TaskFunctions& functions,
                                             OfferedTask& offered) {
  const StagedTask& staged = state.staged().at(index);
  const TaskSpec& spec = spec_of(graph().node(staged.node));
  auto cached = rendered_items.find(index);
  if (cached == rendered_items.end() || cached->second.version != staged.version) {
    Evaluated<std::vector<OfferedAction>> actions = render_items(spec, scope, functions);
    if (!actions) return std::unexpected(std::move(actions.error()));
    cached = rendered_items.insert_or_assign(index, RenderedItems{staged.version, std::move(*actions), 0}).first;
  }
  Evaluated<Value> delay = render_delay(spec, scope, functions);
  if (!delay) return std::unexpected(std::move(delay.error()));
  offered.delay_seconds = std::move(*delay);
  RenderedItems& rendered = cached->second;
  const auto count = static_cast<std::uint32_t>(rendered.actions.size());
  offered.items_count = count;
  if (spec.with->concurrency) {
    Evaluated<Value> concurrency = evaluate(*spec.with->concurrency, scope, functions);
    if (!concurrency) return std::unexpected(std::move(concurrency.error()));
    offered.concurrency = std::move(*concurrency);
  }
  if (!staged.has_items || (staged.items.empty() && count != 0)) {
    commit({.kind = DeltaKind::kItems, .staged = index, .count = count});
  }
  std::size_t room = count;
  if (const Value& limit = offered.concurrency; !limit.is_null()) {
    if (!limit.is_number() && !limit.is_bool()) {
      return type_failure("'<=' not supported between instances of '" + std::string(python_type(limit)) +
                          "' and 'int'");
    }
    const std::int64_t asked =
        limit.is_bool() ? limit.as_bool() : limit.int_or(static_cast<std::int64_t>(limit.as_double()));
    const std::int64_t allowed = std::max<std::int64_t>(asked, 1);
    if (asked <= 0) offered.concurrency = Value(1);
    const std::int64_t active = staged.item_counts.in(kActiveStatuses);
    room = static_cast<std::size_t>(std::max<std::int64_t>(allowed - active, 0));
  }
  const std::size_t known = std::min<std::size_t>(count, staged.items.size());
  while (rendered.first_unstarted < known && staged.items[rendered.first_unstarted] != FlowStatus::kUnset) {
    ++rendered.first_unstarted;
  }
  for (std::size_t i = rendered.first_unstarted; i < known && offered.actions.size() < room; ++i) {
    if (staged.items[i] == FlowStatus::kUnset) offered.actions.push_back(rendered.actions[i]);
  }
  return {};
}

}  // namespace midwatch
