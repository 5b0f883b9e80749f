// query/masking.h — what must not be seen is shown as eight stars (spec 8.4).
#pragma once

#include "model/content.h"
#include "value/value.h"

namespace midwatch {

inline constexpr const char* kMask = "********";
inline constexpr int kMaskDepthMax = 64;  // of schemas inside schemas; what lies deeper is masked whole

// `values` (name → value) with those masked whose schema (name → schema) says `secret: true`; also
// inside of objects and arrays by `properties`, `additionalProperties` and `items`. Values without a
// schema are left alone. Shares what does not change.
[[nodiscard]] Value mask_parameters(const Value& values, const Value& schemas);

// The result of an action whose output schema has secrets: they lie under the runner's output key.
[[nodiscard]] Value mask_result(const Value& result, const Action& action);

}  // namespace midwatch
