// Goal: what a query answers is what Prometheus answers.
// Method: run the scripts of the Prometheus project where the shared folder has them (MIDWATCH_SHARED, by
// default ../shared beside the source): every eval as it is, instant ones also as a step of a range. What
// does not pass is counted and shown; each tier has a floor, and docs/differences.md the reasons.
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
#include "series/number_text.h"
#include "series/sample_source.h"

namespace midwatch::promqltest {
namespace {

struct Tier {
  const char* name;
  int floor;  // evals that passed when it was last raised
  std::vector<const char*> scripts;
};

const std::vector<Tier>& tiers() {
  static const std::vector<Tier> kTiers = {
      {"A: floats and classic histograms",
       1244,
       {"aggregators", "at_modifier", "collision", "functions", "histograms", "literals", "name_label_dropping",
        "operators", "range_queries", "selectors", "staleness", "subquery", "trig_functions"}},
      {"B: native histograms", 522, {"native_histograms"}},
      {"C: experimental",
       448,
       {"extended_vectors", "duration_expression", "type_and_unit", "info", "fill-modifier", "limit",
        "start_timestamps"}},
  };
  return kTiers;
}

struct Counts {
  int passed = 0;
  int failed = 0;
  [[nodiscard]] int total() const { return passed + failed; }
};

bool almost_equal(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  const double scale = std::fabs(a) + std::fabs(b);
  return std::fabs(a - b) / scale < 1e-6;
}

bool same(const FloatHistogram::Buckets& a, const FloatHistogram::Buckets& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.index == y.index && almost_equal(x.count, y.count); });
}

// Empty buckets do not matter, nor does a hint that is not stated.
bool same(const ScriptPoint& wanted, const FloatHistogram& got) {
  FloatHistogram a = *wanted.histogram;
  FloatHistogram b = got;
  a.compact();
  b.compact();
  return a.schema == b.schema && almost_equal(a.count, b.count) && almost_equal(a.sum, b.sum) &&
         almost_equal(a.zero_threshold, b.zero_threshold) && almost_equal(a.zero_count, b.zero_count) &&
         same(a.positive, b.positive) && same(a.negative, b.negative) && a.custom_bounds == b.custom_bounds &&
         (!wanted.states_hint || a.hint == b.hint);
}

bool same(const ScriptPoint& wanted, double value, const HistogramPtr& histogram) {
  if ((wanted.kind == ScriptPoint::Kind::kHistogram) != (histogram != nullptr)) return false;
  return histogram != nullptr ? same(wanted, *histogram) : almost_equal(wanted.value, value);
}

bool matches(const Expectation& expectation, const std::string& text) {
  switch (expectation.match) {
    case Expectation::Match::kAny: return true;
    case Expectation::Match::kText: return text == expectation.text;
    case Expectation::Match::kPattern: return RE2::PartialMatch(text, expectation.text);
  }
  return false;
}

// Samples in the order the script gives, which need not be the order of time over several loads. Of
// histograms it knows as much about resets as Prometheus' storage would.
class ScriptSource final : public SampleSource {
 public:
  struct Stored {
    double value = 0;
    HistogramPtr histogram;
    std::int64_t start_ms = 0;
  };

  void add(const Labels& labels, Instant at, Stored sample) { series_[labels][at] = std::move(sample); }
  void clear() { series_.clear(); }

  // After each load: what came before a histogram may have come later.
  void work_out_hints() {
    for (auto& [labels, samples] : series_) {
      HistogramPtr previous;
      for (auto& [at, sample] : samples) {
        if (sample.histogram != nullptr) {
          FloatHistogram hinted = *sample.histogram;
          hinted.hint = hint_after(previous.get(), hinted);
          sample.histogram = share(std::move(hinted));
        }
        previous = sample.histogram;
      }
    }
  }

