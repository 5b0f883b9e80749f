// workflow/flow_paths.cc — what a path through the contexts merges to (spec 5.3, "joins" and "contexts").
#include <algorithm>
#include <unordered_set>

#include "workflow/flow_state.h"

namespace midwatch {
namespace {

// "Mappings are merged key by key at every depth, anything else is replaced."
void lay_over(ObjectBuilder& variables, const Value& context) {
  for (const Value::Member& member : context.members()) {
    const Value* const known = variables.find(member.name());
    const bool both = known != nullptr && known->is_object() && member.value.is_object();
    variables.set(member.key, both ? merge(*known, member.value) : member.value);
  }
}

}  // namespace

const Value& FlowState::merged(std::uint32_t path) const {
  if (path == 0) return contexts_[0];
  if (const auto found = merged_.find(path); found != merged_.end()) return found->second;
  // Back to the nearest predecessor that is known, then forward again.
  std::vector<std::uint32_t> steps;
  std::uint32_t at = path;
  for (; at != 0 && !merged_.contains(at); at = paths_[at].before) steps.push_back(at);
  ObjectBuilder variables(at == 0 ? contexts_[0] : merged_.at(at));
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const Path& here = paths_[*step];
    if (here.context != kNoIndex) {
      lay_over(variables, contexts_[here.context]);
    } else {
      for (const std::uint32_t context : distinct_contexts(here.joined)) lay_over(variables, contexts_[context]);
    }
  }
  return merged_.emplace(path, std::move(variables).build()).first->second;
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
