// cli/demo.h — the main job, run for real: a service breaks, is repaired, and nobody is woken; then it
// breaks in a way that the repair does not help, and a person is paged once.
//
// Everything is a process of its own: the service, its load, the engine. The demo only breaks things,
// watches, receives the page, and prints what happened.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "value/value.h"

namespace midwatch::cli {

struct DemoOptions {
  std::string run_dir;  // empty: a fresh temporary directory, removed at the end unless kept
  bool keep = false;    // leave everything running
  bool json = false;
  Duration kill_engine_after{-1};  // after the first fault: SIGKILL the engine and start it again; negative: no
};

// One outage as the demo saw it.
struct Outage {
  std::string title;
  Instant injected_at;
  Value incident;  // as the API shows it
};

struct DemoOutcome {
  std::vector<Outage> outages;
  Value page;                         // what the pager received
  std::vector<std::string> failures;  // what did not happen as it must; empty: all of it did
  Value addresses;                    // name → URL or path
};

// The two timelines side by side, as text for a terminal of `width` columns.
[[nodiscard]] std::string demo_report(const DemoOutcome& outcome, std::size_t width);
[[nodiscard]] Value demo_report_json(const DemoOutcome& outcome);

}  // namespace midwatch::cli
