#include "expr/evaluation.h"

#include <algorithm>

#include "expr/program.h"

namespace midwatch {

Failure Evaluation::too_many_steps() const {
  return limit_error("the expression takes more than " + std::to_string(limits.steps_max) + " steps");
}
Failure Evaluation::too_many_bytes() const {
  return limit_error("the expression makes more than " + std::to_string(limits.output_bytes_max) + " bytes");
}
Failure Evaluation::too_deep() const {
  return limit_error("the expression recurses more than " + std::to_string(limits.depth_max) + " levels");
}

namespace {

void sort_unique(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

void Reads::merge(const Reads& other) {
  roots.insert(roots.end(), other.roots.begin(), other.roots.end());
  context_names.insert(context_names.end(), other.context_names.begin(), other.context_names.end());
  whole_context = whole_context || other.whole_context;
}

void Reads::normalize() {
  sort_unique(roots);
  sort_unique(context_names);
}

}  // namespace midwatch
