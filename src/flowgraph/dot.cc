#include "flowgraph/dot.h"

namespace midwatch {
namespace {

// In quotes only " and \ are special; a line end is written \n.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') out += "\\n";
    else if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + "\"";
}

}  // namespace

std::string to_dot(const Picture& picture) {
  std::string out = "digraph " + quoted(picture.title) + " {\n";
  out += "  node [shape=box, style=rounded, fontname=\"Helvetica\"];\n  edge [fontname=\"Helvetica\", fontsize=10];\n";
  for (const PictureNode& node : picture.nodes) {
    std::string label = node.name;
    if (!node.action.empty()) label += "\n" + shortened(node.action, kPictureLabelMax);
    if (!node.notes.empty()) label += "\n" + node.notes;
    out += "  " + quoted(node.id) + " [label=" + quoted(label);
    if (node.kind == PictureNode::Kind::kFail) out += ", color=red, shape=octagon, style=solid";
    if (node.kind == PictureNode::Kind::kNoop) out += ", color=gray, shape=circle, style=solid";
    out += "];\n";
  }
  for (const PictureEdge& edge : picture.edges) {
    out += "  " + quoted(picture.nodes[edge.from].id) + " -> " + quoted(picture.nodes[edge.to].id);
    if (!edge.label.empty())
      out += " [label=" + quoted(edge.label) + (edge.when_failed ? ", style=dashed, color=red]" : "]");
    out += ";\n";
  }
  return out + "}\n";
}

}  // namespace midwatch
