#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "flowgraph/dot.h"
#include "flowgraph/layered_layout.h"
#include "flowgraph/picture.h"
#include "flowgraph/svg.h"

namespace midwatch {
namespace {

constexpr std::string_view kRepair = R"(tasks:
  begin: {next: [{do: look}]}
  look:
    action: demo.look host=<% ctx(host) %>
    next:
      - when: <% succeeded() %>
        do: [left, right]
      - when: <% failed() %>
        do: fail
  left: {action: demo.left, next: [{do: both}]}
  right:
    with: x in <% [1] %>
    action: demo.right
    retry: {count: 3}
    next: [{when: "<% result() & 'x' < 1 %>", do: both}, {when: <% failed() %>, do: look}]
  both: {join: all, next: [{publish: n=1}]}
)";

Picture picture(std::string_view text) {
  const auto definition = Definition::parse(text, "repair.yaml");
  EXPECT_TRUE(definition) << definition.error().to_string();
  return picture_of(**definition);
}

// "a -> b [label]" of every arrow.
std::vector<std::string> arrows(const Picture& drawn) {
  std::vector<std::string> lines;
  for (const PictureEdge& edge : drawn.edges) {
    lines.push_back(drawn.nodes[edge.from].id + " -> " + drawn.nodes[edge.to].id +
                    (edge.label.empty() ? "" : " [" + edge.label + "]"));
  }
  return lines;
}

TEST(Picture, HasTasksArrowsAndConditions) {
  const Picture drawn = picture(kRepair);
  const std::vector<std::string> expected = {"begin -> look",
                                             "left -> both",
                                             "look -> look/fail [failed]",
                                             "look -> left [succeeded]",
                                             "look -> right [succeeded]",
                                             "right -> both [result() & 'x' < 1]",
                                             "right -> look [failed]"};
  EXPECT_EQ(arrows(drawn), expected) << "`continue` is not drawn";
}

TEST(Picture, SaysWhatATaskIsBesideItsAction) {
  const Picture drawn = picture(kRepair);
  const auto right = std::ranges::find(drawn.nodes, "right", &PictureNode::id);
  EXPECT_EQ(right->notes, "with items · retry 3");
  EXPECT_EQ(right->action, "demo.right");
  EXPECT_EQ(std::ranges::find(drawn.nodes, "both", &PictureNode::id)->notes, "join all");
}

TEST(Picture, JoinsArrowsBetweenTheSameTasks) {
  const Picture drawn = picture(R"(tasks:
  a: {delay: 5, next: [{when: <% failed() %>, do: b}, {when: <% ctx(x) %>, do: b}, {when: true, do: c}, {do: c}]}
  b: {}
  c: {}
)");
  EXPECT_EQ(arrows(drawn), (std::vector<std::string>{"a -> b [failed or ctx(x)]", "a -> c"}));
}

TEST(Picture, CutsLongTextsByCharacters) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcd", 3), "ab…");
  EXPECT_EQ(shortened("äöüß", 3), "äö…");
}

TEST(Dot, QuotesEveryText) {
  const std::string dot =
      to_dot(picture("tasks:\n  a: {action: 'x.y\"; evil [', next: [{when: 'a\\b', do: b}]}\n  b: {}\n"));
  EXPECT_NE(dot.find(R"("a" [label="a\nx.y\"; evil ["];)"), std::string::npos) << dot;
  EXPECT_NE(dot.find(R"("a" -> "b" [label="a\\b"];)"), std::string::npos) << dot;
}

TEST(Svg, EscapesEveryTextAndIsTheSameEachTime) {
  const Picture drawn = picture(kRepair);
  const auto svg = to_svg(drawn);
  ASSERT_TRUE(svg);
  EXPECT_NE(svg->find("result() &amp; &#39;x&#39; &lt; 1"), std::string::npos);
  EXPECT_EQ(svg->find("<% "), std::string::npos);
  EXPECT_EQ(*svg, *to_svg(picture(kRepair)));
}

