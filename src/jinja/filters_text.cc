// Filters over texts.
#include <algorithm>

#include "expr/markup.h"
#include "expr/python_codec.h"
#include "expr/python_format.h"
#include "expr/python_methods.h"
#include "expr/python_text.h"
#include "jinja/globals.h"
#include "jinja/interpreter.h"

namespace midwatch::jinja {

namespace {

// soft_str: a text, Markup too, stays what it is; anything else becomes its str().
Outcome<Datum> soft_text(Call& call, const Datum& datum) {
  if (datum.is_string()) return datum;
  MW_TRY(std::string text, py_str(call.evaluation, datum));
  return charged_text(call.evaluation, std::move(text));
}

// The method of the text that the filter is named after.
Outcome<Datum> by_method(Call& call, std::string_view name, std::vector<Datum> more = {}) {
  Call method{call.evaluation, name};
  MW_TRY(Datum self, soft_text(call, call.args[0]));
  const Function* function = find_method(self, name);
  method.args.push_back(std::move(self));
  for (Datum& argument : more) method.args.push_back(std::move(argument));
  return function->invoke(method);
}

Outcome<Datum> upper(Call& call) { return by_method(call, "upper"); }
Outcome<Datum> lower(Call& call) { return by_method(call, "lower"); }
Outcome<Datum> capitalize(Call& call) { return by_method(call, "capitalize"); }
Outcome<Datum> trim(Call& call) { return by_method(call, "strip", {call.has(1) ? call.args[1] : Datum()}); }
Outcome<Datum> center(Call& call) { return by_method(call, "center", {call.has(1) ? call.args[1] : Datum(80)}); }
Outcome<Datum> to_string(Call& call) { return soft_text(call, call.args[0]); }

// Jinja's title: a word begins after white space or one of -({[<.
std::string titled(std::string_view text) {
  std::string out;
  std::u32string word;
  const auto flush = [&] {
    if (!word.empty()) {
      const std::string first = from_code_points(std::u32string_view(word).substr(0, 1));
      out += upper_text(first) + lower_text(from_code_points(std::u32string_view(word).substr(1)));
    }
    word.clear();
  };
  for (const char32_t c : to_code_points(text)) {
    const bool separator = is_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
    if (separator) flush();
    if (separator) append_code_point(out, c);
    else word += c;
  }
  flush();
  return out;
}

Outcome<Datum> title(Call& call) {
  MW_TRY(const std::string text, py_str(call.evaluation, call.args[0]));
  return charged_text(call.evaluation, titled(text));
}

Outcome<Datum> replace(Call& call) {
  const Datum limit = call.has(3) && !call.args[3].is_none() ? call.args[3] : Datum(-1);
  Datum parts[3];
  const bool escapes = call.evaluation.autoescape;
  for (std::size_t i = 0; i < 3; ++i) {
    if (escapes) {
      MW_TRY(parts[i], soft_text(call, call.args[i]));
    } else {
      MW_TRY(std::string text, py_str(call.evaluation, call.args[i]));
      parts[i] = Datum(std::string_view(text));
    }
  }
  if (escapes && (is_markup(call.args[1]) || (is_markup(call.args[2]) && !is_markup(call.args[0])))) {
    MW_TRY(parts[0], escape_markup(call.evaluation, parts[0]));
  }
  Call method{call.evaluation, "replace", {parts[0], parts[1], parts[2], limit}};
  return find_method(parts[0], "replace")->invoke(method);
}

Outcome<Datum> format(Call& call) {
  if (!call.rest.empty() && !call.named.empty()) {
    return Failure(ErrorKind::kValue, "FilterArgumentError",
                   "can't handle positional and keyword arguments at the same time");
  }
  MW_TRY(const Datum text, soft_text(call, call.args[0]));
  Datum arguments = make_tuple(call.rest);
  if (!call.named.empty()) {
    auto named = std::make_shared<DictObject>();
    for (auto& [name, value] : call.named) named->set(Datum(std::string_view(name)), std::move(value));
    arguments = Datum(named);
  }
  return py_arithmetic(call.evaluation, Arithmetic::kModulo, text, arguments);
}

Outcome<Datum> indent(Call& call) {
  MW_TRY(const std::string_view text, text_argument(call.args[0], "can only concatenate str"));
  const bool safe = is_markup(call.args[0]);
  std::string margin(4, ' ');
  if (call.has(1) && call.args[1].is_string()) {
    margin = safe ? html_escaped(call.args[1].text()) : std::string(call.args[1].text());
  } else if (call.has(1)) {
    MW_TRY(const std::int64_t width, int_argument(call.args[1]));
    if (width > kFormatWidthMax) return limit_error("the indentation is too wide");
    margin.assign(static_cast<std::size_t>(std::max<std::int64_t>(width, 0)), ' ');
  }
  const bool first = call.has(2) && truthy(call.args[2]);
  const bool blank = call.has(3) && truthy(call.args[3]);
  const std::vector<std::string> lines = lines_of(std::string(text) + "\n");
  if (lines.size() * margin.size() > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
  std::string out = first ? margin : "";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i != 0) out += "\n" + (lines[i].empty() && !blank ? "" : margin);
    out += lines[i];
  }
  if (safe) return make_markup(call.evaluation, std::move(out));
  return charged_text(call.evaluation, std::move(out));
}

Outcome<Datum> truncate(Call& call) {
  MW_TRY(const std::size_t given_length, py_length(call.args[0]));
  std::int64_t length = 255;
  std::int64_t leeway = 5;
  std::string end = "...";
  if (call.has(1)) {
    MW_TRY(length, int_argument(call.args[1]));
  }
  const bool kill_words = call.has(2) && truthy(call.args[2]);
  if (call.has(3)) {
    MW_TRY(const std::string_view given, text_argument(call.args[3]));
    end = given;
  }
  if (call.has(4) && !call.args[4].is_none()) {
    MW_TRY(leeway, int_argument(call.args[4]));
  }
  const auto end_length = static_cast<std::int64_t>(code_point_count(end));
  if (length < end_length || leeway < 0) {
    return Failure(ErrorKind::kValue, "AssertionError",
                   "expected length >= " + std::to_string(end_length) + ", got " + std::to_string(length));
  }
  if (static_cast<std::int64_t>(given_length) <= length + leeway) return call.args[0];
  if (!call.args[0].is_string()) return type_error("a " + type_name(call.args[0]) + " cannot be truncated");
  const std::u32string text = to_code_points(call.args[0].text());
  std::u32string_view kept = std::u32string_view(text).substr(0, static_cast<std::size_t>(length - end_length));
  if (!kill_words)
    kept = kept.substr(0, kept.rfind(U' ') == std::u32string_view::npos ? kept.size() : kept.rfind(U' '));
  if (!is_markup(call.args[0])) return charged_text(call.evaluation, from_code_points(kept) + end);
  return make_markup(call.evaluation, from_code_points(kept) + (is_markup(call.args[3]) ? end : html_escaped(end)));
}

Outcome<Datum> word_count(Call& call) {
  MW_TRY(const std::string text, py_str(call.evaluation, call.args[0]));
  std::int64_t words = 0;
  bool inside = false;
  for (const char32_t c : to_code_points(text)) {
    const bool word = is_letter(c) || is_decimal(c) || is_digit_character(c) || is_numeric(c) || c == '_';
    if (word && !inside) ++words;
    inside = word;
  }
  return Datum(words);
}

Outcome<Datum> to_json(Call& call) {
  JsonStyle style{.sort_keys = true, .html_safe = true};
  if (call.has(1) && !call.args[1].is_none()) {
    MW_TRY(const std::int64_t width, int_argument(call.args[1]));
    style.indent = static_cast<int>(std::clamp<std::int64_t>(width, 0, 100));
    style.item_separator = ",";
  }
  MW_TRY(const std::string text, py_json_text(call.evaluation, call.args[0], style));
  return Datum(std::make_shared<MarkupObject>(text));
}

constexpr NativeEntry kEntries[] = {
    {"upper", "s", &upper},
    {"lower", "s", &lower},
    {"capitalize", "s", &capitalize},
    {"title", "s", &title},
    {"string", "value", &to_string},
    {"trim", "value, chars=", &trim},
    {"replace", "s, old, new, count=", &replace},
    {"center", "value, width=", &center},
    {"format", "value, *args, **kwargs", &format},
    {"indent", "s, width=, first=, blank=", &indent},
    {"truncate", "s, length=, killwords=, end=, leeway=", &truncate},
    {"wordcount", "s", &word_count},
    {"tojson", "value, indent=", &to_json},
};

}  // namespace

void add_text_filters(FunctionTable& table) { table.add(kEntries); }

}  // namespace midwatch::jinja
