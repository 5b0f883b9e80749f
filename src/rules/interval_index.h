// rules/interval_index.h — which of many ranges of numbers does this number lie in.
//
// Built once from closed intervals, whose bounds may be infinite: a `gt` is one without an end, a `gt` and a
// `lt` of one rule are one interval. Bounds are doubles; bounds and values that are no doubles are rounded,
// so that what is found may be too much by what rounding adds, and is verified by whoever asks.
//
// Thread-safety: const methods from any thread. Cost of collect(): O(log n + hits). Build: O(n log n).
// Source: the augmented interval tree of Cormen et al., laid out in one sorted array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace midwatch {

class IntervalIndex {
 public:
  void add(double low, double high, std::uint32_t id) { intervals_.push_back({low, high, high, id}); }
  // After the last add().
  void build();
  void collect(double number, std::vector<std::uint32_t>& hits) const { collect(number, 0, intervals_.size(), hits); }

 private:
  struct Interval {
    double low;
    double high;
    double highest;  // of the half of the array whose middle this is
    std::uint32_t id;
  };
  double build(std::size_t begin, std::size_t end);
  void collect(double number, std::size_t begin, std::size_t end, std::vector<std::uint32_t>& hits) const;

  std::vector<Interval> intervals_;  // sorted by low
};

}  // namespace midwatch
