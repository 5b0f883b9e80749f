// node/query_routes.h — Prometheus' query API over the node's telemetry: /query and /query_range.
//
// Answers and errors have Prometheus' shapes: {"status": "success", "data": {…}}, and 400 with
// {"status": "error", "errorType": "bad_data", "error": …}.
#pragma once

#include <vector>

#include "api/services.h"
#include "node/telemetry.h"

namespace midwatch::node {

// `telemetry` must outlive the routes.
[[nodiscard]] std::vector<ExtraRoute> query_routes(const Telemetry& telemetry);

}  // namespace midwatch::node
