// promql/prom_durations.h — the arithmetic of durations: [step() * 2 + 5m], offset min_of(step(), 1m).
//
// What does not depend on the query's times is folded while parsing; the rest is worked out once an
// evaluation. Errors are kInvalid: a division by zero, what is not positive where it must be, what does
// not fit Prometheus' 292 years.
#pragma once

#include "base/result.h"
#include "promql/prom_expr.h"

namespace midwatch::internal {

enum class DurationSign : std::uint8_t { kPositive, kAny };

[[nodiscard]] bool depends_on_times(const PromDurationExpr& expr);
// `step` and `range` are the query's; an instant query has none of either.
[[nodiscard]] Result<Duration> duration_of(const PromDurationExpr& expr, Duration step, Duration range,
                                           DurationSign sign);

}  // namespace midwatch::internal
