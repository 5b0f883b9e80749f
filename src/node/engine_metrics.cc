#include "node/engine_metrics.h"

#include <unistd.h>

#include <fstream>

#include "wire/text_format.h"

namespace midwatch::node {
namespace {

struct Metric {
  std::string_view name;
  std::string_view help;
  MetricType type;
  double value;
};

template <class Number>
double as(Number number) {
  return static_cast<double>(number);
}

}  // namespace

std::string metrics_text(const MetricSources& s) {
  const Engine::Counts& engine = s.loop.engine;
  using enum MetricType;
  const Metric metrics[] = {
      {"midwatch_inputs_total", "Inputs that the engine decided on.", kCounter, as(s.loop.inputs)},
      {"midwatch_batches_total", "Batches of inputs, each committed with one flush.", kCounter, as(s.loop.batches)},
      {"midwatch_inputs_refused_total", "Inputs refused because the queue was full or commits failed.", kCounter,
       as(s.loop.refused)},
      {"midwatch_queue_length", "Inputs that wait for the engine.", kGauge, as(s.loop.queued)},
      {"midwatch_commit_seconds_total", "Time spent in commits.", kCounter, s.loop.commit_seconds},
      {"midwatch_commit_failures_total", "Commits that the store did not take, each repeated.", kCounter,
       as(s.loop.commit_failures)},
      {"midwatch_trigger_instances_total", "Trigger instances.", kCounter, as(engine.trigger_instances)},
      {"midwatch_rules_matched_total", "Rules that matched.", kCounter, as(engine.rules_matched)},
      {"midwatch_guard_denials_total", "Rules that matched and were denied by a guard.", kCounter,
       as(engine.guard_denials)},
      {"midwatch_executions_finished_total", "Executions that ended, tasks of workflows included.", kCounter,
       as(engine.executions_finished)},
      {"midwatch_executions_open", "Executions that have not ended.", kGauge, as(engine.open_executions)},
      {"midwatch_actions_running", "Actions that run now.", kGauge, as(engine.running)},
      {"midwatch_actions_waiting", "Actions that wait for a slot.", kGauge, as(engine.waiting)},
      {"midwatch_incidents_open", "Incidents that are not closed.", kGauge, as(engine.open_incidents)},
      {"midwatch_incidents_remediated_total", "Incidents closed by automation alone.", kCounter,
       as(engine.incidents_remediated)},
      {"midwatch_incidents_escalated_total", "Incidents for which a person was engaged.", kCounter,
       as(engine.incidents_escalated)},
      {"midwatch_outcomes_ignored_total", "Outcomes that came late, twice, or for nobody.", kCounter,
       as(engine.outcomes_ignored)},
      {"midwatch_scrape_targets", "Targets that are scraped.", kGauge, as(s.telemetry.scraper.targets)},
      {"midwatch_scrapes_total", "Scrapes.", kCounter, as(s.telemetry.scraper.scrapes)},
      {"midwatch_scrape_failures_total", "Scrapes that failed.", kCounter, as(s.telemetry.scraper.failures)},
      {"midwatch_scrape_samples_refused_total", "Samples that the head refused: out of order, or full.", kCounter,
       as(s.telemetry.scraper.refused)},
      {"midwatch_series", "Series in memory.", kGauge, as(s.telemetry.head.series_count)},
      {"midwatch_samples_appended_total", "Samples appended.", kCounter, as(s.telemetry.head.samples_appended_count)},
      {"midwatch_samples_bytes", "Memory of samples.", kGauge, as(s.telemetry.head.bytes)},
      {"midwatch_detector_transitions_total", "State changes of detectors.", kCounter, as(s.telemetry.anomalies)},
      {"midwatch_detector_problems_total", "Evaluations of detectors that failed.", kCounter,
       as(s.telemetry.detector_problems)},
      {"midwatch_checkpoint_failures_total", "Checkpoints of samples that were not written.", kCounter,
       as(s.telemetry.checkpoint_failures)},
      {"midwatch_http_requests_total", "HTTP requests.", kCounter, as(s.http.requests)},
      {"midwatch_http_connections_open", "HTTP connections.", kGauge, as(s.http.connections_open)},
      {"process_resident_memory_bytes", "Resident memory.", kGauge, as(s.resident_bytes)},
  };
  std::string text;
  for (const Metric& metric : metrics) {
    const TextPoint point{"", {}, metric.value};
    append_text_family(text, {metric.name, metric.help, metric.type, std::span(&point, 1)});
  }
  return text;
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace midwatch::node
