// rules/text_trie.h — which of many texts does this text begin (or end) with: one walk for all of them.
//
//   TextTrie beginnings(TextTrie::Side::kStart);
//   beginnings.add("web-", 7);
//   beginnings.collect("web-01", hits);     // appends 7
//
// Thread-safety: const methods from any thread. Cost of collect(): the longest common beginning, plus the
// hits; never the number of texts. Memory: about 16 bytes a byte of text that is not shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace midwatch {

class TextTrie {
 public:
  enum class Side : std::uint8_t { kStart, kEnd };

  explicit TextTrie(Side side) : side_(side), nodes_(1) {}

  void add(std::string_view text, std::uint32_t id);
  void collect(std::string_view text, std::vector<std::uint32_t>& hits) const;

  [[nodiscard]] bool empty() const { return nodes_.size() == 1 && nodes_.front().ids.empty(); }

 private:
  struct Node {
    std::vector<std::uint32_t> ids;
  };
  // An edge is (node, byte) → node in one open table: a walk touches one slot a byte.
  struct Edge {
    std::uint64_t key = kFree;
    std::uint32_t to = 0;
  };
  static constexpr std::uint64_t kFree = ~std::uint64_t{0};

  [[nodiscard]] std::size_t slot_of(std::uint64_t key) const;
  void grow();
  [[nodiscard]] char byte_at(std::string_view text, std::size_t step) const {
    return side_ == Side::kStart ? text[step] : text[text.size() - 1 - step];
  }

  Side side_;
  std::vector<Node> nodes_;
  std::vector<Edge> edges_ = std::vector<Edge>(16);
  std::size_t edge_count_ = 0;
};

}  // namespace midwatch
