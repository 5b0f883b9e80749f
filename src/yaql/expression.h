// yaql/expression.h — YAQL 3 as Orquesta uses it, compiled.
//
//   auto names = yaql::compile("ctx().hosts.where($.load > 0.8).select($.name)");
//   Result<Value> value = names->evaluate(evaluation);
//
// ctx() reads the variables of the scope; `$` is null outside of lambdas. Query functions are lazy; a generator that is
// the result becomes a list. Programs are immutable; share them between threads.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "expr/program.h"

namespace midwatch::yaql {

// `source` is what stands between `<%` and `%>`.
[[nodiscard]] Outcome<std::shared_ptr<const Program>> compile_outcome(std::string_view source);
[[nodiscard]] Result<std::shared_ptr<const Program>> compile(std::string_view source);

// Every function and method there is, sorted: for the reference and its test.
struct LibraryNames {
  std::vector<std::string> functions, methods;
};
[[nodiscard]] LibraryNames library_names();

}  // namespace midwatch::yaql
