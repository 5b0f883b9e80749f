// What the selectors of a query need, read once for all steps; and what of it each step sees.
#include <algorithm>

#include "promql/prom_durations.h"
#include "promql/prom_evaluation.h"
#include "promql/prom_lexer.h"
#include "promql/prom_windows.h"

namespace midwatch::internal {
namespace {

template <class SampleType>
typename std::vector<SampleType>::const_iterator first_after(const std::vector<SampleType>& samples, Instant at) {
  return std::upper_bound(samples.begin(), samples.end(), at,
                          [](Instant t, const SampleType& sample) { return t < sample.at; });
}

// Histograms of which only count and sum are asked for: Prometheus then works out the hints sample by
// sample, and with them it sees resets that a store leaves unknown.
void work_out_hints(std::vector<HistogramSample>& samples) {
  using Hint = FloatHistogram::ResetHint;
  const FloatHistogram* previous = nullptr;
  for (HistogramSample& sample : samples) {
    const FloatHistogram& histogram = *sample.histogram;
    if (histogram.hint == Hint::kUnknown && previous != nullptr) {
      FloatHistogram hinted = histogram;
      hinted.hint = histogram.is_reset_after(*previous) ? Hint::kReset : Hint::kNotReset;
      sample.histogram = share(std::move(hinted));
    }
    previous = sample.histogram.get();
  }
}

// Between the steps of a subquery there are samples that nobody looks at: what a histogram knows of the
// sample before it says nothing then.
HistogramPtr without_hint(const HistogramPtr& histogram) {
  using Hint = FloatHistogram::ResetHint;
  if (histogram->hint == Hint::kUnknown || histogram->hint == Hint::kGauge) return histogram;
  FloatHistogram out = *histogram;
  out.hint = Hint::kUnknown;
  return share(std::move(out));
}

void drop_stale(SeriesSamples& series) {
  const auto stale = [](const Sample& sample) { return is_stale_marker(sample.value); };
  if (!series.starts.empty()) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < series.samples.size(); ++i) {
      if (!stale(series.samples[i])) series.starts[kept++] = series.starts[i];
    }
    series.starts.resize(kept);
  }
  std::erase_if(series.samples, stale);
}

// How the buckets of a call's argument are used, seen from the call.
bool only_totals(const PromCall& call, bool outer) {
  const std::string_view name = call.function->name;
  if (name == "histogram_count" || name == "histogram_sum" || name == "histogram_avg") return true;
  return name.starts_with("histogram_") ? false : outer;
}

}  // namespace

Duration PromEvaluation::length(const PromDuration& duration) const {
  return duration.expr == nullptr ? duration.fixed : durations_.at(duration.expr.get());
}

Status PromEvaluation::resolve(const PromDuration& duration, const PromExpr& where, bool positive) {
  if (duration.expr == nullptr) return {};
  const DurationSign sign = positive ? DurationSign::kPositive : DurationSign::kAny;
  auto worked_out = duration_of(*duration.expr, range_.step, range_.end - range_.start, sign);
  if (!worked_out) return std::move(worked_out).error().at(prom_location(query_.text(), where.begin));
  durations_[duration.expr.get()] = std::chrono::duration_cast<std::chrono::milliseconds>(*worked_out);
  return {};
}

Instant PromEvaluation::shifted(const PromTimeShift& shift, Instant at) const {
  switch (shift.at) {
    case PromTimeShift::At::kNone: break;
    case PromTimeShift::At::kInstant: at = shift.instant; break;
    case PromTimeShift::At::kStart: at = range_.start; break;
    case PromTimeShift::At::kEnd: at = range_.end; break;
  }
  return at - length(shift.offset);
}

PromEvaluation::Times PromEvaluation::shifted(const PromTimeShift& shift, Times times) const {
  return {shifted(shift, times.first), shifted(shift, times.last)};
}

Status PromEvaluation::load() { return load_node(query_.root(), {range_.start, range_.end}); }

