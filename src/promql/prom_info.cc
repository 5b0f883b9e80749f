// info(v, {…}): adds the labels of info series, those that share `instance` and `job`.
#include <algorithm>

#include <fmt/core.h>

#include "promql/prom_evaluation.h"

namespace midwatch::internal {
namespace {

constexpr std::string_view kIdentifying[] = {"instance", "job"};

// The shifts from the call down to its first selector: info series are read as of the same time.
bool find_shifts(const PromExpr& expr, std::vector<const PromTimeShift*>& path) {
  if (const auto* selector = std::get_if<PromSelector>(&expr.node)) {
    path.push_back(&selector->shift);
    return true;
  }
  if (const auto* ranged = std::get_if<PromRangeSelector>(&expr.node)) return find_shifts(*ranged->selector, path);
  if (const auto* sub = std::get_if<PromSubquery>(&expr.node)) {
    path.push_back(&sub->shift);
    if (find_shifts(*sub->inner, path)) return true;
    path.pop_back();
    return false;
  }
  if (const auto* call = std::get_if<PromCall>(&expr.node)) {
    return std::any_of(call->arguments.begin(), call->arguments.end(),
                       [&](const PromExprPtr& argument) { return find_shifts(*argument, path); });
  }
  if (const auto* aggregation = std::get_if<PromAggregation>(&expr.node)) return find_shifts(*aggregation->inner, path);
  if (const auto* unary = std::get_if<PromUnary>(&expr.node)) return find_shifts(*unary->inner, path);
  if (const auto* inner = std::get_if<PromParentheses>(&expr.node)) return find_shifts(*inner->inner, path);
  if (const auto* binary = std::get_if<PromBinary>(&expr.node)) {
    return find_shifts(*binary->left, path) || find_shifts(*binary->right, path);
  }
  return false;
}

const PromSelector* given_labels(const PromCall& call) {
  return call.arguments.size() > 1 ? &std::get<PromSelector>(call.arguments[1]->node) : nullptr;
}

// The metric and what identifies the target: who shares it belongs together.
Labels identity(std::string_view metric, const Labels& labels) {
  std::vector<LabelView> parts{{kMetricName, metric}};
  for (const std::string_view name : kIdentifying) parts.push_back({name, labels.get(name)});
  return Labels::of(parts);
}

bool has_identity(const Labels& labels) {
  return std::any_of(std::begin(kIdentifying), std::end(kIdentifying),
                     [&](std::string_view name) { return labels.has(name); });
}

// The info series of one step, by what identifies them.
class InfoJoin {
 public:
  // `given` are the labels that were asked for, null for all.
  InfoJoin(const PromSelector& selector, const PromSelector* given) : selector_(selector) {
    if (given == nullptr) return;
    for (const LabelMatcher& matcher : given->matchers) {
      if (matcher.name() == kMetricName) continue;
      wanted_.insert(matcher.name());
      required_ = required_ || !matcher.matches_empty();
    }
  }

  // `element` must outlive this; its value is the time of its sample.
  Status add(const EvalElement& element) {
    if (!has_identity(element.labels)) return {};
    const std::string_view metric = element.labels.metric_name();
    metrics_.insert(metric);
    const auto [entry, made] = by_identity_.try_emplace(identity(metric, element.labels), &element);
    if (made) return {};
    const EvalElement& other = *entry->second;
    if (other.value == element.value) {
      const auto ms = static_cast<std::int64_t>(element.value * 1000);
      return Error(Code::kInvalid, fmt::format("found duplicate series for info metric: existing {} @ {}, new {} @ {}",
                                               other.labels.to_string(), ms, element.labels.to_string(), ms));
    }
    if (other.value < element.value) entry->second = &element;
    return {};
  }

