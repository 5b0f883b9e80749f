#include "rules/interval_index.h"

#include <algorithm>
#include <limits>

namespace midwatch {

void IntervalIndex::build() {
  std::ranges::sort(intervals_, {}, &Interval::low);
  build(0, intervals_.size());
}

// The middle of each range of the array is the root of its tree: recursion is as deep as the logarithm.
double IntervalIndex::build(std::size_t begin, std::size_t end) {
  if (begin == end) return -std::numeric_limits<double>::infinity();
  const std::size_t middle = begin + (end - begin) / 2;
  Interval& root = intervals_[middle];
  root.highest = std::max({root.high, build(begin, middle), build(middle + 1, end)});
  return root.highest;
}

void IntervalIndex::collect(double number, std::size_t begin, std::size_t end, std::vector<std::uint32_t>& hits) const {
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    const Interval& root = intervals_[middle];
    if (root.highest < number) return;
    collect(number, begin, middle, hits);
    if (root.low > number) return;
    if (root.high >= number) hits.push_back(root.id);
    begin = middle + 1;
  }
}

}  // namespace midwatch