Status PromEvaluation::load_selector(const PromSelector& selector, Times times, Duration window, bool for_range) {
  // Neither the look-back nor a range includes its oldest end.
  TimeRange wanted{times.first - window + std::chrono::milliseconds(1), times.last};
  if (for_range && selector.extension != PromRangeExtension::kNone) wanted.from -= options_.lookback;
  if (selector.extension == PromRangeExtension::kSmoothed) wanted.to += options_.lookback;
  const SelectLimits limits{.series_max = options_.series_max, .samples_max = options_.samples_max - held_};
  auto selected = source_.select(selector.matchers, wanted, limits);
  if (!selected) return std::move(selected).error();
  std::size_t count = 0;
  for (SeriesSamples& series : *selected) {
    count += series.samples.size();
    for (const HistogramSample& sample : series.histograms) count += weight_of(*sample.histogram);
    if (for_range || selector.extension != PromRangeExtension::kNone) drop_stale(series);
    if (totals_only_) work_out_hints(series.histograms);
  }
  read_ += count;
  MW_CHECK(hold(count));
  loaded_[&selector].series = std::move(*selected);
  return {};
}

Status PromEvaluation::load_node(const PromExpr& expr, Times times) {
  if (const auto* selector = std::get_if<PromSelector>(&expr.node)) {
    MW_CHECK(resolve(selector->shift.offset, expr, false));
    return load_selector(*selector, shifted(selector->shift, times), options_.lookback, false);
  }
  if (const auto* ranged = std::get_if<PromRangeSelector>(&expr.node)) {
    const auto& inner = std::get<PromSelector>(ranged->selector->node);
    MW_CHECK(resolve(inner.shift.offset, expr, false));
    MW_CHECK(resolve(ranged->range, expr, true));
    return load_selector(inner, shifted(inner.shift, times), length(ranged->range), true);
  }
  if (const auto* sub = std::get_if<PromSubquery>(&expr.node)) {
    MW_CHECK(resolve(sub->shift.offset, expr, false));
    MW_CHECK(resolve(sub->range, expr, true));
    MW_CHECK(resolve(sub->step, expr, true));
    const Times at = shifted(sub->shift, times);
    const bool outer = std::exchange(totals_only_, false);
    const Status loaded = load_node(*sub->inner, {at.first - length(sub->range), at.last});
    totals_only_ = outer;
    return loaded;
  }
  if (const auto* call = std::get_if<PromCall>(&expr.node)) return load_call(*call, times);
  if (const auto* aggregation = std::get_if<PromAggregation>(&expr.node)) {
    if (aggregation->parameter) MW_CHECK(load_node(*aggregation->parameter, times));
    return load_node(*aggregation->inner, times);
  }
  if (const auto* unary = std::get_if<PromUnary>(&expr.node)) return load_node(*unary->inner, times);
  if (const auto* parentheses = std::get_if<PromParentheses>(&expr.node)) return load_node(*parentheses->inner, times);
  if (const auto* binary = std::get_if<PromBinary>(&expr.node)) {
    const bool outer = totals_only_;
    if (binary->op >= PromOperator::kTrimUpper) totals_only_ = false;
    MW_CHECK(load_node(*binary->left, times));
    MW_CHECK(load_node(*binary->right, times));
    totals_only_ = outer;
  }
  return {};
}

Status PromEvaluation::load_call(const PromCall& call, Times times) {
  const bool outer = std::exchange(totals_only_, only_totals(call, totals_only_));
  const bool info = call.function->special == PromSpecial::kInfo;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    if (info && i == 1) break;  // no selector of its own
    MW_CHECK(load_node(*call.arguments[i], times));
  }
  if (info) MW_CHECK(load_info(call, times));
  totals_only_ = outer;
  return {};
}

Result<EvalVector> PromEvaluation::select_instant(const PromExpr& expr, Instant at) {
  const auto& selector = std::get<PromSelector>(expr.node);
  if (selector.extension == PromRangeExtension::kSmoothed) return select_smoothed(expr, at);
  const Instant when = shifted(selector.shift, at);
  const Instant oldest = when - options_.lookback;
  EvalVector out;
  const Loaded& loaded = loaded_[&selector];
  MW_CHECK(spend(loaded.series.size() + 1));
  out.reserve(loaded.series.size());
  for (const SeriesSamples& series : loaded.series) {
    const auto after = first_after(series.samples, when);
    const Sample* number = after == series.samples.begin() ? nullptr : &*(after - 1);
    if (!series.histograms.empty()) {
      const auto behind = first_after(series.histograms, when);
      if (behind != series.histograms.begin() && (number == nullptr || (behind - 1)->at > number->at)) {
        if ((behind - 1)->at > oldest) out.push_back({series.labels, 0, false, (behind - 1)->histogram});
        continue;
      }
    }
    if (number == nullptr || number->at <= oldest || is_stale_marker(number->value)) continue;
    out.push_back({series.labels, number->value, false});
  }
  return out;
}

