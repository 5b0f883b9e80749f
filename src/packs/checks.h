// packs/checks.h — what is wrong inside the parts of a pack that layers above model/ understand.
//
// One function for each kind; each gives all that it finds. Places are as shown or relative to the pack.
// Pure.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/content.h"

namespace midwatch::packs {

// Criteria keys, regular expressions, templates of patterns and guards.
[[nodiscard]] std::vector<Error> check_rules(const Pack& pack);
// Orquesta definitions: unknown tasks, joins that cannot be reached, expressions that do not parse.
[[nodiscard]] std::vector<Error> check_workflows(const Pack& pack);
// Action chains: form, names of tasks.
[[nodiscard]] std::vector<Error> check_chains(const Pack& pack);
// Tasks of both whose action does not exist; `has_action` is asked for references.
[[nodiscard]] std::vector<Error> check_workflow_actions(const Pack& pack,
                                                        const std::function<bool(std::string_view)>& has_action);
// `texts` are the pack's files: they tell the places.
[[nodiscard]] std::vector<Error> check_detectors(const Pack& pack, std::span<const SourceText> texts);

}  // namespace midwatch::packs
