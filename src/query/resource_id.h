// query/resource_id.h — ids of things that are known by reference: the same everywhere, always.
//
// StackStorm's clients expect an `id` of 24 hex digits on actions, rules, packs and so on. Ours is the
// beginning of the digest of the uid ("action:core:local"), so that it survives reloads and restarts.
#pragma once

#include <string>
#include <string_view>

#include "value/value.h"

namespace midwatch {

[[nodiscard]] std::string resource_id(std::string_view uid);
// The member `id` after the others, made from the member `uid`.
[[nodiscard]] Value with_resource_id(const Value& shape);

}  // namespace midwatch
