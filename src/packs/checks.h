// packs/checks.h — what is wrong inside the parts of a pack that layers above model/ understand.
//
// One function for each kind; each gives all that it finds, with places relative to the pack. Warnings are
// apart, because most of these texts are compiled and either work or do not. Pure.
#pragma once

#include <vector>

#include "base/result.h"
#include "model/content.h"

namespace midwatch::packs {

// Criteria keys, regular expressions, templates of patterns, action parameters and guards.
[[nodiscard]] std::vector<Error> check_rules(const Pack& pack);

}  // namespace midwatch::packs
