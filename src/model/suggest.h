// model/suggest.h — the word that the author probably meant.
//
//   hint = did_you_mean("enabeld", {"enabled", "name"});   // "did you mean 'enabled'?"
//
// Cost: O(candidates × length²), lengths bounded by kSuggestLengthMax.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace midwatch {

inline constexpr std::size_t kSuggestLengthMax = 64;

// The candidate with the fewest edits, if they are few for its length; else "".
[[nodiscard]] std::string closest_word(std::string_view word, std::span<const std::string_view> candidates);
// The same as a hint, or "" where nothing is close.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);
// "a, b, c"
[[nodiscard]] std::string comma_list(std::span<const std::string_view> words);

}  // namespace midwatch
