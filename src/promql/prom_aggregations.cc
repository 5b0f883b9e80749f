#include <algorithm>
#include <cmath>
#include <cstdint>

#include <fmt/core.h>

#include "promql/prom_evaluation.h"
#include "promql/prom_math.h"
#include "series/histogram_sum.h"
#include "series/label_hash.h"
#include "value/value.h"

namespace midwatch::internal {
namespace {

std::vector<std::string> with_metric_name(std::vector<std::string> names) {
  names.insert(std::lower_bound(names.begin(), names.end(), kMetricName), std::string(kMetricName));
  return names;
}

double extreme(const EvalVector& group, PromAggregator aggregator) {
  double found = group.front().value;
  for (const EvalElement& element : group) {
    const bool better = aggregator == PromAggregator::kMin ? element.value < found : element.value > found;
    if (better || std::isnan(found)) found = element.value;
  }
  return found;
}

double variance(const EvalVector& group) {
  RunningVariance running;
  for (const EvalElement& element : group) running.add(element.value);
  return running.variance();
}

double reduce(const EvalVector& group, PromAggregator aggregator, double parameter) {
  switch (aggregator) {
    case PromAggregator::kSum: {
      KahanSum sum;
      for (const EvalElement& element : group) sum.add(element.value);
      return sum.total();
    }
    case PromAggregator::kAvg: {
      RunningMean mean;
      for (const EvalElement& element : group) mean.add(element.value);
      return mean.mean();
    }
    case PromAggregator::kMin:
    case PromAggregator::kMax: return extreme(group, aggregator);
    case PromAggregator::kCount: return static_cast<double>(group.size());
    case PromAggregator::kStdvar: return variance(group);
    case PromAggregator::kStddev: return std::sqrt(variance(group));
    case PromAggregator::kQuantile: {
      std::vector<double> values;
      for (const EvalElement& element : group) values.push_back(element.value);
      return quantile(parameter, values);
    }
    case PromAggregator::kGroup:
    case PromAggregator::kTopk:
    case PromAggregator::kBottomk:
    case PromAggregator::kLimitk:
    case PromAggregator::kLimitRatio:
    case PromAggregator::kCountValues: break;
  }
  return 1;
}

Status check_count(double k) {
  if (std::isnan(k)) return Error(Code::kInvalid, "Parameter value is NaN");
  if (std::fabs(k) > 9e18) {
    return Error(Code::kInvalid, fmt::format("Scalar value {} overflows int64", prom_number_text(k)));
  }
  return {};
}

}  // namespace

Result<EvalVector> PromEvaluation::aggregate(const PromAggregation& node, Instant at) {
  const bool text_parameter = node.aggregator == PromAggregator::kCountValues;
  double parameter = 0;
  if (node.parameter != nullptr && !text_parameter) {
    MW_TRY(parameter, scalar(*node.parameter, at));
  }
  MW_TRY(EvalVector elements, vector(*node.inner, at));
  if (text_parameter) {
    MW_TRY(elements, count_values(node, elements));
    return elements;
  }
  if (node.aggregator == PromAggregator::kLimitRatio) return take_ratio(node, elements, parameter);
  std::unordered_map<Labels, std::size_t> index;
  std::vector<EvalVector> groups;
  std::vector<EvalElement> results;
  bool any_histogram = false;
  LabelCache& keys = cache(&node, 0);
  const bool by = node.grouping == PromAggregation::Grouping::kBy;
  const std::vector<std::string> names = by ? node.labels : with_metric_name(node.labels);
  for (EvalElement& element : elements) {
    const Labels& key =
        keys.get(element.labels, [&](const Labels& labels) { return by ? labels.keep(names) : labels.drop(names); });
    const auto [entry, made] = index.try_emplace(key, groups.size());
    if (made) {
      groups.emplace_back();
      results.push_back({key, 0, false});
    }
    results[entry->second].drop_name |= element.drop_name;
    any_histogram = any_histogram || element.histogram != nullptr;
    groups[entry->second].push_back(std::move(element));
  }
  if (node.aggregator == PromAggregator::kLimitk) return take_some(node, std::move(groups), parameter);
  if (any_histogram) {
    for (EvalVector& group : groups) leave_out_histograms(node, group);
  }
  if (node.aggregator == PromAggregator::kTopk || node.aggregator == PromAggregator::kBottomk) {
    return take_extremes(node, std::move(groups), parameter);
  }
  if (node.aggregator == PromAggregator::kQuantile && !groups.empty()) annotate_quantile(parameter, *node.parameter);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].empty()) continue;
    const bool sums = node.aggregator == PromAggregator::kSum || node.aggregator == PromAggregator::kAvg;
    if (any_histogram && sums) {
      if (!reduce_sums(node, groups[i], results[i])) continue;
    } else {
      results[i].value = reduce(groups[i], node.aggregator, parameter);
    }
    if (kept != i) results[kept] = std::move(results[i]);
    ++kept;
  }
  results.resize(kept);
  return results;
}

// Those that histograms have no place in leave them out, and say so.
void PromEvaluation::leave_out_histograms(const PromAggregation& node, EvalVector& group) {
  switch (node.aggregator) {
    case PromAggregator::kMin:
    case PromAggregator::kMax:
    case PromAggregator::kStddev:
    case PromAggregator::kStdvar:
    case PromAggregator::kTopk:
    case PromAggregator::kBottomk:
    case PromAggregator::kQuantile: break;
    default: return;
  }
  const std::size_t before = group.size();
  drop_histograms(group);
  if (group.size() != before) annotate_ignored(node.aggregator, *node.inner);
}

