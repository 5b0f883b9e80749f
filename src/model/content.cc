#include "model/content.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "model/digest.h"

namespace midwatch {
namespace {

std::string_view without_slashes(std::string_view url) {
  while (url.starts_with('/')) url.remove_prefix(1);
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

// Adds all things of one kind of a pack to the list and the index; refuses a name that comes twice.
template <class Thing>
Status add_all(const std::vector<Thing>& things, std::string_view kind, std::vector<const Thing*>& list,
               std::unordered_map<std::string, const Thing*>& index) {
  for (const Thing& thing : things) {
    const auto [at, added] = index.try_emplace(thing.ref(), &thing);
    if (!added) {
      return Error(
          Code::kConflict,
          fmt::format("{} '{}' is defined twice, first in {}", kind, thing.ref(), at->second->where.to_string()),
          thing.where, "give one of them another name");
    }
    list.push_back(&thing);
  }
  return {};
}

template <class Thing>
void sort_by_ref(std::vector<const Thing*>& list) {
  std::sort(list.begin(), list.end(), [](const Thing* a, const Thing* b) { return a->ref() < b->ref(); });
}

// The version is of what rules do: a file that moved is not a change.
std::string version_of(const std::vector<const Rule*>& rules) {
  std::vector<Value> values;
  values.reserve(rules.size());
  for (const Rule* rule : rules) values.push_back(without_member(to_value(*rule), "metadata_file"));
  return digest(Value::array(std::move(values)));
}

template <class Thing>
const Thing* found_in(const std::unordered_map<std::string, const Thing*>& index, std::string_view ref) {
  const auto found = index.find(std::string(ref));
  return found == index.end() ? nullptr : found->second;
}

}  // namespace

const SourceText* Pack::workflow_of(const Action& action) const {
  const std::string file = "actions/" + action.entry_point;
  for (const auto* texts : {&workflows, &chains}) {
    for (const SourceText& workflow : *texts) {
      if (workflow.path == file) return &workflow;
    }
  }
  return nullptr;
}

Result<std::shared_ptr<const Content>> Content::make(std::vector<std::shared_ptr<const Pack>> packs) {
  auto content = std::shared_ptr<Content>(new Content());
  std::sort(packs.begin(), packs.end(), [](const auto& a, const auto& b) { return a->ref < b->ref; });
  content->packs_ = std::move(packs);
  std::unordered_map<std::string, const Detector*> detector_by_ref;
  for (const std::shared_ptr<const Pack>& pack : content->packs_) {
    const auto [at, added] = content->pack_by_ref_.try_emplace(pack->ref, pack.get());
    if (!added) {
      return Error(Code::kConflict,
                   fmt::format("pack '{}' comes twice: {} and {}", pack->ref, at->second->path, pack->path));
    }
    MW_CHECK(add_all(pack->actions, "action", content->actions_, content->action_by_ref_));
    MW_CHECK(add_all(pack->rules, "rule", content->rules_, content->rule_by_ref_));
    MW_CHECK(add_all(pack->trigger_types, "trigger type", content->trigger_types_, content->trigger_type_by_ref_));
    MW_CHECK(add_all(pack->detectors, "detector", content->detectors_, detector_by_ref));
  }
  sort_by_ref(content->actions_);
  sort_by_ref(content->rules_);
  sort_by_ref(content->trigger_types_);
  sort_by_ref(content->detectors_);
  for (const Rule* rule : content->rules_) {
    if (rule->trigger != "core.st2.webhook") continue;
    const Value* url = rule->trigger_parameters.find("url");
    if (url != nullptr && url->is_string()) content->webhooks_.emplace_back(without_slashes(url->as_string()));
  }
  std::sort(content->webhooks_.begin(), content->webhooks_.end());
  content->version_ = version_of(content->rules_);
  return std::shared_ptr<const Content>(std::move(content));
}

const Pack* Content::pack(std::string_view ref) const {
  const auto found = pack_by_ref_.find(ref);
  return found == pack_by_ref_.end() ? nullptr : found->second;
}

const Action* Content::action(std::string_view ref) const { return found_in(action_by_ref_, ref); }
const Rule* Content::rule(std::string_view ref) const { return found_in(rule_by_ref_, ref); }
const TriggerType* Content::trigger_type(std::string_view ref) const { return found_in(trigger_type_by_ref_, ref); }

bool Content::has_webhook(std::string_view url) const {
  return std::binary_search(webhooks_.begin(), webhooks_.end(), without_slashes(url));
}

}  // namespace midwatch
