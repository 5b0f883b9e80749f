// flowgraph/layout_order.cc — the order in each rank: barycentres, swept down and up, the best order kept.
#include <algorithm>
#include <tuple>

#include "flowgraph/layered_layout.h"

namespace midwatch::internal {
namespace {

constexpr int kSweeps = 16;

std::vector<std::uint32_t> positions(const Layers& layers) {
  std::vector<std::uint32_t> position(layers.places.size());
  for (const std::vector<std::uint32_t>& rank : layers.ranks) {
    for (std::uint32_t i = 0; i < rank.size(); ++i) position[rank[i]] = i;
  }
  return position;
}

// Orders one rank by the mean position of the neighbours in the rank above or below. A place without
// neighbours there keeps its position.
void sort_rank(std::vector<std::uint32_t>& rank, const std::vector<Place>& places, std::vector<std::uint32_t>& position,
               bool by_upper) {
  std::vector<std::tuple<double, std::uint32_t, std::uint32_t>> keyed;  // mean, position before, place
  keyed.reserve(rank.size());
  for (const std::uint32_t place : rank) {
    const std::vector<std::uint32_t>& neighbours = by_upper ? places[place].up : places[place].down;
    double mean = position[place];
    if (!neighbours.empty()) {
      double sum = 0;
      for (const std::uint32_t neighbour : neighbours) sum += position[neighbour];
      mean = sum / static_cast<double>(neighbours.size());
    }
    keyed.emplace_back(mean, position[place], place);
  }
  std::ranges::sort(keyed);
  for (std::uint32_t i = 0; i < rank.size(); ++i) {
    rank[i] = std::get<2>(keyed[i]);
    position[rank[i]] = i;
  }
}

// Inversions of the lower ends, in the order of the upper ends: with a Fenwick tree.
std::size_t crossings_below(const std::vector<std::uint32_t>& rank, std::size_t lower_size,
                            const std::vector<Place>& places, const std::vector<std::uint32_t>& position) {
  std::vector<std::uint32_t> tree(lower_size + 1, 0);
  std::size_t crossings = 0;
  std::size_t seen = 0;
  for (const std::uint32_t place : rank) {
    std::vector<std::uint32_t> ends;
    for (const std::uint32_t below : places[place].down) ends.push_back(position[below]);
    std::ranges::sort(ends);
    for (const std::uint32_t end : ends) {
      std::size_t not_right = 0;
      for (std::size_t i = end + 1; i > 0; i &= i - 1) not_right += tree[i];
      crossings += seen - not_right;
    }
    for (const std::uint32_t end : ends) {
      for (std::size_t i = end + 1; i < tree.size(); i += i & (~i + 1)) ++tree[i];
      ++seen;
    }
  }
  return crossings;
}

}  // namespace

std::size_t count_crossings(const Layers& layers) {
  const std::vector<std::uint32_t> position = positions(layers);
  std::size_t crossings = 0;
  for (std::size_t r = 0; r + 1 < layers.ranks.size(); ++r) {
    crossings += crossings_below(layers.ranks[r], layers.ranks[r + 1].size(), layers.places, position);
  }
  return crossings;
}

void reduce_crossings(Layers& layers) {
  std::vector<std::vector<std::uint32_t>> best = layers.ranks;
  std::size_t fewest = count_crossings(layers);
  std::vector<std::uint32_t> position = positions(layers);
  for (int sweep = 0; sweep < kSweeps && fewest != 0; ++sweep) {
    const std::size_t count = layers.ranks.size();
    for (std::size_t i = 1; i < count; ++i) {
      const std::size_t rank = sweep % 2 == 0 ? i : count - 1 - i;
      sort_rank(layers.ranks[rank], layers.places, position, sweep % 2 == 0);
    }
    const std::size_t crossings = count_crossings(layers);
    if (crossings >= fewest) continue;
    fewest = crossings;
    best = layers.ranks;
  }
  layers.ranks = std::move(best);
}

}  // namespace midwatch::internal
