// promql/prom_windows.h — the functions over the samples of one series in a range.
//
// window_… sees numbers only; mixed_… is asked where there are histograms among the samples.
#pragma once

#include "promql/prom_functions.h"
#include "series/histogram_sum.h"

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

std::optional<PromPoint> mixed_rate(const PromWindow& window);
std::optional<PromPoint> mixed_increase(const PromWindow& window);
std::optional<PromPoint> mixed_delta(const PromWindow& window);
std::optional<PromPoint> mixed_irate(const PromWindow& window);
std::optional<PromPoint> mixed_idelta(const PromWindow& window);
std::optional<PromPoint> mixed_changes(const PromWindow& window);
std::optional<PromPoint> mixed_resets(const PromWindow& window);
std::optional<PromPoint> mixed_avg(const PromWindow& window);
std::optional<PromPoint> mixed_sum(const PromWindow& window);
std::optional<PromPoint> mixed_count(const PromWindow& window);
std::optional<PromPoint> mixed_present(const PromWindow& window);
std::optional<PromPoint> mixed_first(const PromWindow& window);
std::optional<PromPoint> mixed_last(const PromWindow& window);
std::optional<PromPoint> mixed_time_of_first(const PromWindow& window);
std::optional<PromPoint> mixed_time_of_last(const PromWindow& window);

// prom_windows_extended.cc: the rates over anchored and smoothed ranges.
enum class Counting : std::uint8_t { kGauge, kCounter };
enum class Per : std::uint8_t { kRange, kSecond };
std::optional<double> extended_rate(const PromWindow& window, Counting counting, Per per);
std::optional<PromPoint> extended_histogram_rate(const PromWindow& window, Counting counting, Per per);
// The value at `at` between two samples; a counter that was reset in between started from 0.
double interpolated(const Sample& a, const Sample& b, Instant at, Counting counting);
// Null, with a note, where the two do not mix.
HistogramPtr interpolated(const HistogramSample& a, const HistogramSample& b, Instant at, Counting counting,
                          PromWindowNotes* notes);

// Start times (in milliseconds, 0: not known) tell of resets that the values do not show.
bool is_start_reset(std::int64_t start_before, Instant before, std::int64_t start, Instant at);
bool starts_overlap(std::int64_t start_before, Instant before, std::int64_t start);
// Whether a series started within the window, before its first sample there.
bool started_within(const PromWindow& window, std::int64_t start, Instant first);

// By how much the increase between the first and the last sample is to be multiplied to stand for the
// whole range; to a value per second if wanted. Prometheus' extrapolatedRate.
struct Sampled {
  Instant first{};
  Instant last{};
  std::size_t count = 0;
  std::int64_t start = 0;  // of the first; 0 where not known or not of use
  // The part of the increase that was there at the first sample: a counter was zero that much earlier.
  // Negative: no telling.
  double part_at_first = -1;
};
double extrapolation(const PromWindow& window, const Sampled& sampled, Counting counting, Per per);
// notes null allowed
HistogramSum::Added note_added(const PromWindow& window, HistogramSum::Added added, PromWindowNote reconciled);

}  // namespace midwatch::internal