// sum and avg of a group with histograms; false where it has no result.
bool PromEvaluation::reduce_sums(const PromAggregation& node, const EvalVector& group, EvalElement& result) {
  const auto is_histogram = [](const EvalElement& element) { return element.histogram != nullptr; };
  const auto histograms = static_cast<std::size_t>(std::count_if(group.begin(), group.end(), is_histogram));
  if (histograms == 0) {
    result.value = reduce(group, node.aggregator, 0);
    return true;
  }
  if (histograms != group.size()) {
    annotate(PromAnnotation::Kind::kWarning, "encountered a mix of histograms and floats for aggregation", *node.inner);
    return false;
  }
  bool reset = false;
  bool not_reset = false;
  const auto look_at_hint = [&](const EvalElement& element) {
    reset = reset || element.histogram->hint == FloatHistogram::ResetHint::kReset;
    not_reset = not_reset || element.histogram->hint == FloatHistogram::ResetHint::kNotReset;
  };
  const auto add_all = [&](auto& accumulator) {
    for (std::size_t i = 1; i < group.size(); ++i) {
      look_at_hint(group[i]);
      const HistogramSum::Added added = accumulator.add(*group[i].histogram);
      if (added.bounds_reconciled) annotate_bounds("aggregation", *node.inner);
      if (added.compatible) continue;
      annotate_window(PromWindowNote::kMixedBounds, group[i].labels, *node.inner);
      return false;
    }
    return true;
  };
  look_at_hint(group.front());
  FloatHistogram total;
  if (node.aggregator == PromAggregator::kSum) {
    HistogramSum sum(*group.front().histogram);
    if (!add_all(sum)) return false;
    total = sum.total();
  } else {
    HistogramMean mean(*group.front().histogram);
    if (!add_all(mean)) return false;
    total = mean.mean();
  }
  if (reset && not_reset) annotate_collision("aggregation", *node.inner);
  total.compact();
  result.histogram = share(std::move(total));
  return true;
}

// limitk: the first of each group, in the order of their labels.
Result<EvalVector> PromEvaluation::take_some(const PromAggregation& /*node*/, std::vector<EvalVector> groups,
                                             double k) {
  MW_CHECK(check_count(k));
  EvalVector out;
  if (k < 1) return out;
  for (EvalVector& group : groups) {
    const auto taken = static_cast<std::size_t>(std::min(std::floor(k), static_cast<double>(group.size())));
    std::move(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(taken), std::back_inserter(out));
  }
  return out;
}

// limit_ratio: the series whose hash is in the first part of all hashes, or for a negative ratio in the
// last, so that r and r-1 take what the other leaves.
Result<EvalVector> PromEvaluation::take_ratio(const PromAggregation& node, const EvalVector& elements, double ratio) {
  if (std::isnan(ratio)) return Error(Code::kInvalid, "Ratio value is NaN");
  if (ratio < -1 || ratio > 1) {
    const double bound = ratio > 1 ? 1 : -1;
    annotate(PromAnnotation::Kind::kWarning,
             fmt::format("ratio value should be between -1 and 1, got {}, capping to {}", short_number_text(ratio),
                         short_number_text(bound)),
             *node.parameter);
    ratio = bound;
  }
  EvalVector out;
  if (ratio == 0) return out;
  for (const EvalElement& element : elements) {
    const double place = static_cast<double>(prometheus_hash(element.labels)) / 18446744073709551615.0;
    const bool taken = ratio >= 0 ? place < ratio : place >= 1 + ratio;
    if (taken) out.push_back(element);
  }
  return out;
}

Result<EvalVector> PromEvaluation::take_extremes(const PromAggregation& node, std::vector<EvalVector> groups,
                                                 double k) const {
  MW_CHECK(check_count(k));
  EvalVector out;
  if (k < 1) return out;
  const bool top = node.aggregator == PromAggregator::kTopk;
  for (EvalVector& group : groups) {
    std::vector<std::pair<std::size_t, const EvalElement*>> order;
    for (const EvalElement& element : group) order.emplace_back(order.size(), &element);
    const auto before = [&](const auto& a, const auto& b) {
      const double x = a.second->value;
      const double y = b.second->value;
      if (std::isnan(x) || std::isnan(y)) {
        if (std::isnan(x) != std::isnan(y)) return std::isnan(y);
      } else if (x != y) {
        return top ? x > y : x < y;
      }
      return a.first < b.first;  // of equals those that came first
    };
    const auto taken = static_cast<std::ptrdiff_t>(std::min(k, static_cast<double>(order.size())));
    std::partial_sort(order.begin(), order.begin() + taken, order.end(), before);
    for (auto it = order.begin(); it != order.begin() + taken; ++it) out.push_back(*it->second);
  }
  return out;
}

Result<EvalVector> PromEvaluation::count_values(const PromAggregation& node, const EvalVector& elements) {
  const std::string& label = std::get<PromText>(without_parentheses(*node.parameter).node).value;
  if (label.empty() || !is_utf8(label)) {
    return Error(Code::kInvalid, fmt::format("invalid label name {}", go_quoted(label)));
  }
  const bool by = node.grouping == PromAggregation::Grouping::kBy;
  std::vector<std::string> names = by ? node.labels : with_metric_name(node.labels);
  std::unordered_map<Labels, std::size_t> index;
  EvalVector out;
  for (const EvalElement& element : elements) {
    // The value's label replaces one of the series, and is part of the group.
    const Labels group = by ? element.labels.keep(names) : element.labels.drop(names);
    const Labels key = group.with(
        label, element.histogram != nullptr ? element.histogram->to_string() : prom_number_text(element.value));
    const auto [entry, made] = index.try_emplace(key, out.size());
    if (made) out.push_back({key, 0, false});
    out[entry->second].drop_name |= element.drop_name && label != kMetricName;
    ++out[entry->second].value;
  }
  return out;
}

}  // namespace midwatch::internal
