// rehearse/path_art.h — runs and what led to what, drawn with lines of text, as `git log --graph` draws history.
//
//   ● look
//   ├─╮
//   ● │ left
//   │ ● right
//   ├─╯
//   ● both
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace midwatch {

inline constexpr std::size_t kArtLanesMax = 40;  // branches side by side; more are drawn over the last

struct ArtRow {
  std::string mark;                   // one character: "●"
  std::string text;                   // behind the drawing
  std::vector<std::uint32_t> from{};  // earlier rows
};

// One line a row, and lines between where branches open and close. O(rows × lanes).
[[nodiscard]] std::vector<std::string> draw_path(const std::vector<ArtRow>& rows);

}  // namespace midwatch
