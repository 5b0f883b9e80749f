#include "promql/prom_parser.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "promql/prom_query.h"
#include "series/sample.h"

namespace midwatch::internal {
namespace {

using Kind = PromTokenKind;

struct OperatorRow {
  Kind kind;  // kWord for those that are words
  std::string_view word;
  PromOperator op;
  int level;
};
constexpr int kUnaryOperandLevel = 6;  // a sign binds weaker than ^ and stronger than *
constexpr OperatorRow kOperators[] = {
    {Kind::kWord, "or", PromOperator::kOr, 1},
    {Kind::kWord, "and", PromOperator::kAnd, 2},
    {Kind::kWord, "unless", PromOperator::kUnless, 2},
    {Kind::kEqual, "", PromOperator::kEqual, 3},
    {Kind::kNotEqual, "", PromOperator::kNotEqual, 3},
    {Kind::kLess, "", PromOperator::kLess, 3},
    {Kind::kLessEqual, "", PromOperator::kLessEqual, 3},
    {Kind::kGreater, "", PromOperator::kGreater, 3},
    {Kind::kGreaterEqual, "", PromOperator::kGreaterEqual, 3},
    {Kind::kTrimUpper, "", PromOperator::kTrimUpper, 3},
    {Kind::kTrimLower, "", PromOperator::kTrimLower, 3},
    {Kind::kAdd, "", PromOperator::kAdd, 4},
    {Kind::kSubtract, "", PromOperator::kSubtract, 4},
    {Kind::kMultiply, "", PromOperator::kMultiply, 5},
    {Kind::kDivide, "", PromOperator::kDivide, 5},
    {Kind::kModulo, "", PromOperator::kModulo, 5},
    {Kind::kWord, "atan2", PromOperator::kAtan2, 5},
    {Kind::kPower, "", PromOperator::kPower, 6},
};

const OperatorRow* operator_of(const PromToken& token) {
  const std::string word = token.kind == Kind::kWord ? prom_lower(token.text) : std::string();
  for (const OperatorRow& row : kOperators) {
    if (row.kind == token.kind && row.word == word) return &row;
  }
  return nullptr;
}

}  // namespace

std::string prom_lower(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return lower;
}

const PromToken& PromParser::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

const PromToken& PromParser::take() {
  const PromToken& token = peek();
  last_end_ = token.end;
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool PromParser::accept(PromTokenKind kind) {
  if (peek().kind != kind) return false;
  take();
  return true;
}

bool PromParser::is_keyword(const PromToken& token, std::string_view keyword) {
  return token.kind == Kind::kWord && prom_lower(token.text) == keyword;
}

Error PromParser::error_at(std::size_t offset, std::string message) const {
  return Error(Code::kInvalid, std::move(message), prom_location(query_, offset));
}

Error PromParser::unexpected(std::string_view expected) const {
  const PromToken& token = peek();
  const std::string found = token.kind == Kind::kEnd
                                ? "the end of the query"
                                : fmt::format("'{}'", query_.substr(token.begin, token.end - token.begin));
  return error_at(token.begin, fmt::format("expected {}, found {}", expected, found));
}

Status PromParser::expect(PromTokenKind kind, std::string_view what) {
  if (!accept(kind)) return unexpected(what);
  return {};
}

Result<PromExprPtr> PromParser::run() {
  if (peek().kind == Kind::kEnd) return error_at(0, "the query is empty");
  MW_TRY(Expr expr, parse_expression(1));
  if (peek().kind != Kind::kEnd) return unexpected("an operator or the end of the query");
  return PromExprPtr(std::move(expr));
}

// Operators of `level` and above.
PromParser::Parsed PromParser::parse_expression(int level) {
  const Nesting nesting(depth_);
  if (depth_ > kPromDepthMax) {
    return error_at(peek().begin, fmt::format("the query is nested more than {} deep", kPromDepthMax));
  }
  MW_TRY(Expr left, parse_unary());
  std::size_t chain = 0;
  while (const OperatorRow* row = operator_of(peek())) {
    if (row->level < level) break;
    // The tree of a long chain is as deep as the chain is long.
    if (++chain > kPromDepthMax) {
      return error_at(peek().begin, fmt::format("more than {} operators in a row", kPromDepthMax));
    }
    take();
    PromBinary binary;
    binary.op = row->op;
    MW_CHECK(parse_binary_modifiers(binary));
    // ^ is the only operator that groups to the right.
    MW_TRY(Expr right, parse_expression(row->op == PromOperator::kPower ? row->level : row->level + 1));
    const bool scalars = left->type == PromType::kScalar && right->type == PromType::kScalar;
    const std::size_t begin = left->begin;
    binary.left = std::move(left);
    binary.right = std::move(right);
    left = make(std::move(binary), scalars ? PromType::kScalar : PromType::kVector, begin);
    MW_CHECK(check_binary(*left));
  }
  return left;
}

PromParser::Parsed PromParser::parse_unary() {
  if (peek().kind != Kind::kAdd && peek().kind != Kind::kSubtract) return parse_postfix();
  const Nesting nesting(depth_);
  const PromToken& sign = take();
  PromUnary unary;
  unary.negated = sign.kind == Kind::kSubtract;
  const std::size_t begin = sign.begin;
  MW_TRY(Expr inner, parse_expression(kUnaryOperandLevel));
  const PromType type = inner->type;
  if (type != PromType::kScalar && type != PromType::kVector) {
    return error_at(begin, fmt::format("unary expression only allowed on expressions of type scalar or instant vector, "
                                       "found {}",
                                       to_string(type)));
  }
  unary.inner = std::move(inner);
  return make(std::move(unary), type, begin);
}

Status PromParser::parse_binary_modifiers(PromBinary& binary) {
  if (is_set_operator(binary.op)) binary.matching.cardinality = PromMatching::Cardinality::kManyToMany;
  if (is_keyword(peek(), "bool")) {
    if (!is_comparison(binary.op))
      return error_at(peek().begin, "bool modifier can only be used on comparison operators");
    take();
    binary.returns_bool = true;
  }
  MW_CHECK(parse_matching(binary));
  return parse_fills(binary);
}

// fill(0), or fill_left(0) and fill_right(1) in any order; without a parenthesis it is a metric.
Status PromParser::parse_fills(PromBinary& binary) {
  while (peek().kind == Kind::kWord && peek(1).kind == Kind::kLeftParen) {
    const std::string word = prom_lower(peek().text);
    const bool both = word == "fill";
    if (!both && word != "fill_left" && word != "fill_right") return {};
    const std::size_t begin = take().begin;
    if (is_set_operator(binary.op)) return error_at(begin, "filling in missing series not allowed for set operators");
    take();
    const bool negative = peek().kind == Kind::kSubtract;
    if (negative || peek().kind == Kind::kAdd) take();
    MW_TRY(const Expr number, parse_primary());
    const auto* literal = std::get_if<PromNumber>(&number->node);
    if (literal == nullptr) return error_at(number->begin, "expected a number to fill in");
    MW_CHECK(expect(Kind::kRightParen, "')'"));
    const double value = negative ? -literal->value : literal->value;
    PromMatching& matching = binary.matching;
    if (both || word == "fill_left") matching.fill_left = value;
    if (both || word == "fill_right") matching.fill_right = value;
  }
  return {};
}

// on (a, b) group_left (c)
Status PromParser::parse_matching(PromBinary& binary) {
  PromMatching& matching = binary.matching;
  const bool on = is_keyword(peek(), "on");
  if (!on && !is_keyword(peek(), "ignoring")) return {};
  if (peek(1).kind != Kind::kLeftParen) return {};  // a metric with that name
  const std::size_t begin = take().begin;
  matching.mode = on ? PromMatching::Labels::kOn : PromMatching::Labels::kIgnoring;
  MW_TRY(matching.labels, parse_label_list());
  const bool left = is_keyword(peek(), "group_left");
  if (left || is_keyword(peek(), "group_right")) {
    take();
    if (is_set_operator(binary.op)) return error_at(begin, "no grouping allowed for set operations");
    matching.cardinality = left ? PromMatching::Cardinality::kManyToOne : PromMatching::Cardinality::kOneToMany;
    if (peek().kind == Kind::kLeftParen) {
      MW_TRY(matching.include, parse_label_list());
    }
    for (const std::string& label : matching.include) {
      if (on && std::binary_search(matching.labels.begin(), matching.labels.end(), label)) {
        return error_at(begin, fmt::format("label \"{}\" must not occur in ON and GROUP clause at once", label));
      }
    }
  }
  return {};
}

PromParser::Parsed PromParser::parse_postfix() {
  MW_TRY(Expr expr, parse_primary());
  while (true) {
    const PromToken& token = peek();
    if (token.kind == Kind::kLeftBracket) {
      MW_TRY(expr, parse_range(std::move(expr)));
    } else if (is_keyword(token, "offset")) {
      MW_CHECK(parse_offset(*expr));
      expr->end = last_end_;
    } else if (token.kind == Kind::kAt) {
      MW_CHECK(parse_at(*expr));
      expr->end = last_end_;
    } else if (is_keyword(token, "anchored") || is_keyword(token, "smoothed")) {
      MW_CHECK(parse_extension(*expr));
      expr->end = last_end_;
    } else {
      return expr;
    }
  }
}

PromParser::Parsed PromParser::parse_primary() {
  const PromToken& token = peek();
  const std::size_t begin = token.begin;
  switch (token.kind) {
    case Kind::kNumber:
    case Kind::kDuration: take(); return make(PromNumber{token.number}, PromType::kScalar, begin);
    case Kind::kString: take(); return make(PromText{token.text}, PromType::kString, begin);
    case Kind::kLeftParen: return parse_parentheses();
    case Kind::kLeftBrace: return parse_selector(begin, {});
    case Kind::kWord: return parse_word();
    default: return unexpected("an expression");
  }
}

PromParser::Parsed PromParser::parse_parentheses() {
  const std::size_t begin = take().begin;
  MW_TRY(Expr inner, parse_expression(1));
  MW_CHECK(expect(Kind::kRightParen, "')'"));
  const PromType type = inner->type;
  PromParentheses parentheses;
  parentheses.inner = std::move(inner);
  return make(std::move(parentheses), type, begin);
}

PromParser::Parsed PromParser::parse_word() {
  const PromToken& token = peek();
  const Kind next = peek(1).kind;
  const std::string lower = prom_lower(token.text);
  if (lower == "inf" && next != Kind::kLeftBrace) {
    take();
    return make(PromNumber{HUGE_VAL}, PromType::kScalar, token.begin);
  }
  if (lower == "nan" && next != Kind::kLeftBrace) {
    take();
    return make(PromNumber{normal_nan()}, PromType::kScalar, token.begin);
  }
  const bool grouping_next = is_keyword(peek(1), "by") || is_keyword(peek(1), "without");
  if (next == Kind::kLeftParen || grouping_next) {
    if (const auto aggregator = prom_aggregator(lower)) {
      take();
      return parse_aggregation(token, *aggregator);
    }
  }
  take();
  if (next == Kind::kLeftParen) return parse_call(token);
  return parse_selector(token.begin, token.text);
}

Result<double> PromParser::parse_timestamp() {
  bool negative = false;
  while (peek().kind == Kind::kAdd || peek().kind == Kind::kSubtract) {
    if (take().kind == Kind::kSubtract) negative = !negative;
  }
  const PromToken& token = peek();
  if (token.kind != Kind::kNumber && token.kind != Kind::kDuration) return unexpected("a timestamp");
  take();
  constexpr double kSecondsMax = 9'223'372'036;
  if (!(std::fabs(token.number) < kSecondsMax)) return error_at(token.begin, "duration out of range");
  return negative ? -token.number : token.number;
}

PromParser::Parsed PromParser::parse_subquery(Expr inner, PromDuration range) {
  const std::size_t begin = inner->begin;
  if (inner->type != PromType::kVector) {
    return error_at(begin, fmt::format("subquery is only allowed on instant vector, found {}", to_string(inner->type)));
  }
  PromSubquery subquery;
  subquery.range = std::move(range);
  if (peek().kind != Kind::kRightBracket) {
    MW_TRY(subquery.step, parse_range_duration());
  }
  MW_CHECK(expect(Kind::kRightBracket, "']'"));
  subquery.inner = std::move(inner);
  return make(std::move(subquery), PromType::kMatrix, begin);
}

PromParser::Parsed PromParser::parse_range(Expr inner) {
  const std::size_t bracket = take().begin;
  const std::size_t begin = inner->begin;
  MW_TRY(PromDuration range, parse_range_duration());
  if (accept(Kind::kColon)) return parse_subquery(std::move(inner), std::move(range));
  MW_CHECK(expect(Kind::kRightBracket, "']'"));
  const auto* selector = std::get_if<PromSelector>(&inner->node);
  if (selector == nullptr) return error_at(bracket, "ranges only allowed for vector selectors");
  if (selector->shift.offset.is_set()) return error_at(bracket, "no offset modifiers allowed before range");
  if (selector->shift.at != PromTimeShift::At::kNone) return error_at(bracket, "no @ modifiers allowed before range");
  if (selector->extension != PromRangeExtension::kNone) {
    return error_at(bracket, "no anchored or smoothed modifier allowed before range");
  }
  PromRangeSelector ranged;
  ranged.range = std::move(range);
  ranged.selector = std::move(inner);
  return make(std::move(ranged), PromType::kMatrix, begin);
}

Status PromParser::parse_extension(PromExpr& target) {
  const PromToken& word = peek();
  const bool anchored = prom_lower(word.text) == "anchored";
  auto* selector = std::get_if<PromSelector>(&target.node);
  if (selector != nullptr && anchored) {
    return error_at(word.begin, "anchored modifier can only be used with range vector selectors");
  }
  if (auto* ranged = std::get_if<PromRangeSelector>(&target.node)) {
    // The tree is being built by this parser, which made the selector as a mutable object.
    selector = &std::get<PromSelector>(const_cast<PromExpr&>(*ranged->selector).node);
  }
  if (selector == nullptr) {
    return error_at(word.begin, fmt::format("{} modifier must be preceded by a vector selector",
                                            anchored ? "anchored" : "smoothed"));
  }
  if (selector->extension != PromRangeExtension::kNone) {
    return error_at(word.begin, "anchored and smoothed modifiers may not be set multiple times");
  }
  take();
  selector->extension = anchored ? PromRangeExtension::kAnchored : PromRangeExtension::kSmoothed;
  return {};
}

Result<PromTimeShift*> PromParser::shift_of(PromExpr& target, std::string_view modifier) {
  if (auto* selector = std::get_if<PromSelector>(&target.node)) return &selector->shift;
  if (auto* subquery = std::get_if<PromSubquery>(&target.node)) return &subquery->shift;
  if (auto* ranged = std::get_if<PromRangeSelector>(&target.node)) {
    // The tree is being built by this parser, which made the selector as a mutable object.
    return &std::get<PromSelector>(const_cast<PromExpr&>(*ranged->selector).node).shift;
  }
  return error_at(peek().begin,
                  fmt::format("{} modifier must be preceded by an instant vector selector or range vector "
                              "selector or a subquery",
                              modifier));
}

Status PromParser::parse_offset(PromExpr& target) {
  MW_TRY(PromTimeShift * shift, shift_of(target, "offset"));
  const std::size_t begin = take().begin;
  if (shift->offset.is_set()) return error_at(begin, "offset may not be set multiple times");
  MW_TRY(shift->offset, parse_offset_duration());
  return {};
}

Status PromParser::parse_at(PromExpr& target) {
  MW_TRY(PromTimeShift * shift, shift_of(target, "@"));
  const std::size_t begin = take().begin;
  if (shift->at != PromTimeShift::At::kNone) return error_at(begin, "@ <timestamp> may not be set multiple times");
  if (const bool start = is_keyword(peek(), "start"); start || is_keyword(peek(), "end")) {
    take();
    MW_CHECK(expect(Kind::kLeftParen, "'('"));
    MW_CHECK(expect(Kind::kRightParen, "')'"));
    shift->at = start ? PromTimeShift::At::kStart : PromTimeShift::At::kEnd;
    return {};
  }
  if (const std::string word = prom_lower(peek().text);
      peek().kind == Kind::kWord && (word == "inf" || word == "nan")) {
    return error_at(peek().begin, "timestamp out of bounds for @ modifier");
  }
  MW_TRY(const double at, parse_timestamp());
  shift->at = PromTimeShift::At::kInstant;
  shift->instant = instant_from_millis(std::llround(at * 1000));
  return {};
}

}  // namespace midwatch::internal

namespace midwatch {

Result<PromQuery> PromQuery::parse(std::string_view text) {
  if (text.size() > kPromQueryBytesMax) {
    return Error(Code::kLimit,
                 fmt::format("the query has {} bytes, at most {} are allowed", text.size(), kPromQueryBytesMax));
  }
  const auto with_caret = [&](Error error) {
    if (error.hint.empty()) error.hint = prom_caret(text, error.where);
    return error;
  };
  auto tokens = lex_promql(text);
  if (!tokens) return with_caret(std::move(tokens).error());
  auto root = internal::PromParser(text, std::move(*tokens)).run();
  if (!root) return with_caret(std::move(root).error());
  return PromQuery(std::make_shared<const Parsed>(Parsed{std::string(text), std::move(*root)}));
}

}  // namespace midwatch
