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

namespace midwatch::internal {

struct EvalElement {
  Labels labels;
  double value = 0;
  bool drop_name = false;  // the name goes at the end (kDelayed)
};
using EvalVector = std::vector<EvalElement>;

struct EvalSeries {
  Labels labels;
  std::span<const Sample> samples;  // of the window; never empty
  bool drop_name = false;
};
struct EvalRanges {
  Instant from{};
  Instant to{};
  std::vector<EvalSeries> series;
  std::vector<std::vector<Sample>> owned;  // what a subquery made; `series` views it
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

  // prom_evaluation.cc
  Status load_node(const PromExpr& expr, Times times);
  Status load_selector(const PromSelector& selector, Times times, Duration window, bool for_range);
  [[nodiscard]] Times shifted(const PromTimeShift& shift, Times times) const;
  [[nodiscard]] Instant shifted(const PromTimeShift& shift, Instant at) const;
  Result<double> scalar(const PromExpr& expr, Instant at);
  Result<EvalVector> vector(const PromExpr& expr, Instant at);
  Result<EvalRanges> ranges(const PromExpr& expr, Instant at);
  Result<EvalVector> select_instant(const PromSelector& selector, Instant at);
  Result<EvalVector> select_timestamps(const PromSelector& selector, Instant at);
  Result<EvalRanges> select_range(const PromRangeSelector& selector, Instant at);
  Result<EvalRanges> subquery(const PromSubquery& subquery, Instant at);
  Result<const EvalVector*> subquery_step(const PromSubquery& subquery, Instant at);
  Result<EvalVector> unary(const PromUnary& node, Instant at);
  Result<PromValue> finish_matrix(std::map<Labels, std::pair<std::vector<Sample>, bool>> rows);

  // prom_calls.cc
  Result<EvalVector> call(const PromExpr& expr, Instant at);
  Result<EvalVector> call_element(const PromExpr& expr, Instant at);
  Result<EvalVector> call_window(const PromExpr& expr, Instant at);
  Result<EvalVector> call_special(const PromExpr& expr, Instant at);
  Result<std::vector<double>> scalar_arguments(const PromCall& call, Instant at);
  Result<EvalVector> clamp(const PromCall& call, Instant at);
  Result<EvalVector> histogram(const PromExpr& expr, Instant at);
  Result<EvalVector> label_replace(const PromCall& call, Instant at);
  Result<EvalVector> label_join(const PromCall& call, Instant at);
  Result<EvalVector> sort(const PromExpr& expr, Instant at);
  Result<EvalVector> timestamp(const PromCall& call, Instant at);
  [[nodiscard]] static Labels labels_of_absent(const PromExpr& argument);
  void note_window(const PromExpr& expr, const EvalRanges& found, std::span<const double> scalars);

  // prom_aggregations.cc
  Result<EvalVector> aggregate(const PromAggregation& node, Instant at);
  Result<EvalVector> take_extremes(const PromAggregation& node, std::vector<EvalVector> groups, double k) const;
  Result<EvalVector> count_values(const PromAggregation& node, const EvalVector& elements);

  // prom_binary.cc
  Result<EvalVector> binary(const PromBinary& node, Instant at);
  EvalVector with_scalar(const PromBinary& node, EvalVector vector, double scalar, bool scalar_left);
  Result<EvalVector> match(const PromBinary& node, EvalVector left, EvalVector right);
  EvalVector combine_sets(const PromBinary& node, EvalVector left, EvalVector right);
  [[nodiscard]] Labels signature(const PromBinary& node, const Labels& labels, int side);
  [[nodiscard]] static Labels result_labels(const PromBinary& node, const Labels& many, const Labels& one);

  void drop_name(EvalElement& element);
  [[nodiscard]] Status check_unique(const EvalVector& elements) const;
  Status spend(std::uint64_t work);
  Status hold(std::size_t samples);
  void annotate(PromAnnotation::Kind kind, std::string_view text, const PromExpr& where);
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

// As Go's %q: invalid bytes as \xNN.
[[nodiscard]] std::string go_quoted(std::string_view text);

}  // namespace midwatch::internal
