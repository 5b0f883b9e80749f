#include "flowgraph/layered_layout.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace midwatch {
namespace {

using internal::Layers;
using internal::Place;

constexpr std::int32_t kMargin = 16;
constexpr std::int32_t kRankGap = 14;
constexpr std::int32_t kLabelHeight = 16;
constexpr std::int32_t kLoopReach = 30;  // of an arrow to itself, right of its box
constexpr std::int32_t kPortGap = 16;    // between arrows at the border of a box

class LayoutMaker {
 public:
  LayoutMaker(const std::vector<LayoutBox>& boxes, const std::vector<LayoutArrow>& arrows)
      : boxes_(boxes), arrows_(arrows), turned_(arrows.size(), false), chains_(arrows.size()) {}

  Result<Layout> make() {
    if (boxes_.empty())
      return Layout{.width = 2 * kMargin, .height = 2 * kMargin, .boxes = {}, .arrows = {}, .labels = {}};
    turn_cycles();
    find_ranks();
    MW_CHECK(add_places());
    internal::reduce_crossings(layers_);
    x_ = internal::place_x(layers_);
    find_y();
    return drawn();
  }

 private:
  [[nodiscard]] std::uint32_t top(std::size_t arrow) const {
    return turned_[arrow] ? arrows_[arrow].to : arrows_[arrow].from;
  }
  [[nodiscard]] std::uint32_t bottom(std::size_t arrow) const {
    return turned_[arrow] ? arrows_[arrow].from : arrows_[arrow].to;
  }
  [[nodiscard]] bool is_loop(std::size_t arrow) const { return arrows_[arrow].from == arrows_[arrow].to; }

  // An arrow to a box that the depth-first walk is still in closes a cycle. The walk begins where nothing leads to.
  void turn_cycles() {
    std::vector<std::vector<std::size_t>> out(boxes_.size());
    std::vector<std::size_t> in_count(boxes_.size(), 0);
    for (std::size_t i = 0; i < arrows_.size(); ++i) {
      out[arrows_[i].from].push_back(i);
      if (!is_loop(i)) ++in_count[arrows_[i].to];
    }
    enum class Mark : std::uint8_t { kNew, kOpen, kDone };
    std::vector<Mark> marks(boxes_.size(), Mark::kNew);
    const auto walk = [&](std::uint32_t start) {
      std::vector<std::pair<std::uint32_t, std::size_t>> path{{start, 0}};
      marks[start] = Mark::kOpen;
      while (!path.empty()) {
        auto& [box, next] = path.back();
        if (next == out[box].size()) {
          marks[box] = Mark::kDone;
          path.pop_back();
          continue;
        }
        const std::size_t arrow = out[box][next++];
        const std::uint32_t to = arrows_[arrow].to;
        if (marks[to] == Mark::kOpen) turned_[arrow] = !is_loop(arrow);
        if (marks[to] != Mark::kNew) continue;
        marks[to] = Mark::kOpen;
        path.emplace_back(to, 0);
      }
    };
    for (std::uint32_t box = 0; box < boxes_.size(); ++box) {
      if (in_count[box] == 0) walk(box);
    }
    for (std::uint32_t box = 0; box < boxes_.size(); ++box) {
      if (marks[box] == Mark::kNew) walk(box);
    }
  }

  // Longest paths, two ranks an arrow: the rank between is for labels. Then starts come down to their successors.
  void find_ranks() {
    rank_.assign(boxes_.size(), 0);
    std::vector<std::vector<std::uint32_t>> below(boxes_.size());
    std::vector<std::size_t> open(boxes_.size(), 0);
    std::vector<bool> has_above(boxes_.size(), false);
    for (std::size_t i = 0; i < arrows_.size(); ++i) {
      if (is_loop(i)) continue;
      below[top(i)].push_back(bottom(i));
      ++open[bottom(i)];
      has_above[bottom(i)] = true;
    }
    std::vector<std::uint32_t> ready;
    for (std::uint32_t box = 0; box < boxes_.size(); ++box) {
      if (open[box] == 0) ready.push_back(box);
    }
    for (std::size_t i = 0; i < ready.size(); ++i) {
      for (const std::uint32_t next : below[ready[i]]) {
        rank_[next] = std::max(rank_[next], rank_[ready[i]] + 2);
        if (--open[next] == 0) ready.push_back(next);
      }
    }
    for (std::uint32_t box = 0; box < boxes_.size(); ++box) {
      if (has_above[box] || below[box].empty()) continue;
      std::uint32_t nearest = rank_[below[box].front()];
      for (const std::uint32_t next : below[box]) nearest = std::min(nearest, rank_[next]);
      rank_[box] = nearest - 2;
    }
  }

