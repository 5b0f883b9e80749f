// workflow/flow_paths.cc — what a path through the contexts merges to (spec 5.3, "joins" and "contexts").
#include <algorithm>
#include <unordered_set>

#include "workflow/flow_state.h"

namespace midwatch {
namespace {

// "Mappings are merged key by key at every depth, anything else is replaced." Whether there was a mapping
// under a mapping.
bool lay_over(ObjectBuilder& variables, const Value& context) {
  bool nested = false;
  for (const Value::Member& member : context.members()) {
    const Value* const known = variables.find(member.name());
    const bool both = known != nullptr && known->is_object() && member.value.is_object();
    variables.set(member.key, both ? merge(*known, member.value) : member.value);
    nested |= both;
  }
  return nested;
}

}  // namespace

void FlowState::lay_step(std::uint32_t path, ObjectBuilder& variables, Merged& entry, bool one_step) const {
  const Path& here = paths_[path];
  if (here.context == kNoIndex) {
    for (const std::uint32_t context : distinct_contexts(here.joined)) {
      entry.nested |= lay_over(variables, contexts_[context]);
    }
    return;
  }
  const Value& context = contexts_[here.context];
  if (one_step) {
    entry.one_step = true;
    for (const Value::Member& member : context.members()) {
      const Value* const known = variables.find(member.name());
      const bool owned = known != nullptr && known->is_object();
      if (owned && member.value.is_object()) entry.clashes.emplace_back(member.name());
      else if (owned) entry.owners.erase(std::string(member.name()));
      else if (member.value.is_object()) entry.owners.insert_or_assign(std::string(member.name()), here.context);
    }
  }
  entry.nested |= lay_over(variables, context);
}

const FlowState::Merged& FlowState::merged_entry(std::uint32_t path) const {
  const auto fresh = [&](std::uint32_t at) -> const Merged* {
    const auto found = merged_.find(at);
    return found != merged_.end() && found->second.epoch == epoch_ ? &found->second : nullptr;
  };
  if (const Merged* const known = fresh(path)) return *known;
  // Back to the nearest predecessor that is known, then forward again.
  std::vector<std::uint32_t> steps;
  std::uint32_t at = path;
  for (; at != 0 && fresh(at) == nullptr; at = paths_[at].before) steps.push_back(at);
  const Merged* const base = fresh(at);
  Merged entry;
  entry.epoch = epoch_;
  entry.nested = base != nullptr && base->nested;
  const bool one_step = steps.size() == 1 && (base == nullptr || !base->nested || base->prepared);
  if (one_step && base != nullptr) entry.owners = base->owners;
  ObjectBuilder variables(base != nullptr ? base->variables : contexts_[0]);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) lay_step(*step, variables, entry, one_step);
  entry.variables = std::move(variables).build();
  return merged_.insert_or_assign(path, std::move(entry)).first->second;
}

Value FlowState::merged_without_root(std::uint32_t path) const {
  ObjectBuilder variables;
  for (const std::uint32_t context : distinct_contexts(path)) lay_over(variables, contexts_[context]);
  return std::move(variables).build();
}

void FlowState::release(std::uint32_t path) const {
  if (paths_[path].users == 0) merged_.erase(path);
}

// The contexts of a path but for the root, in order, each where it comes last: laying a context over
// others a second time leaves nothing of the first time. Each step is visited once.
std::vector<std::uint32_t> FlowState::distinct_contexts(std::uint32_t path) const {
  std::vector<std::uint32_t> backwards;
  std::unordered_set<std::uint32_t> seen_contexts;
  std::unordered_set<std::uint32_t> seen_paths;
  std::vector<std::uint32_t> open{path};
  while (!open.empty()) {
    const std::uint32_t at = open.back();
    open.pop_back();
    if (at == 0 || !seen_paths.insert(at).second) continue;
    const Path& here = paths_[at];
    open.push_back(here.before);
    if (here.joined != kNoIndex) open.push_back(here.joined);  // comes after `before`, so it is taken first
    else if (seen_contexts.insert(here.context).second) backwards.push_back(here.context);
  }
  std::ranges::reverse(backwards);
  return backwards;
}

std::vector<std::uint32_t> FlowState::context_list(std::uint32_t path, std::size_t limit) const {
  std::vector<std::uint32_t> backwards;
  struct Open {
    std::uint32_t path;
    bool with_root;
  };
  std::vector<Open> open{{path, true}};
  while (!open.empty() && backwards.size() < limit) {
    const Open at = open.back();
    open.pop_back();
    const Path& here = paths_[at.path];
    if (at.path == 0) {
      if (at.with_root) backwards.push_back(0);
      continue;
    }
    open.push_back({here.before, at.with_root});
    if (here.joined != kNoIndex) open.push_back({here.joined, false});
    else backwards.push_back(here.context);
  }
  std::ranges::reverse(backwards);
  return backwards;
}

}  // namespace midwatch
