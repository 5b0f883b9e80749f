#include "ingest/scraper.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <set>

#include <fmt/core.h>

#include "aio/http_client.h"
#include "base/log.h"
#include "codec/yaml.h"
#include "ingest/target_series.h"

namespace midwatch::ingest {
namespace {

namespace fs = std::filesystem;

using LabelList = std::vector<std::pair<std::string, std::string>>;

// Files of a pattern whose last part may hold one '*', sorted.
std::vector<fs::path> files_of(const fs::path& pattern) {
  const std::string last = pattern.filename().string();
  const std::size_t star = last.find('*');
  std::error_code error;
  if (star == std::string::npos) return fs::exists(pattern, error) ? std::vector{pattern} : std::vector<fs::path>{};
  std::set<fs::path> found;
  for (const auto& entry : fs::directory_iterator(pattern.parent_path(), error)) {
    const std::string name = entry.path().filename().string();
    const bool fits = name.size() + 1 >= last.size() && name.starts_with(last.substr(0, star)) &&
                      name.ends_with(last.substr(star + 1));
    if (fits) found.insert(entry.path());
  }
  return {found.begin(), found.end()};
}

Result<std::vector<ScrapeTargets>> read_targets(const fs::path& path) {
  std::ifstream file(path);
  if (!file) return Error(Code::kUnavailable, path.string() + ": cannot be read");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  MW_TRY(const Value value, parse_yaml_value(text, path.string()));  // JSON is YAML here
  auto targets = parse_scrape_targets(value);
  if (!targets) return std::move(targets).error().within(path.string());
  return targets;
}

}  // namespace

struct Scraper::Impl : std::enable_shared_from_this<Scraper::Impl> {
  struct Target {
    std::string url;
    Duration interval;
    Duration timeout;
    Instant due{};
    bool in_flight = false;
    bool was_up = true;
    TargetSeries series;
  };
  struct SdFile {
    fs::file_time_type changed{};
    std::vector<ScrapeTargets> targets;
  };

  Impl(aio::Runtime& r, WithHead with, std::function<Instant()> clock)
      : runtime(r), http(r), timer(r), with_head(std::move(with)), now(std::move(clock)) {}

  aio::Runtime& runtime;
  aio::HttpClient http;
  aio::Timer timer;
  WithHead with_head;
  std::function<Instant()> now;
  std::atomic<bool> stopped{false};

  // Of the io thread.
  std::vector<ScrapeJob> jobs;
  std::map<std::string, std::shared_ptr<Target>> targets;  // by job and URL and labels
  std::map<fs::path, SdFile> files;
  Instant next_discovery{};

  mutable std::mutex statistics_mutex;
  Statistics statistics;

  void tick() {
    if (stopped) return;
    const Instant at = now();
    if (at >= next_discovery) {
      discover();
      next_discovery = at + kDiscoveryEvery;
    }
    for (auto& [key, target] : targets) {
      if (target->in_flight || target->due > at) continue;
      // The schedule does not drift; what was missed is not made up for.
      target->due = target->due + target->interval > at ? target->due + target->interval : at + target->interval;
      scrape(target, at);
    }
    timer.start(kTick, [self = shared_from_this()] { self->tick(); });
  }

  void discover() {
    std::map<std::string, std::shared_ptr<Target>> found;
    for (const ScrapeJob& job : jobs) {
      for (const ScrapeTargets& group : job.config.static_targets) add_group(job.config, group, found);
      for (const std::string& pattern : job.config.sd_files) {
        const fs::path path =
            fs::path(pattern).is_absolute() ? fs::path(pattern) : fs::path(job.base_directory) / pattern;
        for (const fs::path& file : files_of(path)) {
          for (const ScrapeTargets& group : targets_of(file)) add_group(job.config, group, found);
        }
      }
    }
    targets = std::move(found);
    const std::lock_guard lock(statistics_mutex);
    statistics.targets = targets.size();
  }

