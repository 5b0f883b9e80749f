// detect/detector_spec.h — a detector as a pack writes it, checked and ready to make instances.
//
//   name: latency
//   type: robust_z
//   query: histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))
//   every: 5s
//   parameters: {window: 30m, threshold: 6, direction: up, for: 10s}
//
// Parameters of every type: for, clear_for, relearn_after, no_data_after, on_absent. The others are the
// type's own. A spec is immutable and may be copied.
#pragma once

#include <string>

#include "base/result.h"
#include "detect/detector_types.h"
#include "promql/prom_query.h"
#include "value/value.h"

namespace midwatch {

// What it means that a series is not in the answer any more.
enum class OnAbsent : std::uint8_t {
  kNoData,  // nothing is known: after no_data_after the state is no_data
  kClear    // the query filters (`up == 0`): absence is what normal looks like
};

struct DetectorSpec {
  static constexpr Duration kEveryMin = std::chrono::milliseconds(100);
  static constexpr Duration kEveryMax = std::chrono::hours(24);

  std::string ref;  // pack.name; given by the caller
  std::string name;
  std::string description;
  bool enabled = true;
  std::string type;
  PromQuery query;
  Duration every{};
  DetectorTimes times;
  Duration no_data_after{};
  OnAbsent on_absent = OnAbsent::kNoData;
  ScorerMaker make_scorer;
};

// The first mistake, with its place as a path: "/parameters/windw: unknown key, expected one of …". An
// error of the query has its line and column in the query's text.
[[nodiscard]] Result<DetectorSpec> parse_detector_spec(const Value& definition, std::string ref = {});

}  // namespace midwatch
