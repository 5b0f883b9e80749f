#include "midwatch/simulate.h"

#include <charconv>
#include <ostream>

#include <fmt/core.h>

#include "codec/json.h"
#include "sim/simulation.h"

namespace midwatch {
namespace {

// Sums over all seeds of a run.
struct Totals {
  std::size_t seeds = 0, failed = 0, steps = 0, commits = 0, crashes = 0, events = 0, acknowledged = 0, started = 0,
              completed = 0, incidents = 0, refused_commits = 0, clock_jumps = 0;

  void add(const SimulationReport& report) {
    ++seeds;
    failed += report.violations.empty() ? 0 : 1;
    steps += report.steps;
    commits += report.commits;
    crashes += report.crashes;
    events += report.events;
    acknowledged += report.acknowledged;
    started += report.started;
    completed += report.completed;
    incidents += report.incidents;
    refused_commits += report.refused_commits;
    clock_jumps += report.clock_jumps;
  }
  [[nodiscard]] Value to_value() const {
    return Value::object({{"seeds", seeds},
                          {"failed", failed},
                          {"steps", steps},
                          {"commits", commits},
                          {"crashes", crashes},
                          {"events", events},
                          {"acknowledged", acknowledged},
                          {"started", started},
                          {"completed", completed},
                          {"incidents", incidents},
                          {"refused_commits", refused_commits},
                          {"clock_jumps", clock_jumps}});
  }
};

bool read_number(const std::string& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

cli::Exit run(cli::Call& call) {
  std::uint64_t first = 1;
  std::uint64_t count = 200;
  const bool one = call.has("--seed");
  if (!read_number(call.get(one ? "--seed" : "--first", "1"), first) ||
      !read_number(call.get("--seeds", "200"), count)) {
    call.err << "midwatch sim: seeds are whole numbers\n";
    return cli::Exit::kUsage;
  }
  if (one) count = 1;
  Totals totals;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const auto report = simulate({.seed = seed});
    if (!report) return call.fail(report.error());
    totals.add(*report);
    for (const std::string& violation : report->violations) {
      call.err << fmt::format("seed {}: {}\n", seed, violation);
    }
    if (!report->violations.empty()) call.err << fmt::format("repeat it with: midwatch sim --seed {}\n", seed);
  }
  if (call.has("--json")) {
    call.out << to_json(totals.to_value()) << "\n";
  } else {
    for (const Value::Member& member : totals.to_value().members()) {
      call.out << fmt::format("{:<16} {}\n", member.name(), member.value.as_int());
    }
  }
  return totals.failed == 0 ? cli::Exit::kOk : cli::Exit::kFailed;
}

}  // namespace

cli::Command simulate_command() {
  return {"sim",
          "",
          0,
          0,
          "Drives the engine through seeded storms of faults and checks its invariants; exit 1 on a violation.",
          {{"--seeds", "N", "Runs N seeds (default 200)."},
           {"--first", "N", "Begins with seed N (default 1)."},
           {"--seed", "N", "Runs only seed N: the way to repeat a failure."},
           {"--json", "", "Prints JSON."}},
          {"midwatch sim --seeds 1000", "midwatch sim --seed 42"},
          run};
}

}  // namespace midwatch
