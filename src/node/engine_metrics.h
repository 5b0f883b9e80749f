// node/engine_metrics.h — the engine's own /metrics, in Prometheus' text format.
#pragma once

#include <string>

#include "httpd/server.h"
#include "node/engine_loop.h"
#include "node/telemetry.h"

namespace midwatch::node {

struct MetricSources {
  EngineLoop::Statistics loop;
  Telemetry::Statistics telemetry;
  httpd::ServerStats http;
  std::size_t resident_bytes = 0;
};

[[nodiscard]] std::string metrics_text(const MetricSources& sources);
// Of this process, from /proc/self/statm; 0 when it cannot be read.
[[nodiscard]] std::size_t resident_bytes();

}  // namespace midwatch::node
