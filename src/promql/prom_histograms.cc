// What is asked of histograms: those of many series with `le` labels, and those that are one sample.
#include <algorithm>

#include <fmt/core.h>

#include "promql/prom_evaluation.h"
#include "promql/prom_math.h"
#include "series/number_text.h"
#include "value/value.h"

namespace midwatch::internal {
namespace {

constexpr std::string_view kBucketLabel = "le";

// 0.5, 1.0, 1e-05, +Inf: as OpenMetrics writes the value of a label.
std::string label_number_text(double value) {
  std::string text = short_number_text(value);
  if (text.find_first_of(".eNI") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

struct PromEvaluation::Classified {
  struct Classic {
    Labels labels;
    std::vector<ClassicBucket> buckets;
    bool drop_name = false;
  };
  std::vector<Classic> classic;  // one without buckets is not to be used
  EvalVector native;
};

Result<EvalVector> PromEvaluation::histogram_stats(const PromCall& call, Instant at) {
  MW_TRY(EvalVector elements, vector(*call.arguments[0], at));
  std::erase_if(elements, [](const EvalElement& element) { return element.histogram == nullptr; });
  for (EvalElement& element : elements) {
    element.value = call.function->histogram(*element.histogram);
    element.histogram = nullptr;
    drop_name(element);
  }
  MW_CHECK(check_unique(elements));
  return elements;
}

// Sorts out the two kinds. Where both have the same name and labels, neither is used.
PromEvaluation::Classified PromEvaluation::classify(const PromCall& call, EvalVector elements,
                                                    const PromExpr& argument) {
  Classified found;
  std::unordered_map<Labels, std::size_t> index;
  LabelCache& without_le = cache(&call, 0);
  const auto key_of = [&](const Labels& labels) -> const Labels& {
    return without_le.get(labels, [](const Labels& l) { return l.without(kBucketLabel); });
  };
  for (EvalElement& element : elements) {
    if (element.histogram != nullptr) {
      found.native.push_back(std::move(element));
      continue;
    }
    const std::string_view le = element.labels.get(kBucketLabel);
    const auto bound = parse_number_text(le);
    if (!bound) {
      const std::string_view name = element.labels.metric_name();
      annotate(PromAnnotation::Kind::kWarning,
               fmt::format("bucket label \"le\" is missing or has a malformed value of {}{}", go_quoted(le),
                           name.empty() ? "" : " for metric name " + go_quoted(name)),
               argument);
      continue;
    }
    const Labels& key = key_of(element.labels);
    const auto [entry, made] = index.try_emplace(key, found.classic.size());
    if (made) found.classic.push_back({key, {}, element.drop_name});
    found.classic[entry->second].buckets.push_back({*bound, element.value});
  }
  std::erase_if(found.native, [&](const EvalElement& element) {
    const auto same = index.find(key_of(element.labels));
    if (same == index.end() || found.classic[same->second].buckets.empty()) return false;
    found.classic[same->second].buckets.clear();
    const std::string_view name = element.labels.metric_name();
    annotate(PromAnnotation::Kind::kWarning,
             "vector contains a mix of classic and native histograms" +
                 (name.empty() ? std::string() : " for metric name " + go_quoted(name)),
             argument);
    return true;
  });
  std::erase_if(found.classic, [](const Classified::Classic& classic) { return classic.buckets.empty(); });
  return found;
}

// Appends one element a histogram, with the quantile in `label` where one is given.
void PromEvaluation::quantiles_of(Classified& found, double q, const PromExpr& argument, EvalVector& out,
                                  const std::string* label) {
  const auto append = [&](const Labels& labels, double value, bool drop) {
    EvalElement result{label == nullptr ? labels : labels.with(*label, label_number_text(q)), value, drop};
    drop_name(result);
    out.push_back(std::move(result));
  };
  for (const EvalElement& element : found.native) {
    const HistogramEstimate quantile = histogram_quantile(q, *element.histogram);
    annotate_estimate(quantile.caveat, "histogram_quantile", element.labels, argument);
    append(element.labels, quantile.value, element.drop_name);
  }
  for (Classified::Classic& classic : found.classic) {
    const ClassicQuantile quantile = classic_quantile(q, classic.buckets);
    if (quantile.forced_monotonic) {
      const std::string_view name = classic.labels.metric_name();
      annotate(PromAnnotation::Kind::kInfo,
               "input to histogram_quantile needed to be fixed for monotonicity (see "
               "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)" +
                   (name.empty() ? std::string() : " for metric name " + go_quoted(name)),
               argument);
    }
    append(classic.labels, quantile.value, classic.drop_name);
  }
}

Result<EvalVector> PromEvaluation::histogram(const PromExpr& expr, Instant at) {
  const auto& node = std::get<PromCall>(expr.node);
  const PromExpr& argument = *node.arguments.back();
  MW_TRY(const std::vector<double> scalars, scalar_arguments(node, at));
  MW_TRY(EvalVector elements, vector(argument, at));
  Classified found = classify(node, std::move(elements), argument);
  EvalVector out;
  if (node.function->special == PromSpecial::kHistogramQuantile) {
    annotate_quantile(scalars[0], *node.arguments[0]);
    quantiles_of(found, scalars[0], argument, out, nullptr);
  } else {
    for (const EvalElement& element : found.native) {
      const HistogramEstimate fraction = histogram_fraction(scalars[0], scalars[1], *element.histogram);
      annotate_estimate(fraction.caveat, "histogram_fraction", element.labels, argument);
      out.push_back({element.labels, fraction.value, element.drop_name});
    }
    for (Classified::Classic& classic : found.classic) {
      out.push_back({classic.labels, classic_fraction(scalars[0], scalars[1], classic.buckets), classic.drop_name});
    }
    for (EvalElement& element : out) drop_name(element);
  }
  MW_CHECK(check_unique(out));
  return out;
}

Result<EvalVector> PromEvaluation::histogram_quantiles(const PromExpr& expr, Instant at) {
  const auto& node = std::get<PromCall>(expr.node);
  const PromExpr& argument = *node.arguments[0];
  const std::string& label = std::get<PromText>(without_parentheses(*node.arguments[1]).node).value;
  if (label.empty() || !is_utf8(label)) {
    return Error(Code::kInvalid, fmt::format("invalid label name {}", go_quoted(label)));
  }
  MW_TRY(const std::vector<double> quantiles, scalar_arguments(node, at));
  for (std::size_t i = 0; i < quantiles.size(); ++i) annotate_quantile(quantiles[i], *node.arguments[i + 2]);
  MW_TRY(EvalVector elements, vector(argument, at));
  Classified found = classify(node, std::move(elements), argument);
  EvalVector out;
  for (const double q : quantiles) quantiles_of(found, q, argument, out, &label);
  MW_CHECK(spend(out.size()));
  MW_CHECK(check_unique(out));
  return out;
}

}  // namespace midwatch::internal
