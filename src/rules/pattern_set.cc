#include "rules/pattern_set.h"

#include <algorithm>

#include <re2/re2.h>
#include <re2/set.h>

namespace midwatch {

struct PatternSet::Block {
  std::unique_ptr<re2::RE2::Set> set;  // null where it cannot be compiled
  std::vector<std::uint32_t> ids;      // by the set's numbers, then those that it does not hold
  std::size_t in_set = 0;
};

PatternSet::PatternSet() = default;
PatternSet::PatternSet(PatternSet&&) noexcept = default;
PatternSet& PatternSet::operator=(PatternSet&&) noexcept = default;
PatternSet::~PatternSet() = default;

void PatternSet::build() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kBlockBytesMax);
  for (std::size_t begin = 0; begin < patterns_.size(); begin += kPatternsInBlockMax) {
    auto block = std::make_unique<Block>();
    block->set = std::make_unique<re2::RE2::Set>(options, re2::RE2::UNANCHORED);
    std::vector<std::uint32_t> refused;
    const std::size_t end = std::min(patterns_.size(), begin + kPatternsInBlockMax);
    for (std::size_t i = begin; i < end; ++i) {
      const bool added = block->set->Add(patterns_[i].first, nullptr) >= 0;
      (added ? block->ids : refused).push_back(patterns_[i].second);
    }
    block->in_set = block->ids.size();
    block->ids.insert(block->ids.end(), refused.begin(), refused.end());
    if (!block->set->Compile()) block->set.reset();
    blocks_.push_back(std::move(block));
  }
  patterns_.clear();
}

void PatternSet::collect(std::string_view text, std::vector<std::uint32_t>& hits) const {
  std::vector<int> numbers;
  for (const auto& block : blocks_) {
    re2::RE2::Set::ErrorInfo error{re2::RE2::Set::kNoError};
    std::size_t unknown_from = 0;
    if (block->set != nullptr) {
      const bool any = block->set->Match(re2::StringPiece(text.data(), text.size()), &numbers, &error);
      if (error.kind == re2::RE2::Set::kNoError) {
        unknown_from = block->in_set;
        if (any) {
          for (const int number : numbers) hits.push_back(block->ids[static_cast<std::size_t>(number)]);
        }
      }
    }
    hits.insert(hits.end(), block->ids.begin() + static_cast<std::ptrdiff_t>(unknown_from), block->ids.end());
  }
}

}  // namespace midwatch
