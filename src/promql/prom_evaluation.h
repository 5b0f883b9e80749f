// promql/prom_evaluation.h — one run of one query: the state that its parts share.
//
// load() selects what every selector of the tree will need over all steps; then each step walks the
// tree. Label sets that a node derives (a group's key, a set without its name) are remembered by the
// identity of what they were derived from, so that a step after the first builds none.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "promql/prom_eval.h"
#include "promql/prom_functions.h"
#include "series/histogram_statistics.h"

namespace midwatch::internal {

struct EvalElement {
  Labels labels;
  double value = 0;
  bool drop_name = false;    // the name goes at the end (kDelayed)
  HistogramPtr histogram{};  // instead of the value
};
using EvalVector = std::vector<EvalElement>;

struct EvalSeries {
  Labels labels;
  std::span<const Sample> samples;  // of the window; not empty, or `histograms` is not
  bool drop_name = false;
  std::span<const HistogramSample> histograms{};
  std::span<const std::int64_t> starts{};  // of `samples`, or empty
};
// One series of a result while it is put together.
struct EvalRow {
  std::vector<Sample> samples;
  std::vector<HistogramSample> histograms;
  bool drop_name = false;
  Instant last{};
};
struct EvalRanges {
  Instant from{};
  Instant to{};
  PromRangeExtension extension = PromRangeExtension::kNone;
  std::vector<EvalSeries> series;
  std::vector<EvalRow> owned;  // what a subquery made; `series` views it
};

class LabelCache {
 public:
  template <class Derive>
  const Labels& get(const Labels& from, Derive derive) {
    if (cache_.size() > kEntriesMax) cache_.clear();
    const auto [entry, made] = cache_.try_emplace(from.identity());
    if (made) entry->second = {from, derive(from)};  // keeps `from`, so that its identity stays taken
    return entry->second.second;
  }

 private:
  static constexpr std::size_t kEntriesMax = 1'000'000;
  std::unordered_map<const void*, std::pair<Labels, Labels>> cache_;
};

class PromEvaluation {
 public:
  PromEvaluation(const PromQuery& query, const SampleSource& source, PromRange range, const PromOptions& options)
      : query_(query), source_(source), range_(range), options_(options) {}

  Status load();
  Result<PromResult> run_instant();
  Result<PromResult> run_range();

 private:
  struct Loaded {
    std::vector<SeriesSamples> series;
  };
  struct Times {
    Instant first{};
    Instant last{};
  };

  enum class SampleTime : std::uint8_t { kOwn, kStart };

  // prom_selection.cc
  Status load_call(const PromCall& call, Times times);
  Status resolve(const PromDuration& duration, const PromExpr& where, bool positive);
  [[nodiscard]] Duration length(const PromDuration& duration) const;
  Status load_node(const PromExpr& expr, Times times);
  Status load_selector(const PromSelector& selector, Times times, Duration window, bool for_range);
  [[nodiscard]] Times shifted(const PromTimeShift& shift, Times times) const;
  [[nodiscard]] Instant shifted(const PromTimeShift& shift, Instant at) const;
  Result<EvalRanges> ranges(const PromExpr& expr, Instant at);
  Result<EvalVector> select_instant(const PromExpr& expr, Instant at);
  Result<EvalVector> select_smoothed(const PromExpr& expr, Instant at);
  Result<EvalVector> select_timestamps(const PromSelector& selector, Instant at, SampleTime which);
  Result<EvalRanges> select_range(const PromRangeSelector& selector, Instant at);
  Result<EvalRanges> subquery(const PromSubquery& subquery, Instant at);
  Result<const EvalVector*> subquery_step(const PromSubquery& subquery, Instant at);
  static void start_at_anchor(EvalSeries& series, Instant from);

  // prom_evaluation.cc
  Result<double> scalar(const PromExpr& expr, Instant at);
  Result<EvalVector> vector(const PromExpr& expr, Instant at);
  Result<EvalVector> unary(const PromUnary& node, Instant at);
  Result<PromValue> finish_matrix(std::map<Labels, EvalRow> rows);

  // prom_calls.cc
  Result<EvalVector> call(const PromExpr& expr, Instant at);
  Result<EvalVector> call_element(const PromExpr& expr, Instant at);
  Result<EvalVector> call_window(const PromExpr& expr, Instant at);
  void call_mixed(const PromExpr& expr, const EvalSeries& series, const PromWindow& window, EvalVector& out);
  Result<EvalVector> call_special(const PromExpr& expr, Instant at);
  Result<std::vector<double>> scalar_arguments(const PromCall& call, Instant at);
  Result<EvalVector> clamp(const PromCall& call, Instant at);
  Result<EvalVector> label_replace(const PromCall& call, Instant at);
  Result<EvalVector> label_join(const PromCall& call, Instant at);
  Result<EvalVector> sort(const PromExpr& expr, Instant at);
  Result<EvalVector> timestamp(const PromCall& call, Instant at);
  [[nodiscard]] static Labels labels_of_absent(const PromExpr& argument);
  void note_window(const PromExpr& expr, const EvalRanges& found, std::span<const double> scalars);

