// Regular expressions.
#include "expr/python_text.h"
#include "yaql/runtime.h"
#include "yaql/time_values.h"

namespace midwatch::yaql {

namespace {

const Pattern& pattern(const LibraryCall& call, std::size_t at) { return *call.args[at].as<RegexObject>()->pattern; }

Outcome<Datum> regex(LibraryCall& call) {
  const auto flag = [&](std::size_t at) { return call.has(at) && truthy(call.args[at]); };
  MW_TRY(auto compiled,
         Pattern::compile(call.args[0].text(), {.ignore_case = flag(1), .multi_line = flag(2), .dot_all = flag(3)}));
  return Datum(std::make_shared<RegexObject>(std::move(compiled)));
}

Outcome<Datum> matches(LibraryCall& call) {
  MW_TRY(const auto found, pattern(call, 0).match(call.args[1].text()));
  return Datum(found.has_value());
}
Outcome<Datum> text_matches(LibraryCall& call) {
  MW_TRY(const auto compiled, Pattern::compile(call.args[1].text()));
  MW_TRY(const auto found, compiled->match(call.args[0].text()));
  return Datum(found.has_value());
}

// One group as a selector sees it: {value, start, end}.
Datum group_value(std::string_view text, const PatternMatch::Range& range) {
  auto out = std::make_shared<DictObject>();
  const auto position = [&](std::size_t at) {
    return Datum(static_cast<std::int64_t>(code_point_count(text.substr(0, at))));
  };
  out->set(Datum("value"), range.matched() ? Datum(text.substr(range.start, range.end - range.start)) : Datum());
  out->set(Datum("start"), range.matched() ? position(range.start) : Datum(-1));
  out->set(Datum("end"), range.matched() ? position(range.end) : Datum(-1));
  return Datum(out);
}

// The reference fails on every expression with named groups: it takes the text of the first apart into two.
Failure named_group_failure(const Pattern& used, std::string_view text, const PatternMatch& match) {
  const PatternMatch::Range& range = match.groups[used.group_names().front().second];
  if (!range.matched()) return type_error("cannot unpack non-iterable NoneType object");
  const std::size_t length = code_point_count(text.substr(range.start, range.end - range.start));
  if (length == 2) return {ErrorKind::kValue, "IndexError", "no such group"};
  return value_error(length < 2 ? "not enough values to unpack (expected 2, got " + std::to_string(length) + ")"
                                : "too many values to unpack (expected 2)");
}

// `$` and `$1` are the whole match, `$2`… the groups.
Outcome<Datum> apply(LibraryCall& call, const Pattern& used, std::string_view text, const PatternMatch& match,
                     const Lambda& selector) {
  if (!used.group_names().empty()) return named_group_failure(used, text, match);
  auto frame = std::make_shared<Frame>(selector.frame);
  const Datum whole = group_value(text, match.groups[0]);
  frame->variables.emplace_back("", whole);
  frame->variables.emplace_back("1", whole);
  for (std::size_t i = 1; i < match.groups.size(); ++i) {
    frame->variables.emplace_back(std::to_string(i + 1), group_value(text, match.groups[i]));
  }
  return evaluate(call.evaluation, *selector.node, frame);
}

Datum whole_text(std::string_view text, const PatternMatch& match) {
  return Datum(text.substr(match.groups[0].start, match.groups[0].end - match.groups[0].start));
}

Outcome<Datum> search(LibraryCall& call) {
  const std::string_view text = call.args[1].text();
  MW_TRY(const auto match, pattern(call, 0).match(text));
  if (!match) return Datum();
  if (!call.has(2)) return whole_text(text, *match);
  return apply(call, pattern(call, 0), text, *match, call.lambdas[2]);
}

Outcome<Datum> search_all(LibraryCall& call) {
  const std::string_view text = call.args[1].text();
  std::vector<Datum> out;
  MW_TRY(const std::vector<PatternMatch> matches, pattern(call, 0).match_all(text, SIZE_MAX));
  for (const PatternMatch& match : matches) {
    if (!call.evaluation.take_steps()) return call.evaluation.too_many_steps();
    if (!call.has(2)) {
      out.push_back(whole_text(text, match));
      continue;
    }
    MW_TRY(Datum made, apply(call, pattern(call, 0), text, match, call.lambdas[2]));
    out.push_back(std::move(made));
  }
  return make_generator(std::move(out));
}

// Zero is no limit, less than zero is none at all.
std::size_t limit(const LibraryCall& call, std::size_t at) {
  if (!call.has(at)) return SIZE_MAX;
  const Value& value = call.args[at].plain();
  const std::int64_t count = value.is_bool() ? (value.as_bool() ? 1 : 0) : value.int_or(0);
  return count == 0 ? SIZE_MAX : count < 0 ? 0 : static_cast<std::size_t>(count);
}

Outcome<Datum> split_text(LibraryCall& call, const Pattern& used, std::string_view text, std::size_t count_max) {
  std::vector<Datum> out;
  std::size_t at = 0;
  MW_TRY(const std::vector<PatternMatch> matches, used.match_all(text, count_max));
  for (const PatternMatch& match : matches) {
    out.emplace_back(text.substr(at, match.groups[0].start - at));
    for (std::size_t i = 1; i < match.groups.size(); ++i) {
      const auto& range = match.groups[i];
      out.push_back(range.matched() ? Datum(text.substr(range.start, range.end - range.start)) : Datum());
    }
    at = match.groups[0].end;
  }
  out.emplace_back(text.substr(at));
  return charged_list(call.evaluation, std::move(out));
}
Outcome<Datum> split(LibraryCall& call) {
  return split_text(call, pattern(call, 0), call.args[1].text(), limit(call, 2));
}
Outcome<Datum> split_by(LibraryCall& call) {
  return split_text(call, pattern(call, 1), call.args[0].text(), limit(call, 2));
}

Outcome<Datum> replaced(LibraryCall& call, const Pattern& used, std::string_view text) {
  MW_TRY(std::string out,
         used.substitute(text, call.args[2].text(), limit(call, 3), call.evaluation.limits.output_bytes_max));
  return charged_text(call.evaluation, std::move(out));
}
Outcome<Datum> replace(LibraryCall& call) { return replaced(call, pattern(call, 0), call.args[1].text()); }
Outcome<Datum> replace_in(LibraryCall& call) { return replaced(call, pattern(call, 1), call.args[0].text()); }

Outcome<Datum> replaced_by(LibraryCall& call, const Pattern& used, std::string_view text) {
  std::string out;
  std::size_t at = 0;
  MW_TRY(const std::vector<PatternMatch> matches, used.match_all(text, limit(call, 3)));
  for (const PatternMatch& match : matches) {
    MW_TRY(const Datum made, apply(call, used, text, match, call.lambdas[2]));
    if (!made.is_string() && !made.is_none()) {
      return type_error("sequence item: expected str instance, " + type_name(made) + " found");
    }
    out.append(text.substr(at, match.groups[0].start - at)).append(made.is_none() ? std::string_view() : made.text());
    at = match.groups[0].end;
    if (out.size() > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
  }
  return charged_text(call.evaluation, out.append(text.substr(at)));
}
Outcome<Datum> replace_by(LibraryCall& call) { return replaced_by(call, pattern(call, 0), call.args[1].text()); }
Outcome<Datum> replace_by_in(LibraryCall& call) { return replaced_by(call, pattern(call, 1), call.args[0].text()); }

Outcome<Datum> is_regex(LibraryCall& call) { return Datum(call.args[0].as<RegexObject>() != nullptr); }
Outcome<Datum> escape(LibraryCall& call) { return charged_text(call.evaluation, escaped_pattern(call.args[0].text())); }

constexpr LibraryEntry kEntries[] = {
    {"regex", Form::kFunction, "str pattern, bool? ignoreCase=, bool? multiLine=, bool? dotAll=", &regex},
    {"matches", Form::kMethod, "regex, str string", &matches},
    {"matches", Form::kMethod, "str, str regexp", &text_matches},
    {"search", Form::kMethod, "regex, str string, lambda selector=", &search},
    {"searchAll", Form::kMethod, "regex, str string, lambda selector=", &search_all},
    {"split", Form::kMethod, "regex, str string, int maxSplit=", &split},
    {"split", Form::kMethod, "str, regex regexp, int maxSplit=", &split_by},
    {"replace", Form::kMethod, "regex, str string, str repl, int count=", &replace},
    {"replace", Form::kMethod, "str, regex regexp, str repl, int count=", &replace_in},
    {"replaceBy", Form::kMethod, "regex, str string, lambda repl, int count=", &replace_by},
    {"replaceBy", Form::kMethod, "str, regex regexp, lambda repl, int count=", &replace_by_in},
    {"isRegex", Form::kFunction, "any value", &is_regex},
    {"escapeRegex", Form::kFunction, "str string", &escape},
};

}  // namespace

Entries regex_entries() { return kEntries; }

}  // namespace midwatch::yaql
