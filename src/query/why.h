// query/why.h — why did it do that: each rule that could have met a trigger instance, each criterion with
// both sides and its verdict, and what came of it.
//
// The answer is computed from the rules that were in force when the instance was decided, which are
// stored by Content::version(), not from those of today; time differences are those of the moment of the
// decision; patterns that ask for the datastore are rendered with an empty one.
#pragma once

#include "base/object_id.h"
#include "base/result.h"
#include "model/incident.h"
#include "ports/store.h"
#include "value/value.h"

namespace midwatch {

inline constexpr std::uint32_t kWhyEnforcementsMax = 10'000;

// {"trigger_instance": {…}, "content_version", "rules": [{"rule", "matched", "reason", "criteria": [{"key",
// "type", "pattern", "value", "matched", "error"?}], "enforcement"?: {…}}], "enforcements": [{…}]}
[[nodiscard]] Result<Value> explain_trigger_instance(StoreReader& store, ObjectId instance);

// The record with its timeline, how long it lasted, and what was woken.
[[nodiscard]] Value incident_view(const Incident& incident);

}  // namespace midwatch
