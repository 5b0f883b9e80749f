// rules/criteria_run.h — what one evaluation of a rule's criteria may ask, and what it reports.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "expr/workflow_functions.h"

namespace midwatch {

// What patterns may look at beside the event. Both may be absent: the datastore is empty then, and td_lt
// and td_gt fail.
struct CriteriaContext {
  const Datastore* datastore = nullptr;  // st2kv.system and system
  std::optional<Instant> now{};          // for td_lt and td_gt
};

// One rule over one event. Failures are gathered: each becomes an enforcement (spec 2.3), and a rule may
// have several where `search` evaluates child criteria.
struct CriteriaRun {
  const CriteriaContext& context;
  std::string_view rule;  // its reference, for the texts of failures
  std::vector<std::string> failures{};
};

}  // namespace midwatch