  Result<std::vector<SeriesSamples>> select(std::span<const LabelMatcher> matchers, TimeRange range,
                                            SelectLimits /*limits*/) const override {
    std::vector<SeriesSamples> out;
    for (const auto& [labels, samples] : series_) {
      const bool all = std::all_of(matchers.begin(), matchers.end(),
                                   [&](const LabelMatcher& m) { return m.matches(labels.get(m.name())); });
      if (!all) continue;
      SeriesSamples one{labels, {}};
      bool starts = false;
      for (auto it = samples.lower_bound(range.from); it != samples.end() && it->first <= range.to; ++it) {
        const auto& [at, sample] = *it;
        if (sample.histogram != nullptr) {
          one.histograms.push_back({at, sample.histogram, sample.start_ms});
        } else {
          one.samples.push_back({at, sample.value});
          one.starts.push_back(sample.start_ms);
          starts = starts || sample.start_ms != 0;
        }
      }
      if (!starts) one.starts.clear();
      if (!one.samples.empty() || !one.histograms.empty()) out.push_back(std::move(one));
    }
    return out;
  }

 private:
  std::map<Labels, std::map<Instant, Stored>> series_;
};

// The series of classic histograms as native ones with custom bounds, as a scrape would convert them.
class ClassicHistograms {
 public:
  void add(const ScriptSeries& series) {
    const std::string_view name = series.labels.metric_name();
    for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
      if (!name.ends_with(suffix)) continue;
      const Labels labels = series.labels.without("le").with(kMetricName, name.substr(0, name.size() - suffix.size()));
      const auto le = parse_number_text(series.labels.get("le"));
      if (suffix == "_bucket" && !le) continue;
      for (std::size_t i = 0; i < series.points.size(); ++i) {
        if (series.points[i].kind != ScriptPoint::Kind::kValue || is_stale_marker(series.points[i].value)) continue;
        One& one = found_[labels][i];
        if (suffix == "_bucket") one.buckets[*le] = std::max(one.buckets[*le], series.points[i].value);
        else if (suffix == "_sum") one.sum = series.points[i].value;
        else one.count = series.points[i].value;
      }
    }
  }

  void store(ScriptSource& source, std::int64_t step_ms) const {
    for (const auto& [labels, by_index] : found_) {
      for (const auto& [index, one] : by_index) {
        if (one.buckets.empty()) continue;
        const Instant at = instant_from_millis(static_cast<std::int64_t>(index) * step_ms);
        source.add(labels, at, {0, share(converted(one)), 0});
      }
    }
  }

 private:
  struct One {
    std::map<double, double> buckets;  // cumulative, by upper bound
    double sum = 0;
    std::optional<double> count;
  };

  static FloatHistogram converted(const One& one) {
    FloatHistogram histogram;
    histogram.schema = FloatHistogram::kCustomSchema;
    histogram.sum = one.sum;
    histogram.count = one.count.value_or(one.buckets.rbegin()->second);
    double before = 0;
    std::int32_t index = 0;
    for (const auto& [bound, cumulative] : one.buckets) {
      if (!std::isinf(bound)) histogram.custom_bounds.push_back(bound);
      histogram.positive.push_back({index++, cumulative - before});
      before = cumulative;
    }
    if (!std::isinf(one.buckets.rbegin()->first)) histogram.positive.push_back({index, histogram.count - before});
    histogram.compact();
    return histogram;
  }

  std::map<Labels, std::map<std::size_t, One>> found_;
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
        case Command::Kind::kClear: source_.clear(); break;
        case Command::Kind::kLoad: load(command); break;
        case Command::Kind::kEval: eval(command); break;
      }
    }
  }

 private:
  void load(const Command& command) {
    std::map<Labels, std::vector<ScriptPoint>> starts;
    ClassicHistograms classic;
    for (const ScriptSeries& series : command.series) {
      if (series.start_times) {
        starts[series.labels] = series.points;
        continue;
      }
      if (command.with_custom_buckets) classic.add(series);
      const std::vector<ScriptPoint>& own_starts = starts[series.labels];
      for (std::size_t i = 0; i < series.points.size(); ++i) {
        const ScriptPoint& point = series.points[i];
        if (point.kind == ScriptPoint::Kind::kGap) continue;
        const std::int64_t ms = static_cast<std::int64_t>(i) * command.step_ms;
        const bool started = i < own_starts.size() && own_starts[i].kind == ScriptPoint::Kind::kValue;
        const std::int64_t start = started ? ms + std::llround(own_starts[i].value * 1000) : 0;
        source_.add(series.labels, instant_from_millis(ms), {point.value, point.histogram, start});
      }
    }
    classic.store(source_, command.step_ms);
    source_.work_out_hints();
  }

  void eval(const Command& command) {
    const Eval& eval = command.eval;
    auto query = PromQuery::parse(eval.query);
    std::string problem = check(eval, query);
    if (problem.empty() && query && !eval.is_range && !eval.fail) problem = check_as_range(eval, *query);
    ++(problem.empty() ? counts_.passed : counts_.failed);
    if (!problem.empty()) {
      std::cout << script_ << ":" << command.line << ": " << eval.query << "\n  " << problem << "\n";
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

  static std::string shown(double value, const HistogramPtr& histogram) {
    if (histogram == nullptr) return prom_number_text(value);
    return histogram->to_string() + " hint " + std::to_string(static_cast<int>(histogram->hint));
  }

  static std::string show(const PromVector& vector) {
    std::string out = "got";
    for (const PromElement& element : vector) {
      out += "\n    " + element.labels.to_string() + " " + shown(element.value, element.histogram);
    }
    return out;
  }

  static std::string check_vector(const Eval& eval, const PromVector& vector) {
    if (vector.size() != eval.rows.size()) return show(vector);
    for (std::size_t i = 0; i < eval.rows.size(); ++i) {
      const ScriptSeries& row = eval.rows[i];
      const auto found = std::find_if(vector.begin(), vector.end(),
                                      [&](const PromElement& element) { return element.labels == row.labels; });
      if (found == vector.end() || !same(row.points[0], found->value, found->histogram)) return show(vector);
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
      for (const HistogramSample& sample : series.histograms) {
        out += " " + shown(0, sample.histogram) + "@" + std::to_string(to_millis(sample.at));
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
      std::size_t next_histogram = 0;
      for (std::size_t i = 0; i < row.points.size(); ++i) {
        if (row.points[i].kind == ScriptPoint::Kind::kGap) continue;
        const Instant at = instant_from_millis(start + static_cast<std::int64_t>(i) * step);
        if (row.points[i].kind == ScriptPoint::Kind::kHistogram) {
          if (next_histogram >= found->histograms.size()) return show(matrix);
          const HistogramSample& sample = found->histograms[next_histogram++];
          if (sample.at != at || !same(row.points[i], *sample.histogram)) return show(matrix);
          continue;
        }
        if (next >= found->samples.size() || found->samples[next].at != at ||
            !almost_equal(found->samples[next].value, row.points[i].value)) {
          return show(matrix);
        }
        ++next;
      }
      if (next != found->samples.size() || next_histogram != found->histograms.size()) return show(matrix);
    }
    return {};
  }

  // The same query as the middle step of three must give the same values.
  std::string check_as_range(const Eval& eval, const PromQuery& query) const {
    const bool vector = query.type() == PromType::kVector;
    if (!vector) return {};
    for (const char* of_the_range : {"start()", "end()", "step()", "range()"}) {
      if (eval.query.find(of_the_range) != std::string::npos) return {};
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
      for (const HistogramSample& sample : series.histograms) {
        if (sample.at == at) middle.push_back({series.labels, at, 0, sample.histogram});
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
};

std::filesystem::path shared_folder() {
  if (const char* path = std::getenv("MIDWATCH_SHARED")) return path;
  return std::filesystem::path(MIDWATCH_SOURCE_DIR) / ".." / "shared";
}

TEST(PromqlConformance, QueriesAgreeWithPrometheusOwnScripts) {
  const std::filesystem::path folder = shared_folder() / "conformance" / "promql";
  if (!std::filesystem::is_directory(folder)) {
    std::cout << "NOT COMPARED: no scripts; set MIDWATCH_SHARED to the folder that has conformance/promql in it\n";
    return;
  }
  for (const Tier& tier : tiers()) {
    Counts total;
    for (const char* name : tier.scripts) {
      std::ifstream file(folder / (std::string(name) + ".test"));
      const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
      ASSERT_FALSE(text.empty()) << name;
      Counts counts;
      Runner(name, counts).run(read_script(text));
      std::cout << name << ": " << counts.passed << " of " << counts.total() << "\n";
      total.passed += counts.passed;
      total.failed += counts.failed;
    }
    std::cout << "tier " << tier.name << ": " << total.passed << " of " << total.total() << "\n";
    EXPECT_GE(total.passed, tier.floor) << "tier " << tier.name;
  }
}

}  // namespace
}  // namespace midwatch::promqltest
