// action_chain/chain_definition.h — an action chain as written (spec 3.6): one task after another, each
// with a next one for success and one for failure.
//
//   MW_TRY(auto definition, ChainDefinition::parse(text, "actions/chains/deploy.yaml"));
//
// check() gives everything that is wrong with a text, with its place; parse() fails with the first of it.
// Names of tasks that are templates are not looked up, as in the reference.
//
// Immutable after parse; share it between threads and executions.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "value/value.h"

namespace midwatch {

inline constexpr std::size_t kChainTasksMax = 10'000;

struct ChainTask {
  std::string name;
  std::string ref;   // of the action
  Value parameters;  // name → template
  std::string on_success;
  std::string on_failure;
  Value publish;  // name → template
  Value notify;
  Location where;

  // Its attributes with underscores: the context `chain` of its execution.
  [[nodiscard]] Value to_value() const;
};

class ChainDefinition {
 public:
  // `file` is only what errors name.
  [[nodiscard]] static Result<std::shared_ptr<const ChainDefinition>> parse(std::string_view text,
                                                                            std::string_view file);
  [[nodiscard]] static std::vector<Error> check(std::string_view text, std::string_view file);

  [[nodiscard]] const std::vector<ChainTask>& tasks() const { return tasks_; }
  [[nodiscard]] const ChainTask* task(std::string_view name) const;  // null where there is none
  // `default`, or the first task that no other leads to, or the first; empty when there are no tasks.
  [[nodiscard]] const std::string& start() const { return start_; }
  [[nodiscard]] const Value& vars() const { return vars_; }  // name → template

 private:
  friend class ChainParser;
  std::vector<ChainTask> tasks_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::string start_;
  Value vars_;
};

}  // namespace midwatch
