// promql/prom_eval.h — what a query is at one time, or at every step of a range.
//
//   MW_TRY(const PromResult result, evaluate_instant(query, head, now));
//   for (const PromElement& element : std::get<PromVector>(result.value)) ...
//
// The semantics are Prometheus': the latest sample of the look-back (which does not include its
// oldest end), stale markers, extrapolating rates, matching of vectors, Kahan sums. Elements come in
// the order of their labels where the query does not sort them; matrices always do.
//
// Pure: everything it knows of the world is the source and the time. Samples are selected once a
// selector, for all steps. Limits: PromOptions; a query beyond them is kLimit. What is wrong only
// with the data (ambiguous matches, equal label sets) is kInvalid.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "base/time.h"
#include "promql/prom_query.h"
#include "promql/prom_result.h"
#include "series/sample_source.h"

namespace midwatch {

struct PromOptions {
  // kDelayed is Prometheus' feature promql-delayed-name-removal: a metric's name that a function
  // drops goes at the end of the query, so that label_replace can still see it.
  enum class NameRemoval : std::uint8_t { kImmediate, kDelayed };

  Duration lookback = std::chrono::minutes(5);
  Duration subquery_step = std::chrono::minutes(1);  // of [5m:] without a step
  NameRemoval name_removal = NameRemoval::kImmediate;
  std::size_t series_max = 50'000;       // a selector
  std::size_t samples_max = 10'000'000;  // in memory for one query
  std::size_t steps_max = 11'000;        // of a range query
  std::uint64_t work_max = 500'000'000;  // samples looked at, a few ns each
};

struct PromRange {
  Instant start{};
  Instant end{};  // inclusive
  Duration step{};
};

[[nodiscard]] Result<PromResult> evaluate_instant(const PromQuery& query, const SampleSource& source, Instant at,
                                                  const PromOptions& options = {});
// Scalars and vectors only; the result is a matrix.
[[nodiscard]] Result<PromResult> evaluate_range(const PromQuery& query, const SampleSource& source, PromRange range,
                                                const PromOptions& options = {});

}  // namespace midwatch
