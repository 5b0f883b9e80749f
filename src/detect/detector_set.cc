#include "detect/detector_set.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

namespace midwatch {
namespace {

constexpr std::int64_t kWarmStepsMax = 10'000;  // of one query while warming

// The latest multiple of `every` that is not after `at`.
Instant aligned(Instant at, Duration every) {
  const std::int64_t us = micros(at);
  const std::int64_t step = every.count();
  const std::int64_t below = us >= 0 ? us / step : -((-us + step - 1) / step);
  return instant_from_micros(below * step);
}

void sort_transitions(std::vector<AnomalyTransition>& transitions) {
  std::sort(transitions.begin(), transitions.end(), [](const AnomalyTransition& a, const AnomalyTransition& b) {
    if (a.at != b.at) return a.at < b.at;
    if (a.detector != b.detector) return a.detector < b.detector;
    return (a.labels <=> b.labels) < 0;
  });
}

}  // namespace

void DetectorSet::replace(std::vector<Item> items) {
  std::map<std::string, Active> next;
  for (Item& item : items) {
    const std::string ref = item.spec.ref;
    const auto known = active_.find(ref);
    const bool same = known != active_.end() && identical(known->second.definition, item.definition);
    Active active = same ? std::move(known->second) : Active{item.spec, item.definition, {}, {}, false};
    active.spec = std::move(item.spec);
    next.insert_or_assign(ref, std::move(active));
  }
  active_ = std::move(next);
}

void DetectorSet::tell(const Active& active, const Labels& labels, const Watched& watched, Instant at,
                       DetectorReport& report) {
  const DetectorOutput& output = watched.last;
  if (!output.changed) return;
  report.transitions.push_back({active.spec.ref, labels, output.previous, output.state, at, output.since, output.value,
                                output.judgement.score, output.judgement.expected_low, output.judgement.expected_high,
                                watched.instance.evidence()});
}

void DetectorSet::take_step(Active& active, Instant at, const Step& step, DetectorReport& report) const {
  for (const auto& [labels, value] : step) {
    if (std::isnan(value)) continue;  // no data
    auto found = active.instances.find(*labels);
    if (found == active.instances.end()) {
      if (active.instances.size() >= kInstancesMax) {
        if (!active.told_of_instances_max) {
          report.problems.push_back(
              {active.spec.ref, Error(Code::kLimit, fmt::format("the query has more than {} series, "
                                                                "the others are not watched",
                                                                kInstancesMax))});
        }
        active.told_of_instances_max = true;
        continue;
      }
      DetectorInstance instance(active.spec.make_scorer(), active.spec.times);
      found = active.instances.emplace(*labels, Watched{std::move(instance), {}, {}}).first;
    }
    Watched& watched = found->second;
    watched.absent_since.reset();
    watched.last = watched.instance.update({at, value});
    tell(active, found->first, watched, at, report);
  }
  take_absences(active, at, report);
  active.evaluated = at;
}

void DetectorSet::take_absences(Active& active, Instant at, DetectorReport& report) const {
  for (auto it = active.instances.begin(); it != active.instances.end();) {
    Watched& watched = it->second;
    if (watched.instance.last_seen() == at) {
      ++it;
      continue;
    }
    if (!watched.absent_since) watched.absent_since = at;
    if (active.spec.on_absent == OnAbsent::kClear) {
      watched.last = watched.instance.clear(at);
      tell(active, it->first, watched, at, report);
    } else if (at - watched.instance.last_seen() >= active.spec.no_data_after) {
      watched.last = watched.instance.absent(at);
      tell(active, it->first, watched, at, report);
    }
    const bool over = watched.instance.state() != AnomalyState::kFiring && at - *watched.absent_since >= kForgetAfter;
    it = over ? active.instances.erase(it) : std::next(it);
  }
}

DetectorReport DetectorSet::evaluate(Instant now, const SampleSource& source) {
  DetectorReport report;
  for (auto& [ref, active] : active_) {
    const Instant at = aligned(now, active.spec.every);
    if (!active.spec.enabled || (active.evaluated && at <= *active.evaluated)) continue;
    auto result = evaluate_instant(active.spec.query, source, at, options_);
    if (!result) {
      active.evaluated = at;
      report.problems.push_back({ref, std::move(result).error()});
      continue;
    }
    Step step;
    const Labels none;
    if (const auto* scalar = std::get_if<PromScalar>(&result->value)) {
      step.emplace_back(&none, scalar->value);
    } else {
      for (const PromElement& element : std::get<PromVector>(result->value)) {
        // A histogram is no number to watch; histogram_quantile() and its kin make one of it.
        if (element.histogram == nullptr) step.emplace_back(&element.labels, element.value);
      }
    }
    take_step(active, at, step, report);
  }
  sort_transitions(report.transitions);
  return report;
}

void DetectorSet::warm_one(Active& active, TimeRange range, const SampleSource& source, DetectorReport& report) const {
  const Duration every = active.spec.every;
  Instant from = aligned(range.from, every) + every;
  if (active.evaluated) from = std::max(from, *active.evaluated + every);
  const Instant to = aligned(range.to, every);
  while (from <= to) {
    const Instant last = std::min(to, from + every * (kWarmStepsMax - 1));
    auto result = evaluate_range(active.spec.query, source, {from, last, every}, options_);
    if (!result) {
      report.problems.push_back({active.spec.ref, std::move(result).error()});
      return;
    }
    const auto& matrix = std::get<PromMatrix>(result->value);
    std::vector<std::size_t> next(matrix.size(), 0);
    for (Instant at = from; at <= last; at += every) {
      Step step;
      for (std::size_t i = 0; i < matrix.size(); ++i) {
        const auto& samples = matrix[i].samples;
        if (next[i] >= samples.size() || samples[next[i]].at != at) continue;
        step.emplace_back(&matrix[i].labels, samples[next[i]++].value);
      }
      take_step(active, at, step, report);
    }
    from = last + every;
  }
}

DetectorReport DetectorSet::warm(TimeRange range, const SampleSource& source) {
  DetectorReport report;
  for (auto& [ref, active] : active_) {
    if (active.spec.enabled) warm_one(active, range, source, report);
  }
  sort_transitions(report.transitions);
  return report;
}

std::optional<Instant> DetectorSet::next_due() const {
  std::optional<Instant> next;
  for (const auto& [ref, active] : active_) {
    if (!active.spec.enabled) continue;
    const Instant due = active.evaluated ? *active.evaluated + active.spec.every : Instant{};
    next = next ? std::min(*next, due) : due;
  }
  return next;
}

std::vector<AnomalyStatus> DetectorSet::status() const {
  std::vector<AnomalyStatus> out;
  for (const auto& [ref, active] : active_) {
    for (const auto& [labels, watched] : active.instances) {
      out.push_back(
          {ref, labels, watched.last.state, watched.last.value, watched.last.judgement.score, watched.last.since});
    }
  }
  return out;
}

Value to_value(const AnomalyTransition& transition) {
  const auto number = [](std::optional<double> value) { return value ? Value(*value) : Value(); };
  std::vector<Value> evidence;
  for (const Sample& sample : transition.evidence) {
    evidence.push_back(Value::array({Value(to_iso8601(sample.at)), Value(sample.value)}));
  }
  return Value::object({{"detector", Value(transition.detector)},
                        {"state", Value(to_string(transition.state))},
                        {"previous", Value(to_string(transition.previous))},
                        {"labels", transition.labels.empty() ? Value::object({}) : transition.labels.to_value()},
                        {"value", Value(transition.value)},
                        {"expected_low", number(transition.expected_low)},
                        {"expected_high", number(transition.expected_high)},
                        {"score", Value(transition.score)},
                        {"since", Value(to_iso8601(transition.since))},
                        {"at", Value(to_iso8601(transition.at))},
                        {"evidence", Value::array(std::move(evidence))}});
}

}  // namespace midwatch