  // prom_notes.cc: the texts
  void annotate(PromAnnotation::Kind kind, std::string_view text, const PromExpr& where);
  void annotate_window(PromWindowNotes notes, const Labels& labels, const PromExpr& where);
  void annotate_window(PromWindowNote note, const Labels& labels, const PromExpr& where);
  void annotate_quantile(double q, const PromExpr& where);
  void annotate_estimate(HistogramEstimate::Caveat caveat, std::string_view function, const Labels& labels,
                         const PromExpr& where);
  void annotate_operands(PromOperator op, bool left_is_histogram, bool right_is_histogram, const PromExpr& where);
  void annotate_bounds(std::string_view operation, const PromExpr& where);
  void annotate_collision(std::string_view operation, const PromExpr& where);
  void annotate_ignored(PromAggregator aggregator, const PromExpr& where);

  // prom_histograms.cc: histogram_quantile and what is like it, over both kinds of histograms
  struct Classified;
  Result<EvalVector> histogram_stats(const PromCall& call, Instant at);
  Result<EvalVector> histogram(const PromExpr& expr, Instant at);
  Result<EvalVector> histogram_quantiles(const PromExpr& expr, Instant at);
  Classified classify(const PromCall& call, EvalVector elements, const PromExpr& argument);
  void quantiles_of(Classified& found, double q, const PromExpr& argument, EvalVector& out, const std::string* label);

  // prom_info.cc
  Status load_info(const PromCall& call, Times times);
  Result<EvalVector> info(const PromCall& call, Instant at);
  Result<EvalVector> info_elements(const PromCall& call, Instant at);

  // prom_aggregations.cc
  Result<EvalVector> aggregate(const PromAggregation& node, Instant at);
  Result<EvalVector> take_extremes(const PromAggregation& node, std::vector<EvalVector> groups, double k) const;
  Result<EvalVector> count_values(const PromAggregation& node, const EvalVector& elements);
  Result<EvalVector> take_some(const PromAggregation& node, std::vector<EvalVector> groups, double k);
  Result<EvalVector> take_ratio(const PromAggregation& node, const EvalVector& elements, double ratio);
  void leave_out_histograms(const PromAggregation& node, EvalVector& group);
  bool reduce_sums(const PromAggregation& node, const EvalVector& group, EvalElement& result);

  // prom_binary.cc
  Result<EvalVector> binary(const PromExpr& expr, const PromBinary& node, Instant at);
  EvalVector with_scalar(const PromExpr& expr, EvalVector vector, double scalar, bool scalar_left);
  Result<EvalVector> match(const PromExpr& expr, EvalVector left, EvalVector right);
  struct Matching;
  Status match_pair(Matching& state, const EvalElement& many, const EvalElement& one, const Labels& group);
  // Nothing where the operator has no meaning for the two; a note says so.
  std::optional<PromPoint> combine_points(PromOperator op, const EvalElement& left, const EvalElement& right,
                                          bool& keep, const PromExpr& where);
  EvalVector combine_sets(const PromBinary& node, EvalVector left, EvalVector right);
  [[nodiscard]] Labels signature(const PromBinary& node, const Labels& labels, int side);
  [[nodiscard]] static Labels result_labels(const PromBinary& node, const Labels& many, const Labels& one);

  void drop_name(EvalElement& element);
  [[nodiscard]] Status check_unique(const EvalVector& elements) const;
  Status spend(std::uint64_t work);
  Status hold(std::size_t samples);
  LabelCache& cache(const void* node, int part) { return caches_[{node, part}]; }

  const PromQuery& query_;
  const SampleSource& source_;
  const PromRange range_;  // start == end and step 0 for an instant query
  const PromOptions& options_;
  std::uint64_t work_ = 0;
  std::size_t held_ = 0;
  std::size_t read_ = 0;
  std::unordered_map<const PromSelector*, Loaded> loaded_;
  std::unordered_map<const PromSubquery*, std::map<Instant, EvalVector>> subqueries_;
  std::unordered_map<const PromCall*, PromSelector> info_selectors_;
  std::unordered_map<const PromDurationExpr*, Duration> durations_;  // those that depend on the query's times
  bool totals_only_ = false;  // while loading: of histograms only count and sum will be asked for
  LabelCache names_;
  std::map<std::pair<const void*, int>, LabelCache> caches_;
  std::set<std::string> annotated_;
  std::vector<PromAnnotation> annotations_;
};

// True when the comparison holds; the result of the arithmetic otherwise.
struct OperatorResult {
  double value = 0;
  bool keep = true;
};
[[nodiscard]] OperatorResult apply_operator(PromOperator op, double left, double right);

void drop_histograms(EvalVector& elements);

// Without the name, and without type and unit, which belong to the name.
[[nodiscard]] Labels without_metadata(const Labels& labels);
[[nodiscard]] HistogramPtr scaled(const FloatHistogram& histogram, double factor);
[[nodiscard]] std::size_t weight_of(const FloatHistogram& histogram);  // as a number of samples in memory

// As Go's %q: invalid bytes as \xNN.
[[nodiscard]] std::string go_quoted(std::string_view text);

}  // namespace midwatch::internal