  Status add_places() {
    std::size_t count = boxes_.size();
    for (std::size_t i = 0; i < arrows_.size(); ++i) {
      if (!is_loop(i)) count += rank_[bottom(i)] - rank_[top(i)] - 1;
      if (count > kLayoutPlacesMax) {
        return Error(Code::kLimit, "the picture needs more than " + std::to_string(kLayoutPlacesMax) +
                                       " places; the DOT form has no such limit");
      }
    }
    for (std::uint32_t box = 0; box < boxes_.size(); ++box) {
      const std::int32_t half = boxes_[box].width / 2;
      layers_.places.push_back({.rank = rank_[box], .left = half, .right = half, .is_box = true});
    }
    for (std::size_t i = 0; i < arrows_.size(); ++i) {
      if (is_loop(i)) {
        Place& box = layers_.places[arrows_[i].from];
        box.right = std::max(box.right, boxes_[arrows_[i].from].width / 2 + kLoopReach + arrows_[i].label_width);
        continue;
      }
      add_chain(i);
    }
    std::uint32_t last = 0;
    for (const Place& place : layers_.places) last = std::max(last, place.rank);
    layers_.ranks.resize(last + 1);
    for (std::uint32_t i = 0; i < layers_.places.size(); ++i) layers_.ranks[layers_.places[i].rank].push_back(i);
    return {};
  }

  void add_chain(std::size_t arrow) {
    std::vector<std::uint32_t>& chain = chains_[arrow];
    const std::uint32_t first = rank_[top(arrow)];
    const std::uint32_t last = rank_[bottom(arrow)];
    // The label is beside the box that the arrow comes from.
    const std::uint32_t label_rank = turned_[arrow] ? last - 1 : first + 1;
    std::uint32_t before = top(arrow);
    for (std::uint32_t rank = first + 1; rank <= last; ++rank) {
      std::uint32_t here = bottom(arrow);
      if (rank < last) {
        here = static_cast<std::uint32_t>(layers_.places.size());
        const std::int32_t half = rank == label_rank ? arrows_[arrow].label_width / 2 : 0;
        layers_.places.push_back({.rank = rank, .left = half, .right = half});
        chain.push_back(here);
      }
      layers_.places[before].down.push_back(here);
      layers_.places[here].up.push_back(before);
      before = here;
    }
  }

  void find_y() {
    std::vector<std::int32_t> heights(layers_.ranks.size(), kLabelHeight);
    for (std::uint32_t box = 0; box < boxes_.size(); ++box) {
      heights[rank_[box]] = std::max(heights[rank_[box]], boxes_[box].height);
    }
    std::int32_t y = kMargin;
    for (const std::int32_t height : heights) {
      rank_y_.push_back(y + height / 2);
      y += height + kRankGap;
    }
    height_ = y - kRankGap + kMargin;
    double least = 0;
    bool first = true;
    for (std::size_t i = 0; i < layers_.places.size(); ++i) {
      const double left = x_[i] - layers_.places[i].left;
      least = first ? left : std::min(least, left);
      first = false;
    }
    double most = 0;
    for (std::size_t i = 0; i < layers_.places.size(); ++i) {
      x_[i] = std::round(x_[i] - least) + kMargin;
      most = std::max(most, x_[i] + layers_.places[i].right);
    }
    width_ = static_cast<std::int32_t>(most) + kMargin;
  }

