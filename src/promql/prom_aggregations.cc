#include <algorithm>
#include <cmath>
#include <cstdint>

#include <fmt/core.h>

#include "promql/prom_evaluation.h"
#include "promql/prom_math.h"
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
    case PromAggregator::kCountValues: break;
  }
  return 1;
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
  std::unordered_map<Labels, std::size_t> index;
  std::vector<EvalVector> groups;
  std::vector<EvalElement> results;
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
    groups[entry->second].push_back(std::move(element));
  }
  if (node.aggregator == PromAggregator::kTopk || node.aggregator == PromAggregator::kBottomk) {
    return take_extremes(node, std::move(groups), parameter);
  }
  if (node.aggregator == PromAggregator::kQuantile && !groups.empty() && !(parameter >= 0 && parameter <= 1)) {
    annotate(PromAnnotation::Kind::kWarning,
             fmt::format("quantile value should be between 0 and 1, got {}", prom_number_text(parameter)),
             *node.parameter);
  }
  for (std::size_t i = 0; i < groups.size(); ++i) results[i].value = reduce(groups[i], node.aggregator, parameter);
  return results;
}

Result<EvalVector> PromEvaluation::take_extremes(const PromAggregation& node, std::vector<EvalVector> groups,
                                                 double k) const {
  if (std::isnan(k)) return Error(Code::kInvalid, "Parameter value is NaN");
  if (std::fabs(k) > 9e18) {
    return Error(Code::kInvalid, fmt::format("Scalar value {} overflows int64", prom_number_text(k)));
  }
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
    const Labels key = group.with(label, prom_number_text(element.value));
    const auto [entry, made] = index.try_emplace(key, out.size());
    if (made) out.push_back({key, 0, false});
    out[entry->second].drop_name |= element.drop_name && label != kMetricName;
    ++out[entry->second].value;
  }
  return out;
}

}  // namespace midwatch::internal
