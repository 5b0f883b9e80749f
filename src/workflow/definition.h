// workflow/definition.h — an Orquesta workflow as written (spec 5.2), typed, with places, expressions compiled.
//
//   MW_TRY(auto definition, Definition::parse(text, "actions/workflows/repair.yaml"));
//   for (const InspectionError& wrong : inspect(*definition)) …           // workflow/inspect.h
//   MW_TRY(Conductor conductor, Conductor::create(definition, inputs));   // workflow/conductor.h
//
// parse() refuses only what cannot be read as a workflow at all: broken YAML, a mapping where a list must
// be. Everything else (unknown keys, wrong types, bad expressions, tasks that do not exist) parses, with
// the part in question left out, and is what inspect() reports; whoever loads content refuses definitions
// with inspection errors.
//
// Immutable after parse; share it as shared_ptr<const Definition> between threads and executions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "codec/yaml.h"
#include "value/value.h"
#include "workflow/expression.h"

namespace midwatch {

class Graph;

inline constexpr std::size_t kWorkflowTasksMax = 20'000;
inline constexpr std::size_t kWorkflowTransitionsMax = 100'000;
inline constexpr std::size_t kWorkflowTextBytesMax = 16u << 20;

// `name: expression` of input, vars, publish and output.
struct Assignment {
  std::string name;
  Expression value;
  Location where;
};

struct TaskTransition {
  std::optional<Expression> when;    // absent: always taken
  std::vector<Assignment> publish;   // in order; later ones see earlier ones
  std::vector<std::string> targets;  // never empty: `continue` stands for a missing `do`
  Location where;
};

struct WithItems {
  std::string text;                // as written: "x, y in <% … %>"
  std::string items_text;          // the part after " in "
  std::vector<std::string> names;  // x, y; empty when the items have no name
  Expression items;
  std::optional<Expression> concurrency;
};

struct RetryPolicy {
  std::optional<Expression> when;  // absent: when the task failed
  Expression count;
  std::optional<Expression> delay;  // seconds
  bool of_transition = false;       // made by a transition to `retry`
};

struct TaskSpec {
  std::string name;
  std::optional<Expression> action;  // the reference, without inline parameters; absent: does nothing, succeeds
  std::optional<Expression> input;
  std::optional<WithItems> with;
  bool join_all = false;
  std::optional<std::int64_t> join_count;
  std::optional<Expression> delay;   // seconds
  std::optional<RetryPolicy> retry;  // of `retry:`; a transition to `retry` replaces it in the graph
  std::vector<TaskTransition> next;
  Location where;

  [[nodiscard]] bool is_join() const { return join_all || join_count.has_value(); }
};

// continue, fail, noop, retry.
[[nodiscard]] bool is_engine_command(std::string_view task_name);

class Definition {
 public:
  // `file` is only what errors name.
  [[nodiscard]] static Result<std::shared_ptr<const Definition>> parse(std::string_view text, std::string_view file);
  ~Definition();
  Definition(const Definition&) = delete;
  Definition& operator=(const Definition&) = delete;

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const std::vector<Assignment>& inputs() const { return inputs_; }  // null where no default is given
  [[nodiscard]] const std::vector<Assignment>& vars() const { return vars_; }
  [[nodiscard]] const std::vector<Assignment>& outputs() const { return outputs_; }
  [[nodiscard]] const std::vector<TaskSpec>& tasks() const { return tasks_; }  // as written
  [[nodiscard]] const TaskSpec* task(std::string_view name) const;             // null where there is none
  [[nodiscard]] const Graph& graph() const { return *graph_; }                 // workflow/graph.h
  // The text as a located tree, with `with: text` written out as {items: text}: for inspection.
  [[nodiscard]] const YamlNode& root() const { return root_; }
  // Tasks in `do` that are not defined. The graph has no such node; a conductor refuses to run it.
  [[nodiscard]] const std::vector<std::string>& undefined_targets() const { return undefined_targets_; }

 private:
  friend class DefinitionParser;
  Definition();

  std::string file_;
  YamlNode root_;
  std::vector<Assignment> inputs_;
  std::vector<Assignment> vars_;
  std::vector<Assignment> outputs_;
  std::vector<TaskSpec> tasks_;
  std::unordered_map<std::string_view, std::size_t> task_by_name_;
  std::vector<std::string> undefined_targets_;
  std::unique_ptr<const Graph> graph_;
};

}  // namespace midwatch
