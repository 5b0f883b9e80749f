#include "expr/st2_functions.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "expr/pattern.h"
#include "expr/python_codec.h"
#include "expr/python_methods.h"
#include "expr/python_ops.h"
#include "expr/python_text.h"
#include "jsonpath/query.h"

namespace midwatch {

namespace {

// ---------------------------------------------------------------- JSON, YAML

Outcome<Datum> from_json_string(Call& call) {
  MW_TRY(const std::string text, py_str(call.evaluation, call.args[0]));
  return json_from_text(text);
}

Outcome<Datum> from_yaml_string(Call& call) {
  MW_TRY(const std::string text, py_str(call.evaluation, call.args[0]));
  return yaml_from_text(text);
}

Outcome<Datum> to_json_string(Call& call) {
  JsonStyle style{.item_separator = ",", .key_separator = ": "};
  if (call.has(1) && !call.args[1].is_none()) {
    MW_TRY(const std::int64_t indent, int_argument(call.args[1]));
    style.indent = static_cast<int>(std::clamp<std::int64_t>(indent, 0, 100));
  }
  if (call.has(2)) style.sort_keys = truthy(call.args[2]);
  if (call.has(3) && call.args[3].is_none()) {
    style.item_separator = style.indent < 0 ? ", " : ",";
  } else if (call.has(3)) {
    if (!call.args[3].is_sequence() || sequence_size(call.args[3]) != 2)
      return type_error("separators must be two texts");
    const Datum first = sequence_at(call.args[3], 0);
    MW_TRY(const std::string_view item, text_argument(first));
    style.item_separator = item;
    const Datum second = sequence_at(call.args[3], 1);
    MW_TRY(const std::string_view key, text_argument(second));
    style.key_separator = key;
  }
  MW_TRY(const std::string text, py_json_text(call.evaluation, call.args[0], style));
  return Datum(std::string_view(text));
}

Outcome<Datum> to_yaml_string(Call& call) {
  YamlStyle style;
  if (call.has(1) && call.args[1].is_int()) {
    style.indent = static_cast<int>(std::clamp<std::int64_t>(call.args[1].plain().int_or(2), 2, 9));
  }
  if (call.has(2)) style.allow_unicode = truthy(call.args[2]);
  MW_TRY(const std::string text, py_yaml_text(call.evaluation, call.args[0], style));
  return Datum(std::string_view(text));
}

Outcome<Datum> json_escape(Call& call) {
  MW_TRY(const std::string text, py_json_text(call.evaluation, call.args[0], {}));
  return Datum(std::string_view(strip_characters(text, "\"", Strip::kBoth)));
}

Outcome<Datum> to_complex(Call& call) {
  MW_TRY(const std::string text, py_json_text(call.evaluation, call.args[0], {}));
  return Datum(std::string_view(text));
}

Outcome<Datum> use_none(Call& call) {
  MW_CHECK(require_defined(call.args[0]));
  return call.args[0].is_none() ? Datum(kNoneMagic) : call.args[0];
}

// The matches of a JSONPath query as a list; None when there is none.
Outcome<Datum> jsonpath_query(Call& call) {
  MW_TRY(const Value value, to_value(call.evaluation, call.args[0]));
  MW_TRY(const std::string_view text, text_argument(call.args[1], "expected string or bytes-like object"));
  const auto query = jsonpath::Query::compile(text);
  if (!query) return value_error(query.error().message);
  auto found = (*query)->find(value);
  if (!found) {
    return found.error().code == Code::kLimit ? limit_error(found.error().message) : type_error(found.error().message);
  }
  if (found->empty()) return Datum();
  if (!call.evaluation.take_steps(found->size())) return call.evaluation.too_many_steps();
  return Datum(Value::array(std::move(*found)));
}

// ---------------------------------------------------------------- regular expressions

struct RegexCall {
  std::string text;
  std::shared_ptr<const Pattern> pattern;
};

Outcome<RegexCall> regex_call(Call& call, std::size_t flag) {
  MW_TRY(std::string text, py_str(call.evaluation, call.args[0]));
  MW_TRY(const std::string_view source,
         text_argument(call.args[1], "first argument must be string or compiled pattern"));
  const bool ignore_case = call.has(flag) && truthy(call.args[flag]);
  MW_TRY(auto pattern, Pattern::compile(source, {.ignore_case = ignore_case}));
  return RegexCall{std::move(text), std::move(pattern)};
}

template <Pattern::Anchor How>
Outcome<Datum> regex_test(Call& call) {
  MW_TRY(const RegexCall regex, regex_call(call, 2));
  MW_TRY(const auto found, regex.pattern->match(regex.text, 0, How));
  return Datum(found.has_value());
}

Outcome<Datum> regex_replace(Call& call) {
  MW_TRY(const RegexCall regex, regex_call(call, 3));
  MW_TRY(const std::string_view replacement, text_argument(call.args[2], "decoding to str: need a bytes-like object"));
  MW_TRY(std::string out,
         regex.pattern->substitute(regex.text, replacement, SIZE_MAX, call.evaluation.limits.output_bytes_max));
  return charged_text(call.evaluation, std::move(out));
}

Outcome<Datum> regex_substring(Call& call) {
  MW_TRY(const RegexCall regex, regex_call(call, 3));
  std::int64_t index = 0;
  if (call.has(2)) {
    MW_TRY(index, int_argument(call.args[2]));
  }
  MW_TRY(const std::vector<PatternMatch> all, regex.pattern->match_all(regex.text, SIZE_MAX));
  if (index < 0) index += static_cast<std::int64_t>(all.size());
  if (index < 0 || index >= static_cast<std::int64_t>(all.size())) {
    return Failure(ErrorKind::kValue, "IndexError", "list index out of range");
  }
  const auto& groups = all[static_cast<std::size_t>(index)].groups;
  const auto part = [&](const PatternMatch::Range& range) {
    return Datum(range.matched() ? std::string_view(regex.text).substr(range.start, range.end - range.start)
                                 : std::string_view());
  };
  if (groups.size() == 1) return part(groups[0]);
  if (groups.size() == 2) return part(groups[1]);
  std::vector<Datum> parts;
  for (std::size_t i = 1; i < groups.size(); ++i) parts.push_back(part(groups[i]));
  return make_tuple(std::move(parts));
}

// ---------------------------------------------------------------- versions

struct Version {
  Value numbers[3];
  std::vector<std::string> pre;
};

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool identifiers_valid(std::string_view text, bool numbers_strict) {
  for (const std::string& part : split_on(text, ".")) {
    if (part.empty()) return false;
    for (const char c : part) {
      if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-')) return false;
    }
    if (numbers_strict && is_digits(part) && part.size() > 1 && part[0] == '0') return false;
  }
  return true;
}

Outcome<Version> parse_version(const Datum& datum) {
  MW_CHECK(require_defined(datum));
  if (!datum.is_string()) return type_error("not expecting type '<class '" + type_name(datum) + "'>'");
  const std::string whole(datum.text());
  const auto fail = [&] { return value_error(whole + " is not valid SemVer string"); };
  std::string_view text = whole;
  if (const std::size_t plus = text.find('+'); plus != std::string_view::npos) {
    if (!identifiers_valid(text.substr(plus + 1), false)) return fail();
    text = text.substr(0, plus);
  }
  Version out;
  if (const std::size_t minus = text.find('-'); minus != std::string_view::npos) {
    if (!identifiers_valid(text.substr(minus + 1), true)) return fail();
    out.pre = split_on(text.substr(minus + 1), ".");
    text = text.substr(0, minus);
  }
  const std::vector<std::string> parts = split_on(text, ".");
  if (parts.size() != 3) return fail();
  for (std::size_t i = 0; i < 3; ++i) {
    if (!is_digits(parts[i]) || (parts[i].size() > 1 && parts[i][0] == '0')) return fail();
    const auto number = Value::integer(parts[i]);
    if (!number) return fail();
    out.numbers[i] = *number;
  }
  return out;
}

int compare_identifiers(const std::string& a, const std::string& b) {
  if (is_digits(a) && is_digits(b)) return compare_numbers(*Value::integer(a), *Value::integer(b)).value_or(0);
  if (is_digits(a) != is_digits(b)) return is_digits(a) ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

int compare_versions(const Version& a, const Version& b) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (const int relation = compare_numbers(a.numbers[i], b.numbers[i]).value_or(0); relation != 0) return relation;
  }
  if (a.pre.empty() != b.pre.empty()) return a.pre.empty() ? 1 : -1;
  for (std::size_t i = 0; i < std::min(a.pre.size(), b.pre.size()); ++i) {
    if (const int relation = compare_identifiers(a.pre[i], b.pre[i]); relation != 0) return relation;
  }
  return a.pre.size() < b.pre.size() ? -1 : a.pre.size() > b.pre.size() ? 1 : 0;
}

Outcome<int> version_relation(Call& call) {
  MW_TRY(const Version a, parse_version(call.args[0]));
  MW_TRY(const Version b, parse_version(call.args[1]));
  return compare_versions(a, b);
}

Outcome<Datum> version_compare(Call& call) {
  MW_TRY(const int relation, version_relation(call));
  return Datum(relation);
}
template <int Wanted>
Outcome<Datum> version_is(Call& call) {
  MW_TRY(const int relation, version_relation(call));
  return Datum(relation == Wanted);
}

Outcome<Datum> version_match(Call& call) {
  MW_TRY(const std::string_view expression, text_argument(call.args[1]));
  std::string_view version = expression;
  std::string_view op = "==";
  bool found = !version.empty() && is_digit(static_cast<unsigned char>(version.front()));
  for (const std::string_view known : {">=", "<=", "==", "!=", ">", "<"}) {
    if (!found && version.starts_with(known)) {
      op = known;
      version.remove_prefix(known.size());
      found = true;
    }
  }
  if (!found) {
    return value_error(
        "match_expr parameter should be in format <op><ver>, where <op> is one of ['<', '>', '==', '<=', '>=', '!=']. "
        "You provided: " +
        py_repr_text(expression));
  }
  MW_TRY(const Version a, parse_version(call.args[0]));
  MW_TRY(const Version b, parse_version(Datum(version)));
  const int relation = compare_versions(a, b);
  if (op == ">=") return Datum(relation >= 0);
  if (op == "<=") return Datum(relation <= 0);
  if (op == "==") return Datum(relation == 0);
  if (op == "!=") return Datum(relation != 0);
  return Datum(op == ">" ? relation > 0 : relation < 0);
}

template <std::size_t Part>
Outcome<Datum> version_bump(Call& call) {
  MW_TRY(Version version, parse_version(call.args[0]));
  MW_TRY(const Datum next, number_arithmetic(Arithmetic::kAdd, version.numbers[Part], Value(1)));
  version.numbers[Part] = next.plain();
  for (std::size_t i = Part + 1; i < 3; ++i) version.numbers[i] = Value(0);
  return Datum(int_digits(version.numbers[0]) + "." + int_digits(version.numbers[1]) + "." +
               int_digits(version.numbers[2]));
}

Outcome<Datum> version_strip_patch(Call& call) {
  MW_TRY(const Version version, parse_version(call.args[0]));
  return Datum(int_digits(version.numbers[0]) + "." + int_digits(version.numbers[1]));
}

// ---------------------------------------------------------------- time, paths

// Years and days of datetime(1, 1, 1) + seconds, as the reference reads them: the day of the month
// less one, months are lost.
struct Calendar {
  std::int64_t years, days;
};
Calendar calendar_of(std::int64_t days) {
  std::int64_t year = 1;
  const std::int64_t cycles = days / 146097;
  year += cycles * 400;
  days %= 146097;
  const auto leap = [](std::int64_t y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; };
  while (days >= (leap(year) ? 366 : 365)) days -= leap(year++) ? 366 : 365;
  constexpr std::int64_t kMonths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (std::size_t month = 0; month < 12; ++month) {
    const std::int64_t length = kMonths[month] + (month == 1 && leap(year) ? 1 : 0);
    if (days < length) break;
    days -= length;
  }
  return {year - 1, days};
}

Outcome<Datum> to_human_time(Call& call) {
  const Datum& seconds = call.args[0];
  MW_CHECK(require_defined(seconds));
  if (seconds.is_bool()) return call.args[0].plain().as_bool() ? Datum("1s") : Datum("0s");
  if (!seconds.is_number()) return Failure(ErrorKind::kValue, "AssertionError", "seconds must be a number");
  const double number = seconds.plain().as_double();
  if (number == 0) return Datum("0s");
  if (number > 0 && number < 1) return Datum(py_float_text(number) + "μs");
  constexpr double kSecondsMax = 9999.0 * 366 * 86400;
  if (!(number >= 0) || number > kSecondsMax)
    return Failure(ErrorKind::kValue, "OverflowError", "date value out of range");
  const auto whole = static_cast<std::int64_t>(round_half_even(number, 0));
  const auto [years, days] = calendar_of(whole / 86400);
  const std::int64_t parts[] = {years, days, whole / 3600 % 24, whole / 60 % 60, whole % 60};
  constexpr char kUnits[] = {'y', 'd', 'h', 'm', 's'};
  std::string out;
  for (std::size_t i = 0; i < 5; ++i) {
    if (out.empty() && parts[i] == 0 && i < 4) continue;
    out += std::to_string(parts[i]) + kUnits[i];
  }
  return Datum(std::string_view(out));
}

Outcome<Datum> base_name(Call& call) {
  MW_TRY(const std::string_view path, text_argument(call.args[0], "expected str, bytes or os.PathLike object"));
  const std::size_t slash = path.rfind('/');
  return Datum(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

Outcome<Datum> dir_name(Call& call) {
  MW_TRY(const std::string_view path, text_argument(call.args[0], "expected str, bytes or os.PathLike object"));
  const std::size_t slash = path.rfind('/');
  std::string head(slash == std::string_view::npos ? std::string_view() : path.substr(0, slash + 1));
  if (head.find_first_not_of('/') != std::string::npos) {
    while (head.ends_with('/')) head.pop_back();
  }
  return Datum(std::string_view(head));
}

constexpr NativeEntry kEntries[] = {
    {"from_json_string", "value", &from_json_string},
    {"from_yaml_string", "value", &from_yaml_string},
    {"to_json_string", "value, indent=, sort_keys=, separators=", &to_json_string},
    {"to_yaml_string", "value, indent=, allow_unicode=", &to_yaml_string},
    {"json_escape", "value", &json_escape},
    {"jsonpath_query", "value, query", &jsonpath_query},
    {"use_none", "value", &use_none},
    {"regex_match", "value, pattern, ignorecase=", &regex_test<Pattern::Anchor::kStart>},
    {"regex_search", "value, pattern, ignorecase=", &regex_test<Pattern::Anchor::kNone>},
    {"regex_replace", "value, pattern, replacement, ignorecase=", &regex_replace},
    {"regex_substring", "value, pattern, result_index=, ignorecase=", &regex_substring},
    {"to_human_time_from_seconds", "seconds", &to_human_time},
    {"version_compare", "value, pattern", &version_compare},
    {"version_more_than", "value, pattern", &version_is<1>},
    {"version_less_than", "value, pattern", &version_is<-1>},
    {"version_equal", "value, pattern", &version_is<0>},
    {"version_match", "value, pattern", &version_match},
    {"version_bump_major", "value", &version_bump<0>},
    {"version_bump_minor", "value", &version_bump<1>},
    {"version_bump_patch", "value", &version_bump<2>},
    {"version_strip_patch", "value", &version_strip_patch},
    {"basename", "path", &base_name},
    {"dirname", "path", &dir_name},
};
constexpr NativeEntry kTemplateEntries[] = {{"to_complex", "value", &to_complex}};

}  // namespace

void add_st2_functions(FunctionTable& table) { table.add(kEntries); }
void add_st2_template_functions(FunctionTable& table) {
  table.add(kTemplateEntries);
  add_key_value_functions(table);
}

}  // namespace midwatch
