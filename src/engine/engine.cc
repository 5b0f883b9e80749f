#include "engine/engine.h"

#include <utility>

#include "base/assert.h"
#include "engine/state.h"

namespace midwatch {

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Result<Engine> Engine::create(std::shared_ptr<const Content> content, Options options) {
  MW_TRY(auto compiled, CompiledContent::compile(std::move(content)));
  return Engine(std::make_unique<State>(std::move(compiled), std::move(options)));
}

Decision Engine::recover(OpenState state, Instant now) {
  Decision out;
  state_->begin(now, out);
  state_->recover(state);
  state_->end();
  return out;
}

void Engine::step(Instant now, Input input, Decision& out) {
  state_->begin(now, out);
  std::visit([this](auto& of_kind) { state_->on(of_kind); }, input);
  state_->end();
}

std::optional<Instant> Engine::next_wake() const { return state_->next_wake(); }
Engine::Counts Engine::counts() const { return state_->counts(); }
std::vector<Engine::Attempt> Engine::running_attempts() const { return state_->running_attempts(); }
const std::shared_ptr<const Content>& Engine::content() const { return state_->content(); }

Engine::State::State(std::shared_ptr<const CompiledContent> content, Options options)
    : content_(std::move(content)),
      options_(std::move(options)),
      machine_(options_.incident),
      ids_(options_.id_origin) {}

void Engine::State::begin(Instant now, Decision& out) {
  MW_ASSERT(out_ == nullptr, "steps do not nest");
  now_ = std::max(now, now_);  // a clock that went back does not take decisions back
  out_ = &out;
}

void Engine::State::end() {
  while (!work_.empty()) {
    Work work = std::move(work_.front());
    work_.pop_front();
    std::visit([this](auto& of_kind) { do_work(of_kind); }, work);
  }
  for (const ObjectId id : changed_executions_) {
    const auto entry = open_.find(id);
    if (entry == open_.end()) continue;
    OpenExecution& open = *entry->second;
    open.changed = false;
    if (is_completed(open.record.status)) {
      out_->changes.executions.push_back(std::move(open.record));
      open_.erase(entry);
    } else {
      out_->changes.executions.push_back(open.record);
    }
  }
  changed_executions_.clear();
  for (const ObjectId id : changed_incidents_) {
    const auto entry = incidents_.find(id);
    if (entry == incidents_.end()) continue;
    out_->changes.incidents.push_back(entry->second);
    if (entry->second.closed()) {
      incident_by_key_.erase(entry->second.key);
      incidents_.erase(entry);
    }
  }
  changed_incidents_.clear();
  out_ = nullptr;
}

void Engine::State::acknowledge(AckToken token, Result<Value> answer) {
  if (token != 0) out_->effects.emplace_back(Acknowledge{token, std::move(answer)});
}

Engine::Counts Engine::State::counts() const {
  Counts counts = counts_;
  counts.open_executions = open_.size();
  counts.running = running_;
  counts.waiting = waiting_.size();
  counts.open_incidents = incidents_.size();
  return counts;
}

std::vector<Engine::Attempt> Engine::State::running_attempts() const {
  std::vector<Attempt> attempts;
  attempts.reserve(running_);
  for (const auto& [id, open] : open_) {
    if (open->holds_slot) attempts.push_back({id, open->record.attempt});
  }
  return attempts;
}

void Engine::State::on(KeySetRequested& input) {
  KeyValue& entry = keys_[input.name];
  if (entry.name.empty()) {
    entry.id = ids_.next(now_);
    entry.name = input.name;
  }
  entry.value = std::move(input.value);
  entry.expires_at.reset();
  if (input.ttl) entry.expires_at = now_ + *input.ttl;
  out_->changes.keys_set.push_back(entry);
  acknowledge(input.ack, Value::object({{"id", entry.id.hex()}, {"name", entry.name}, {"value", entry.value}}));
}

void Engine::State::on(KeyDeleteRequested& input) {
  if (keys_.erase(input.name) == 0) {
    return acknowledge(input.ack, Error(Code::kNotFound, "there is no key '" + input.name + "'"));
  }
  out_->changes.keys_deleted.push_back(input.name);
  acknowledge(input.ack, Value::object({{"name", input.name}}));
}

Result<std::optional<std::string>> Engine::State::get(Owner owner, std::string_view, std::string_view key, bool) const {
  const auto found = keys_.find(key);
  if (owner != Owner::kSystem || found == keys_.end()) return std::nullopt;
  if (found->second.expires_at && *found->second.expires_at <= now_) return std::nullopt;
  return found->second.value;
}

void Engine::State::on(ContentChanged& input) {
  auto compiled = CompiledContent::compile(input.content);
  if (!compiled) return acknowledge(input.ack, std::move(compiled).error());
  content_ = std::move(*compiled);
  std::vector<Value> rules;
  for (const Rule* rule : content()->rules()) rules.push_back(to_value(*rule));
  out_->changes.contents.push_back({content()->version(), Value::array(std::move(rules))});
  acknowledge(input.ack, Value::object({{"version", content()->version()}}));
}

void Engine::State::on(WokeUp&) {
  ledger_.forget_before(now_ - options_.guard_memory);
  while (const auto timer = timers_.take_due(now_)) {
    if (timer->kind == Timer::Kind::kIncidentDeadline) {
      Incident* incident = find_incident(timer->id);
      if (incident == nullptr || !incident->deadline || *incident->deadline > now_) continue;
      const IncidentNeed need = machine_.deadline_reached(*incident, now_);
      touch(*incident);
      meet(*incident, need);
      continue;
    }
    OpenExecution* open = find(timer->id);
    if (open == nullptr) continue;
    if (timer->kind == Timer::Kind::kInquiryDeadline) {
      if (open->record.status == ExecutionStatus::kPending) give_up_waiting(*open);
    } else if (timer->kind == Timer::Kind::kDelayedStart) {
      if (open->record.status == ExecutionStatus::kDelayed) schedule(*open);
    } else if (open->holds_slot) {
      // Runners keep their own timeouts; this one has lost the attempt.
      out_->effects.emplace_back(CancelAction{open->record.id});
      finish(*open, ExecutionStatus::kAbandoned,
             Value::object({{"error", "the runner did not report an outcome in time"}, {"traceback", ""}}));
    }
  }
}

}  // namespace midwatch
