#include "promql/promqltest_script.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "promql/prom_lexer.h"
#include "promql/prom_query.h"
#include "series/histogram_sum.h"
#include "series/histogram_text.h"
#include "series/number_text.h"
#include "series/sample.h"

namespace midwatch::promqltest {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::string_view take_word(std::string_view& text) {
  text = trim(text);
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text = trim(text.substr(end));
  return word;
}

std::int64_t parse_ms(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  auto tokens = lex_promql(text);
  if (!tokens || tokens->size() != 2) throw std::runtime_error("bad time " + std::string(text));
  const auto ms = std::llround((*tokens)[0].number * 1000);
  return negative ? -ms : ms;
}

// The labels of `name{a="b"}`, through the parser of selectors.
Labels parse_labels(std::string_view text) {
  if (text.empty() || text == "{}") return {};
  std::string selector(text);
  // A selector may not be empty; a series may.
  auto query = PromQuery::parse(selector);
  if (!query) throw std::runtime_error("bad series " + selector + ": " + query.error().to_string());
  std::vector<LabelView> labels;
  const auto& node = std::get<PromSelector>(query->root().node);
  for (const LabelMatcher& matcher : node.matchers) labels.push_back({matcher.name(), matcher.value()});
  return Labels::of(labels);
}

std::size_t end_of_labels(std::string_view line) {
  char quote = 0;
  bool braces = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\') ++i;
      else if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '{') {
      braces = true;
    } else if (c == '}') {
      return i + 1;
    } else if (!braces && (c == ' ' || c == '\t')) {
      const std::size_t next = line.find_first_not_of(" \t", i);
      if (next != std::string_view::npos && line[next] == '{' && line.substr(next, 2) != "{{") {
        i = next - 1;
        continue;
      }
      return i;
    }
  }
  return line.size();
}

double number(std::string_view text) {
  const auto value = parse_number_text(text);
  if (!value) throw std::runtime_error("bad number " + std::string(text));
  return *value;
}

void append_points(std::string_view word, std::vector<ScriptPoint>& points) {
  std::size_t times = 0;
  bool repeated = false;
  std::string_view base = word;
  const std::size_t x = word.rfind('x');
  if (x != std::string_view::npos && x + 1 < word.size() &&
      word.find_first_not_of("0123456789", x + 1) == std::string_view::npos) {
    repeated = true;
    times = static_cast<std::size_t>(number(word.substr(x + 1)));
    base = word.substr(0, x);
  }
  if (base == "_") {
    for (std::size_t i = 0; i < (repeated ? times : 1); ++i) points.push_back({});
    return;
  }
  if (base == "stale") {
    for (std::size_t i = 0; i < times + 1; ++i) points.push_back({ScriptPoint::Kind::kValue, stale_marker()});
    return;
  }
  std::size_t sign = std::string_view::npos;
  for (std::size_t i = 1; repeated && i < base.size(); ++i) {
    if ((base[i] == '+' || base[i] == '-') && (base[i - 1] | 0x20) != 'e') sign = i;
  }
  double value = number(base.substr(0, sign));
  const double increment = sign == std::string_view::npos ? 0 : number(base.substr(sign));
  for (std::size_t i = 0; i <= times; ++i) {
    points.push_back({ScriptPoint::Kind::kValue, value});
    value += increment;
  }
}

// "{{…}}", "{{…}}x3", "{{…}}+{{…}}x3" or "{{…}}-{{…}}x3", off the front of `text`.
void take_histograms(std::string_view& text, std::vector<ScriptPoint>& points) {
  const auto take_literal = [&] {
    const std::size_t end = text.find("}}");
    if (end == std::string_view::npos) throw std::runtime_error("unclosed histogram");
    const std::string_view literal = text.substr(0, end + 2);
    text.remove_prefix(end + 2);
    auto histogram = parse_histogram_literal(literal);
    if (!histogram) throw std::runtime_error(histogram.error().message);
    return std::pair(std::move(*histogram), literal.find("counter_reset_hint") != std::string_view::npos);
  };
  auto [histogram, states_hint] = take_literal();
  const char sign = text.empty() ? ' ' : text[0];
  std::optional<FloatHistogram> increment;
  if (sign == '+' || sign == '-') {
    text.remove_prefix(1);
    increment = take_literal().first;
  }
  std::size_t times = 0;
  if (text.starts_with('x')) {
    const std::string_view word = take_word(text);
    times = static_cast<std::size_t>(number(word.substr(1)));
  }
  text = trim(text);
  for (std::size_t i = 0; i <= times; ++i) {
    points.push_back({ScriptPoint::Kind::kHistogram, 0, share(histogram), states_hint});
    if (!increment) continue;
    const auto plus = sign == '+' ? HistogramSum::Sign::kPlus : HistogramSum::Sign::kMinus;
    const FloatHistogram::ResetHint hint = histogram.hint;
    histogram = combine(histogram, *increment, plus).histogram;
    histogram.hint = hint;
    histogram.compact();
  }
}

std::vector<ScriptPoint> parse_points(std::string_view text) {
  std::vector<ScriptPoint> points;
  text = trim(text);
  while (!text.empty()) {
    if (text.starts_with("{{")) take_histograms(text, points);
    else append_points(take_word(text), points);
  }
  return points;
}

