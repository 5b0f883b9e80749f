// workflow/flow_merge.cc — contexts merged in place, as Orquesta merges them.
//
// The reference lays the contexts of a task over an empty mapping, one after the other. A variable that is a
// mapping is not copied: the result holds the mapping of the first context that has it, its owner, and what
// later contexts add to the variable is written there. So the owner, often the root context, shows everybody
// what one branch published, and a context that comes twice in the list is merged into itself, which does
// nothing. This file does the same with what is at stake, the variables that are mappings in several contexts.
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "workflow/flow_state.h"

namespace midwatch {
namespace {

// Longer lists are merged as if each context came once, where it comes last: Orquesta's lists double at each
// fork and join, and nobody can depend on what only such a list shows.
constexpr std::size_t kMergedListMax = 4'096;

// A mapping that several holders share, as in Python.
struct Shared {
  struct Slot {
    Value name;
    Value plain{};
    std::shared_ptr<Shared> mapping{};
  };
  std::vector<Slot> slots;
  std::unordered_map<std::string, std::size_t> index;

  Slot* find(const Value& name) {
    const auto found = index.find(std::string(name.as_string()));
    return found == index.end() ? nullptr : &slots[found->second];
  }
  void add(Slot slot) {
    index.emplace(std::string(slot.name.as_string()), slots.size());
    slots.push_back(std::move(slot));
  }
};

std::shared_ptr<Shared> shared_of(const Value& object) {
  auto shared = std::make_shared<Shared>();
  for (const Value::Member& member : object.members()) {
    if (member.value.is_object()) shared->add({member.key, {}, shared_of(member.value)});
    else shared->add({member.key, member.value, nullptr});
  }
  return shared;
}

Value value_of(const Shared& shared) {
  ObjectBuilder object;
  for (const Shared::Slot& slot : shared.slots)
    object.set(slot.name, slot.mapping ? value_of(*slot.mapping) : slot.plain);
  return std::move(object).build();
}

// Both are at the same depth of contexts, so `right` is never below `left`.
void merge_in_place(Shared& left, const Shared& right) {
  if (&left == &right) return;
  for (const Shared::Slot& slot : right.slots) {
    Shared::Slot* const known = left.find(slot.name);
    if (known == nullptr) left.add(slot);
    else if (known->mapping && slot.mapping) merge_in_place(*known->mapping, *slot.mapping);
    else *known = slot;
  }
}

// One variable while lists of contexts are merged.
class SharedVariable {
 public:
  SharedVariable(const std::vector<Value>& contexts, std::string_view name) : contexts_(contexts), name_(name) {}

  struct Held {
    std::shared_ptr<Shared> mapping{};  // null: absent, or not a mapping
    std::uint32_t owner = kNoIndex;
    bool present = false;
  };

  Held merge_list(const std::vector<std::uint32_t>& list) {
    Held held;
    for (const std::uint32_t context : list) {
      const Value* const value = contexts_[context].find(name_);
      if (value == nullptr) continue;
      Held next{.present = true};
      if (value->is_object()) {
        std::shared_ptr<Shared>& mapping = mappings_[context];
        if (!mapping) mapping = shared_of(*value);
        next.mapping = mapping;
        next.owner = context;
      }
      lay(held, next);
    }
    return held;
  }
  static void lay(Held& held, const Held& next) {
    if (!next.present) return;
    if (held.mapping && next.mapping) merge_in_place(*held.mapping, *next.mapping);
    else held = next;
  }
  [[nodiscard]] const std::map<std::uint32_t, std::shared_ptr<Shared>>& mappings() const { return mappings_; }

 private:
  const std::vector<Value>& contexts_;
  std::string_view name_;
  std::map<std::uint32_t, std::shared_ptr<Shared>> mappings_;
};

// The variables that are mappings in more than one of the contexts.
std::vector<std::string> shared_names(const std::vector<Value>& contexts, const std::vector<std::uint32_t>& list) {
  std::unordered_set<std::uint32_t> seen;
  std::map<std::string, int> counts;
  for (const std::uint32_t context : list) {
    if (!seen.insert(context).second) continue;
    for (const Value::Member& member : contexts[context].members()) {
      if (member.value.is_object()) ++counts[std::string(member.name())];
    }
  }
  std::vector<std::string> names;
  for (const auto& [name, count] : counts) {
    if (count > 1) names.push_back(name);
  }
  return names;
}

}  // namespace

bool FlowState::unprepared(std::uint32_t path) const {
  if (path == 0) return false;
  const Merged& entry = merged_entry(path);
  return entry.nested && !entry.prepared;
}

bool FlowState::unprepared_end() const {
  std::unordered_set<std::string_view> mappings;
  for (const Value& context : contexts_) {
    for (const Value::Member& member : context.members()) {
      if (member.value.is_object() && !mappings.insert(member.name()).second) return !end_runs_.empty();
    }
  }
  return false;
}

std::vector<std::uint32_t> FlowState::ordered_contexts(std::uint32_t path) const {
  std::vector<std::uint32_t> list = context_list(path, kMergedListMax + 1);
  if (list.size() <= kMergedListMax) return list;
  list = distinct_contexts(path);
  list.insert(list.begin(), 0);
  return list;
}

void FlowState::set_in_context(std::uint32_t context, std::string_view name, Value value) {
  if (contexts_[context].get(name) == value) return;
  contexts_[context] = with_member(contexts_[context], name, std::move(value));
  ++epoch_;
}

void FlowState::prepare(std::uint32_t path) {
  if (!unprepared(path)) return;
  Merged entry = merged_entry(path);
  if (!prepare_step(entry)) {
    entry.owners.clear();
    const std::vector<std::uint32_t> list = ordered_contexts(path);
    for (const std::string& name : shared_names(contexts_, list)) {
      SharedVariable variable(contexts_, name);
      const SharedVariable::Held held = variable.merge_list(list);
      for (const auto& [context, mapping] : variable.mappings()) set_in_context(context, name, value_of(*mapping));
      if (!held.mapping) continue;
      entry.variables = with_member(entry.variables, name, value_of(*held.mapping));
      entry.owners.emplace(name, held.owner);
    }
  }
  entry.prepared = true;
  entry.epoch = epoch_;
  merged_.insert_or_assign(path, std::move(entry));
}

// A path that is one context longer than a prepared one: only what that context adds is written. This is what
// keeps a step of a long workflow as cheap as one of a short one.
bool FlowState::prepare_step(Merged& entry) {
  if (!entry.one_step) return false;
  for (const std::string& name : entry.clashes) {
    if (!entry.owners.contains(name)) return false;
  }
  for (const std::string& name : entry.clashes) set_in_context(entry.owners.at(name), name, entry.variables.get(name));
  return true;
}

// "terminal context = merge of in-contexts of all `term` entries in sequence order (index 0 only once)"
void FlowState::prepare_end() {
  std::vector<std::vector<std::uint32_t>> lists;
  std::vector<std::uint32_t> all;
  for (const std::uint32_t run : end_runs_) {
    std::vector<std::uint32_t> list = ordered_contexts(runs_[run].path);
    if (!lists.empty()) list.erase(list.begin());
    all.insert(all.end(), list.begin(), list.end());
    lists.push_back(std::move(list));
  }
  for (const std::string& name : shared_names(contexts_, all)) {
    SharedVariable variable(contexts_, name);
    SharedVariable::Held held;
    for (const std::vector<std::uint32_t>& list : lists) SharedVariable::lay(held, variable.merge_list(list));
    for (const auto& [context, mapping] : variable.mappings()) set_in_context(context, name, value_of(*mapping));
  }
}

}  // namespace midwatch
