// promql/prom_functions.h — the functions of PromQL, as a table.
//
// A member is one line in prom_functions.cc: name, types, and one of four shapes of implementation.
//   element    number → number, over the elements of an instant vector; histograms fall out
//   histogram  histogram → number, likewise; numbers fall out
//   window     the numbers of one series in a range → number or nothing; with `mixed` beside it where
//              histograms among the samples have a meaning, else they are ignored and a note says so
//   special    anything else: it sees the call and the evaluation
// Everything else (labels, names that go, duplicates, steps) is the evaluator's.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "promql/prom_expr.h"
#include "series/sample_source.h"

namespace midwatch {

// What a window function has to say beside its value: bits, so that saying nothing costs nothing. The
// evaluator knows the texts.
enum class PromWindowNote : std::uint32_t {
  kMixed = 1,  // of floats and histograms
  kMixedBounds = 2,
  kNotCounter = 4,
  kNotGauge = 8,
  kReconciledAddition = 16,
  kReconciledSubtraction = 32,
  kReconciledAggregation = 64,
  kCollidingResets = 128,
  kHistogramsIgnored = 256,
  kStartOverlaps = 512,
};
class PromWindowNotes {
 public:
  void add(PromWindowNote note) { bits_ |= static_cast<std::uint32_t>(note); }
  [[nodiscard]] bool has(PromWindowNote note) const { return (bits_ & static_cast<std::uint32_t>(note)) != 0; }
  [[nodiscard]] bool any() const { return bits_ != 0; }

 private:
  std::uint32_t bits_ = 0;
};

// What a window function may look at. Scalars are the values of the scalar arguments, in order.
struct PromWindow {
  std::span<const Sample> samples;  // oldest first, no stale markers, at least one (of both kinds together)
  Instant from{};                   // exclusive
  Instant to{};                     // inclusive
  Instant at{};                     // of the evaluation; differs from `to` by the offset
  std::span<const double> scalars;
  std::span<const HistogramSample> histograms{};  // likewise
  std::span<const std::int64_t> starts{};         // of `samples`, or empty
  // Extended ranges hold samples outside of (from, to] too: the last one before, and the next behind.
  PromRangeExtension extension = PromRangeExtension::kNone;
  PromWindowNotes* notes = nullptr;

  void note(PromWindowNote what) const {
    if (notes != nullptr) notes->add(what);
  }
  [[nodiscard]] double seconds() const { return midwatch::seconds(to - from); }
};

using PromElementFunction = double (*)(double value, std::span<const double> scalars);
using PromHistogramFunction = double (*)(const FloatHistogram& histogram);
using PromWindowFunction = std::optional<double> (*)(const PromWindow& window);

// A value of either kind.
struct PromPoint {
  double value = 0;
  HistogramPtr histogram{};
};
using PromMixedFunction = std::optional<PromPoint> (*)(const PromWindow& window);

// Those that need more than numbers; the evaluator has one method for each.
enum class PromSpecial : std::uint8_t {
  kNone,
  kAbsent,
  kAbsentOverTime,
  kClamp,
  kEnd,
  kHistogramFraction,
  kHistogramQuantile,
  kHistogramQuantiles,
  kInfo,
  kLabelJoin,
  kLabelReplace,
  kMaxOf,
  kMinOf,
  kPi,
  kRange,
  kScalar,
  kSort,
  kSortDescending,
  kSortByLabel,
  kSortByLabelDescending,
  kStart,
  kStartTimestamp,
  kStep,
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
  // How many of the last parameters may be left out; kRepeats: the last is there any number of times;
  // kRepeatsOnce: at least once.
  static constexpr int kRepeats = -1;
  static constexpr int kRepeatsOnce = -2;
  int optional = 0;
  PromElementFunction element = nullptr;
  PromHistogramFunction histogram = nullptr;
  PromWindowFunction window = nullptr;
  PromMixedFunction mixed = nullptr;
  PromSpecial special = PromSpecial::kNone;
  bool keeps_name = false;  // of window functions: the result is a sample of the series itself
  PromNote note = PromNote::kNone;
  bool anchored = false;  // takes ranges with that modifier
  bool smoothed = false;
};

// Null where there is none.
[[nodiscard]] const PromFunction* find_prom_function(std::string_view name);

}  // namespace midwatch
