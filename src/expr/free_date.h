// expr/free_date.h — dates as people and programs write them, understood as python-dateutil's parser does.
//
//   "2024-03-15T11:59:30Z", "20240315T115930", "15 March 2024 3pm", "Mar 15, 2024 10:00 +0200", "11:59", "Fri"
//
// The rules are those of dateutil 2.9 with its defaults (month before day where both are possible, two-digit
// years within fifty years of now, what is missing comes from the day of `now` at midnight). Names of time
// zones other than UTC, GMT and Z are read and mean nothing, as there on a machine that keeps UTC; a time
// without a zone is UTC.
//
// Pure: `now` is an argument. Cost: linear in the text, which has at most kFreeDateBytesMax bytes.
// Source: https://dateutil.readthedocs.io/en/stable/parser.html
#pragma once

#include <cstddef>
#include <string_view>

#include "base/time.h"
#include "expr/diagnostic.h"

namespace midwatch {

inline constexpr std::size_t kFreeDateBytesMax = 1024;

// Fails with kind value and dateutil's text: "Unknown string format: …", "String does not contain a date: …".
[[nodiscard]] Outcome<Instant> parse_free_date(std::string_view text, Instant now);

}  // namespace midwatch
