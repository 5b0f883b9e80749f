// series/label_hash.h — the number by which Prometheus knows a set of labels.
//
// limit_ratio() takes the series whose hash is in a part of all hashes; with the same hash we take the
// same series as Prometheus does. XXH64 over its encoding of the labels (names and values, each with its
// length before it). O(bytes of the labels).
#pragma once

#include <cstdint>
#include <string_view>

#include "series/labels.h"

namespace midwatch {

[[nodiscard]] std::uint64_t xxhash64(std::string_view bytes);
[[nodiscard]] std::uint64_t prometheus_hash(const Labels& labels);

}  // namespace midwatch
