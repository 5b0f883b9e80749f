// cli/table.h — rows of text in aligned columns, as StackStorm's client prints them.
//
// Widths count code points; cells longer than kCellMax are cut with an ellipsis.
#pragma once

#include <string>
#include <vector>

namespace midwatch::cli {

class Table {
 public:
  static constexpr std::size_t kCellMax = 60;
  explicit Table(std::vector<std::string> header);
  void add(std::vector<std::string> row);  // as many cells as the header
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the header first
};

// The number of code points of a UTF-8 text.
[[nodiscard]] std::size_t text_width(std::string_view text);
// Cuts to `width` code points, with an ellipsis.
[[nodiscard]] std::string cut(std::string_view text, std::size_t width);
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);

}  // namespace midwatch::cli
