// query/content_view.h — packs and what is in them, in the shapes of StackStorm's API (spec 9.4).
//
// Thread-safety: pure functions over immutable content. Cost: what the shape holds.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/content.h"
#include "model/runner_types.h"
#include "value/value.h"

namespace midwatch {

enum class Secrets : std::uint8_t { kMasked, kShown };

[[nodiscard]] Value pack_view(const Pack& pack);
[[nodiscard]] Value action_view(const Action& action);
// With the parameters of the runner merged in.
[[nodiscard]] Value action_overview(const Action& action);
[[nodiscard]] Value merged_parameters(const Action& action);
[[nodiscard]] Value rule_view(const Rule& rule, const Content& content, Secrets secrets);
// With the descriptions of trigger and action.
[[nodiscard]] Value rule_overview(const Rule& rule, const Content& content, Secrets secrets);
[[nodiscard]] Value trigger_type_view(const TriggerType& type);
[[nodiscard]] Value runner_type_view(const RunnerType& runner);

// The triggers that exist: one for each trigger type without parameters, one for each pair of a type
// with parameters and the values that some rule asks for.
[[nodiscard]] std::vector<Value> trigger_views(const Content& content);
// Of those, the ones of core.st2.webhook.
[[nodiscard]] std::vector<Value> webhook_views(const Content& content);

// By reference or by the id of its view; null when there is none.
[[nodiscard]] const Action* find_action(const Content& content, std::string_view ref_or_id);
[[nodiscard]] const Rule* find_rule(const Content& content, std::string_view ref_or_id);
[[nodiscard]] const TriggerType* find_trigger_type(const Content& content, std::string_view ref_or_id);
[[nodiscard]] const Pack* find_pack(const Content& content, std::string_view ref_or_id);

}  // namespace midwatch
