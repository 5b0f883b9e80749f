// series/histogram_text.h — native histograms as the literals of Prometheus' test scripts.
//
//   MW_TRY(const FloatHistogram h, parse_histogram_literal("{{schema:0 sum:5 count:4 buckets:[1 2 1]}}"));
//
// Keys, each at most once and in any order: schema, sum, count, z_bucket, z_bucket_w, buckets, offset,
// n_buckets, n_offset, custom_values, counter_reset_hint (unknown, reset, not_reset, gauge). `offset` is
// the index of the first bucket of the list. Errors are kInvalid and say what is wrong; lists are limited
// to kHistogramBucketsMax.
#pragma once

#include <string_view>

#include "base/result.h"
#include "series/float_histogram.h"

namespace midwatch {

inline constexpr std::size_t kHistogramBucketsMax = 20'000;

[[nodiscard]] Result<FloatHistogram> parse_histogram_literal(std::string_view text);

}  // namespace midwatch
