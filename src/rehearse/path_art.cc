#include "rehearse/path_art.h"

#include <algorithm>
#include <optional>

namespace midwatch {
namespace {

// A lane is a column that goes down to the row that waits for it.
class PathDrawing {
 public:
  explicit PathDrawing(const std::vector<ArtRow>& rows) : rows_(rows), followers_(rows.size()) {
    for (std::uint32_t row = 0; row < rows.size(); ++row) {
      for (const std::uint32_t from : rows[row].from) {
        if (from < row) followers_[from].push_back(row);
      }
    }
  }

  std::vector<std::string> draw() {
    for (std::uint32_t row = 0; row < rows_.size(); ++row) draw_row(row);
    return std::move(lines_);
  }

 private:
  using Lanes = std::vector<std::optional<std::uint32_t>>;

  std::size_t free_lane() {
    const auto found = std::ranges::find_if(lanes_, [](const auto& lane) { return !lane; });
    if (found != lanes_.end()) return static_cast<std::size_t>(found - lanes_.begin());
    if (lanes_.size() < kArtLanesMax) lanes_.emplace_back();
    return lanes_.size() - 1;
  }

  void draw_row(std::uint32_t row) {
    // Where branches end here, they come together in the leftmost.
    std::vector<std::size_t> arriving;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      if (lanes_[lane] == row) arriving.push_back(lane);
    }
    const std::size_t own = arriving.empty() ? free_lane() : arriving.front();
    if (arriving.size() > 1) {
      lines_.push_back(connector(own, {arriving.begin() + 1, arriving.end()}, "╯", "┴"));
      for (std::size_t i = 1; i < arriving.size(); ++i) lanes_[arriving[i]].reset();
    }
    lanes_[own] = row;
    std::string line;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      if (lane == own) line += rows_[row].mark;
      else line += lanes_[lane] ? "│" : " ";
      line += " ";
    }
    while (line.ends_with("  ")) line.pop_back();
    lines_.push_back(line + rows_[row].text);
    // Where branches begin here, the first goes straight down.
    const std::vector<std::uint32_t>& followers = followers_[row];
    if (followers.empty()) lanes_[own].reset();
    else lanes_[own] = followers.front();
    std::vector<std::size_t> opened;
    for (std::size_t i = 1; i < followers.size(); ++i) {
      const std::size_t lane = free_lane();
      lanes_[lane] = followers[i];
      if (lane != own && std::ranges::find(opened, lane) == opened.end()) opened.push_back(lane);
    }
    std::ranges::sort(opened);
    if (!opened.empty()) lines_.push_back(connector(own, opened, "╮", "┬"));
    while (!lanes_.empty() && !lanes_.back()) lanes_.pop_back();
  }

  // A line on which `ends` are joined to the lane `own`, which may be left of some of them and right of others.
  [[nodiscard]] std::string connector(std::size_t own, const std::vector<std::size_t>& ends, std::string_view corner,
                                      std::string_view between) const {
    const std::size_t first = std::min(own, ends.front());
    const std::size_t last = std::max(own, ends.back());
    const bool opens = corner == "╮";
    std::string line;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      const bool is_end = std::ranges::find(ends, lane) != ends.end();
      if (lane == own) line += first == own ? "├" : last == own ? "┤" : "┼";
      else if (is_end && lane == first) line += opens ? "╭" : "╰";
      else if (is_end && lane == last) line += corner;
      else if (is_end) line += between;
      else if (lane > first && lane < last) line += lanes_[lane] ? "┼" : "─";
      else line += lanes_[lane] ? "│" : " ";
      line += lane >= first && lane < last ? "─" : " ";
    }
    while (line.ends_with(' ')) line.pop_back();
    return line;
  }

  const std::vector<ArtRow>& rows_;
  std::vector<std::vector<std::uint32_t>> followers_;
  Lanes lanes_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> draw_path(const std::vector<ArtRow>& rows) { return PathDrawing(rows).draw(); }

}  // namespace midwatch
