// base/result.h — the one way a Midwatch function reports an error it expects.
//
// Result<T> is std::expected<T, Error> that the compiler refuses to let you drop. An Error is a
// small code that a caller may branch on, a sentence for a person, and, where there is a source
// text, the place in it and how to mend it. Add a Code only when some caller would behave
// differently for it; everything else is text.
//
// Text: lower case, no period, what was found and what was expected. Secrets never.
// Broken promises inside Midwatch are not errors: use MW_ASSERT (base/assert.h).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace midwatch {

enum class Code : std::uint8_t {
  kInvalid,  // the input is wrong; retrying the same input cannot help
  kNotFound,
  kConflict,  // someone else changed it first; re-read and retry
  kLimit,     // a stated limit was reached (size, depth, rate, fuel)
  kDenied,    // policy or authentication said no
  kTimeout,
  kUnavailable,  // the outside world failed; retrying later may help
};

[[nodiscard]] std::string_view to_string(Code code);

// A place in a source text. Lines and columns count from 1; a column counts Unicode code points.
// line 0 means "the whole file".
struct Location {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  [[nodiscard]] bool known() const { return !file.empty() || line != 0; }
  [[nodiscard]] std::string to_string() const;  // "rules/a.yaml:3:7"
  friend bool operator==(const Location&, const Location&) = default;
};

struct [[nodiscard]] Error {
  Code code;
  std::string message;
  Location where{};    // unknown() unless the error is about a text
  std::string hint{};  // how to mend it, or empty

  Error(Code c, std::string text) : code(c), message(std::move(text)) {}
  Error(Code c, std::string text, Location location, std::string mend = {})
      : code(c), message(std::move(text)), where(std::move(location)), hint(std::move(mend)) {}

  // Adds where we were: "rule cpu-hot: criteria[2]: unknown operator 'gtt'".
  [[nodiscard]] Error within(std::string_view place) && {
    message.insert(0, std::string(place) + ": ");
    return std::move(*this);
  }
  [[nodiscard]] Error at(Location location) && {
    where = std::move(location);
    return std::move(*this);
  }
  // "rules/a.yaml:3:7: unknown operator 'gtt' (did you mean 'gt'?)"
  [[nodiscard]] std::string to_string() const;
};

template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
  using Base = std::expected<T, Error>;

 public:
  using Base::Base;
  Result(Error error) : Base(std::unexpect, std::move(error)) {}
};

using Status = Result<void>;

// MW_TRY(auto rule, parse_rule(text));   // returns the error from the enclosing function
#define MW_TRY(decl, expr) MW_TRY_IMPL_(decl, expr, return, MW_CAT_(mw_try_, __LINE__))
// The same inside a coroutine. A statement, never an expression: GCC 12 crashes on `({ co_await })`.
#define MW_CO_TRY(decl, expr) MW_TRY_IMPL_(decl, expr, co_return, MW_CAT_(mw_try_, __LINE__))
// MW_CHECK(status_expression);   // for Status: nothing to declare
#define MW_CHECK(expr)                                                            \
  do {                                                                            \
    if (auto mw_status = (expr); !mw_status) return std::move(mw_status).error(); \
  } while (false)
#define MW_CAT_(a, b) MW_CAT2_(a, b)
#define MW_CAT2_(a, b) a##b
#define MW_TRY_IMPL_(decl, expr, ret, tmp) \
  auto tmp = (expr);                       \
  if (!tmp) ret std::move(tmp).error();    \
  decl = std::move(*tmp)

}  // namespace midwatch
