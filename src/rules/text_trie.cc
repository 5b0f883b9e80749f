#include "rules/text_trie.h"

#include <utility>

namespace midwatch {
namespace {

std::uint64_t key_of(std::uint32_t node, char byte) {
  return static_cast<std::uint64_t>(node) << 8 | static_cast<unsigned char>(byte);
}

}  // namespace

// Linear probing in a table that is at most half full.
std::size_t TextTrie::slot_of(std::uint64_t key) const {
  const std::size_t mask = edges_.size() - 1;
  std::size_t slot = (key * 0x9e3779b97f4a7c15U >> 20) & mask;
  while (edges_[slot].key != key && edges_[slot].key != kFree) slot = (slot + 1) & mask;
  return slot;
}

void TextTrie::grow() {
  std::vector<Edge> old = std::exchange(edges_, std::vector<Edge>(edges_.size() * 2));
  for (const Edge& edge : old) {
    if (edge.key != kFree) edges_[slot_of(edge.key)] = edge;
  }
}

void TextTrie::add(std::string_view text, std::uint32_t id) {
  std::uint32_t node = 0;
  for (std::size_t step = 0; step < text.size(); ++step) {
    const std::uint64_t key = key_of(node, byte_at(text, step));
    std::size_t slot = slot_of(key);
    if (edges_[slot].key == kFree) {
      if (++edge_count_ * 2 > edges_.size()) {
        grow();
        slot = slot_of(key);
      }
      edges_[slot] = {key, static_cast<std::uint32_t>(nodes_.size())};
      nodes_.emplace_back();
    }
    node = edges_[slot].to;
  }
  nodes_[node].ids.push_back(id);
}

void TextTrie::collect(std::string_view text, std::vector<std::uint32_t>& hits) const {
  std::uint32_t node = 0;
  for (std::size_t step = 0;; ++step) {
    const std::vector<std::uint32_t>& ids = nodes_[node].ids;
    hits.insert(hits.end(), ids.begin(), ids.end());
    if (step == text.size()) return;
    const Edge& edge = edges_[slot_of(key_of(node, byte_at(text, step)))];
    if (edge.key == kFree) return;
    node = edge.to;
  }
}

}  // namespace midwatch
