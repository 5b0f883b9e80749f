// flowgraph/layered_layout.h — places of boxes and arrows, top to bottom (Sugiyama's method).
//
//   MW_TRY(const Layout layout, lay_out(boxes, arrows));
//
// Cycles are cut by turning the arrows that close them (depth first, so that loops go back up); ranks are
// longest paths; an arrow over several ranks, and one with a label, gets a place of its own in each rank
// between, so that nothing is drawn over a box or a label; crossings are reduced by barycentres; positions in a
// rank are the least squares of distances to neighbours that keep the order (pool adjacent violators).
//
// Deterministic: no randomness, and equal weights keep the order of the input. Coordinates are integers.
// Cost: O(sweeps · E log E) in the arrows with their places between. No recursion.
// Source: Gansner, Koutsofios, North, Vo: "A technique for drawing directed graphs" (1993), simplified.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"

namespace midwatch {

inline constexpr std::size_t kLayoutPlacesMax = 60'000;  // boxes, and places of arrows between them

struct LayoutBox {
  std::int32_t width = 0;
  std::int32_t height = 0;
};

struct LayoutArrow {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::int32_t label_width = 0;  // 0: no label
};

struct Point {
  std::int32_t x = 0;
  std::int32_t y = 0;
  bool operator==(const Point&) const = default;
};

struct Layout {
  std::int32_t width = 0;
  std::int32_t height = 0;
  std::vector<Point> boxes;                // centres
  std::vector<std::vector<Point>> arrows;  // from the source's border over places between to the target's border
  std::vector<Point> labels;               // centres; of arrows without a label {0, 0}
};

// An arrow of a box to itself goes from its right side around to its right side: four points.
// kLimit when the picture needs more than kLayoutPlacesMax places.
[[nodiscard]] Result<Layout> lay_out(const std::vector<LayoutBox>& boxes, const std::vector<LayoutArrow>& arrows);

namespace internal {

// A box, or a place of an arrow in a rank that it passes.
struct Place {
  std::uint32_t rank = 0;
  std::int32_t left = 0;  // how far it reaches from its x
  std::int32_t right = 0;
  bool is_box = false;
  std::vector<std::uint32_t> up{};    // neighbours in the rank above
  std::vector<std::uint32_t> down{};  // and below
};

struct Layers {
  std::vector<Place> places;
  std::vector<std::vector<std::uint32_t>> ranks;  // places, left to right
};

void reduce_crossings(Layers& layers);
[[nodiscard]] std::size_t count_crossings(const Layers& layers);
// The x of each place.
[[nodiscard]] std::vector<double> place_x(const Layers& layers);

}  // namespace internal

}  // namespace midwatch
