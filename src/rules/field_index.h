// rules/field_index.h — all that rules ask of one field of an event, answered in one go.
//
// A hit is the number of a rule that may match or fail because of this field's value, and whether it is
// certain to match. Nothing that could match or fail is left out; what is not certain is verified by
// evaluating the rule. One index a kind of question:
//
//   eq, in                     hash of the constants           one look-up
//   neq, nin                   all but those of the constant   one look-up, and the hits
//   ieq                        hash of the lower-case texts    one look-up
//   startswith, endswith, i…   tries                           length of the shared beginning
//   matchwildcard, regex       tries by literal beginning or   the same; text · patterns / 64
//                              end, else a set in one pass
//   lt, gt                     interval tree                   log n
//   contains                   hash of elements; a set         elements; text · patterns / 64
//   exists, nexists            by the kind of the value        nothing
//
// each plus the hits. Rules whose operator fails for some kinds of values (a text compared with a number)
// are listed by kind, since their failure is reported.
//
// Built once, then immutable; const methods from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/interval_index.h"
#include "rules/operators.h"
#include "rules/pattern_set.h"
#include "rules/text_trie.h"
#include "value/value.h"

namespace midwatch {

// A rule's number, and in the lowest bit whether it matches for certain.
using RuleHits = std::vector<std::uint32_t>;
constexpr std::uint32_t hit_of(std::uint32_t rule, bool certain) { return rule << 1 | (certain ? 1U : 0U); }
constexpr std::uint32_t rule_of(std::uint32_t hit) { return hit >> 1; }
constexpr bool is_certain(std::uint32_t hit) { return (hit & 1U) != 0; }

class FieldIndex {
 public:
  // The operator decides whether the rule is a candidate. `decides`: the rule asks for nothing else.
  void add(const OperatorCheck& check, std::uint32_t rule, bool decides);
  // Both bounds of one rule, closed; infinite where there is none. Values that are no numbers make the rule
  // a candidate, as it then fails.
  void add_interval(double low, double high, std::uint32_t rule);
  // The rule is a candidate for all values of these kinds.
  void add_for_kinds(ValueKinds kinds, std::uint32_t rule, bool decides = false);
  // After the last add.
  void build();

  void collect(const Value& value, RuleHits& hits) const;

  // How much an operator with this pattern narrows the choice: the smaller the better; kNoUse for not at all.
  static constexpr int kNoUse = 100;
  [[nodiscard]] static int rank(const OperatorCheck& check);

 private:
  struct ValueHash {
    std::size_t operator()(const Value& value) const { return static_cast<std::size_t>(hash(value)); }
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using ByValue = std::unordered_map<Value, RuleHits, ValueHash>;

  void add_equals(const Value& pattern, std::uint32_t rule, bool decides);
  void add_in(const Value& pattern, std::uint32_t rule, bool decides);
  void add_except(std::span<const Value> constants, std::uint32_t rule, bool decides);
  void add_contains(const Value& pattern, std::uint32_t rule, bool decides);
  void add_wildcard(const Wildcard& wildcard, std::uint32_t rule);
  void add_regex(const TextPattern& regex, std::uint32_t rule);
  void collect_except(const Value& scalar, RuleHits& hits) const;
  void collect_text(std::string_view text, ValueKinds kind, RuleHits& hits) const;

  std::array<RuleHits, 6> by_kind_;
  ByValue equal_;
  RuleHits except_;  // sorted; for every value but those of excluded_
  ByValue excluded_;
  ByValue elements_;  // of arrays
  std::unordered_map<std::string, RuleHits, TextHash, std::equal_to<>> lower_equal_;
  TextTrie prefixes_{TextTrie::Side::kStart};
  TextTrie suffixes_{TextTrie::Side::kEnd};
  TextTrie lower_prefixes_{TextTrie::Side::kStart};
  TextTrie lower_suffixes_{TextTrie::Side::kEnd};
  bool has_lower_ = false;
  IntervalIndex intervals_;
  PatternSet wildcards_;  // and parts of texts: for any text
  PatternSet regexes_;    // for plain texts
};

}  // namespace midwatch
