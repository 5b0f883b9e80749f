#include "detect/order_statistics.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace midwatch {
namespace {

std::uint64_t scrambled(std::uint64_t counter) {
  std::uint64_t h = counter + 0x9e3779b97f4a7c15ULL;
  h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9ULL;
  h = (h ^ h >> 27) * 0x94d049bb133111ebULL;
  return h ^ h >> 31;
}

}  // namespace

OrderStatistics::Index OrderStatistics::make(double value) {
  Index index;
  if (free_.empty()) {
    index = static_cast<Index>(nodes_.size());
    nodes_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  nodes_[index] = {value, scrambled(++made_), 0, 0, 1};
  return index;
}

void OrderStatistics::split(Index node, double value, bool equals_left, Index& left, Index& right) {
  if (node == 0) {
    left = right = 0;
    return;
  }
  const bool goes_left = nodes_[node].value < value || (equals_left && nodes_[node].value == value);
  if (goes_left) {
    Index inner = 0;
    split(nodes_[node].right, value, equals_left, inner, right);
    nodes_[node].right = inner;
    left = node;
  } else {
    Index inner = 0;
    split(nodes_[node].left, value, equals_left, left, inner);
    nodes_[node].left = inner;
    right = node;
  }
  update(node);
}

OrderStatistics::Index OrderStatistics::merge(Index left, Index right) {
  if (left == 0 || right == 0) return left == 0 ? right : left;
  if (nodes_[left].priority > nodes_[right].priority) {
    nodes_[left].right = merge(nodes_[left].right, right);
    update(left);
    return left;
  }
  nodes_[right].left = merge(left, nodes_[right].left);
  update(right);
  return right;
}

void OrderStatistics::insert(double value) {
  MW_ASSERT(!std::isnan(value), "NaN has no place in an order");
  Index left = 0;
  Index right = 0;
  split(root_, value, false, left, right);
  root_ = merge(merge(left, make(value)), right);
}

bool OrderStatistics::erase(double value) {
  Index left = 0;
  Index equal = 0;
  Index right = 0;
  split(root_, value, false, left, right);
  split(right, value, true, equal, right);
  const bool found = equal != 0;
  if (found) {
    free_.push_back(equal);
    equal = merge(nodes_[equal].left, nodes_[equal].right);
  }
  root_ = merge(merge(left, equal), right);
  return found;
}

void OrderStatistics::clear() {
  nodes_.resize(1);
  free_.clear();
  root_ = 0;
}

double OrderStatistics::nth(std::size_t index) const {
  MW_ASSERT(index < size(), "the bag has as many");
  Index node = root_;
  while (true) {
    const std::size_t left = size_of(nodes_[node].left);
    if (index == left) return nodes_[node].value;
    if (index < left) {
      node = nodes_[node].left;
    } else {
      index -= left + 1;
      node = nodes_[node].right;
    }
  }
}

std::size_t OrderStatistics::count_below(double value) const {
  std::size_t count = 0;
  for (Index node = root_; node != 0;) {
    if (nodes_[node].value < value) {
      count += size_of(nodes_[node].left) + 1;
      node = nodes_[node].right;
    } else {
      node = nodes_[node].left;
    }
  }
  return count;
}

double OrderStatistics::median() const {
  const std::size_t n = size();
  if (n == 0) return 0;
  const double upper = nth(n / 2);
  if (n % 2 == 1) return upper;
  const double lower = nth(n / 2 - 1);
  return lower + (upper - lower) / 2;
}

// The distances of those below the center, read downwards, and of the others, read upwards, are two
// sorted lists: the index-th of both together is found by how many of it the first one gives.
double OrderStatistics::nth_distance(double center, std::size_t below, std::size_t index) const {
  const std::size_t above = size() - below;
  const auto from_below = [&](std::size_t i) { return center - nth(below - 1 - i); };
  const auto from_above = [&](std::size_t i) { return nth(below + i) - center; };
  // The fewest of `below` such that the next one of them is not smaller than the last one taken of `above`.
  std::size_t low = index + 1 > above ? index + 1 - above : 0;
  std::size_t high = std::min(index + 1, below);
  while (low < high) {
    const std::size_t taken = low + (high - low) / 2;
    const std::size_t rest = index + 1 - taken;  // of `above`, at least 1 here
    if (from_below(taken) < from_above(rest - 1)) low = taken + 1;
    else high = taken;
  }
  const std::size_t rest = index + 1 - low;
  double found = 0;
  if (low > 0) found = from_below(low - 1);
  if (rest > 0) found = low > 0 ? std::max(found, from_above(rest - 1)) : from_above(rest - 1);
  return found;
}

double OrderStatistics::mad() const {
  const std::size_t n = size();
  if (n == 0) return 0;
  const double center = median();
  const std::size_t below = count_below(center);
  const double upper = nth_distance(center, below, n / 2);
  if (n % 2 == 1) return upper;
  const double lower = nth_distance(center, below, n / 2 - 1);
  return lower + (upper - lower) / 2;
}

}  // namespace midwatch