// Boxes do not touch, arrows end at boxes, nothing is outside.
void expect_sound(const std::vector<LayoutBox>& boxes, const std::vector<LayoutArrow>& arrows_in,
                  const Layout& layout) {
  ASSERT_EQ(layout.boxes.size(), boxes.size());
  for (std::size_t a = 0; a < boxes.size(); ++a) {
    EXPECT_GE(layout.boxes[a].x - boxes[a].width / 2, 0);
    EXPECT_LE(layout.boxes[a].x + boxes[a].width / 2, layout.width);
    EXPECT_LE(layout.boxes[a].y + boxes[a].height / 2, layout.height);
    for (std::size_t b = a + 1; b < boxes.size(); ++b) {
      const bool apart_x = std::abs(layout.boxes[a].x - layout.boxes[b].x) >= (boxes[a].width + boxes[b].width) / 2;
      const bool apart_y = std::abs(layout.boxes[a].y - layout.boxes[b].y) >= (boxes[a].height + boxes[b].height) / 2;
      EXPECT_TRUE(apart_x || apart_y) << a << " and " << b;
    }
  }
  for (std::size_t i = 0; i < arrows_in.size(); ++i) {
    const auto at_border = [&](Point point, std::uint32_t box) {
      return std::abs(point.x - layout.boxes[box].x) <= boxes[box].width / 2 + 1 &&
             std::abs(point.y - layout.boxes[box].y) <= boxes[box].height / 2 + 1;
    };
    EXPECT_TRUE(at_border(layout.arrows[i].front(), arrows_in[i].from)) << "arrow " << i;
    EXPECT_TRUE(at_border(layout.arrows[i].back(), arrows_in[i].to)) << "arrow " << i;
  }
}

TEST(Layout, PutsSuccessorsBelowAndLoopsGoBackUp) {
  const std::vector<LayoutBox> boxes(3, {80, 40});
  const std::vector<LayoutArrow> arrows_in = {{0, 1, 0}, {1, 2, 40}, {2, 0, 0}, {1, 1, 20}};
  const auto layout = lay_out(boxes, arrows_in);
  ASSERT_TRUE(layout);
  EXPECT_LT(layout->boxes[0].y, layout->boxes[1].y);
  EXPECT_LT(layout->boxes[1].y, layout->boxes[2].y);
  EXPECT_GT(layout->arrows[2].front().y, layout->arrows[2].back().y);
  expect_sound(boxes, arrows_in, *layout);
}

TEST(Layout, UntanglesWhatCanBeUntangled) {
  // Two ladders written crosswise.
  internal::Layers layers;
  for (std::uint32_t i = 0; i < 8; ++i)
    layers.places.push_back({.rank = i / 4, .left = 10, .right = 10, .is_box = true});
  layers.ranks = {{0, 1, 2, 3}, {4, 5, 6, 7}};
  for (std::uint32_t i = 0; i < 4; ++i) {
    layers.places[i].down.push_back(7 - i);
    layers.places[7 - i].up.push_back(i);
  }
  EXPECT_EQ(internal::count_crossings(layers), 6u);
  internal::reduce_crossings(layers);
  EXPECT_EQ(internal::count_crossings(layers), 0u);
}

TEST(Layout, IsSoundForManyShapes) {
  std::uint64_t random = 1;
  const auto below = [&](std::uint32_t n) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(random >> 33) % n;
  };
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(round);
    std::vector<LayoutBox> boxes(1 + below(30));
    for (LayoutBox& box : boxes)
      box = {static_cast<std::int32_t>(60 + below(120)), static_cast<std::int32_t>(20 + below(40))};
    std::vector<LayoutArrow> arrows_in(below(60));
    for (LayoutArrow& arrow : arrows_in) {
      arrow = {below(static_cast<std::uint32_t>(boxes.size())), below(static_cast<std::uint32_t>(boxes.size())),
               static_cast<std::int32_t>(below(3) * 50)};
    }
    const auto layout = lay_out(boxes, arrows_in);
    ASSERT_TRUE(layout);
    expect_sound(boxes, arrows_in, *layout);
  }
}

TEST(Layout, RefusesWhatIsTooBigToDraw) {
  const std::vector<LayoutBox> boxes(1'000, {10, 10});
  std::vector<LayoutArrow> arrows_in;
  for (std::uint32_t i = 0; i + 1 < 1'000; ++i) arrows_in.push_back({i, i + 1, 0});
  for (std::uint32_t i = 0; i + 1 < 100; ++i) arrows_in.push_back({i, 999, 0});
  const auto layout = lay_out(boxes, arrows_in);
  ASSERT_FALSE(layout);
  EXPECT_EQ(layout.error().code, Code::kLimit);
}

// The pictures that were looked at and found good. To renew one: midwatch workflow graph F.yaml > F.dot.
TEST(Golden, ThePicturesOfThePacksStayAsTheyWere) {
  const std::string root = std::string(MIDWATCH_SOURCE_DIR) + "/tests/golden/graphs/";
  const auto read = [](const std::string& name) {
    std::ifstream file(name);
    EXPECT_TRUE(file.is_open()) << name;
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  for (const std::string name : {"repair", "rollout", "loop"}) {
    const auto definition = Definition::parse(read(root + name + ".yaml"), name + ".yaml");
    ASSERT_TRUE(definition) << definition.error().to_string();
    EXPECT_EQ(to_dot(picture_of(**definition)), read(root + name + ".dot"));
    EXPECT_EQ(*to_svg(picture_of(**definition)), read(root + name + ".svg"));
  }
}

}  // namespace
}  // namespace midwatch
