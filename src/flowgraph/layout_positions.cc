// flowgraph/layout_positions.cc — the x of each place: near its neighbours, in order, with room between.
#include <algorithm>
#include <cmath>

#include "flowgraph/layered_layout.h"

namespace midwatch::internal {
namespace {

constexpr int kRounds = 40;
constexpr double kGap = 24;           // between boxes
constexpr double kArrowGap = 10;      // beside an arrow
constexpr double kStraightness = 10;  // an arrow's places pull more at each other than boxes do

double gap(const Place& left, const Place& right) {
  const double between = left.is_box && right.is_box ? kGap : kArrowGap;
  return left.right + right.left + between;
}

struct Wish {
  double x = 0;
  double weight = 0;
};

void add_neighbours(const Layers& layers, const std::vector<double>& x, std::uint32_t place, bool upper, Wish& wish) {
  const Place& here = layers.places[place];
  for (const std::uint32_t neighbour : upper ? here.up : here.down) {
    const double weight = here.is_box || layers.places[neighbour].is_box ? 1 : kStraightness;
    wish.x += weight * x[neighbour];
    wish.weight += weight;
  }
}

// Least squares of (x - wish) with x[i+1] - x[i] >= gap: isotonic regression after the gaps are taken out.
void settle(const Layers& layers, const std::vector<std::uint32_t>& rank, const std::vector<Wish>& wishes,
            std::vector<double>& x) {
  struct Block {
    double mean;
    double weight;
    std::size_t count;
  };
  std::vector<double> offset(rank.size(), 0);
  for (std::size_t i = 1; i < rank.size(); ++i) {
    offset[i] = offset[i - 1] + gap(layers.places[rank[i - 1]], layers.places[rank[i]]);
  }
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < rank.size(); ++i) {
    blocks.push_back({wishes[i].x - offset[i], wishes[i].weight, 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].mean > blocks.back().mean) {
      const Block last = blocks.back();
      blocks.pop_back();
      Block& into = blocks.back();
      into.mean = (into.mean * into.weight + last.mean * last.weight) / (into.weight + last.weight);
      into.weight += last.weight;
      into.count += last.count;
    }
  }
  std::size_t i = 0;
  for (const Block& block : blocks) {
    for (std::size_t n = 0; n < block.count; ++n, ++i) x[rank[i]] = block.mean + offset[i];
  }
}

}  // namespace

std::vector<double> place_x(const Layers& layers) {
  std::vector<double> x(layers.places.size(), 0);
  for (const std::vector<std::uint32_t>& rank : layers.ranks) {
    for (std::size_t i = 1; i < rank.size(); ++i) {
      x[rank[i]] = x[rank[i - 1]] + gap(layers.places[rank[i - 1]], layers.places[rank[i]]);
    }
  }
  for (int round = 0; round < kRounds; ++round) {
    const bool last = round + 4 >= kRounds;  // the last rounds look both ways
    const bool downwards = round % 2 == 0;
    for (std::size_t n = 0; n < layers.ranks.size(); ++n) {
      const std::vector<std::uint32_t>& rank = layers.ranks[downwards ? n : layers.ranks.size() - 1 - n];
      std::vector<Wish> wishes;
      wishes.reserve(rank.size());
      for (const std::uint32_t place : rank) {
        Wish wish;
        if (last || downwards) add_neighbours(layers, x, place, true, wish);
        if (last || !downwards) add_neighbours(layers, x, place, false, wish);
        if (wish.weight == 0) wish = {x[place], 0.05};
        else wish.x /= wish.weight;
        wishes.push_back(wish);
      }
      settle(layers, rank, wishes, x);
    }
  }
  return x;
}

}  // namespace midwatch::internal
