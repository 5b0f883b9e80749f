// model/runner_types.h — the runners that exist and the parameters that each takes (spec chapter 3).
//
// Metadata only, so that content can be validated without the code that runs actions. One table.
#pragma once

#include <span>
#include <string_view>

#include "value/value.h"

namespace midwatch {

struct RunnerType {
  std::string_view name;  // "local-shell-cmd"
  std::string_view description;
  Value parameters;             // object: name → schema
  std::string_view output_key;  // or empty
  bool is_workflow = false;
  enum class EntryPoint : std::uint8_t { kNone, kScript, kPython, kWorkflow } entry_point = EntryPoint::kNone;
};

[[nodiscard]] std::span<const RunnerType> runner_types();
// '_' counts as '-'; "orchestra" is orquesta. Null when there is none of that name.
[[nodiscard]] const RunnerType* find_runner_type(std::string_view name);

}  // namespace midwatch
