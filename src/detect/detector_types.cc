#include "detect/detector_types.h"

namespace midwatch {
namespace {

constexpr DetectorType kTypes[] = {
    {"robust_z", "the value is far from the median of its own recent past", internal::prepare_robust_z},
    {"threshold", "the value is beyond a constant", internal::prepare_threshold},
};

}  // namespace

std::span<const DetectorType> detector_types() { return kTypes; }

const DetectorType* find_detector_type(std::string_view name) {
  for (const DetectorType& type : kTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

}  // namespace midwatch
