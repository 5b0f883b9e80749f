// expr/program.h — a compiled expression or template of either language.
//
// Compiled once, evaluated many times; immutable, so any number of threads may evaluate one program,
// each with its own Evaluation.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "expr/evaluation.h"

namespace midwatch {

// The variables that a program reads, known without running it. Sorted, each once.
struct Reads {
  std::vector<std::string> roots;          // free names: `trigger` of {{ trigger.host }}
  std::vector<std::string> context_names;  // names asked of the workflow context: ctx().x, ctx(x)
  bool whole_context = false;              // ctx() used as a value: may read anything

  void merge(const Reads& other);
  void normalize();  // sorts, drops repetitions
};

class Program {
 public:
  virtual ~Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Keeps the kind of an error; evaluate() is the same for callers that only report it.
  [[nodiscard]] virtual Outcome<Value> run(Evaluation& evaluation) const = 0;
  [[nodiscard]] Result<Value> evaluate(Evaluation& evaluation) const { return to_result(run(evaluation)); }
  [[nodiscard]] const Reads& reads() const { return reads_; }
  [[nodiscard]] const std::string& source() const { return source_; }

 protected:
  Program() = default;
  std::string source_;
  Reads reads_;
};

}  // namespace midwatch
