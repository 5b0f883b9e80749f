#include "ingest/target_series.h"

#include <algorithm>

namespace midwatch::ingest {

class TargetSeries::Sink final : public TextSink {
 public:
  Sink(TargetSeries& target, SeriesHead& head, Instant at) : target_(target), head_(head), at_(at) {}

  void on_sample(const TextSample& sample) override {
    const Instant at = sample.at.value_or(at_);
    const std::string text(sample.series_text);
    const auto [known, is_new] = target_.known_.try_emplace(text);
    if (!is_new && head_.labels_of(known->second.ref) != nullptr) {
      if (!head_.append(known->second.ref, {at, sample.value})) ++summary.refused;
    } else {
      const auto ref = head_.series(target_.full_labels(sample));
      if (!ref || !head_.append(*ref, {at, sample.value})) {
        ++summary.refused;
        if (!ref) {
          target_.known_.erase(known);
          return;
        }
      }
      known->second.ref = *ref;
    }
    known->second.last_scrape = target_.scrape_;
    ++summary.samples;
  }
  void on_problem(const TextProblem& problem) override {
    if (summary.problems++ == 0) summary.first_problem = problem.to_string();
  }

  ScrapeSummary summary;

 private:
  TargetSeries& target_;
  SeriesHead& head_;
  Instant at_;
};

TargetSeries::TargetSeries(std::vector<std::pair<std::string, std::string>> labels) : labels_(std::move(labels)) {}

Labels TargetSeries::full_labels(const TextSample& sample) const {
  std::vector<std::string> renamed;
  renamed.reserve(sample.labels.size());
  std::vector<LabelView> all{{kMetricName, sample.name}};
  for (const LabelView& label : sample.labels) {
    const bool collides = std::ranges::any_of(labels_, [&](const auto& own) { return own.first == label.name; });
    if (collides) {
      renamed.push_back("exported_" + std::string(label.name));
      all.push_back({renamed.back(), label.value});
    } else {
      all.push_back(label);
    }
  }
  for (const auto& [name, value] : labels_) all.push_back({name, value});
  return Labels::of(all);
}

void TargetSeries::write_own(SeriesHead& head, Instant at, std::string_view name, double value) {
  std::vector<LabelView> all{{kMetricName, name}};
  for (const auto& [label, text] : labels_) all.push_back({label, text});
  // A full head refuses these too: what is known of the target then ends, which is the truth.
  (void)head.append(Labels::of(all), {at, value});
}

ScrapeSummary TargetSeries::scraped(SeriesHead& head, Instant at, Duration took, std::string_view body) {
  ++scrape_;
  Sink sink(*this, head, at);
  parse_text_exposition(body, sink);
  mark_stale(head, at);
  write_own(head, at, "up", 1);
  write_own(head, at, "scrape_duration_seconds", seconds(took));
  write_own(head, at, "scrape_samples_scraped", static_cast<double>(sink.summary.samples));
  return std::move(sink.summary);
}

void TargetSeries::failed(SeriesHead& head, Instant at, Duration took) {
  ++scrape_;
  mark_stale(head, at);
  write_own(head, at, "up", 0);
  write_own(head, at, "scrape_duration_seconds", seconds(took));
  write_own(head, at, "scrape_samples_scraped", 0);
}

void TargetSeries::mark_stale(SeriesHead& head, Instant at) {
  for (auto entry = known_.begin(); entry != known_.end();) {
    if (entry->second.last_scrape == scrape_) {
      ++entry;
      continue;
    }
    (void)head.append(entry->second.ref, {at, stale_marker()});  // a series that was dropped needs no marker
    entry = known_.erase(entry);
  }
}

}  // namespace midwatch::ingest
