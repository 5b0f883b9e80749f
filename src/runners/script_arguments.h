// runners/script_arguments.h — the action's parameters as arguments of a script (spec 3.2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "value/value.h"

namespace midwatch::runners {

// Named ones first ("--name=value", in the order of `parameters`), then those with a `position`.
// `schema` is name → schema; `kwarg_op` is what stands before a name.
[[nodiscard]] std::vector<std::string> script_arguments(const Value& schema, const Value& parameters,
                                                        std::string_view kwarg_op);

}  // namespace midwatch::runners