// Between the last sample before and the next behind; the last alone stays as it is.
Result<EvalVector> PromEvaluation::select_smoothed(const PromExpr& expr, Instant at) {
  const auto& selector = std::get<PromSelector>(expr.node);
  const Instant when = shifted(selector.shift, at);
  const Loaded& loaded = loaded_[&selector];
  MW_CHECK(spend(loaded.series.size() + 1));
  EvalVector out;
  for (const SeriesSamples& series : loaded.series) {
    const auto within = [&](const auto& samples) {
      return std::pair(first_after(samples, when - options_.lookback), first_after(samples, when + options_.lookback));
    };
    const auto [floats, floats_end] = within(series.samples);
    const auto [histograms, histograms_end] = within(series.histograms);
    if (floats != floats_end && histograms != histograms_end) {
      annotate_window(PromWindowNote::kMixed, series.labels, expr);
      continue;
    }
    if (histograms != histograms_end) {
      const auto next = std::max(histograms, std::min(first_after(series.histograms, when), histograms_end));
      if (next == histograms) continue;
      PromWindowNotes notes;
      const bool gauge = (next - 1)->histogram->hint == FloatHistogram::ResetHint::kGauge;
      const HistogramPtr value =
          next == histograms_end
              ? (next - 1)->histogram
              : interpolated(*(next - 1), *next, when, gauge ? Counting::kGauge : Counting::kCounter, &notes);
      annotate_window(notes, series.labels, expr);
      if (value != nullptr) out.push_back({series.labels, 0, false, value});
      continue;
    }
    const auto next = std::min(first_after(series.samples, when), floats_end);
    if (floats == floats_end || next <= floats) continue;
    const Sample& before = *(next - 1);
    const double value =
        next == floats_end || before.at == when ? before.value : interpolated(before, *next, when, Counting::kGauge);
    out.push_back({series.labels, value, false});
  }
  return out;
}

Result<EvalVector> PromEvaluation::select_timestamps(const PromSelector& selector, Instant at, SampleTime which) {
  const Instant when = shifted(selector.shift, at);
  const Instant oldest = when - options_.lookback;
  EvalVector out;
  for (const SeriesSamples& series : loaded_[&selector].series) {
    const auto number = first_after(series.samples, when) - series.samples.begin();
    const auto histogram = first_after(series.histograms, when) - series.histograms.begin();
    const Sample* sample = number == 0 ? nullptr : &series.samples[static_cast<std::size_t>(number) - 1];
    Instant found = sample == nullptr ? Instant::min() : sample->at;
    std::int64_t start =
        sample == nullptr || series.starts.empty() ? 0 : series.starts[static_cast<std::size_t>(number) - 1];
    if (histogram != 0 && series.histograms[static_cast<std::size_t>(histogram) - 1].at > found) {
      const HistogramSample& last = series.histograms[static_cast<std::size_t>(histogram) - 1];
      found = last.at;
      start = last.start_ms;
      sample = nullptr;
    }
    if (found <= oldest || (sample != nullptr && is_stale_marker(sample->value))) continue;
    const std::int64_t ms = which == SampleTime::kOwn ? to_millis(found) : start;
    out.push_back({series.labels, static_cast<double>(ms) / 1000, false});
  }
  return out;
}

Result<EvalRanges> PromEvaluation::select_range(const PromRangeSelector& ranged, Instant at) {
  const auto& selector = std::get<PromSelector>(ranged.selector->node);
  EvalRanges out;
  out.to = shifted(selector.shift, at);
  out.from = out.to - length(ranged.range);
  out.extension = selector.extension;
  const bool extended = selector.extension != PromRangeExtension::kNone;
  const Instant from = extended ? out.from - options_.lookback : out.from;
  const Instant to = selector.extension == PromRangeExtension::kSmoothed ? out.to + options_.lookback : out.to;
  const Loaded& loaded = loaded_[&selector];
  out.series.reserve(loaded.series.size());
  std::uint64_t work = 1;
  for (const SeriesSamples& series : loaded.series) {
    const auto begin = first_after(series.samples, from);
    const auto end = first_after(series.samples, to);
    work += static_cast<std::uint64_t>(end - begin) + 1;
    EvalSeries made{series.labels, {begin, end}, false};
    if (!series.starts.empty()) {
      made.starts = std::span(series.starts)
                        .subspan(static_cast<std::size_t>(begin - series.samples.begin()), made.samples.size());
    }
    if (!series.histograms.empty()) {
      made.histograms = {first_after(series.histograms, from), first_after(series.histograms, to)};
      work += made.histograms.size() * 8;
    }
    if (selector.extension == PromRangeExtension::kAnchored) start_at_anchor(made, out.from);
    if (!made.samples.empty() || !made.histograms.empty()) out.series.push_back(std::move(made));
  }
  MW_CHECK(spend(work));
  return out;
}

