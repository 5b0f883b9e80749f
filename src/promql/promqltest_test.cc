// Goal: for everything of PromQL that we support, our answers are Prometheus' own.
// Method: run the scripts of the Prometheus project where the shared folder has them
// (MIDWATCH_SHARED, by default ../shared beside the source). An eval that needs what we do not
// support (native histograms, experimental functions) is counted, not run; any other must agree,
// as an instant query and as a step of a range query.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "promql/prom_eval.h"
#include "promql/promqltest_script.h"
#include "series/series_head.h"

namespace midwatch::promqltest {
namespace {

constexpr const char* kScripts[] = {"aggregators",
                                    "at_modifier",
                                    "collision",
                                    "duration_expression",
                                    "extended_vectors",
                                    "fill-modifier",
                                    "functions",
                                    "histograms",
                                    "info",
                                    "limit",
                                    "literals",
                                    "name_label_dropping",
                                    "operators",
                                    "range_queries",
                                    "selectors",
                                    "staleness",
                                    "subquery",
                                    "trig_functions"};

struct Counts {
  int passed = 0;
  int failed = 0;
  int unsupported = 0;
};

bool almost_equal(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  const double scale = std::fabs(a) + std::fabs(b);
  return std::fabs(a - b) / scale < 1e-6;
}

bool matches(const Expectation& expectation, const std::string& text) {
  switch (expectation.match) {
    case Expectation::Match::kAny: return true;
    case Expectation::Match::kText: return text == expectation.text;
    case Expectation::Match::kPattern: return RE2::PartialMatch(text, expectation.text);
  }
  return false;
}

// Samples in the order the script gives, which need not be the order of time over several loads.
class ScriptSource final : public SampleSource {
 public:
  void add(const Labels& labels, Instant at, double value) { series_[labels][at] = value; }
  void clear() { series_.clear(); }
  Result<std::vector<SeriesSamples>> select(std::span<const LabelMatcher> matchers, TimeRange range,
                                            SelectLimits /*limits*/) const override {
    std::vector<SeriesSamples> out;
    for (const auto& [labels, samples] : series_) {
      const bool all = std::all_of(matchers.begin(), matchers.end(),
                                   [&](const LabelMatcher& m) { return m.matches(labels.get(m.name())); });
      if (!all) continue;
      SeriesSamples one{labels, {}};
      for (auto it = samples.lower_bound(range.from); it != samples.end() && it->first <= range.to; ++it) {
        one.samples.push_back({it->first, it->second});
      }
      if (!one.samples.empty()) out.push_back(std::move(one));
    }
    return out;
  }

 private:
  std::map<Labels, std::map<Instant, double>> series_;
};

class Runner {
 public:
  Runner(std::string script, Counts& counts) : script_(std::move(script)), counts_(counts) {
    options_.name_removal = PromOptions::NameRemoval::kDelayed;
    options_.work_max = 5'000'000'000;
  }

  void run(const std::vector<Command>& commands) {
    for (const Command& command : commands) {
      switch (command.kind) {
        case Command::Kind::kClear:
          source_.clear();
          native_.clear();
          break;
        case Command::Kind::kLoad: load(command); break;
        case Command::Kind::kEval: eval(command); break;
      }
    }
  }

 private:
  void load(const Command& command) {
    for (const ScriptSeries& series : command.series) {
      if (series.has_histograms()) native_.push_back(series.labels);
      if (command.with_custom_buckets) {
        const std::string_view name = series.labels.metric_name();
        const std::size_t cut = name.rfind('_');
        native_.push_back(series.labels.without("le").with(kMetricName, name.substr(0, cut)));
      }
      for (std::size_t i = 0; i < series.points.size(); ++i) {
        if (series.points[i].kind != ScriptPoint::Kind::kValue) continue;
        source_.add(series.labels, instant_from_millis(static_cast<std::int64_t>(i) * command.step_ms),
                    series.points[i].value);
      }
    }
  }

  // Whether a selector of the query meets a series that holds native histograms.
  bool meets_native(const PromExpr& expr) const {
    if (const auto* selector = std::get_if<PromSelector>(&expr.node)) {
      return std::any_of(native_.begin(), native_.end(), [&](const Labels& labels) {
        return std::all_of(selector->matchers.begin(), selector->matchers.end(),
                           [&](const LabelMatcher& m) { return m.matches(labels.get(m.name())); });
      });
    }
    if (const auto* ranged = std::get_if<PromRangeSelector>(&expr.node)) return meets_native(*ranged->selector);
    if (const auto* sub = std::get_if<PromSubquery>(&expr.node)) return meets_native(*sub->inner);
    if (const auto* call = std::get_if<PromCall>(&expr.node)) {
      return std::any_of(call->arguments.begin(), call->arguments.end(),
                         [&](const PromExprPtr& argument) { return meets_native(*argument); });
    }
    if (const auto* node = std::get_if<PromAggregation>(&expr.node)) return meets_native(*node->inner);
    if (const auto* unary = std::get_if<PromUnary>(&expr.node)) return meets_native(*unary->inner);
    if (const auto* inner = std::get_if<PromParentheses>(&expr.node)) return meets_native(*inner->inner);
    if (const auto* binary = std::get_if<PromBinary>(&expr.node)) {
      return meets_native(*binary->left) || meets_native(*binary->right);
    }
    return false;
  }

