// Events to the located tree: tags, aliases, merge keys, duplicate keys and the limits.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "codec/number.h"
#include "codec/yaml.h"
#include "codec/yaml_events.h"

namespace midwatch {
namespace {

using internal::YamlEvent;
using internal::YamlEvents;

constexpr std::string_view kStandardTag = "tag:yaml.org,2002:";

std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

// "!!int" for the standard tags, as people write them.
std::string tag_text(std::string_view tag) {
  return tag.starts_with(kStandardTag) ? "!!" + std::string(tag.substr(kStandardTag.size())) : std::string(tag);
}

// The cost of a copy. Recursion is bounded by kYamlDepthMax.
struct Extent {
  std::size_t nodes = 1;
  std::size_t bytes = 0;
  std::size_t height = 0;  // containers inside each other, this one included

  void add(const Extent& child) {
    nodes += child.nodes;
    bytes += child.bytes;
    height = std::max(height, child.height + 1);
  }
};

Extent extent_of(const YamlNode& node) {
  Extent extent{.nodes = 1, .bytes = node.text.size(), .height = node.is_scalar() ? 0U : 1U};
  for (const YamlNode& item : node.items) extent.add(extent_of(item));
  for (const YamlPair& pair : node.pairs) {
    extent.add(extent_of(pair.key));
    extent.add(extent_of(pair.value));
  }
  return extent;
}

class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, std::string_view file, const YamlLimits& limits)
      : file_(file), limits_(limits), depth_max_(std::min(limits.depth_max, kYamlDepthMax)), events_(text, file) {}

  Result<YamlNode> run() {
    MW_CHECK(events_.check(limits_));
    bool has_document = false;
    for (;;) {
      YamlEvent event;
      MW_CHECK(events_.next(event));
      switch (event->type) {
        case YAML_STREAM_END_EVENT: return finish();
        case YAML_DOCUMENT_START_EVENT:
          if (has_document) {
            return Error(Code::kInvalid, "found a second document, expected one", events_.place(event->start_mark),
                         "keep each document in a file of its own");
          }
          has_document = true;
          break;
        case YAML_SCALAR_EVENT: MW_CHECK(on_scalar(event)); break;
        case YAML_ALIAS_EVENT: MW_CHECK(on_alias(event)); break;
        case YAML_SEQUENCE_START_EVENT:
          MW_CHECK(on_start(event, YamlNode::Kind::kSequence, event->data.sequence_start.tag,
                            event->data.sequence_start.anchor));
          break;
        case YAML_MAPPING_START_EVENT:
          MW_CHECK(on_start(event, YamlNode::Kind::kMapping, event->data.mapping_start.tag,
                            event->data.mapping_start.anchor));
          break;
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT: MW_CHECK(on_end()); break;
        case YAML_NO_EVENT:
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT: break;
      }
    }
  }

 private:
  struct Open {
    YamlNode node;
    std::string anchor;
    std::optional<YamlNode> key;      // of a mapping: read, its value is next
    std::optional<YamlNode> merging;  // the key `<<`, once it was read
    bool key_is_merge = false;
    std::vector<YamlNode> merged;  // mappings to merge, the strongest last
  };
  struct Anchor {
    YamlNode node;
    Extent extent;
    std::uint32_t line = 0;
  };

  Result<YamlNode> finish() {
    if (root_) return std::move(*root_);
    YamlNode empty;
    empty.line = 1;
    empty.column = 1;
    return empty;
  }

  Error invalid(const YamlNode& at, std::string message, std::string hint = {}) const {
    return Error(Code::kInvalid, std::move(message), at.where(file_), std::move(hint));
  }

  Status count(const Location& where, const Extent& extent, bool is_copy) {
    nodes_ += extent.nodes;
    if (nodes_ > limits_.nodes_max) {
      return Error(Code::kLimit, fmt::format("more than {} nodes, copies of aliases included", limits_.nodes_max),
                   where);
    }
    if (!is_copy) return {};
    copied_bytes_ += extent.bytes;
    if (copied_bytes_ > limits_.copied_bytes_max) {
      return Error(Code::kLimit, fmt::format("aliases copy more than {} bytes", limits_.copied_bytes_max), where);
    }
    return {};
  }

  Status check_depth(const Location& where, std::size_t height) const {
    if (open_.size() + height <= depth_max_) return {};
    return Error(Code::kLimit, fmt::format("sequences and mappings are nested deeper than {}", depth_max_), where);
  }

