// promql/prom_windows.h — the functions over the samples of one series in a range.
#pragma once

#include "promql/prom_functions.h"

namespace midwatch::internal {

std::optional<double> window_rate(const PromWindow& window);
std::optional<double> window_increase(const PromWindow& window);
std::optional<double> window_delta(const PromWindow& window);
std::optional<double> window_irate(const PromWindow& window);
std::optional<double> window_idelta(const PromWindow& window);
std::optional<double> window_changes(const PromWindow& window);
std::optional<double> window_resets(const PromWindow& window);
std::optional<double> window_deriv(const PromWindow& window);
std::optional<double> window_predict_linear(const PromWindow& window);
std::optional<double> window_smoothing(const PromWindow& window);
std::optional<double> window_avg(const PromWindow& window);
std::optional<double> window_sum(const PromWindow& window);
std::optional<double> window_min(const PromWindow& window);
std::optional<double> window_max(const PromWindow& window);
std::optional<double> window_count(const PromWindow& window);
std::optional<double> window_present(const PromWindow& window);
std::optional<double> window_first(const PromWindow& window);
std::optional<double> window_last(const PromWindow& window);
std::optional<double> window_quantile(const PromWindow& window);
std::optional<double> window_mad(const PromWindow& window);
std::optional<double> window_stddev(const PromWindow& window);
std::optional<double> window_stdvar(const PromWindow& window);
std::optional<double> window_time_of_first(const PromWindow& window);
std::optional<double> window_time_of_last(const PromWindow& window);
std::optional<double> window_time_of_min(const PromWindow& window);
std::optional<double> window_time_of_max(const PromWindow& window);

}  // namespace midwatch::internal
