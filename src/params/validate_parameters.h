// params/validate_parameters.h — values checked against StackStorm's schema dialect (spec 1.7).
//
// JSON Schema draft 4 with `required` as a boolean on the property. A parameter that is optional or
// has a null default may be null; defaults are filled in where a value is missing or null; names that
// the schema does not know are refused. Messages follow StackStorm's.
#pragma once

#include "base/result.h"
#include "value/value.h"

namespace midwatch {

inline constexpr int kSchemaDepthMax = 64;

// `schema`: name → property. The result is `values` with defaults, in the order given, then defaults.
[[nodiscard]] Result<Value> validate_parameters(const Value& schema, const Value& values);
// One value against one property schema; the value with nested defaults.
[[nodiscard]] Result<Value> validate_value(const Value& schema, const Value& value);

}  // namespace midwatch
