// sim/scenario.h — the content that simulations run: rules, workflows and guards of every kind that the
// engine knows, in one small pack.
#pragma once

#include <memory>

#include "base/result.h"
#include "model/content.h"

namespace midwatch {

[[nodiscard]] Result<std::shared_ptr<const Content>> simulated_content();

}  // namespace midwatch
