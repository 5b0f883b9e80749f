// promql/promqltest_script.h — reads Prometheus' own test scripts, for promqltest_test.cc.
//
// A script is a list of commands: load, clear, eval. Series are written as
// `name{label="value"} 0+10x5 _ stale {{schema:0 sum:1 count:1}}x3`, the start times of their samples as
// `name{label="value"}@st -30s-1mx4` in a line before, relative to the samples.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "series/float_histogram.h"
#include "series/labels.h"

namespace midwatch::promqltest {

struct ScriptPoint {
  enum class Kind : std::uint8_t { kValue, kGap, kHistogram } kind = Kind::kGap;
  double value = 0;
  HistogramPtr histogram{};
  bool states_hint = false;  // the literal says what the hint is
};

struct ScriptSeries {
  Labels labels;
  std::vector<ScriptPoint> points;
  bool start_times = false;  // the points are start times, in seconds relative to the samples
};

struct Expectation {
  enum class Match : std::uint8_t { kAny, kText, kPattern } match = Match::kAny;
  std::string text;
};

struct Eval {
  bool is_range = false;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::int64_t step_ms = 0;
  std::string query;
  std::vector<ScriptSeries> rows;
  std::optional<double> scalar;
  std::optional<std::string> string;
  std::optional<Expectation> fail;
  std::vector<Expectation> warnings;
  std::vector<Expectation> infos;
  bool no_warnings = false;
  bool no_infos = false;
  bool ordered = false;
  bool range_vector = false;  // the rows' points start at range_start_ms
  std::int64_t range_start_ms = 0;
  std::int64_t range_step_ms = 0;
};

struct Command {
  enum class Kind : std::uint8_t { kLoad, kClear, kEval } kind = Kind::kClear;
  std::size_t line = 0;
  std::int64_t step_ms = 0;  // of a load
  bool with_custom_buckets = false;
  std::vector<ScriptSeries> series;
  Eval eval;
};

// Throws std::runtime_error with the line when it does not understand the script.
std::vector<Command> read_script(std::string_view text);

}  // namespace midwatch::promqltest