  void eval(const Command& command) {
    const Eval& eval = command.eval;
    const bool wants_histograms =
        std::any_of(eval.rows.begin(), eval.rows.end(), [](const ScriptSeries& row) { return row.has_histograms(); });
    auto query = PromQuery::parse(eval.query);
    const bool unknown = !query && query.error().message.find("is not supported") != std::string::npos;
    if (wants_histograms || unknown || (query && meets_native(query->root()))) {
      ++counts_.unsupported;
      return;
    }
    std::string problem = check(eval, query);
    if (problem.empty() && query && !eval.is_range && !eval.fail) problem = check_as_range(eval, *query);
    ++(problem.empty() ? counts_.passed : counts_.failed);
    if (!problem.empty()) {
      ADD_FAILURE() << script_ << ":" << command.line << ": " << eval.query << "\n  " << problem;
    }
  }

  Result<PromResult> evaluate(const Eval& eval, const PromQuery& query) const {
    const Instant start = instant_from_millis(eval.start_ms);
    if (!eval.is_range) return evaluate_instant(query, source_, start, options_);
    return evaluate_range(query, source_,
                          {start, instant_from_millis(eval.end_ms), std::chrono::milliseconds(eval.step_ms)}, options_);
  }

  std::string check(const Eval& eval, const Result<PromQuery>& query) const {
    if (!query) return eval.fail && matches(*eval.fail, query.error().message) ? "" : query.error().to_string();
    const auto result = evaluate(eval, *query);
    if (!result) {
      if (eval.fail && matches(*eval.fail, result.error().message)) return "";
      return result.error().to_string();
    }
    if (eval.fail) return "expected to fail";
    if (std::string problem = check_annotations(eval, *result); !problem.empty()) return problem;
    if (const auto* string = std::get_if<PromString>(&result->value)) {
      return eval.string && string->value == *eval.string ? "" : "got the string " + string->value;
    }
    if (const auto* scalar = std::get_if<PromScalar>(&result->value)) {
      const double wanted = eval.scalar.value_or(normal_nan());
      return eval.scalar && almost_equal(wanted, scalar->value) ? "" : "got " + prom_number_text(scalar->value);
    }
    if (const auto* vector = std::get_if<PromVector>(&result->value)) return check_vector(eval, *vector);
    return check_matrix(eval, std::get<PromMatrix>(result->value));
  }

  static std::string check_annotations(const Eval& eval, const PromResult& result) {
    std::string problems;
    const auto kind_problems = [&](PromAnnotation::Kind kind, const std::vector<Expectation>& wanted, bool none) {
      std::vector<std::string> texts;
      for (const PromAnnotation& annotation : result.annotations) {
        if (annotation.kind == kind) texts.push_back(annotation.text);
      }
      if (none && !texts.empty()) problems += "unexpected: " + texts[0];
      for (const Expectation& expectation : wanted) {
        const bool met = std::any_of(texts.begin(), texts.end(),
                                     [&](const std::string& text) { return matches(expectation, text); });
        if (!met) problems += "missing annotation: " + expectation.text + (texts.empty() ? "" : ", got " + texts[0]);
      }
      for (const std::string& text : texts) {
        const bool met =
            wanted.empty() || std::any_of(wanted.begin(), wanted.end(),
                                          [&](const Expectation& expectation) { return matches(expectation, text); });
        if (!met) problems += "not expected: " + text;
      }
    };
    kind_problems(PromAnnotation::Kind::kWarning, eval.warnings, eval.no_warnings);
    kind_problems(PromAnnotation::Kind::kInfo, eval.infos, eval.no_infos);
    return problems;
  }

  static std::string show(const PromVector& vector) {
    std::string out = "got";
    for (const PromElement& element : vector) {
      out += "\n    " + element.labels.to_string() + " " + prom_number_text(element.value);
    }
    return out;
  }

