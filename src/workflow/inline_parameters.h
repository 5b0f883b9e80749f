// workflow/inline_parameters.h — `name=value name="two words"`, as after an action's reference or in a publish.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "value/value.h"

namespace midwatch {

// In order of writing. A value is [a list], "quoted", 'quoted', a number, true, false, null, {{ Jinja }} or
// <% YAQL %>; anything else is passed over. Values are read as JSON where they are JSON and not quoted; a
// quoted text that begins with { and ends with } is read as JSON too. Linear but for lists, whose end is
// the last ] of the line.
[[nodiscard]] std::vector<std::pair<std::string, Value>> parse_inline_parameters(std::string_view text);

}  // namespace midwatch