  // Adds the labels. False where a label is required and there is none to give it.
  Result<bool> extend(EvalElement& element) const {
    if (is_info(element.labels)) return true;
    Labels labels = element.labels;
    std::map<std::string_view, std::string_view> added;
    bool matched = false;
    for (const std::string_view metric : metrics_) {
      const auto info = by_identity_.find(identity(metric, element.labels));
      if (info == by_identity_.end()) continue;
      matched = true;
      for (const LabelView& label : info->second->labels.views()) {
        if (label.name == kMetricName || !(wanted_.empty() || wanted_.contains(label.name))) continue;
        const auto [entry, made] = added.try_emplace(label.name, label.value);
        if (!made && entry->second != label.value) {
          return Error(Code::kInvalid, fmt::format("conflicting label: {}", label.name));
        }
        if (!element.labels.has(label.name)) labels = labels.with(label.name, label.value);
      }
    }
    element.labels = std::move(labels);
    return matched || !required_;
  }

 private:
  // Info series are not extended themselves.
  [[nodiscard]] bool is_info(const Labels& labels) const {
    return std::all_of(selector_.matchers.begin(), selector_.matchers.end(), [&](const LabelMatcher& matcher) {
      return matcher.name() != kMetricName || matcher.matches(labels.metric_name());
    });
  }

  const PromSelector& selector_;
  std::set<std::string, std::less<>> wanted_;
  bool required_ = false;
  std::set<std::string_view> metrics_;
  std::unordered_map<Labels, const EvalElement*> by_identity_;
};

}  // namespace

Status PromEvaluation::load_info(const PromCall& call, Times times) {
  PromSelector selector;
  if (const PromSelector* given = given_labels(call)) selector.matchers = given->matchers;
  const auto names = [](const LabelMatcher& matcher) { return matcher.name() == kMetricName; };
  const bool excludes = std::any_of(selector.matchers.begin(), selector.matchers.end(), names);
  const bool includes = std::any_of(selector.matchers.begin(), selector.matchers.end(), [&](const LabelMatcher& m) {
    return names(m) && (m.op() == LabelMatcher::Op::kEqual || m.op() == LabelMatcher::Op::kMatches);
  });
  if (!includes) {
    // Which metrics are of use has to be said; what says only which are not takes from the usual ones.
    MW_TRY(LabelMatcher name, LabelMatcher::create(excludes ? LabelMatcher::Op::kMatches : LabelMatcher::Op::kEqual,
                                                   std::string(kMetricName), excludes ? ".+_info" : "target_info"));
    selector.matchers.push_back(std::move(name));
  }
  std::vector<const PromTimeShift*> path;
  find_shifts(*call.arguments[0], path);
  for (const PromTimeShift* shift : path) times = shifted(*shift, times);
  PromSelector& kept = info_selectors_[&call];
  kept = std::move(selector);
  const bool outer = std::exchange(totals_only_, false);
  const Status loaded = load_selector(kept, times, options_.lookback, false);
  totals_only_ = outer;
  return loaded;
}

// The info series as of now, with the times of their samples as values.
Result<EvalVector> PromEvaluation::info_elements(const PromCall& call, Instant at) {
  std::vector<const PromTimeShift*> path;
  find_shifts(*call.arguments[0], path);
  for (const PromTimeShift* shift : path) at = shifted(*shift, at);
  const PromSelector& selector = info_selectors_.at(&call);
  MW_TRY(const EvalVector times, select_timestamps(selector, at, SampleTime::kOwn));
  MW_CHECK(spend(times.size() + 1));
  for (const SeriesSamples& series : loaded_[&selector].series) {
    const auto behind = std::partition_point(series.histograms.begin(), series.histograms.end(),
                                             [&](const HistogramSample& sample) { return sample.at <= at; });
    if (behind != series.histograms.begin() && (behind - 1)->at > at - options_.lookback) {
      return Error(Code::kInvalid, "info sample should be float");
    }
  }
  return times;
}

Result<EvalVector> PromEvaluation::info(const PromCall& call, Instant at) {
  MW_TRY(EvalVector base, vector(*call.arguments[0], at));
  MW_TRY(const EvalVector found, info_elements(call, at));
  InfoJoin join(info_selectors_.at(&call), given_labels(call));
  for (const EvalElement& element : found) MW_CHECK(join.add(element));
  EvalVector out;
  out.reserve(base.size());
  for (EvalElement& element : base) {
    MW_TRY(const bool kept, join.extend(element));
    if (kept) out.push_back(std::move(element));
  }
  MW_CHECK(check_unique(out));
  return out;
}

}  // namespace midwatch::internal
