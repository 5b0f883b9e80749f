// promql/prom_functions.h — the functions of PromQL, as a table.
//
// A member is one line in prom_functions.cc: name, types, and one of four shapes of implementation.
//   element  number → number, over the elements of an instant vector
//   window   the samples of one series in a range → number or nothing
//   special  anything else: it sees the call and the evaluation
// Everything else (labels, names that go, duplicates, steps) is the evaluator's.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "promql/prom_expr.h"
#include "series/sample.h"

namespace midwatch {

// What a window function may look at. Scalars are the values of the scalar arguments, in order.
struct PromWindow {
  std::span<const Sample> samples;  // oldest first, no stale markers, at least one
  Instant from{};                   // exclusive
  Instant to{};                     // inclusive
  Instant at{};                     // of the evaluation; differs from `to` by the offset
  std::span<const double> scalars;

  [[nodiscard]] double seconds() const { return midwatch::seconds(to - from); }
};

using PromElementFunction = double (*)(double value, std::span<const double> scalars);
using PromWindowFunction = std::optional<double> (*)(const PromWindow& window);

// Those that need more than numbers; the evaluator has one method for each.
enum class PromSpecial : std::uint8_t {
  kNone,
  kAbsent,
  kAbsentOverTime,
  kClamp,
  kHistogramFraction,
  kHistogramQuantile,
  kLabelJoin,
  kLabelReplace,
  kPi,
  kScalar,
  kSort,
  kSortDescending,
  kSortByLabel,
  kSortByLabelDescending,
  kTime,
  kTimestamp,
  kVector
};

// What the evaluator says beside the result: rate() of something that is not named like a counter,
// a quantile outside 0 to 1.
enum class PromNote : std::uint8_t { kNone, kCounter, kQuantile };

struct PromFunction {
  std::string_view name;
  PromType returns;
  std::span<const PromType> parameters;
  int optional = 0;  // how many of the last parameters may be left out; -1: the last may repeat or be absent
  PromElementFunction element = nullptr;
  PromWindowFunction window = nullptr;
  PromSpecial special = PromSpecial::kNone;
  bool keeps_name = false;  // of window functions: the result is a sample of the series itself
  PromNote note = PromNote::kNone;
};

// Null where there is none.
[[nodiscard]] const PromFunction* find_prom_function(std::string_view name);
// Prometheus has it, this program does not (yet).
[[nodiscard]] bool is_unsupported_prom_function(std::string_view name);

}  // namespace midwatch
