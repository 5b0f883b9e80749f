// model/diagnostics.h — what is wrong with content, all of it at once.
//
// Parsers add to a Diagnostics and go on, so that an author sees every mistake of a pack in one run.
// An error refuses the pack; a warning (an unknown key that StackStorm's format tolerates, …) does not.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace midwatch {

// Not called Diagnostic: that is an expression's (expr/diagnostic.h), and both meet in one program.
struct ContentDiagnostic {
  enum class Severity : std::uint8_t { kError, kWarning };
  Severity severity = Severity::kError;
  Location where;
  std::string message;  // what was found and what was expected
  std::string hint;     // how to mend it, or empty

  // "rules/a.yaml:3:7: error: unknown operator 'gtt' (did you mean 'gt'?)"
  [[nodiscard]] std::string to_string() const;
};

class Diagnostics {
 public:
  static constexpr std::size_t kKeptMax = 1'000;  // further ones are counted, not kept

  void error(Location where, std::string message, std::string hint = {});
  void warning(Location where, std::string message, std::string hint = {});
  void error(const Error& error);

  [[nodiscard]] bool has_errors() const { return error_count_ != 0; }
  [[nodiscard]] std::size_t error_count() const { return error_count_; }
  [[nodiscard]] const std::vector<ContentDiagnostic>& all() const { return kept_; }
  void sort();  // by file, line, column
  void append(const Diagnostics& other);
  // All errors as one: the first line of each, for a caller that can carry only one.
  [[nodiscard]] Error to_error() const;

 private:
  void add(ContentDiagnostic diagnostic);
  std::vector<ContentDiagnostic> kept_;
  std::size_t error_count_ = 0;
};

}  // namespace midwatch
