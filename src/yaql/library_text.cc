// Texts.
#include <algorithm>

#include "expr/python_format.h"
#include "expr/python_text.h"
#include "yaql/runtime.h"

namespace midwatch::yaql {

namespace {

std::string_view text(const LibraryCall& call, std::size_t at = 0) { return call.args[at].text(); }
std::int64_t number(const LibraryCall& call, std::size_t at, std::int64_t fallback) {
  return call.has(at) ? call.args[at].plain().int_or(fallback) : fallback;
}

template <std::string (*Convert)(std::string_view)>
Outcome<Datum> converted(LibraryCall& call) {
  return charged_text(call.evaluation, Convert(text(call)));
}

Outcome<Datum> str(LibraryCall& call) {
  MW_TRY(std::string out, yaql_text(call.evaluation, call.args[0]));
  return charged_text(call.evaluation, std::move(out));
}

Outcome<Datum> length(LibraryCall& call) { return Datum(code_point_count(text(call))); }

Outcome<Datum> texts(LibraryCall& call, std::vector<std::string> parts) {
  std::vector<Datum> out;
  for (const std::string& part : parts) out.emplace_back(std::string_view(part));
  return charged_list(call.evaluation, std::move(out));
}

Outcome<Datum> split(LibraryCall& call) {
  const std::int64_t limit = number(call, 2, -1);
  if (!call.has(1) || call.args[1].is_none()) return texts(call, split_space(text(call), limit));
  if (text(call, 1).empty()) return value_error("empty separator");
  return texts(call, split_on(text(call), text(call, 1), limit));
}

Outcome<Datum> right_split(LibraryCall& call) {
  std::int64_t limit = number(call, 2, -1);
  const bool on_space = !call.has(1) || call.args[1].is_none();
  if (limit < 0) return split(call);
  std::vector<std::string> all = on_space ? split_space(text(call)) : split_on(text(call), text(call, 1));
  if (static_cast<std::int64_t>(all.size()) <= limit + 1) return texts(call, std::move(all));
  const std::size_t joined = all.size() - static_cast<std::size_t>(limit);
  std::string head;
  const std::string separator = on_space ? " " : std::string(text(call, 1));
  for (std::size_t i = 0; i < joined; ++i) head += (i == 0 ? "" : separator) + all[i];
  std::vector<std::string> out{head};
  out.insert(out.end(), all.begin() + static_cast<std::ptrdiff_t>(joined), all.end());
  return texts(call, std::move(out));
}

Outcome<Datum> joined(LibraryCall& call, const Datum& items, std::string_view separator) {
  MW_TRY(Cursor cursor, Cursor::over(items));
  std::string out;
  Datum item;
  for (bool first = true;; first = false) {
    MW_TRY(const bool more, cursor.next(call.evaluation, item));
    if (!more) return charged_text(call.evaluation, std::move(out));
    MW_TRY(const std::string part, yaql_text(call.evaluation, item));
    if (!first) out += separator;
    out += part;
    if (out.size() > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
  }
}
Outcome<Datum> join_items(LibraryCall& call) { return joined(call, call.args[0], text(call, 1)); }
Outcome<Datum> join_by(LibraryCall& call) { return joined(call, call.args[1], text(call, 0)); }

template <Strip Side>
Outcome<Datum> trim(LibraryCall& call) {
  if (!call.has(1) || call.args[1].is_none()) return Datum(strip_space(text(call), Side));
  return charged_text(call.evaluation, strip_characters(text(call), text(call, 1), Side));
}

Outcome<Datum> norm(LibraryCall& call) {
  if (call.args[0].is_none()) return Datum();
  MW_TRY(Datum out, trim<Strip::kBoth>(call));
  return out.text().empty() ? Datum() : out;
}

Outcome<Datum> is_empty(LibraryCall& call) {
  if (call.args[0].is_none()) return Datum(true);
  const bool trims = !call.has(1) || truthy(call.args[1]);
  if (!trims) return Datum(text(call).empty());
  if (!call.has(2) || call.args[2].is_none()) return Datum(strip_space(text(call)).empty());
  return Datum(strip_characters(text(call), text(call, 2), Strip::kBoth).empty());
}

Outcome<Datum> replace(LibraryCall& call) {
  const std::size_t hits = text(call, 1).empty() ? text(call).size() + 1 : text(call).size() / text(call, 1).size();
  if (hits * text(call, 2).size() > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
  return charged_text(call.evaluation, replace_all(text(call), text(call, 1), text(call, 2), number(call, 3, -1)));
}

// Every pair of the mapping in its order, each over what the ones before made.
Outcome<Datum> replace_dict(LibraryCall& call) {
  std::string out(text(call));
  for (std::size_t i = 0; i < dict_size(call.args[1]); ++i) {
    const auto [key, value] = dict_entry(call.args[1], i);
    MW_TRY(const std::string from, yaql_text(call.evaluation, key));
    MW_TRY(const std::string to, yaql_text(call.evaluation, value));
    const std::size_t hits = from.empty() ? out.size() + 1 : out.size() / from.size();
    if (hits * to.size() > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
    out = replace_all(out, from, to, number(call, 2, -1));
  }
  return charged_text(call.evaluation, std::move(out));
}

Outcome<Datum> substring(LibraryCall& call) {
  const std::u32string whole = to_code_points(text(call));
  const auto size = static_cast<std::int64_t>(whole.size());
  std::int64_t start = number(call, 1, 0);
  std::int64_t count = number(call, 2, -1);
  if (count < 0) count = size;
  if (start < 0) start += size;
  // Python's slice [start : start + count], bounds below zero counting from the end.
  const auto bound = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size); };
  const std::int64_t from = bound(start);
  const std::int64_t to = bound(start + count);
  if (from >= to) return Datum("");
  return charged_text(call.evaluation, from_code_points(std::u32string_view(whole).substr(
                                           static_cast<std::size_t>(from), static_cast<std::size_t>(to - from))));
}

template <bool Last>
Outcome<Datum> index_of(LibraryCall& call) {
  const std::u32string whole = to_code_points(text(call));
  const std::u32string needle = to_code_points(text(call, 1));
  const auto size = static_cast<std::int64_t>(whole.size());
  std::int64_t start = number(call, 2, 0);
  if (start < 0) start += size;
  start = std::clamp<std::int64_t>(start, 0, size);
  const std::int64_t length = number(call, 3, -1);
  const std::int64_t end = length < 0 ? size : std::min(size, start + length);
  const std::u32string_view part = std::u32string_view(whole).substr(
      static_cast<std::size_t>(start), static_cast<std::size_t>(std::max<std::int64_t>(end - start, 0)));
  const std::size_t hit = Last ? part.rfind(needle) : part.find(needle);
  return Datum(hit == std::u32string_view::npos ? -1 : start + static_cast<std::int64_t>(hit));
}

Outcome<Datum> to_char_array(LibraryCall& call) {
  std::vector<Datum> out;
  for (const char32_t c : to_code_points(text(call))) out.emplace_back(std::string_view(from_code_points({&c, 1})));
  return charged_list(call.evaluation, std::move(out));
}

template <bool Start>
Outcome<Datum> begins_or_ends(LibraryCall& call) {
  for (const Datum& affix : call.rest) {
    if (Start ? text(call).starts_with(affix.text()) : text(call).ends_with(affix.text())) return Datum(true);
  }
  return Datum(false);
}

Outcome<Datum> concat(LibraryCall& call) {
  std::string out;
  for (const Datum& part : call.rest) out += part.text();
  return charged_text(call.evaluation, std::move(out));
}

Outcome<Datum> is_string(LibraryCall& call) { return Datum(call.args[0].is_string()); }

Outcome<Datum> hex(LibraryCall& call) {
  if (!call.args[0].is_int())
    return type_error("'" + type_name(call.args[0]) + "' object cannot be interpreted as an integer");
  std::string digits = int_in_base(call.args[0].plain(), 16);
  digits.insert(digits.front() == '-' ? 1 : 0, "0x");
  return Datum(std::string_view(digits));
}

Outcome<Datum> characters(LibraryCall& call) {
  constexpr std::pair<std::string_view, std::string_view> kSets[] = {
      {"digits", "0123456789"},
      {"hexdigits", "0123456789abcdefABCDEF"},
      {"asciiLowercase", "abcdefghijklmnopqrstuvwxyz"},
      {"asciiUppercase", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
      {"asciiLetters", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"},
      {"letters", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"},
      {"lowercase", "abcdefghijklmnopqrstuvwxyz"},
      {"uppercase", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
      {"octdigits", "01234567"},
      {"punctuation", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"},
      {"whitespace", " \t\n\r\v\f"}};
  SetObject chosen;
  std::vector<Datum> out;
  for (const auto& [rule, lambda] : call.pairs) {
    if (rule->key->kind != NodeKind::kWord) return no_matching("characters", Form::kFunction);
    MW_TRY(const Datum wanted, evaluate(call.evaluation, *rule->value, call.frame));
    if (!truthy(wanted)) continue;
    for (const auto& [name, set] : kSets) {
      if (name != rule->key->constant.text()) continue;
      for (const char& c : set) {
        if (chosen.insert(Datum(std::string_view(&c, 1)))) out.emplace_back(std::string_view(&c, 1));
      }
    }
  }
  return make_list(std::move(out));
}

constexpr LibraryEntry kEntries[] = {
    {"str", Form::kFunction, "any", &str},
    {"toLower", Form::kMethod, "str", &converted<lower_text>},
    {"toUpper", Form::kMethod, "str", &converted<upper_text>},
    {"len", Form::kBoth, "str", &length},
    {"split", Form::kMethod, "str, str? separator=, int maxSplits=", &split},
    {"rightSplit", Form::kMethod, "str, str? separator=, int maxSplits=", &right_split},
    {"join", Form::kMethod, "iter, str separator", &join_items},
    {"join", Form::kMethod, "str, iter sequence", &join_by},
    {"trim", Form::kMethod, "str, str? chars=", &trim<Strip::kBoth>},
    {"trimLeft", Form::kMethod, "str, str? chars=", &trim<Strip::kLeft>},
    {"trimRight", Form::kMethod, "str, str? chars=", &trim<Strip::kRight>},
    {"norm", Form::kBoth, "str?, str? chars=", &norm},
    {"isEmpty", Form::kBoth, "str?, bool trim=, str? chars=", &is_empty},
    {"replace", Form::kMethod, "str, str old, str new, int count=", &replace},
    {"replace", Form::kMethod, "str, dict replacements, int count=", &replace_dict},
    {"substring", Form::kMethod, "str, int start, int length=", &substring},
    {"indexOf", Form::kMethod, "str, str sub, int start=, int length=", &index_of<false>},
    {"lastIndexOf", Form::kMethod, "str, str sub, int start=, int length=", &index_of<true>},
    {"toCharArray", Form::kMethod, "str", &to_char_array},
    {"startsWith", Form::kMethod, "str, *str", &begins_or_ends<true>},
    {"endsWith", Form::kMethod, "str, *str", &begins_or_ends<false>},
    {"concat", Form::kFunction, "str, *str",
     [](LibraryCall& call) -> Outcome<Datum> {
       call.rest.insert(call.rest.begin(), call.args[0]);
       return concat(call);
     }},
    {"isString", Form::kFunction, "any", &is_string},
    {"hex", Form::kFunction, "num", &hex},
    {"characters", Form::kFunction, "**", &characters},
};

}  // namespace

Entries text_entries() { return kEntries; }

}  // namespace midwatch::yaql
