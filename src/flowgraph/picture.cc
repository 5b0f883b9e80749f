#include "flowgraph/picture.h"

#include <map>
#include <optional>
#include <utility>

#include "codec/json.h"
#include "workflow/graph.h"

namespace midwatch {
namespace {

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

std::string text_of(const Value& value) { return value.is_string() ? value.to_text() : to_json(value); }

// "<% succeeded() %>" → "succeeded", "<% ctx(n) > 3 %>" → "ctx(n) > 3".
std::string short_condition(std::string_view condition) {
  std::string_view inner = trim(condition);
  for (const auto& [open, close] : {std::pair<std::string_view, std::string_view>{"<%", "%>"}, {"{{", "}}"}}) {
    if (inner.starts_with(open) && inner.ends_with(close) && inner.find(open, 2) == std::string_view::npos) {
      inner = trim(inner.substr(2, inner.size() - 4));
    }
  }
  for (const std::string_view call : {"succeeded", "failed", "completed"}) {
    if (inner == std::string(call) + "()") return std::string(call);
  }
  return shortened(inner, kPictureLabelMax);
}

std::string notes_of(const GraphNode& node) {
  std::string notes;
  const auto add = [&](std::string_view note) {
    if (!notes.empty()) notes += " · ";
    notes += note;
  };
  if (node.barrier) {
    add(*node.barrier == GraphNode::kBarrierAll ? "join all" : "join " + std::to_string(*node.barrier));
  }
  if (node.spec->with) add("with items");
  if (node.spec->delay) add("delay " + shortened(text_of(node.spec->delay->source()), 12));
  if (node.retry) add("retry " + shortened(text_of(node.retry->count.source()), 12));
  return notes;
}

class PictureMaker {
 public:
  explicit PictureMaker(const Definition& definition) : graph_(definition.graph()) {
    picture_.title = definition.file();
  }

  Picture make() {
    for (NodeIndex index = 0; index < graph_.nodes().size(); ++index) {
      const GraphNode& node = graph_.node(index);
      if (node.command != EngineCommand::kNone || node.spec == nullptr) continue;
      index_of_[index] = static_cast<std::uint32_t>(picture_.nodes.size());
      PictureNode drawn{.id = node.name, .name = node.name, .action = {}, .notes = notes_of(node)};
      if (node.spec->action) drawn.action = text_of(node.spec->action->source());
      picture_.nodes.push_back(std::move(drawn));
    }
    for (NodeIndex index = 0; index < graph_.nodes().size(); ++index) {
      for (const EdgeIndex edge : graph_.node(index).out) add_edge(graph_.edge(edge));
    }
    return std::move(picture_);
  }

 private:
  std::optional<std::uint32_t> target_of(const GraphEdge& edge) {
    const GraphNode& target = graph_.node(edge.to);
    if (target.command == EngineCommand::kContinue) return std::nullopt;
    if (target.command == EngineCommand::kNone) {
      const auto found = index_of_.find(edge.to);
      if (found == index_of_.end()) return std::nullopt;
      return found->second;
    }
    const auto [known, is_new] =
        command_of_.try_emplace({edge.from, edge.to}, static_cast<std::uint32_t>(picture_.nodes.size()));
    if (is_new) {
      const bool fails = target.command == EngineCommand::kFail;
      picture_.nodes.push_back({.id = graph_.node(edge.from).name + "/" + target.name,
                                .name = target.name,
                                .action = {},
                                .notes = {},
                                .kind = fails ? PictureNode::Kind::kFail : PictureNode::Kind::kNoop});
    }
    return known->second;
  }

  void add_edge(const GraphEdge& edge) {
    const auto from = index_of_.find(edge.from);
    if (from == index_of_.end()) return;
    const std::optional<std::uint32_t> to = target_of(edge);
    if (!to) return;
    const std::optional<Expression>& when = graph_.node(edge.from).spec->next[edge.ref].when;
    const std::string condition = when ? text_of(when->source()) : "";
    const std::string label = short_condition(condition);
    const auto [known, is_new] = edge_of_.try_emplace({from->second, *to}, picture_.edges.size());
    if (is_new) {
      picture_.edges.push_back({from->second, *to, label, condition, label == "failed"});
      return;
    }
    PictureEdge& drawn = picture_.edges[known->second];
    if (drawn.label.empty() || condition.empty()) {
      drawn.label.clear();
      drawn.condition.clear();
    } else if (drawn.label != label) {
      drawn.label = shortened(drawn.label + " or " + label, kPictureLabelMax);
      drawn.condition += " or " + condition;
    }
    drawn.when_failed = drawn.when_failed && label == "failed";
  }

  const Graph& graph_;
  Picture picture_;
  std::map<NodeIndex, std::uint32_t> index_of_;
  std::map<std::pair<NodeIndex, NodeIndex>, std::uint32_t> command_of_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> edge_of_;
};

}  // namespace

std::string shortened(std::string_view text, std::size_t limit) {
  std::size_t at = 0;
  std::size_t count = 0;
  std::size_t cut = 0;  // where the last character that still fits beside … begins
  while (at < text.size()) {
    if (count + 1 == limit) cut = at;
    if (count == limit) return std::string(text.substr(0, cut)) + "…";
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0u) == 0x80u) ++at;
    ++count;
  }
  return std::string(text);
}

Picture picture_of(const Definition& definition) { return PictureMaker(definition).make(); }

}  // namespace midwatch
