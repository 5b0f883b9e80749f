// Texts.
#include <algorithm>

#include "expr/python_format.h"
#include "expr/python_text.h"
#include "yaql/runtime.h"

namespace midwatch::yaql {

namespace {

std::string_view text(const LibraryCall& call, std::size_t at = 0) { return call.args[at].text(); }
std::int64_t number(const LibraryCall& call, std::size_t at, std::int64_t fallback) {
  if (!call.has(at)) return fallback;
  const Value& value = call.args[at].plain();
  return value.is_bool() ? (value.as_bool() ? 1 : 0) : value.int_or(fallback);
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

// Words from the right; what is left keeps its white space inside.
Outcome<Datum> right_split_space(LibraryCall& call, std::int64_t limit) {
  std::vector<std::string> out;
  std::u32string rest = to_code_points(strip_space(text(call)));
  for (; limit > 0 && !rest.empty(); --limit) {
    std::size_t at = rest.size();
    while (at > 0 && !is_space(rest[at - 1])) --at;
    out.push_back(from_code_points(std::u32string_view(rest).substr(at)));
    while (at > 0 && is_space(rest[at - 1])) --at;
    rest.resize(at);
  }
  if (!rest.empty()) out.push_back(from_code_points(rest));
  std::reverse(out.begin(), out.end());
  return texts(call, std::move(out));
}

Outcome<Datum> right_split(LibraryCall& call) {
  std::int64_t limit = number(call, 2, -1);
  const bool on_space = !call.has(1) || call.args[1].is_none();
  if (limit < 0) return split(call);
  if (on_space) return right_split_space(call, limit);
  if (text(call, 1).empty()) return value_error("empty separator");
  std::vector<std::string> all = split_on(text(call), text(call, 1));
  if (static_cast<std::int64_t>(all.size()) <= limit + 1) return texts(call, std::move(all));
  const std::size_t joined = all.size() - static_cast<std::size_t>(limit);
  std::string head;
  for (std::size_t i = 0; i < joined; ++i) head += (i == 0 ? "" : std::string(text(call, 1))) + all[i];
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

// str.find(sub, start, end), in code points.
template <bool Last>
std::int64_t found_at(std::u32string_view whole, std::u32string_view needle, std::int64_t start, std::int64_t end) {
  const auto size = static_cast<std::int64_t>(whole.size());
  if (start < 0) start = std::max<std::int64_t>(start + size, 0);
  if (end < 0) end = std::max<std::int64_t>(end + size, 0);
  end = std::min(end, size);
  if (start > end) return -1;
  const std::u32string_view part = whole.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start));
  const std::size_t hit = Last ? part.rfind(needle) : part.find(needle);
  return hit == std::u32string_view::npos ? -1 : start + static_cast<std::int64_t>(hit);
}

template <bool Last>
Outcome<Datum> index_of(LibraryCall& call) {
  return Datum(
      found_at<Last>(to_code_points(text(call)), to_code_points(text(call, 1)), number(call, 2, 0), INT64_MAX));
}

template <bool Last>
Outcome<Datum> index_of_part(LibraryCall& call) {
  const std::u32string whole = to_code_points(text(call));
  const auto size = static_cast<std::int64_t>(whole.size());
  std::int64_t start = number(call, 2, 0);
  std::int64_t length = number(call, 3, -1);
  if (start < 0) start += size;
  if (length < 0) length = size - start;
  std::int64_t end = 0;
  if (__builtin_add_overflow(start, length, &end)) end = INT64_MAX;
  return Datum(found_at<Last>(whole, to_code_points(text(call, 1)), start, end));
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

// The sets that can be asked for, in the order of the parameters. `letters`, `lowercase` and `uppercase`
// are gone from Python, and the reference fails on them.
constexpr std::string_view kCharacterSets[] = {
    "0123456789",
    "0123456789abcdefABCDEF",
    "abcdefghijklmnopqrstuvwxyz",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "",
    "01234567",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\v\f",
    "",
    "",
    " \t\n\r\v\f"};

Outcome<Datum> characters(LibraryCall& call) {
  SetObject chosen;
  std::vector<Datum> out;
  for (std::size_t i = 0; i < std::size(kCharacterSets); ++i) {
    if (!call.has(i) || !truthy(call.args[i])) continue;
    if (kCharacterSets[i].empty()) {
      return Failure(ErrorKind::kUndefined, "AttributeError", "module 'string' has no such attribute");
    }
    for (const char& c : kCharacterSets[i]) {
      if (chosen.insert(Datum(std::string_view(&c, 1)))) out.emplace_back(std::string_view(&c, 1));
    }
  }
  return make_list(std::move(out));
}

constexpr LibraryEntry kEntries[] = {
    {"str", Form::kFunction, "any value", &str},
    {"toLower", Form::kMethod, "str", &converted<lower_text>},
    {"toUpper", Form::kMethod, "str", &converted<upper_text>},
    {"len", Form::kBoth, "str string", &length},
    {"split", Form::kMethod, "str, str? separator=, int maxSplits=", &split},
    {"rightSplit", Form::kMethod, "str, str? separator=, int maxSplits=", &right_split},
    {"join", Form::kMethod, "iter, str separator", &join_items},
    {"join", Form::kMethod, "str, iter sequence", &join_by},
    {"trim", Form::kMethod, "str, str? chars=", &trim<Strip::kBoth>},
    {"trimLeft", Form::kMethod, "str, str? chars=", &trim<Strip::kLeft>},
    {"trimRight", Form::kMethod, "str, str? chars=", &trim<Strip::kRight>},
    {"norm", Form::kBoth, "str? string, str? chars=", &norm},
    {"isEmpty", Form::kBoth, "str? string, bool trim=, str? chars=", &is_empty},
    {"replace", Form::kMethod, "str, str old, str new, int count=", &replace},
    {"replace", Form::kMethod, "str, dict replacements, int count=", &replace_dict},
    {"substring", Form::kMethod, "str, int start, int length=", &substring},
    {"indexOf", Form::kMethod, "str, str sub, int start=", &index_of<false>},
    {"indexOf", Form::kMethod, "str, str sub, int start, int length", &index_of_part<false>},
    {"lastIndexOf", Form::kMethod, "str, str sub, int start=", &index_of<true>},
    {"lastIndexOf", Form::kMethod, "str, str sub, int start, int length", &index_of_part<true>},
    {"toCharArray", Form::kMethod, "str", &to_char_array},
    {"startsWith", Form::kMethod, "str, *str", &begins_or_ends<true>},
    {"endsWith", Form::kMethod, "str, *str", &begins_or_ends<false>},
    {"concat", Form::kFunction, "str, *str",
     [](LibraryCall& call) -> Outcome<Datum> {
       call.rest.insert(call.rest.begin(), call.args[0]);
       return concat(call);
     }},
    {"isString", Form::kFunction, "any arg", &is_string},
    {"hex", Form::kFunction, "num num", &hex},
    {"characters", Form::kFunction,
     "bool? digits=, bool? hexdigits=, bool? asciiLowercase=, bool? asciiUppercase=, bool? asciiLetters=, bool? "
     "letters=, "
     "bool? octdigits=, bool? punctuation=, bool? printable=, bool? lowercase=, bool? uppercase=, bool? whitespace=",
     &characters},
};

}  // namespace

Entries text_entries() { return kEntries; }

}  // namespace midwatch::yaql
