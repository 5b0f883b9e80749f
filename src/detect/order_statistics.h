// detect/order_statistics.h — a bag of numbers that knows its k-th smallest.
//
//   OrderStatistics bag;
//   bag.insert(3.5);
//   bag.median(); bag.mad();    // median, and the median of the distances from it
//   bag.erase(3.5);             // one of the equal ones
//
// A treap with its nodes in one vector; its priorities come from a counter, so that the same calls
// make the same tree. Numbers must not be NaN.
// Thread-safety: none. Cost: insert, erase and nth O(log n), mad O(log² n).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace midwatch {

class OrderStatistics {
 public:
  void insert(double value);
  // False when the value is not in the bag.
  bool erase(double value);
  void clear();

  [[nodiscard]] std::size_t size() const { return size_of(root_); }
  [[nodiscard]] double nth(std::size_t index) const;  // from 0, of size()
  // The mean of the two middle ones when their number is even; 0 for an empty bag.
  [[nodiscard]] double median() const;
  [[nodiscard]] double mad() const;

 private:
  using Index = std::uint32_t;  // 0 is no node
  struct Node {
    double value = 0;
    std::uint64_t priority = 0;
    Index left = 0;
    Index right = 0;
    std::uint32_t size = 0;
  };

  [[nodiscard]] std::uint32_t size_of(Index node) const { return node == 0 ? 0 : nodes_[node].size; }
  void update(Index node) { nodes_[node].size = 1 + size_of(nodes_[node].left) + size_of(nodes_[node].right); }
  // Values below `value` (and, if `equals_left`, equal ones) to the left.
  void split(Index node, double value, bool equals_left, Index& left, Index& right);
  Index merge(Index left, Index right);
  [[nodiscard]] std::size_t count_below(double value) const;
  [[nodiscard]] double nth_distance(double center, std::size_t below, std::size_t index) const;
  Index make(double value);

  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::vector<Index> free_;
  Index root_ = 0;
  std::uint64_t made_ = 0;
};

}  // namespace midwatch