// Of the samples at or before `from` only the last stays.
void PromEvaluation::start_at_anchor(EvalSeries& series, Instant from) {
  const auto before = [&](const auto& samples) {
    const auto behind =
        std::partition_point(samples.begin(), samples.end(), [&](const auto& sample) { return sample.at <= from; });
    return static_cast<std::size_t>(behind - samples.begin());
  };
  std::size_t floats = before(series.samples);
  std::size_t histograms = before(series.histograms);
  const bool anchor_is_float =
      floats > 0 && (histograms == 0 || series.samples[floats - 1].at > series.histograms[histograms - 1].at);
  if (anchor_is_float) --floats;
  else if (histograms > 0) --histograms;
  series.samples = series.samples.subspan(floats);
  series.histograms = series.histograms.subspan(histograms);
  if (!series.starts.empty()) series.starts = series.starts.subspan(floats);
}

// Steps of a subquery are multiples of its step, so outer steps share them: each is evaluated once.
Result<const EvalVector*> PromEvaluation::subquery_step(const PromSubquery& node, Instant at) {
  auto& steps = subqueries_[&node];
  const auto found = steps.find(at);
  if (found != steps.end()) return &found->second;
  MW_TRY(EvalVector inner, vector(*node.inner, at));
  MW_CHECK(spend(200));  // a walk of the tree, even where nothing matches
  MW_CHECK(hold(inner.size() + 1));
  return &subqueries_[&node].emplace(at, std::move(inner)).first->second;
}

Result<EvalRanges> PromEvaluation::subquery(const PromSubquery& node, Instant at) {
  EvalRanges out;
  out.to = shifted(node.shift, at);
  out.from = out.to - length(node.range);
  const Duration given = length(node.step);
  const std::int64_t step = std::max<std::int64_t>(1, std::chrono::duration_cast<std::chrono::milliseconds>(
                                                          given > Duration::zero() ? given : options_.subquery_step)
                                                          .count());
  const std::int64_t from = to_millis(out.from);
  const std::int64_t to = to_millis(out.to);
  std::int64_t first = from / step * step;
  if (first <= from) first += step;

  std::unordered_map<Labels, std::size_t> rows;
  for (std::int64_t t = first; t <= to; t += step) {
    MW_TRY(const EvalVector* inner, subquery_step(node, instant_from_millis(t)));
    MW_CHECK(spend(inner->size() + 1));
    for (const EvalElement& element : *inner) {
      const auto [row, made] = rows.try_emplace(element.labels, out.series.size());
      if (made) {
        out.series.push_back({element.labels, {}, element.drop_name});
        out.owned.emplace_back();
      }
      out.series[row->second].drop_name |= element.drop_name;
      EvalRow& owned = out.owned[row->second];
      if (element.histogram == nullptr) owned.samples.push_back({instant_from_millis(t), element.value});
      else owned.histograms.push_back({instant_from_millis(t), without_hint(element.histogram)});
    }
  }
  for (std::size_t i = 0; i < out.series.size(); ++i) {
    out.series[i].samples = out.owned[i].samples;
    out.series[i].histograms = out.owned[i].histograms;
  }
  // An outer step never looks back before the start of an earlier one: its oldest steps can go.
  auto& steps = subqueries_[&node];
  if (node.shift.at == PromTimeShift::At::kNone && at >= range_.start) {
    while (!steps.empty() && to_millis(steps.begin()->first) <= from) {
      held_ -= steps.begin()->second.size() + 1;
      steps.erase(steps.begin());
    }
  }
  return out;
}

Result<EvalRanges> PromEvaluation::ranges(const PromExpr& expr, Instant at) {
  const PromExpr& inner = without_parentheses(expr);
  if (const auto* ranged = std::get_if<PromRangeSelector>(&inner.node)) return select_range(*ranged, at);
  return subquery(std::get<PromSubquery>(inner.node), at);
}

}  // namespace midwatch::internal
