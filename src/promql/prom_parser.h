// promql/prom_parser.h — tokens to a typed tree: a recursive descent over Prometheus' grammar.
//
// Used by PromQuery::parse only. Depth is bounded by kPromDepthMax, and only nesting makes depth:
// chains of operators are loops.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "promql/prom_expr.h"
#include "promql/prom_lexer.h"

namespace midwatch::internal {

// Counts a nesting for as long as it lives.
class Nesting {
 public:
  explicit Nesting(std::size_t& depth) : depth_(depth) { ++depth_; }
  ~Nesting() { --depth_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  std::size_t& depth_;
};

class PromParser {
 public:
  PromParser(std::string_view query, std::vector<PromToken> tokens) : query_(query), tokens_(std::move(tokens)) {}

  Result<PromExprPtr> run();

 private:
  using Expr = std::unique_ptr<PromExpr>;
  using Parsed = Result<Expr>;

  // prom_parser.cc: operators, primaries and what follows them
  Parsed parse_expression(int level);
  Parsed parse_unary();
  Parsed parse_postfix();
  Parsed parse_primary();
  Parsed parse_word();
  Parsed parse_parentheses();
  Parsed parse_range(Expr inner);
  Parsed parse_subquery(Expr inner, PromDuration range);
  Status parse_extension(PromExpr& target);
  Status parse_offset(PromExpr& target);
  Status parse_at(PromExpr& target);
  Status parse_binary_modifiers(PromBinary& binary);
  Status parse_matching(PromBinary& binary);
  Status parse_fills(PromBinary& binary);
  Result<PromTimeShift*> shift_of(PromExpr& target, std::string_view modifier);
  Result<double> parse_timestamp();

  // prom_parser_durations.cc
  using DurationNode = std::shared_ptr<const PromDurationExpr>;
  using ParsedDuration = Result<DurationNode>;
  Result<PromDuration> parse_range_duration();
  Result<PromDuration> parse_offset_duration();
  ParsedDuration parse_duration(int level);
  ParsedDuration parse_duration_sign(int operand_level);
  ParsedDuration parse_duration_operand();
  ParsedDuration parse_duration_call();
  Result<PromDuration> folded(DurationNode expr, std::size_t begin, bool positive) const;

  // prom_parser_calls.cc: selectors, functions and aggregations
  enum class Emptiness : std::uint8_t { kRefused, kAllowed };
  // Of matchers that a series without labels satisfies.
  Parsed parse_selector(std::size_t begin, std::string metric_name, Emptiness emptiness = Emptiness::kRefused);
  Status parse_matchers(std::string& metric_name, std::vector<LabelMatcher>& matchers);
  Status parse_matcher(std::string& metric_name, std::vector<LabelMatcher>& matchers);
  Parsed parse_call(const PromToken& name);
  Parsed parse_aggregation(const PromToken& name, PromAggregator aggregator);
  Status parse_grouping(PromAggregation& aggregation);
  Result<std::vector<Expr>> parse_arguments(bool of_info = false);
  Result<std::vector<std::string>> parse_label_list();

  // prom_types.cc
  Status check_call(const PromExpr& call) const;
  Status check_extension(const PromExpr& call) const;
  Status check_aggregation(const PromExpr& aggregation) const;
  Status check_binary(const PromExpr& binary) const;
  Status expect_type(const PromExpr& expr, PromType type, std::string_view where) const;

  [[nodiscard]] const PromToken& peek(std::size_t ahead = 0) const;
  const PromToken& take();
  [[nodiscard]] bool accept(PromTokenKind kind);
  Status expect(PromTokenKind kind, std::string_view what);
  [[nodiscard]] static bool is_keyword(const PromToken& token, std::string_view keyword);
  [[nodiscard]] Error unexpected(std::string_view expected) const;
  [[nodiscard]] Error error_at(std::size_t offset, std::string message) const;
  template <class Node>
  Expr make(Node node, PromType type, std::size_t begin) const {
    auto expr = std::make_unique<PromExpr>();
    expr->node = std::move(node);
    expr->type = type;
    expr->begin = begin;
    expr->end = last_end_;
    return expr;
  }

  std::string_view query_;
  std::vector<PromToken> tokens_;
  std::size_t at_ = 0;
  std::size_t last_end_ = 0;
  std::size_t depth_ = 0;
};

// "BY" is "by"; PromQL's keywords do not mind case.
[[nodiscard]] std::string prom_lower(std::string_view word);
[[nodiscard]] std::optional<PromAggregator> prom_aggregator(std::string_view word);

}  // namespace midwatch::internal
