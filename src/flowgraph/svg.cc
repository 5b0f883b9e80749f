#include "flowgraph/svg.h"

#include <algorithm>

#include "flowgraph/layered_layout.h"

namespace midwatch {
namespace {

constexpr std::int32_t kNameWidth = 8;  // of a character, generously
constexpr std::int32_t kSmallWidth = 7;
constexpr std::int32_t kLineHeight = 16;

constexpr std::string_view kStyle = R"(<style>
text{font-family:system-ui,"Segoe UI",Helvetica,Arial,sans-serif;text-anchor:middle;fill:#1f2933}
.name{font-size:13px;font-weight:600}.small{font-size:11px;fill:#52606d}
.label{font-size:11px;fill:#334e68;paint-order:stroke;stroke:#fff;stroke-width:4px}
.task{fill:#f0f4f8;stroke:#486581;stroke-width:1.5}.noop{fill:#fff;stroke:#9fb3c8;stroke-width:1.5}
.fail{fill:#ffe3e3;stroke:#ba2525;stroke-width:1.5}
.arrow{fill:none;stroke:#486581;stroke-width:1.5;marker-end:url(#head)}
.failed{stroke:#ba2525;stroke-dasharray:5 3;marker-end:url(#red)}
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#486581"/></marker><marker id="red" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#ba2525"/></marker></defs>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      case '\t':
      case '\n': out += ' '; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) out += "\xef\xbf\xbd";
        else out += c;
    }
  }
  return out;
}

std::int32_t length(std::string_view text) {
  return static_cast<std::int32_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u; }));
}

LayoutBox box_of(const PictureNode& node) {
  if (node.kind != PictureNode::Kind::kTask) return {length(node.name) * kSmallWidth + 22, 22};
  std::int32_t width = length(node.name) * kNameWidth;
  std::int32_t lines = 1;
  for (const std::string& text : {shortened(node.action, kPictureLabelMax), node.notes}) {
    if (text.empty()) continue;
    width = std::max(width, length(text) * kSmallWidth);
    ++lines;
  }
  return {std::max(width, 48) + 24, lines * kLineHeight + 14};
}

std::string number(std::int32_t value) { return std::to_string(value); }
std::string pair_of(Point point) { return number(point.x) + " " + number(point.y); }

std::string text_at(Point at, std::string_view kind, std::string_view text) {
  return "<text class=\"" + std::string(kind) + "\" x=\"" + number(at.x) + "\" y=\"" + number(at.y) + "\">" +
         escaped(text) + "</text>\n";
}

std::string node_markup(const PictureNode& node, Point centre, const LayoutBox& box) {
  const bool is_task = node.kind == PictureNode::Kind::kTask;
  const std::string_view style = is_task ? "task" : node.kind == PictureNode::Kind::kFail ? "fail" : "noop";
  std::string out = "<g><title>" + escaped(node.name + (node.action.empty() ? "" : ": " + node.action)) + "</title>\n";
  out += "<rect class=\"" + std::string(style) + "\" x=\"" + number(centre.x - box.width / 2) + "\" y=\"" +
         number(centre.y - box.height / 2) + "\" width=\"" + number(box.width) + "\" height=\"" + number(box.height) +
         "\" rx=\"" + (is_task ? "8" : "11") + "\"/>\n";
  std::int32_t y = centre.y - box.height / 2 + (is_task ? 19 : 15);
  out += text_at({centre.x, y}, is_task ? "name" : "small", node.name);
  for (const std::string& text : {shortened(node.action, kPictureLabelMax), node.notes}) {
    if (text.empty()) continue;
    y += kLineHeight;
    out += text_at({centre.x, y}, "small", text);
  }
  return out + "</g>\n";
}

// Smooth: each piece leaves and arrives upright.
std::string path_of(const std::vector<Point>& points, bool loop) {
  if (loop)
    return "M" + pair_of(points[0]) + "C" + pair_of(points[1]) + " " + pair_of(points[2]) + " " + pair_of(points[3]);
  std::string out = "M" + pair_of(points[0]);
  for (std::size_t i = 1; i < points.size(); ++i) {
    const Point from = points[i - 1];
    const Point to = points[i];
    if (from.x == to.x) {
      out += "L" + pair_of(to);
      continue;
    }
    const std::int32_t middle = (from.y + to.y) / 2;
    out += "C" + pair_of({from.x, middle}) + " " + pair_of({to.x, middle}) + " " + pair_of(to);
  }
  return out;
}

}  // namespace

Result<std::string> to_svg(const Picture& picture) {
  std::vector<LayoutBox> boxes;
  for (const PictureNode& node : picture.nodes) boxes.push_back(box_of(node));
  std::vector<LayoutArrow> arrows;
  for (const PictureEdge& edge : picture.edges) {
    arrows.push_back({edge.from, edge.to, edge.label.empty() ? 0 : length(edge.label) * kSmallWidth + 8});
  }
  MW_TRY(const Layout layout, lay_out(boxes, arrows));
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(layout.width) + "\" height=\"" +
                    number(layout.height) + "\" viewBox=\"0 0 " + number(layout.width) + " " + number(layout.height) +
                    "\">\n<title>" + escaped(picture.title) + "</title>\n" + std::string(kStyle);
  out += "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  for (std::size_t i = 0; i < picture.edges.size(); ++i) {
    const PictureEdge& edge = picture.edges[i];
    out += "<path class=\"arrow" + std::string(edge.when_failed ? " failed" : "") + "\" d=\"" +
           path_of(layout.arrows[i], edge.from == edge.to) + "\"><title>" +
           escaped(picture.nodes[edge.from].name + " → " + picture.nodes[edge.to].name +
                   (edge.condition.empty() ? "" : " when " + edge.condition)) +
           "</title></path>\n";
  }
  for (std::size_t i = 0; i < picture.nodes.size(); ++i) {
    out += node_markup(picture.nodes[i], layout.boxes[i], boxes[i]);
  }
  for (std::size_t i = 0; i < picture.edges.size(); ++i) {
    if (picture.edges[i].label.empty()) continue;
    out += text_at({layout.labels[i].x, layout.labels[i].y + 4}, "label", picture.edges[i].label);
  }
  return out + "</svg>\n";
}

}  // namespace midwatch
