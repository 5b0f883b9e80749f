#include <algorithm>

#include <fmt/core.h>

#include "promql/prom_functions.h"
#include "promql/prom_parser.h"
#include "series/labels.h"

namespace midwatch::internal {
namespace {

using Kind = PromTokenKind;

std::optional<LabelMatcher::Op> matcher_op(Kind kind) {
  switch (kind) {
    case Kind::kAssign: return LabelMatcher::Op::kEqual;
    case Kind::kNotEqual: return LabelMatcher::Op::kNotEqual;
    case Kind::kMatches: return LabelMatcher::Op::kMatches;
    case Kind::kNotMatches: return LabelMatcher::Op::kNotMatches;
    default: return std::nullopt;
  }
}

bool takes_parameter(PromAggregator aggregator) { return aggregator >= PromAggregator::kTopk; }

}  // namespace

std::optional<PromAggregator> prom_aggregator(std::string_view word) {
  for (int i = 0; i <= static_cast<int>(PromAggregator::kLimitRatio); ++i) {
    const auto aggregator = static_cast<PromAggregator>(i);
    if (to_string(aggregator) == word) return aggregator;
  }
  return std::nullopt;
}

PromParser::Parsed PromParser::parse_selector(std::size_t begin, std::string metric_name, Emptiness emptiness) {
  PromSelector selector;
  if (peek().kind == Kind::kLeftBrace) MW_CHECK(parse_matchers(metric_name, selector.matchers));
  if (!metric_name.empty()) {
    MW_TRY(LabelMatcher name, LabelMatcher::create(LabelMatcher::Op::kEqual, std::string(kMetricName), metric_name));
    selector.matchers.push_back(std::move(name));
  }
  const bool all_match_empty = std::all_of(selector.matchers.begin(), selector.matchers.end(),
                                           [](const LabelMatcher& matcher) { return matcher.matches_empty(); });
  if (all_match_empty && emptiness == Emptiness::kRefused)
    return error_at(begin, "vector selector must contain at least one non-empty matcher");
  selector.metric_name = std::move(metric_name);
  return make(std::move(selector), PromType::kVector, begin);
}

Status PromParser::parse_matchers(std::string& metric_name, std::vector<LabelMatcher>& matchers) {
  const std::string given = metric_name;
  const std::size_t begin = take().begin;
  while (!accept(Kind::kRightBrace)) {
    MW_CHECK(parse_matcher(metric_name, matchers));
    if (accept(Kind::kComma)) continue;
    MW_CHECK(expect(Kind::kRightBrace, "',' or '}'"));
    break;
  }
  for (const LabelMatcher& matcher : matchers) {
    if (!given.empty() && matcher.name() == kMetricName) {
      return error_at(begin,
                      fmt::format("metric name must not be set twice: \"{}\" or \"{}\"", given, matcher.value()));
    }
  }
  return {};
}

Status PromParser::parse_matcher(std::string& metric_name, std::vector<LabelMatcher>& matchers) {
  const PromToken& label = peek();
  if (label.kind != Kind::kWord && label.kind != Kind::kString) return unexpected("a label name or '}'");
  if (label.kind == Kind::kWord && label.text.find(':') != std::string::npos) return unexpected("a label name");
  take();
  const auto op = matcher_op(peek().kind);
  if (!op && label.kind == Kind::kString) {  // {"the.metric"}
    if (!metric_name.empty()) {
      return error_at(label.begin,
                      fmt::format("metric name must not be set twice: \"{}\" or \"{}\"", metric_name, label.text));
    }
    metric_name = label.text;
    return {};
  }
  if (!op) return unexpected("one of =, !=, =~ or !~ after the label name");
  take();
  const PromToken& value = peek();
  if (value.kind != Kind::kString) return unexpected("a string as the label's value");
  take();
  auto matcher = LabelMatcher::create(*op, label.text, value.text);
  if (!matcher) return std::move(matcher).error().at(prom_location(query_, value.begin));
  matchers.push_back(std::move(*matcher));
  return {};
}

Result<std::vector<PromParser::Expr>> PromParser::parse_arguments(bool of_info) {
  MW_CHECK(expect(Kind::kLeftParen, "'('"));
  std::vector<Expr> arguments;
  if (accept(Kind::kRightParen)) return arguments;
  while (true) {
    // The second argument of info() says what labels to add: it selects nothing by itself.
    const bool labels = of_info && arguments.size() == 1 && peek().kind == Kind::kLeftBrace;
    MW_TRY(Expr argument, labels ? parse_selector(peek().begin, {}, Emptiness::kAllowed) : parse_expression(1));
    if (of_info && arguments.size() == 1 && !labels) {
      return error_at(argument->begin, "expected label selectors as the second argument to info function");
    }
    arguments.push_back(std::move(argument));
    if (accept(Kind::kComma)) continue;
    MW_CHECK(expect(Kind::kRightParen, "',' or ')'"));
    return arguments;
  }
}

PromParser::Parsed PromParser::parse_call(const PromToken& name) {
  PromCall call;
  call.function = find_prom_function(name.text);
  if (call.function == nullptr) {
    return error_at(name.begin, fmt::format("unknown function with name \"{}\"", name.text));
  }
  const std::size_t begin = name.begin;
  MW_TRY(std::vector<Expr> arguments, parse_arguments(call.function->special == PromSpecial::kInfo));
  for (Expr& argument : arguments) call.arguments.push_back(std::move(argument));
  const PromType type = call.function->returns;
  Expr expr = make(std::move(call), type, begin);
  MW_CHECK(check_call(*expr));
  return expr;
}

Result<std::vector<std::string>> PromParser::parse_label_list() {
  MW_CHECK(expect(Kind::kLeftParen, "'('"));
  std::vector<std::string> labels;
  while (!accept(Kind::kRightParen)) {
    const PromToken& label = peek();
    const bool word = label.kind == Kind::kWord && label.text.find(':') == std::string::npos;
    if (!word && label.kind != Kind::kString) return unexpected("a label name or ')'");
    labels.push_back(take().text);
    if (accept(Kind::kComma)) continue;
    MW_CHECK(expect(Kind::kRightParen, "',' or ')'"));
    break;
  }
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  return labels;
}

Status PromParser::parse_grouping(PromAggregation& aggregation) {
  const bool by = is_keyword(peek(), "by");
  if (!by && !is_keyword(peek(), "without")) return {};
  take();
  aggregation.grouping = by ? PromAggregation::Grouping::kBy : PromAggregation::Grouping::kWithout;
  MW_TRY(aggregation.labels, parse_label_list());
  return {};
}

PromParser::Parsed PromParser::parse_aggregation(const PromToken& name, PromAggregator aggregator) {
  PromAggregation aggregation;
  aggregation.aggregator = aggregator;
  const std::size_t begin = name.begin;
  const bool grouped_before = peek().kind != Kind::kLeftParen;
  if (grouped_before) MW_CHECK(parse_grouping(aggregation));
  MW_TRY(std::vector<Expr> arguments, parse_arguments());
  const std::size_t wanted = takes_parameter(aggregator) ? 2 : 1;
  if (arguments.size() != wanted) {
    return error_at(
        begin, fmt::format("wrong number of arguments for aggregate expression provided, expected {}, got {}", wanted,
                           arguments.size()));
  }
  if (!grouped_before) MW_CHECK(parse_grouping(aggregation));
  aggregation.inner = std::move(arguments.back());
  if (wanted == 2) aggregation.parameter = std::move(arguments.front());
  Expr expr = make(std::move(aggregation), PromType::kVector, begin);
  MW_CHECK(check_aggregation(*expr));
  return expr;
}

}  // namespace midwatch::internal
