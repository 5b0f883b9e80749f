// expr/evaluation.h — one evaluation: variables, what may be asked, and how much it may cost.
//
//   MapScope scope(event);
//   Evaluation evaluation(scope);
//   Result<Value> value = program->evaluate(evaluation);
//
// Cheap to make (no allocation); used once, by one thread. Every loop and every node of a program
// takes a step, every text made is charged: no expression can hang or exhaust the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "expr/datum.h"
#include "expr/diagnostic.h"
#include "expr/scope.h"
#include "expr/workflow_functions.h"

namespace midwatch {

struct EvalLimits {
  std::uint64_t steps_max = 20'000'000;
  std::size_t output_bytes_max = 64u << 20;  // of all texts and lists made, not only of the result
  std::uint32_t depth_max = 300;             // calls and nesting while running
};

// Nesting of the source text: brackets, operators, blocks.
inline constexpr std::uint32_t kSourceDepthMax = 150;
inline constexpr std::size_t kSourceBytesMax = 1u << 20;

class Evaluation {
 public:
  explicit Evaluation(const Scope& variables, const EvalLimits& bounds = {}) : scope(variables), limits(bounds) {}

  const Scope& scope;
  const EvalLimits limits;
  const WorkflowFunctions* workflow = nullptr;  // null: the workflow functions fail
  const Datastore* datastore = nullptr;         // null: st2kv is empty
  bool system_lookup = false;                   // `system` is the datastore's too, as in criteria
  std::string user{};                           // whose keys `st2kv.user` reads
  std::optional<Instant> now{};                 // for YAQL's now(), which fails without it
  bool lenient_undefined = false;               // undefined names print nothing instead of failing
  bool autoescape = false;                      // Jinja: what is printed is escaped for HTML
  Foreign foreign = Foreign::kText;

  [[nodiscard]] bool take_steps(std::uint64_t count = 1) {
    steps_ += count + take_datum_work();
    return steps_ <= limits.steps_max;
  }
  [[nodiscard]] bool take_bytes(std::size_t count) {
    bytes_ += count;
    return bytes_ <= limits.output_bytes_max;
  }
  Failure too_many_steps() const;
  Failure too_many_bytes() const;
  Failure too_deep() const;

  // Guards one level of recursion: `const Evaluation::Level level(e); if (!level.ok()) return e.too_deep();`
  class Level {
   public:
    explicit Level(Evaluation& e) : evaluation_(e) { ++evaluation_.depth_; }
    ~Level() { --evaluation_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    [[nodiscard]] bool ok() const { return evaluation_.depth_ <= evaluation_.limits.depth_max; }

   private:
    Evaluation& evaluation_;
  };

 private:
  std::uint64_t steps_ = 0;
  std::size_t bytes_ = 0;
  std::uint32_t depth_ = 0;
};

}  // namespace midwatch
