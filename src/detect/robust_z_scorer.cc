// The value is far from the median of its own recent past, measured by the median absolute deviation
// (MAD): score = 0.6745 (x - median) / MAD, which for a normal distribution is the number of standard
// deviations, and which outliers in the window hardly move.
//
// A flat series has no deviation at all: the MAD is never taken as less than `mad_floor`, nor than
// `mad_floor_ratio` of the median.
#include <algorithm>
#include <cmath>
#include <deque>

#include "detect/detector_types.h"
#include "detect/order_statistics.h"

namespace midwatch::internal {
namespace {

constexpr double kNormalConsistency = 0.6745;  // MAD of a normal distribution, in standard deviations
constexpr std::size_t kWindowSamplesMax = 20'000;

enum class Direction : std::uint8_t { kBoth, kUp, kDown };

struct RobustZOptions {
  Duration window{};
  std::size_t min_samples = 0;
  double threshold = 0;
  double clear = 0;
  double mad_floor = 0;
  double mad_floor_ratio = 0;
  Direction direction = Direction::kBoth;
};

class RobustZScorer final : public Scorer {
 public:
  explicit RobustZScorer(const RobustZOptions& options) : options_(options) {}

  [[nodiscard]] Judgement judge(Sample sample) const override {
    Judgement judgement;
    if (window_.size() < options_.min_samples) return judgement;
    const double median = values_.median();
    const double spread = std::max({values_.mad(), options_.mad_floor, options_.mad_floor_ratio * std::fabs(median)}) /
                          kNormalConsistency;
    double score = 0;
    // A value at the median of a series without any floor is no anomaly, whatever 0/0 is.
    if (sample.value != median) score = (sample.value - median) / spread;
    if (options_.direction == Direction::kBoth) score = std::fabs(score);
    if (options_.direction == Direction::kDown) score = -score;
    judgement.score = score;
    judgement.zone = score >= options_.threshold ? Zone::kBreach : score >= options_.clear ? Zone::kHold : Zone::kClear;
    if (options_.direction != Direction::kUp) judgement.expected_low = median - options_.threshold * spread;
    if (options_.direction != Direction::kDown) judgement.expected_high = median + options_.threshold * spread;
    return judgement;
  }

  void learn(Sample sample) override {
    // An infinite value says nothing about what is usual.
    if (!std::isfinite(sample.value)) return;
    const Instant at = sample.at - skipped_;
    while (!window_.empty() && (window_.front().at <= at - options_.window || window_.size() >= kWindowSamplesMax)) {
      values_.erase(window_.front().value);
      window_.pop_front();
    }
    window_.push_back({at, sample.value});
    values_.insert(sample.value);
  }

  void skip(Duration span) override { skipped_ += span; }

  void relearn(const std::vector<Sample>& samples) override {
    window_.clear();
    values_.clear();
    skipped_ = {};
    for (const Sample& sample : samples) learn(sample);
  }

 private:
  RobustZOptions options_;
  Duration skipped_{};  // time that does not count
  std::deque<Sample> window_;
  OrderStatistics values_;
};

}  // namespace

ScorerMaker prepare_robust_z(ParameterReader& parameters) {
  RobustZOptions options;
  options.window = parameters.duration("window", std::chrono::minutes(30));
  options.min_samples = parameters.count("min_samples", 30, kWindowSamplesMax);
  options.threshold = parameters.number("threshold", 6);
  options.clear = parameters.number("clear", options.threshold / 2);
  options.mad_floor = parameters.number("mad_floor", 1e-9);
  options.mad_floor_ratio = parameters.number("mad_floor_ratio", 0.05);
  options.direction = static_cast<Direction>(parameters.choice("direction", {"both", "up", "down"}, 0));
  if (options.window <= Duration::zero()) parameters.fail("window", "must be more than nothing");
  if (options.threshold <= 0) parameters.fail("threshold", "must be above 0");
  if (options.clear > options.threshold) parameters.fail("clear", "must not be above threshold");
  if (options.mad_floor < 0) parameters.fail("mad_floor", "must not be below 0");
  if (options.mad_floor_ratio < 0) parameters.fail("mad_floor_ratio", "must not be below 0");
  return [options] { return std::make_unique<RobustZScorer>(options); };
}

}  // namespace midwatch::internal
