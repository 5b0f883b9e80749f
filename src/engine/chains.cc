// Action chains: what they offer is run, what ends is told to them (spec 3.6).
#include "engine/state.h"

namespace midwatch {
namespace {

ExecutionStatus shown_for(ChainRun::State state) {
  switch (state) {
    case ChainRun::State::kRunning: return ExecutionStatus::kRunning;
    case ChainRun::State::kPausing: return ExecutionStatus::kPausing;
    case ChainRun::State::kPaused: return ExecutionStatus::kPaused;
    case ChainRun::State::kCanceling: return ExecutionStatus::kCanceling;
    case ChainRun::State::kSucceeded: return ExecutionStatus::kSucceeded;
    case ChainRun::State::kFailed: return ExecutionStatus::kFailed;
    case ChainRun::State::kTimeout: return ExecutionStatus::kTimeout;
    case ChainRun::State::kCanceled: return ExecutionStatus::kCanceled;
  }
  std::unreachable();
}

std::optional<ChainRun::TaskStatus> task_status(ExecutionStatus status) {
  switch (status) {
    case ExecutionStatus::kPending: return ChainRun::TaskStatus::kPending;
    case ExecutionStatus::kPaused: return ChainRun::TaskStatus::kPaused;
    case ExecutionStatus::kResuming:
    case ExecutionStatus::kRunning: return ChainRun::TaskStatus::kRunning;
    case ExecutionStatus::kSucceeded: return ChainRun::TaskStatus::kSucceeded;
    case ExecutionStatus::kFailed: return ChainRun::TaskStatus::kFailed;
    case ExecutionStatus::kTimeout: return ChainRun::TaskStatus::kTimeout;
    case ExecutionStatus::kAbandoned: return ChainRun::TaskStatus::kAbandoned;
    case ExecutionStatus::kCanceled: return ChainRun::TaskStatus::kCanceled;
    default: return std::nullopt;  // on its way to one of these
  }
}

}  // namespace

ChainRun::Surroundings Engine::State::chain_surroundings(const OpenExecution& open, const Value& inputs,
                                                         bool display_published) {
  ObjectBuilder parent(open.record.context);
  parent.set("execution_id", open.record.id.hex());
  ChainRun::Surroundings made;
  made.parameters = inputs;
  made.parent = std::move(parent).build();
  made.config = config_of(open);
  made.datastore = this;
  made.user = open.record.context.get("user").text_or(options_.user);
  made.display_published = display_published;
  return made;
}

// As with workflows, the journal's first entry is all that the chain was started with.
void Engine::State::start_chain(OpenExecution& open, const Value& inputs, bool display_published) {
  const SourceText* source = open.plan->pack->workflow_of(*open.plan->action);
  out_->changes.deltas.push_back({open.record.id, ++open.workflow->deltas,
                                  Value::object({{"chain", source == nullptr ? "" : source->text},
                                                 {"file", source == nullptr ? "" : source->path},
                                                 {"inputs", inputs},
                                                 {"display_published", display_published}})});
  open.workflow->chain.emplace(open.plan->chain, chain_surroundings(open, inputs, display_published));
  open.workflow->chain->begin();
  work_.emplace_back(Advance{open.record.id});
}

void Engine::State::advance_chain(OpenExecution& open) {
  ChainRun& chain = *open.workflow->chain;
  while (const auto offer = chain.next()) {
    if (content_->action(offer->task->ref) == nullptr) {
      chain.missing_action();
      break;
    }
    const auto child = start_chain_task(open, *offer);
    if (child) chain.started(child->hex(), now_);
    else chain.refused(child.error().to_string(), now_);
  }
  journal_chain(open);
  const ExecutionStatus status = shown_for(chain.state());
  if (chain.ended()) finish(open, status, chain.result());
  else become(open, status);
}

Result<ObjectId> Engine::State::start_chain_task(OpenExecution& open, const ChainRun::Offer& offer) {
  ObjectBuilder parent(open.record.context);
  parent.set("execution_id", open.record.id.hex());
  Origin origin;
  origin.supplied = offer.parameters;
  origin.rendered = true;
  origin.context = Value::object({{"user", open.record.context.get("user")},
                                  {"parent", std::move(parent).build()},
                                  {"chain", offer.task->to_value()}});
  origin.parent = &open;
  origin.place = TaskPlace{offer.task->name, 0, std::nullopt};
  return create(offer.task->ref, std::move(origin));
}

void Engine::State::chain_task_changed(OpenExecution& open, const ChildChanged& change) {
  const auto status = task_status(change.status);
  if (status) open.workflow->chain->task_changed(*status, change.result, now_);
  advance_chain(open);
}

void Engine::State::journal_chain(OpenExecution& open) {
  for (Value& delta : open.workflow->chain->take_deltas()) {
    out_->changes.deltas.push_back({open.record.id, ++open.workflow->deltas, std::move(delta)});
  }
}

Status Engine::State::restore_chain(OpenExecution& open, std::span<const Value> journal) {
  const Value& head = journal.front();
  MW_TRY(auto definition, ChainDefinition::parse(head.get("chain").text_or(""), head.get("file").text_or("")));
  open.workflow->chain.emplace(
      std::move(definition), chain_surroundings(open, head.get("inputs"), head.get("display_published").bool_or(true)));
  open.workflow->deltas = journal.size();
  const auto result_of = [this](std::string_view execution) {
    const auto found = recovered_results_.find(std::string(execution));
    return found == recovered_results_.end() ? Value() : found->second;
  };
  return open.workflow->chain->restore({journal.begin() + 1, journal.end()}, result_of);
}

}  // namespace midwatch
