// expr/python_format.h — Python's two ways to format: 'x %d' % v and '{:>8}'.format(v).
#pragma once

#include <string>
#include <string_view>

#include "expr/datum.h"
#include "expr/evaluation.h"
#include "expr/function_table.h"

namespace midwatch {

inline constexpr std::int64_t kFormatWidthMax = 1 << 20;

// Whether what is put into a text is escaped for HTML, as formatting of Markup does.
enum class Escaping : std::uint8_t { kNone, kHtml };
// `arguments` is a tuple, a mapping, or the one value.
[[nodiscard]] Outcome<std::string> percent_format(Evaluation& evaluation, std::string_view format,
                                                  const Datum& arguments, Escaping escaping = Escaping::kNone);
// call.args are positional, call.named the named ones. Attribute look-up goes through `lookup`.
using FieldLookup = Outcome<Datum> (*)(Evaluation& evaluation, const Datum& object, std::string_view name, bool item);
struct BraceStyle {
  FieldLookup lookup;
  bool escapes = false;  // a format that is Markup
};
[[nodiscard]] Outcome<std::string> brace_format(Call& call, std::string_view format, const BraceStyle& style);
// format(value, spec)
[[nodiscard]] Outcome<std::string> format_with_spec(Evaluation& evaluation, const Datum& value, std::string_view spec);

}  // namespace midwatch
