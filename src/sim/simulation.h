// sim/simulation.h — the engine in a simulated world: virtual time, seeded faults, checked invariants.
//
// The real Engine decides; the store, the runner, the pager, the clock and the clients are simulated.
// Faults while the storm lasts: the process is killed before or after a commit, outcomes are lost,
// late and repeated, pages fail, the wall clock jumps, executions are cancelled, the store refuses to
// commit for a while (a full disk). Then a calm phase without faults, in which everything must end.
//
// A twin engine gets the same inputs and must decide the same. The invariants are those of
// simkit/checkers.h. The same seed gives the same run: `midwatch sim --seed N` repeats one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace midwatch {

struct SimulationOptions {
  std::uint64_t seed = 1;
  Duration storm = std::chrono::minutes(20);
  Duration calm = std::chrono::hours(4);
  std::uint32_t events_per_minute = 12;
};

struct SimulationReport {
  std::uint64_t seed = 0;
  std::vector<std::string> violations;  // empty: all invariants held
  std::size_t steps = 0, commits = 0, crashes = 0, restarts = 0, events = 0, acknowledged = 0, started = 0,
              completed = 0, incidents = 0, refused_commits = 0, clock_jumps = 0;
};

// kInvalid only when the scenario itself does not compile.
[[nodiscard]] Result<SimulationReport> simulate(const SimulationOptions& options);

}  // namespace midwatch