  static std::string check_vector(const Eval& eval, const PromVector& vector) {
    if (vector.size() != eval.rows.size()) return show(vector);
    for (std::size_t i = 0; i < eval.rows.size(); ++i) {
      const ScriptSeries& row = eval.rows[i];
      const auto found = std::find_if(vector.begin(), vector.end(),
                                      [&](const PromElement& element) { return element.labels == row.labels; });
      if (found == vector.end() || !almost_equal(found->value, row.points[0].value)) return show(vector);
      if (eval.ordered && static_cast<std::size_t>(found - vector.begin()) != i) return "out of order, " + show(vector);
    }
    return {};
  }

  static std::string show(const PromMatrix& matrix) {
    std::string out = "got";
    for (const SeriesSamples& series : matrix) {
      out += "\n    " + series.labels.to_string();
      for (const Sample& sample : series.samples) {
        out += " " + prom_number_text(sample.value) + "@" + std::to_string(to_millis(sample.at));
      }
    }
    return out;
  }

  static std::string check_matrix(const Eval& eval, const PromMatrix& matrix) {
    const std::int64_t start = eval.range_vector ? eval.range_start_ms : eval.start_ms;
    const std::int64_t step = eval.range_vector ? eval.range_step_ms : eval.step_ms;
    std::vector<ScriptSeries> rows = eval.rows;
    if (eval.scalar) rows.push_back({{}, {{ScriptPoint::Kind::kValue, *eval.scalar}}});
    if (matrix.size() != rows.size()) return show(matrix);
    for (const ScriptSeries& row : rows) {
      const auto found = std::find_if(matrix.begin(), matrix.end(),
                                      [&](const SeriesSamples& series) { return series.labels == row.labels; });
      if (found == matrix.end()) return show(matrix);
      std::size_t next = 0;
      for (std::size_t i = 0; i < row.points.size(); ++i) {
        if (row.points[i].kind == ScriptPoint::Kind::kGap) continue;
        const Instant at = instant_from_millis(start + static_cast<std::int64_t>(i) * step);
        if (next >= found->samples.size() || found->samples[next].at != at ||
            !almost_equal(found->samples[next].value, row.points[i].value)) {
          return show(matrix);
        }
        ++next;
      }
      if (next != found->samples.size()) return show(matrix);
    }
    return {};
  }

  // The same query as the middle step of three must give the same values.
  std::string check_as_range(const Eval& eval, const PromQuery& query) const {
    const bool vector = query.type() == PromType::kVector;
    if (!vector || eval.query.find("start()") != std::string::npos || eval.query.find("end()") != std::string::npos) {
      return {};
    }
    const Instant at = instant_from_millis(eval.start_ms);
    const auto result =
        evaluate_range(query, source_,
                       {at - std::chrono::minutes(1), at + std::chrono::minutes(1), std::chrono::minutes(1)}, options_);
    if (!result) return "as a range query: " + result.error().to_string();
    PromVector middle;
    for (const SeriesSamples& series : std::get<PromMatrix>(result->value)) {
      for (const Sample& sample : series.samples) {
        if (sample.at == at) middle.push_back({series.labels, at, sample.value});
      }
    }
    Eval unordered = eval;
    unordered.ordered = false;
    const std::string problem = check_vector(unordered, middle);
    return problem.empty() ? "" : "as a range query: " + problem;
  }

  std::string script_;
  Counts& counts_;
  PromOptions options_;
  ScriptSource source_;
  std::vector<Labels> native_;
};

std::filesystem::path shared_folder() {
  if (const char* path = std::getenv("MIDWATCH_SHARED")) return path;
  return std::filesystem::path(MIDWATCH_SOURCE_DIR) / ".." / "shared";
}

TEST(PromqlConformance, SupportedQueriesAgreeWithPrometheusOwnScripts) {
  const std::filesystem::path folder = shared_folder() / "conformance" / "promql";
  if (!std::filesystem::is_directory(folder)) {
    std::cout << "NOT COMPARED: no scripts; set MIDWATCH_SHARED to the folder that has conformance/promql in it\n";
    return;
  }
  Counts total;
  for (const char* name : kScripts) {
    std::ifstream file(folder / (std::string(name) + ".test"));
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    ASSERT_FALSE(text.empty()) << name;
    Counts counts;
    Runner(name, counts).run(read_script(text));
    std::cout << name << ": " << counts.passed << " passed, " << counts.failed << " failed, " << counts.unsupported
              << " unsupported\n";
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.unsupported += counts.unsupported;
  }
  std::cout << "all: " << total.passed + total.failed << " ran, " << total.passed << " passed, " << total.unsupported
            << " unsupported\n";
  EXPECT_EQ(total.failed, 0);
  EXPECT_GT(total.passed, 600) << "most of what the scripts hold is supported";
}

}  // namespace
}  // namespace midwatch::promqltest
