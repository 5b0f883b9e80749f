// expr/diagnostic.h — what went wrong in an expression: kind, Python's name for it, text, place.
//
// The languages return Outcome<T> inside: std::expected whose error is one pointer, so that the way
// of success stays cheap. At the border to_result() turns it into Result<T>; callers that branch on
// the kind (the conformance runner, `midwatch eval`) keep the Outcome.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace midwatch {

enum class ErrorKind : std::uint8_t {
  kSyntax,     // the text does not parse; an unknown filter or test
  kUndefined,  // a variable, attribute, key, function, task or item that does not exist
  kType,       // operands or arguments of the wrong type or number
  kValue,      // right type, impossible value
  kLimit,      // steps, output, depth
  kOther,      // refused by the sandbox, hidden variables, cycles
};

[[nodiscard]] std::string_view to_string(ErrorKind kind);

struct Diagnostic {
  static constexpr std::uint32_t kNowhere = 0xffffffffu;

  ErrorKind kind = ErrorKind::kOther;
  std::string exception;  // the reference implementation's class, e.g. "TypeError"
  std::string message;
  std::string source{};             // the whole source text, set where the program is left
  std::uint32_t offset = kNowhere;  // byte offset into source
  bool of_result = false;           // nothing failed, but what came out is itself undefined

  // "{{ a + }}\n       ^", the line of the place and a caret below it; empty without a place.
  [[nodiscard]] std::string caret() const;
  [[nodiscard]] Location location() const;
  [[nodiscard]] Error to_error() const;
};

class [[nodiscard]] Failure {
 public:
  Failure(ErrorKind kind, std::string_view exception, std::string message);
  [[nodiscard]] const Diagnostic& diagnostic() const { return *diagnostic_; }
  [[nodiscard]] Diagnostic& diagnostic() { return *diagnostic_; }
  [[nodiscard]] ErrorKind kind() const { return diagnostic_->kind; }
  [[nodiscard]] const std::string& message() const { return diagnostic_->message; }
  [[nodiscard]] Error to_error() const { return diagnostic_->to_error(); }
  // The innermost place wins: later calls change nothing.
  Failure at(std::uint32_t offset) &&;
  Failure in(std::string_view source) &&;

 private:
  std::unique_ptr<Diagnostic> diagnostic_;
};

template <class T>
class [[nodiscard]] Outcome : public std::expected<T, Failure> {
  using Base = std::expected<T, Failure>;

 public:
  using Base::Base;
  Outcome(Failure failure) : Base(std::unexpect, std::move(failure)) {}
};

template <class T>
[[nodiscard]] Result<T> to_result(Outcome<T> outcome) {
  if (!outcome) return outcome.error().to_error();
  if constexpr (std::is_void_v<T>) return {};
  else return std::move(*outcome);
}

// Python's exceptions by name, with the kind each belongs to.
Failure syntax_error(std::string message);
Failure undefined_error(std::string message);
Failure type_error(std::string message);
Failure value_error(std::string message);
Failure limit_error(std::string message);
Failure other_error(std::string_view exception, std::string message);

}  // namespace midwatch
