// detect/detector_types.h — the family of detectors: a name and how to make a scorer from parameters.
//
// A member is one file and one line of the table in detector_types.cc.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "detect/detector.h"
#include "detect/parameter_reader.h"

namespace midwatch {

// Makes a fresh scorer for each series.
using ScorerMaker = std::function<std::unique_ptr<Scorer>()>;

struct DetectorType {
  std::string_view name;
  std::string_view summary;
  // Reads its own parameters; mistakes are left in the reader.
  ScorerMaker (*prepare)(ParameterReader& parameters);
};

[[nodiscard]] std::span<const DetectorType> detector_types();
[[nodiscard]] const DetectorType* find_detector_type(std::string_view name);

namespace internal {
ScorerMaker prepare_threshold(ParameterReader& parameters);  // threshold_scorer.cc
ScorerMaker prepare_robust_z(ParameterReader& parameters);   // robust_z_scorer.cc
}  // namespace internal

}  // namespace midwatch