  // A file that cannot be read keeps its last targets: a half-written file must not end the watch.
  const std::vector<ScrapeTargets>& targets_of(const fs::path& path) {
    std::error_code error;
    const auto changed = fs::last_write_time(path, error);
    SdFile& file = files[path];
    if (!error && changed != file.changed) {
      file.changed = changed;
      auto read = read_targets(path);
      if (read) file.targets = std::move(*read);
      else MW_LOG(kWarning, "targets were not read; the last ones stay", {{"error", read.error().to_string()}});
    }
    return file.targets;
  }

  void add_group(const ScrapeConfig& config, const ScrapeTargets& group,
                 std::map<std::string, std::shared_ptr<Target>>& found) {
    for (const std::string& address : group.targets) {
      LabelList labels{{"job", config.job_name}, {"instance", address}};
      labels.insert(labels.end(), group.labels.begin(), group.labels.end());
      std::string key = fmt::format("{} {}://{}{}", config.job_name, config.scheme, address, config.metrics_path);
      for (const auto& [name, value] : group.labels) key += fmt::format(" {}={}", name, value);
      const auto known = targets.find(key);
      if (known != targets.end()) {
        known->second->interval = config.interval;
        known->second->timeout = config.timeout;
        found[key] = known->second;
        continue;
      }
      found[key] = std::make_shared<Target>(
          Target{fmt::format("{}://{}{}", config.scheme, address, config.metrics_path), config.interval, config.timeout,
                 now(), false, true, TargetSeries(std::move(labels))});
    }
  }

  void scrape(const std::shared_ptr<Target>& target, Instant at) {
    target->in_flight = true;
    aio::HttpCall call;
    call.url = target->url;
    call.headers = {{"Accept", "text/plain;version=0.0.4"}};
    call.timeout = target->timeout;
    call.body_bytes_max = kBodyBytesMax;
    http.start(std::move(call), [self = shared_from_this(), target, at](Result<aio::HttpAnswer> answer) {
      target->in_flight = false;
      if (!self->stopped) self->ended(*target, at, std::move(answer));
    });
  }

  void ended(Target& target, Instant at, Result<aio::HttpAnswer> answer) {
    const Duration took = now() - at;
    const bool ok = answer && answer->status == 200;
    ScrapeSummary summary;
    with_head([&](SeriesHead& head) {
      if (ok) summary = target.series.scraped(head, at, took, answer->body);
      else target.series.failed(head, at, took);
    });
    if (ok != target.was_up) {
      target.was_up = ok;
      if (ok) MW_LOG(kInfo, "target is up", {{"target", target.url}});
      else
        MW_LOG(kWarning, "target is down",
               {{"target", target.url},
                {"reason", answer ? fmt::format("status {}", answer->status) : answer.error().to_string()}});
    }
    const std::lock_guard lock(statistics_mutex);
    ++statistics.scrapes;
    statistics.failures += ok ? 0 : 1;
    statistics.samples += summary.samples;
    statistics.refused += summary.refused;
    statistics.problems += summary.problems;
  }
};

Scraper::Scraper(aio::Runtime& runtime, WithHead with_head, std::function<Instant()> now)
    : impl_(std::make_shared<Impl>(runtime, std::move(with_head), std::move(now))) {
  runtime.post([impl = impl_] { impl->tick(); });
}

Scraper::~Scraper() { stop(); }

void Scraper::set_jobs(std::vector<ScrapeJob> jobs) {
  impl_->runtime.post([impl = impl_, given = std::move(jobs)]() mutable {
    impl->jobs = std::move(given);
    impl->next_discovery = {};
  });
}

void Scraper::stop() {
  if (impl_->stopped.exchange(true)) return;
  impl_->runtime.post([impl = impl_] { impl->timer.cancel(); });
}

Scraper::Statistics Scraper::statistics() const {
  const std::lock_guard lock(impl_->statistics_mutex);
  return impl_->statistics;
}

}  // namespace midwatch::ingest
