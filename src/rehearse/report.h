// rehearse/report.h — a rehearsal for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "rehearse/expectations.h"
#include "rehearse/rehearsal.h"
#include "rehearse/script.h"
#include "value/value.h"

namespace midwatch {

enum class Colour : std::uint8_t { kNone, kAnsi };

// The path as a graph, then output, errors and what is not as expected.
[[nodiscard]] std::string rehearsal_text(const std::string& title, const Rehearsed& rehearsed,
                                         const std::vector<Finding>& findings, Colour colour);

// {"name", "ok", "status", "seconds", "output", "errors", "runs": […], "expectations": […], "stopped"?}
[[nodiscard]] Value rehearsal_value(const std::string& name, const Rehearsed& rehearsed,
                                    const std::vector<Finding>& findings);

}  // namespace midwatch