  Status on_scalar(const YamlEvent& event) {
    const auto& scalar = event->data.scalar;
    const Location where = events_.place(event->start_mark);
    YamlNode node;
    node.line = where.line;
    node.column = where.column;
    node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
    const std::string_view tag = text_of(scalar.tag);
    bool is_merge_key = false;
    if (!tag.empty() && tag != "!") {
      MW_CHECK(apply_tag(node, tag));
    } else if (scalar.plain_implicit != 0) {
      Result<Value> resolved = resolve_yaml_scalar(node.text);
      if (!resolved) return std::move(resolved.error()).at(where);
      node.scalar = std::move(*resolved);
      is_merge_key = node.text == "<<";
    } else {
      node.quoted = true;
      node.scalar = Value(node.text);
    }
    MW_CHECK(count(where, Extent{}, false));
    MW_CHECK(anchor(text_of(scalar.anchor), node));
    return add(std::move(node), is_merge_key);
  }

  Status apply_tag(YamlNode& node, std::string_view tag) const {
    const std::string shown = tag_text(tag);
    if (shown == "!!str") {
      node.quoted = true;
      node.scalar = Value(node.text);
      return {};
    }
    Result<Value> resolved = resolve_yaml_scalar(node.text);
    if (!resolved) return std::move(resolved.error()).at(node.where(file_));
    node.scalar = std::move(*resolved);
    bool fits = false;
    if (shown == "!!null") fits = node.scalar.is_null();
    else if (shown == "!!bool") fits = node.scalar.is_bool();
    else if (shown == "!!int") fits = node.scalar.is_int() || node.scalar.is_bigint();
    else if (shown == "!!timestamp") fits = node.scalar.is_string();
    else if (shown == "!!float") {
      if (node.scalar.is_string()) {  // Python's float() takes what has no dot: 1e3
        if (const auto number = internal::read_double(node.text)) node.scalar = Value(*number);
      }
      fits = node.scalar.is_number();
      if (fits) node.scalar = Value(node.scalar.as_double());
    } else {
      return unsupported_tag(node, shown);
    }
    if (!fits) return invalid(node, fmt::format("the tag {} does not fit {}", shown, node.kind_text()));
    return {};
  }

  Status unsupported_tag(const YamlNode& node, std::string_view shown) const {
    return invalid(node, fmt::format("found the tag {} on {}, which is not supported here", shown, node.kind_text()),
                   "expected none, or one of !!str !!int !!float !!bool !!null !!seq !!map");
  }

  Status on_start(const YamlEvent& event, YamlNode::Kind kind, const yaml_char_t* tag, const yaml_char_t* anchor_name) {
    const Location where = events_.place(event->start_mark);
    MW_CHECK(check_depth(where, 1));
    MW_CHECK(count(where, Extent{}, false));
    Open open;
    open.node.kind = kind;
    open.node.line = where.line;
    open.node.column = where.column;
    open.anchor = std::string(text_of(anchor_name));
    const std::string shown = tag_text(text_of(tag));
    const std::string_view fitting = kind == YamlNode::Kind::kSequence ? "!!seq" : "!!map";
    if (!shown.empty() && shown != fitting) return unsupported_tag(open.node, shown);
    open_.push_back(std::move(open));
    return {};
  }

