#include "node/telemetry.h"

#include <cstdio>
#include <utility>

#include "base/log.h"
#include "detect/detector_spec.h"
#include "promql/prom_eval.h"
#include "promql/prom_query.h"
#include "promql/prom_result.h"
#include "tsdb/checkpoint.h"
#include "wire/scrape_config.h"

namespace midwatch::node {
namespace {

Value evidence_of(const std::vector<Sample>& samples) {
  std::vector<Value> points;
  for (const Sample& sample : samples) points.push_back(Value::array({to_iso8601(sample.at), sample.value}));
  return Value::array(std::move(points));
}

// Content was validated before it came here: what does not parse now is said and left out.
std::vector<DetectorSet::Item> detectors_of(const Content& content) {
  std::vector<DetectorSet::Item> items;
  for (const Detector* detector : content.detectors()) {
    auto spec = parse_detector_spec(detector->definition, detector->ref());
    if (!spec) {
      MW_LOG(kError, "a detector was left out", {{"detector", detector->ref()}, {"error", spec.error().to_string()}});
      continue;
    }
    spec->enabled = detector->enabled;
    items.push_back({std::move(*spec), detector->definition});
  }
  return items;
}

std::vector<ingest::ScrapeJob> jobs_of(const Content& content) {
  std::vector<ingest::ScrapeJob> jobs;
  for (const auto& pack : content.packs()) {
    auto configs = parse_scrape_configs(pack->scrape_configs);
    if (!configs) {
      MW_LOG(kError, "targets were left out", {{"pack", pack->ref}, {"error", configs.error().to_string()}});
      continue;
    }
    for (ScrapeConfig& config : *configs) jobs.push_back({std::move(config), pack->path});
  }
  return jobs;
}

}  // namespace

Telemetry::Telemetry(aio::Runtime& runtime, Clock& clock, Options options, std::function<void(AnomalyReported)> report)
    : runtime_(runtime),
      clock_(clock),
      options_(std::move(options)),
      report_(std::move(report)),
      evaluate_timer_(runtime),
      checkpoint_timer_(runtime),
      head_({.retention = options_.samples_kept}) {}

Telemetry::~Telemetry() { stop(); }

void Telemetry::read_checkpoint() {
  auto read = tsdb::read_checkpoint(options_.checkpoint_path, {.retention = options_.samples_kept});
  if (!read) {
    MW_LOG(kError, "the samples of the last run were not read; detectors learn anew",
           {{"error", read.error().to_string()}});
    std::rename(options_.checkpoint_path.c_str(), (options_.checkpoint_path + ".damaged").c_str());
  } else if (*read) {
    head_ = std::move(**read);
  }
}

void Telemetry::start(const Content& content) {
  {
    const std::lock_guard lock(mutex_);
    read_checkpoint();
    detectors_.replace(detectors_of(content));
    const Instant now = clock_.now();
    // What happened before the restart was reported then; only what holds now is said again.
    (void)detectors_.warm({now - options_.samples_kept, now}, head_);
  }
  for (const AnomalyStatus& status : detectors_.status()) {
    if (status.state != AnomalyState::kFiring && status.state != AnomalyState::kNormal) continue;
    AnomalyReported anomaly;
    anomaly.detector = status.detector;
    anomaly.labels = status.labels.to_value();
    anomaly.firing = status.state == AnomalyState::kFiring;
    anomaly.value = status.value;
    anomaly.score = status.score;
    anomaly.since = status.since;
    report_(std::move(anomaly));
  }
  scraper_ = std::make_unique<ingest::Scraper>(
      runtime_,
      [this](const std::function<void(SeriesHead&)>& change) {
        const std::lock_guard lock(mutex_);
        change(head_);
      },
      [this] { return clock_.now(); });
  scraper_->set_jobs(jobs_of(content));
  evaluate_timer_.start(kEvaluateEvery, [this] { evaluate(); });
  checkpoint_timer_.start(options_.checkpoint_every, [this] { write_checkpoint(); });
}

void Telemetry::set_content(const Content& content) {
  if (scraper_) scraper_->set_jobs(jobs_of(content));
  const std::lock_guard lock(mutex_);
  detectors_.replace(detectors_of(content));
}

void Telemetry::evaluate() {
  if (stopped_) return;
  const Instant now = clock_.now();
  DetectorReport report;
  {
    const std::lock_guard lock(mutex_);
    const auto due = detectors_.next_due();
    if (due && *due <= now) report = detectors_.evaluate(now, head_);
    head_.trim(now);
    anomalies_ += report.transitions.size();
    detector_problems_ += report.problems.size();
  }
  say(report);
  evaluate_timer_.start(kEvaluateEvery, [this] { evaluate(); });
}

void Telemetry::say(const DetectorReport& report) {
  for (const DetectorProblem& problem : report.problems) {
    MW_LOG(kWarning, "a detector could not be evaluated",
           {{"detector", problem.detector}, {"error", problem.error.to_string()}});
  }
  for (const AnomalyTransition& transition : report.transitions) {
    // Pending is not yet an opinion, and no data is none.
    if (transition.state != AnomalyState::kFiring && transition.state != AnomalyState::kNormal) continue;
    AnomalyReported anomaly;
    anomaly.detector = transition.detector;
    anomaly.labels = transition.labels.to_value();
    anomaly.firing = transition.state == AnomalyState::kFiring;
    anomaly.value = transition.value;
    anomaly.expected_low = transition.expected_low;
    anomaly.expected_high = transition.expected_high;
    anomaly.score = transition.score;
    anomaly.since = transition.since;
    anomaly.evidence = evidence_of(transition.evidence);
    report_(std::move(anomaly));
  }
}

void Telemetry::write_checkpoint() {
  if (stopped_) return;
  std::string bytes;
  {
    const std::lock_guard lock(mutex_);
    bytes = head_.export_bytes();
  }
  const auto again = [this] { checkpoint_timer_.start(options_.checkpoint_every, [this] { write_checkpoint(); }); };
  const bool taken = runtime_.run_blocking(
      [this, bytes = std::move(bytes)] {
        if (Status written = tsdb::write_checkpoint(options_.checkpoint_path, bytes); !written) {
          const std::lock_guard lock(mutex_);
          if (checkpoint_failures_++ == 0) {
            MW_LOG(kWarning, "samples were not written", {{"error", written.error().to_string()}});
          }
        }
      },
      again);
  if (!taken) again();
}

void Telemetry::stop() {
  if (stopped_.exchange(true)) return;
  evaluate_timer_.cancel();
  checkpoint_timer_.cancel();
  if (!scraper_) return;
  scraper_->stop();
  const std::lock_guard lock(mutex_);
  if (Status written = tsdb::write_checkpoint(options_.checkpoint_path, head_.export_bytes()); !written) {
    MW_LOG(kWarning, "samples were not written", {{"error", written.error().to_string()}});
  }
}

Result<Value> Telemetry::query(std::string_view text, std::optional<Instant> at) const {
  MW_TRY(const PromQuery query, PromQuery::parse(text));
  const std::lock_guard lock(mutex_);
  MW_TRY(const PromResult result, evaluate_instant(query, head_, at.value_or(clock_.now())));
  return to_value(result.value);
}

Result<Value> Telemetry::query_range(std::string_view text, Instant from, Instant to, Duration step) const {
  MW_TRY(const PromQuery query, PromQuery::parse(text));
  const std::lock_guard lock(mutex_);
  MW_TRY(const PromResult result, evaluate_range(query, head_, {from, to, step}));
  return to_value(result.value);
}

Telemetry::Statistics Telemetry::statistics() const {
  Statistics statistics;
  if (scraper_) statistics.scraper = scraper_->statistics();
  const std::lock_guard lock(mutex_);
  statistics.head = head_.stats();
  statistics.anomalies = anomalies_;
  statistics.detector_problems = detector_problems_;
  statistics.checkpoint_failures = checkpoint_failures_;
  return statistics;
}

}  // namespace midwatch::node
