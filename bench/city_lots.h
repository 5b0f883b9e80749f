// bench/city_lots.h — events and rules of event-ruler's published benchmark, made up.
//
// The original matches 213,068 features of San Francisco's CityLots2 (GeoJSON, about 900 bytes each) against
// five rules of each kind. Here the features are generated: the same members, the same kinds of values, the
// same size; streets and lots repeat as often as there. Source: https://github.com/aws/event-ruler (Benchmarks).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "model/content.h"

namespace midwatch::city_lots {

// `count` JSON texts.
[[nodiscard]] std::vector<std::string> events(std::size_t count);

enum class Kind : std::uint8_t { kExact, kPrefix, kSuffix, kIgnoringCase, kWildcard, kNumeric, kAnythingBut };
inline constexpr int kKinds = 7;

// Five rules of each kind, as published.
[[nodiscard]] std::deque<Rule> published_rules();
// The same, and further ones up to `count`: each asks for a value of its own, in turn exact, prefix, suffix,
// ignoring case, wildcard and numeric. Of anything-but there are five only: every such rule matches nearly every
// event, so that more of them would measure the output.
[[nodiscard]] std::deque<Rule> rules(std::size_t count);

}  // namespace midwatch::city_lots