// Start times: "-30s-1mx4" is -30s, -1m30s, … as seconds.
std::vector<ScriptPoint> parse_start_times(std::string_view text) {
  std::vector<ScriptPoint> points;
  const auto seconds_of = [](std::string_view word) {
    if (word.starts_with('+')) word.remove_prefix(1);
    return static_cast<double>(parse_ms(word)) / 1000;
  };
  for (text = trim(text); !text.empty();) {
    std::string_view word = take_word(text);
    if (word.starts_with('_')) {
      append_points(word, points);
      continue;
    }
    std::size_t times = 0;
    if (const std::size_t x = word.rfind('x'); x != std::string_view::npos) {
      times = static_cast<std::size_t>(number(word.substr(x + 1)));
      word = word.substr(0, x);
    }
    const std::size_t sign = word.find_first_of("+-", 1);
    double value = seconds_of(word.substr(0, sign));
    const double increment = sign == std::string_view::npos ? 0 : seconds_of(word.substr(sign));
    for (std::size_t i = 0; i <= times; ++i, value += increment) points.push_back({ScriptPoint::Kind::kValue, value});
  }
  return points;
}

ScriptSeries parse_series(std::string_view line) {
  std::size_t end = end_of_labels(line);
  ScriptSeries series;
  std::string_view name = trim(line.substr(0, end));
  std::string_view points = line.substr(end);
  if (name.ends_with("@st")) {
    name.remove_suffix(3);
    series.start_times = true;
  } else if (points.starts_with("@st")) {
    points.remove_prefix(3);
    series.start_times = true;
  }
  series.labels = parse_labels(name);
  series.points = series.start_times ? parse_start_times(points) : parse_points(points);
  return series;
}

Expectation parse_expectation(std::string_view rest) {
  rest = trim(rest);
  if (rest.starts_with("msg:")) return {Expectation::Match::kText, std::string(trim(rest.substr(4)))};
  if (rest.starts_with("regex:")) return {Expectation::Match::kPattern, std::string(trim(rest.substr(6)))};
  return {};
}

void parse_expect(std::string_view rest, Eval& eval) {
  const std::string_view what = take_word(rest);
  if (what == "fail") {
    eval.fail = parse_expectation(rest);
  } else if (what == "warn") {
    eval.warnings.push_back(parse_expectation(rest));
  } else if (what == "info") {
    eval.infos.push_back(parse_expectation(rest));
  } else if (what == "no_warn") {
    eval.no_warnings = true;
  } else if (what == "no_info") {
    eval.no_infos = true;
  } else if (what == "ordered") {
    eval.ordered = true;
  } else if (what == "string") {
    auto tokens = lex_promql(rest);
    if (!tokens) throw std::runtime_error("bad string");
    eval.string = (*tokens)[0].text;
  } else if (what == "range") {
    take_word(rest);  // vector
    take_word(rest);  // from
    eval.range_vector = true;
    eval.range_start_ms = parse_ms(take_word(rest));
    take_word(rest);
    take_word(rest);
    take_word(rest);
    eval.range_step_ms = parse_ms(take_word(rest));
  } else {
    throw std::runtime_error("unknown expectation " + std::string(what));
  }
}

Eval parse_eval(std::string_view rest) {
  Eval eval;
  const std::string_view kind = take_word(rest);
  take_word(rest);  // at, from
  eval.start_ms = eval.end_ms = parse_ms(take_word(rest));
  if (kind == "range") {
    eval.is_range = true;
    take_word(rest);
    eval.end_ms = parse_ms(take_word(rest));
    take_word(rest);
    eval.step_ms = parse_ms(take_word(rest));
  }
  eval.query = rest;
  return eval;
}

void parse_result_line(std::string_view line, Eval& eval) {
  std::string_view rest = line;
  const std::string_view word = take_word(rest);
  if (const auto value = parse_number_text(word); value && rest.empty()) {
    eval.scalar = value;
    return;
  }
  eval.rows.push_back(parse_series(line));
}

Command start_command(std::string_view line) {
  Command command;
  std::string_view rest = line;
  const std::string_view word = take_word(rest);
  if (word == "load" || word == "load_with_nhcb") {
    command.kind = Command::Kind::kLoad;
    command.with_custom_buckets = word != "load";
    command.step_ms = parse_ms(take_word(rest));
  } else if (word == "clear") {
    command.kind = Command::Kind::kClear;
  } else if (word == "eval" || word == "eval_fail") {
    command.kind = Command::Kind::kEval;
    command.eval = parse_eval(rest);
    if (word == "eval_fail") command.eval.fail = Expectation{};
  } else {
    throw std::runtime_error("unknown command " + std::string(word));
  }
  return command;
}

}  // namespace

std::vector<Command> read_script(std::string_view text) {
  std::vector<Command> commands;
  std::size_t number_of_line = 0;
  while (!text.empty()) {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    const std::string_view raw = text.substr(0, newline);
    text.remove_prefix(std::min(newline + 1, text.size()));
    ++number_of_line;
    const std::string_view line = trim(raw);
    if (line.empty() || line[0] == '#') continue;
    try {
      const bool indented = raw[0] == ' ' || raw[0] == '\t';
      if (!indented || line.starts_with("eval ") || line.starts_with("eval_fail ") || line == "clear") {
        commands.push_back(start_command(line));
        commands.back().line = number_of_line;
      } else if (commands.empty()) {
        throw std::runtime_error("a line that belongs to no command");
      } else if (commands.back().kind == Command::Kind::kLoad) {
        commands.back().series.push_back(parse_series(line));
      } else if (line.starts_with("expect ")) {
        parse_expect(line.substr(7), commands.back().eval);
      } else {
        parse_result_line(line, commands.back().eval);
      }
    } catch (const std::runtime_error& problem) {
      throw std::runtime_error("line " + std::to_string(number_of_line) + ": " + problem.what());
    }
  }
  return commands;
}

}  // namespace midwatch::promqltest
