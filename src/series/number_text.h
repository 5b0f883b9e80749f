// series/number_text.h — a sample's value as text, in the spelling that Prometheus' formats share.
#pragma once

#include <optional>
#include <string_view>

namespace midwatch {

// Go's spelling: decimals, hexadecimal floats, Inf and NaN in any case, a sign before. nullopt when
// the text is not exactly one number. Every NaN is the one with kNormalNanBits, so that no text can
// forge a stale marker; what is too large is infinite.
[[nodiscard]] std::optional<double> parse_number_text(std::string_view text);

}  // namespace midwatch