  Status on_end() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.node.is_mapping()) {
      MW_CHECK(check_duplicates(done.node));
      if (!done.merged.empty()) merge_pairs(done);
    }
    MW_CHECK(anchor(done.anchor, done.node));
    return add(std::move(done.node), false);
  }

  // The copy that aliases are made from; it counts, or anchors around anchors would cost more than they say.
  Status anchor(std::string_view name, const YamlNode& node) {
    if (name.empty()) return {};
    const Extent extent = extent_of(node);
    MW_CHECK(count(node.where(file_), extent, true));
    const auto [at, is_new] = anchors_.try_emplace(std::string(name), Anchor{node, extent, node.line});
    if (!is_new) {
      return invalid(node, fmt::format("the anchor '&{}' is defined twice, first at line {}", name, at->second.line));
    }
    return {};
  }

  Status on_alias(const YamlEvent& event) {
    const std::string name(text_of(event->data.alias.anchor));
    const Location where = events_.place(event->start_mark);
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      const bool inside = std::ranges::any_of(open_, [&name](const Open& open) { return open.anchor == name; });
      return Error(Code::kInvalid,
                   inside ? fmt::format("the alias '*{}' is inside the node that it names", name)
                          : fmt::format("the alias '*{0}' names no anchor, expected '&{0}' before it", name),
                   where);
    }
    MW_CHECK(check_depth(where, found->second.extent.height));
    MW_CHECK(count(where, found->second.extent, true));
    return add(YamlNode(found->second.node), false);
  }

  // Puts a finished node where it belongs.
  Status add(YamlNode node, bool is_merge_key) {
    if (open_.empty()) {
      root_ = std::move(node);
      return {};
    }
    Open& open = open_.back();
    if (open.node.is_sequence()) {
      open.node.items.push_back(std::move(node));
      return {};
    }
    if (!open.key) {
      if (!node.is_scalar()) {
        return invalid(node, fmt::format("found {} as the key of a mapping, expected a scalar", node.kind_text()),
                       "quote it if it is a text such as '{{ x }}'");
      }
      open.key = std::move(node);
      open.key_is_merge = is_merge_key;
      return {};
    }
    YamlNode key = *std::exchange(open.key, std::nullopt);
    if (open.key_is_merge) return add_merge(open, std::move(key), std::move(node));
    open.node.pairs.push_back({std::move(key), std::move(node)});
    return {};
  }

  // Keeps what is to be merged in the order of strength: of a sequence, the first mapping is the strongest.
  Status add_merge(Open& open, YamlNode key, YamlNode value) {
    if (open.merging) return twice(*open.merging, key, "merge several mappings as '<<: [*a, *b]'");
    open.merging = std::move(key);
    if (value.is_mapping()) {
      open.merged.push_back(std::move(value));
      return {};
    }
    if (!value.is_sequence()) {
      return invalid(value,
                     fmt::format("found {} to merge, expected a mapping or a sequence of mappings", value.kind_text()));
    }
    for (YamlNode& item : value.items) {
      if (!item.is_mapping())
        return invalid(item, fmt::format("found {} to merge, expected a mapping", item.kind_text()));
      open.merged.push_back(std::move(item));
    }
    std::ranges::reverse(open.merged);
    return {};
  }

  Error twice(const YamlNode& first, const YamlNode& second, std::string hint) const {
    return invalid(second,
                   fmt::format("the key '{}' is used twice, first at line {}, column {}", second.text.substr(0, 100),
                               first.line, first.column),
                   std::move(hint));
  }

  Status check_duplicates(const YamlNode& mapping) const {
    std::vector<const YamlNode*> keys;
    keys.reserve(mapping.pairs.size());
    for (const YamlPair& pair : mapping.pairs) keys.push_back(&pair.key);
    std::ranges::sort(keys, [](const YamlNode* a, const YamlNode* b) {
      const int c = a->text.compare(b->text);
      return c != 0 ? c < 0 : a < b;  // all are in one vector: the order of writing
    });
    const auto same = [](const YamlNode* a, const YamlNode* b) { return a->text == b->text; };
    const auto found = std::ranges::adjacent_find(keys, same);
    if (found == keys.end()) return {};
    return twice(**found, **std::next(found), "keep one of them");
  }

  // As Python's dict would have it after flatten_mapping: merged pairs first, later ones override in place.
  static void merge_pairs(Open& open) {
    std::vector<YamlPair> pairs;
    std::map<std::string, std::size_t> places;
    const auto put = [&](YamlPair pair) {
      const auto [at, is_new] = places.try_emplace(pair.key.text, pairs.size());
      if (is_new) pairs.push_back(std::move(pair));
      else pairs[at->second] = std::move(pair);
    };
    for (YamlNode& mapping : open.merged) {
      for (YamlPair& pair : mapping.pairs) put(std::move(pair));
    }
    for (YamlPair& pair : open.node.pairs) put(std::move(pair));
    open.node.pairs = std::move(pairs);
  }

  const std::string_view file_;
  const YamlLimits limits_;
  const std::size_t depth_max_;
  YamlEvents events_;
  std::vector<Open> open_;
  std::map<std::string, Anchor> anchors_;
  std::optional<YamlNode> root_;
  std::size_t nodes_ = 0;
  std::size_t copied_bytes_ = 0;
};

}  // namespace

Result<YamlNode> parse_yaml(std::string_view text, std::string_view file, const YamlLimits& limits) {
  return TreeBuilder(text, file, limits).run();
}

}  // namespace midwatch
