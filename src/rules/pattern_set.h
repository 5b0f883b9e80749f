// rules/pattern_set.h — which of many regular expressions does this text match: one pass for all of a block.
//
// RE2::Set in blocks of kPatternsInBlockMax, which keeps the automaton of a block small enough to stay in its
// memory; where it does not, the whole block is reported, and whoever asks verifies. Patterns have the
// syntax that TextPattern::re2_source() and Wildcard::re2_source() write.
//
// Thread-safety: const methods from any thread. Cost of collect(): blocks · text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace midwatch {

class PatternSet {
 public:
  static constexpr std::size_t kPatternsInBlockMax = 64;
  static constexpr std::int64_t kBlockBytesMax = 8 << 20;

  PatternSet();
  PatternSet(PatternSet&&) noexcept;
  PatternSet& operator=(PatternSet&&) noexcept;
  ~PatternSet();

  void add(std::string pattern, std::uint32_t id) { patterns_.emplace_back(std::move(pattern), id); }
  // After the last add().
  void build();
  void collect(std::string_view text, std::vector<std::uint32_t>& hits) const;

 private:
  struct Block;
  std::vector<std::pair<std::string, std::uint32_t>> patterns_;
  std::vector<std::unique_ptr<Block>> blocks_;
};

}  // namespace midwatch