  [[nodiscard]] Point point(std::uint32_t place) const {
    return {static_cast<std::int32_t>(x_[place]), rank_y_[layers_.places[place].rank]};
  }

  // Where each arrow leaves and enters its boxes: side by side, in the order of what is next on its way.
  void find_ports(std::vector<std::int32_t>& at_top, std::vector<std::int32_t>& at_bottom) const {
    std::vector<std::vector<std::size_t>> down(boxes_.size());
    std::vector<std::vector<std::size_t>> up(boxes_.size());
    for (std::size_t i = 0; i < arrows_.size(); ++i) {
      if (is_loop(i)) continue;
      down[top(i)].push_back(i);
      up[bottom(i)].push_back(i);
    }
    const auto spread = [&](std::uint32_t box, std::vector<std::size_t>& here, bool downwards, auto& ports) {
      const auto next_x = [&](std::size_t arrow) {
        return x_[downwards ? chains_[arrow].front() : chains_[arrow].back()];
      };
      std::ranges::sort(here, {}, [&](std::size_t arrow) { return std::pair(next_x(arrow), arrow); });
      const auto count = static_cast<std::int32_t>(here.size());
      const std::int32_t step = std::min(kPortGap, (boxes_[box].width - 16) / std::max(count, 1));
      for (std::int32_t i = 0; i < count; ++i) {
        ports[here[static_cast<std::size_t>(i)]] = static_cast<std::int32_t>(x_[box]) + (2 * i - count + 1) * step / 2;
      }
    };
    for (std::uint32_t box = 0; box < boxes_.size(); ++box) {
      spread(box, down[box], true, at_top);
      spread(box, up[box], false, at_bottom);
    }
  }

  Layout drawn() const {
    Layout layout{.width = width_, .height = height_, .boxes = {}, .arrows = {}, .labels = {}};
    for (std::uint32_t box = 0; box < boxes_.size(); ++box) layout.boxes.push_back(point(box));
    std::vector<std::int32_t> at_top(arrows_.size());
    std::vector<std::int32_t> at_bottom(arrows_.size());
    find_ports(at_top, at_bottom);
    for (std::size_t i = 0; i < arrows_.size(); ++i) {
      const Point from = point(arrows_[i].from);
      if (is_loop(i)) {
        const std::int32_t side = from.x + boxes_[arrows_[i].from].width / 2;
        const std::int32_t far = side + kLoopReach;
        layout.arrows.push_back({{side, from.y - 8}, {far, from.y - 8}, {far, from.y + 8}, {side, from.y + 8}});
        const bool labelled = arrows_[i].label_width != 0;
        layout.labels.push_back(labelled ? Point{side + kLoopReach + arrows_[i].label_width / 2, from.y} : Point{});
        continue;
      }
      std::vector<Point> points{{at_top[i], point(top(i)).y + boxes_[top(i)].height / 2}};
      for (const std::uint32_t place : chains_[i]) points.push_back(point(place));
      points.push_back({at_bottom[i], point(bottom(i)).y - boxes_[bottom(i)].height / 2});
      const std::uint32_t label = turned_[i] ? chains_[i].back() : chains_[i].front();
      layout.labels.push_back(arrows_[i].label_width != 0 ? point(label) : Point{});
      if (turned_[i]) std::ranges::reverse(points);
      layout.arrows.push_back(std::move(points));
    }
    return layout;
  }

  const std::vector<LayoutBox>& boxes_;
  const std::vector<LayoutArrow>& arrows_;
  std::vector<bool> turned_;
  std::vector<std::vector<std::uint32_t>> chains_;  // places of each arrow, downwards
  std::vector<std::uint32_t> rank_;
  Layers layers_;
  std::vector<double> x_;
  std::vector<std::int32_t> rank_y_;
  std::int32_t width_ = 0;
  std::int32_t height_ = 0;
};

}  // namespace

Result<Layout> lay_out(const std::vector<LayoutBox>& boxes, const std::vector<LayoutArrow>& arrows) {
  return LayoutMaker(boxes, arrows).make();
}

}  // namespace midwatch
