// rules/rule_network.h — many rules over one kind of event, with the work that they share done once.
//
// Each rule is filed under one of its criteria, the one that narrows the choice most (its access), in the index
// of that field; an event's fields give the rules that may match, and those are evaluated in full. So an
// event costs the fields that rules read, plus the rules that come near a match, never the number of rules.
//
// Failures are those of plain evaluation. A rule evaluates its criteria in order and the first that does
// not hold ends it, so a criterion that stands before the access and could fail for this event (a text
// compared with a number) makes the rule a candidate whatever the access says: it is filed under the
// kinds of values for which it may fail. What may fail for any value (templates, dates, search, general
// JSONPath) ends the search for an access.
//
// Immutable; const methods from any thread. Memory and time to build: linear in the rules, but for
// interval trees (n log n) and sets of expressions, which RE2 compiles in blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rules/compiled_rule.h"
#include "rules/field_index.h"

namespace midwatch {

// A rule that could not be decided: a pattern that does not render, operands that do not compare. An
// enforcement says so. A rule that matches may have failures too, of the children of a search.
struct RuleFailure {
  const Rule* rule = nullptr;
  std::string reason;
};

struct MatchResult {
  std::vector<const Rule*> matched;
  std::vector<RuleFailure> failures;
};

class RuleNetwork {
 public:
  RuleNetwork() = default;
  explicit RuleNetwork(std::vector<std::shared_ptr<const CompiledRule>> rules);

  // Appends; both in the order of the rules.
  void match(const Value& payload, const CriteriaContext& context, MatchResult& result) const;
  // The same by evaluating each rule: what match() is held to.
  void match_each(const Value& payload, const CriteriaContext& context, MatchResult& result) const;

  [[nodiscard]] std::size_t size() const { return rules_.size(); }

 private:
  // Fields by the names of their path: a part that paths share is looked up once.
  struct Field {
    Value name;
    std::vector<std::uint32_t> parts;
    std::unique_ptr<FieldIndex> index;  // null where no rule reads it itself
  };
  struct Access;

  void file(std::uint32_t number);
  [[nodiscard]] static Access choose_access(const CompiledRule& rule);
  FieldIndex& index_of(const KeyPath& key);
  void collect(const Field& field, const Value& value, RuleHits& hits) const;
  void evaluate(const CompiledRule& rule, const Value& payload, const CriteriaContext& context,
                MatchResult& result) const;

  std::vector<std::shared_ptr<const CompiledRule>> rules_;
  std::vector<Field> fields_{1};  // the first is the payload
  RuleHits always_;               // no index narrows these
  RuleHits unconditional_;        // no criteria
};

}  // namespace midwatch
