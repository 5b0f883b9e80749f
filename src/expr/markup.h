// expr/markup.h — texts for HTML as markupsafe has them: what is not marked safe is escaped when it meets what is.
#pragma once

#include <string>
#include <string_view>

#include "expr/datum.h"
#include "expr/function_table.h"

namespace midwatch {

[[nodiscard]] inline bool is_markup(const Datum& datum) { return !datum.is_plain() && datum.type() == Type::kString; }
// & < > ' " as entities.
[[nodiscard]] std::string html_escaped(std::string_view text);
// The entities of HTML that templates meet: the five above, &nbsp; and numeric ones.
[[nodiscard]] std::string html_unescaped(std::string_view text);
// Charged to the evaluation.
[[nodiscard]] Outcome<Datum> make_markup(Evaluation& evaluation, std::string safe);
// escape(v): Markup stays as it is, of anything else the text is escaped.
[[nodiscard]] Outcome<Datum> escape_markup(Evaluation& evaluation, const Datum& datum);
[[nodiscard]] Outcome<std::string> escaped_text(Evaluation& evaluation, const Datum& datum);
// Texts become Markup; so do those in a list or a tuple.
[[nodiscard]] Datum marked(const Datum& datum);

// The methods of Markup that differ from those of str: arguments are escaped, results are Markup.
void add_markup_methods(FunctionTable& table);

}  // namespace midwatch
