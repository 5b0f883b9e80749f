// The methods of str.
#include <algorithm>

#include "expr/bytes.h"
#include "expr/markup.h"
#include "expr/python_format.h"
#include "expr/python_methods.h"
#include "expr/python_ops.h"
#include "expr/python_text.h"

namespace midwatch {

namespace {

std::string_view self(const Call& call) { return call.args[0].text(); }

template <std::string (*Convert)(std::string_view)>
Outcome<Datum> converted(Call& call) {
  return charged_text(call.evaluation, Convert(self(call)));
}

template <bool (*Holds)(char32_t)>
Outcome<Datum> every(Call& call) {
  const std::u32string text = to_code_points(self(call));
  return Datum(!text.empty() && std::all_of(text.begin(), text.end(), Holds));
}
bool is_alphanumeric(char32_t c) { return is_letter(c) || is_decimal(c) || is_digit_character(c) || is_numeric(c); }

template <bool Upper>
Outcome<Datum> all_cased(Call& call) {
  bool cased = false;
  for (const char32_t c : to_code_points(self(call))) {
    if (is_title(c) || (Upper ? is_lower(c) : is_upper(c))) return Datum(false);
    cased = cased || (Upper ? is_upper(c) : is_lower(c));
  }
  return Datum(cased);
}

Outcome<Datum> is_titled(Call& call) {
  bool cased = false;
  bool inside = false;
  for (const char32_t c : to_code_points(self(call))) {
    const bool upper = is_upper(c) || is_title(c);
    if ((upper && inside) || (is_lower(c) && !inside)) return Datum(false);
    inside = upper || is_lower(c);
    cased = cased || inside;
  }
  return Datum(cased);
}

Outcome<Datum> is_identifier(Call& call) {
  const std::u32string text = to_code_points(self(call));
  return Datum(!text.empty() && is_identifier_start(text.front()) &&
               std::all_of(text.begin(), text.end(), is_identifier_part));
}

Outcome<Datum> all_printable(Call& call) {
  const std::u32string text = to_code_points(self(call));
  return Datum(std::all_of(text.begin(), text.end(), is_printable));
}

Outcome<Datum> all_ascii(Call& call) { return Datum(is_ascii(self(call))); }

// The part of the text that the optional arguments `start` and `end` (at 2 and 3) leave, in bytes.
struct Window {
  std::size_t start, end;
  bool valid;  // false when start is beyond end
};
Outcome<Window> window(const Call& call, std::size_t first) {
  const auto length = static_cast<std::int64_t>(code_point_count(self(call)));
  std::int64_t bounds[2] = {0, length};
  for (std::size_t i = 0; i < 2; ++i) {
    if (!call.has(first + i) || call.args[first + i].is_none()) continue;
    MW_TRY(bounds[i], int_argument(call.args[first + i]));
    if (bounds[i] < 0) bounds[i] = std::max<std::int64_t>(bounds[i] + length, 0);
  }
  const bool valid = bounds[0] <= length && bounds[0] <= bounds[1];
  const std::size_t start = code_point_offset(self(call), static_cast<std::size_t>(bounds[0]));
  return Window{start, std::max(start, code_point_offset(self(call), static_cast<std::size_t>(bounds[1]))), valid};
}

enum class Miss : std::uint8_t { kMinusOne, kFails };
template <bool Last, Miss OnMiss>
Outcome<Datum> find(Call& call) {
  MW_TRY(const std::string_view needle, text_argument(call.args[1]));
  MW_TRY(const Window part, window(call, 2));
  const std::string_view text = self(call).substr(part.start, part.end - part.start);
  const std::size_t hit = !part.valid ? std::string_view::npos : Last ? text.rfind(needle) : text.find(needle);
  if (hit != std::string_view::npos) return Datum(code_point_count(self(call).substr(0, part.start + hit)));
  if (OnMiss == Miss::kFails) return value_error("substring not found");
  return Datum(-1);
}

Outcome<Datum> count(Call& call) {
  MW_TRY(const std::string_view needle, text_argument(call.args[1]));
  MW_TRY(const Window part, window(call, 2));
  const std::string_view text = self(call).substr(part.start, part.end - part.start);
  if (!part.valid) return Datum(0);
  if (needle.empty()) return Datum(code_point_count(text) + 1);
  std::int64_t hits = 0;
  for (std::size_t at = text.find(needle); at != std::string_view::npos; at = text.find(needle, at + needle.size()))
    ++hits;
  return Datum(hits);
}

template <bool Start>
Outcome<Datum> begins_or_ends(Call& call) {
  MW_TRY(const Window part, window(call, 2));
  const std::string_view text = self(call).substr(part.start, part.end - part.start);
  std::vector<Datum> options;
  if (call.args[1].type() == Type::kTuple) {
    MW_TRY(options, py_items(call.evaluation, call.args[1]));
  } else {
    options.push_back(call.args[1]);
  }
  for (const Datum& option : options) {
    MW_TRY(const std::string_view affix, text_argument(option, std::string(Start ? "startswith" : "endswith") +
                                                                   " first arg must be str or a tuple of str"));
    if (part.valid && (Start ? text.starts_with(affix) : text.ends_with(affix))) return Datum(true);
  }
  return Datum(false);
}

template <Strip Side>
Outcome<Datum> strip(Call& call) {
  if (!call.has(1) || call.args[1].is_none()) return Datum(strip_space(self(call), Side));
  MW_TRY(const std::string_view characters, text_argument(call.args[1], "strip arg must be None or str"));
  return charged_text(call.evaluation, strip_characters(self(call), characters, Side));
}

Outcome<Datum> texts(Call& call, const std::vector<std::string>& parts) {
  std::vector<Datum> out;
  out.reserve(parts.size());
  for (const std::string& part : parts) out.emplace_back(std::string_view(part));
  return charged_list(call.evaluation, std::move(out));
}

template <bool FromRight>
Outcome<Datum> split(Call& call) {
  std::int64_t limit = -1;
  if (call.has(2)) {
    MW_TRY(limit, int_argument(call.args[2]));
  }
  const bool on_space = !call.has(1) || call.args[1].is_none();
  std::string_view separator;
  if (!on_space) {
    MW_TRY(separator, text_argument(call.args[1]));
    if (separator.empty()) return value_error("empty separator");
  }
  if (!FromRight || limit < 0) {
    return texts(call, on_space ? split_space(self(call), limit) : split_on(self(call), separator, limit));
  }
  std::vector<std::string> parts;
  std::string_view text = self(call);
  if (on_space) text = strip_space(text, Strip::kRight);
  while (!text.empty() && limit-- > 0) {
    std::size_t at = std::string_view::npos;
    if (on_space) {
      for (std::size_t i = 0; i < text.size();) {
        const std::size_t start = i;
        if (is_space(next_code_point(text, i))) at = start;
      }
    } else {
      at = text.rfind(separator);
    }
    if (at == std::string_view::npos) break;
    parts.emplace_back(on_space ? strip_space(text.substr(at)) : text.substr(at + separator.size()));
    text = text.substr(0, at);
    if (on_space) text = strip_space(text, Strip::kRight);
  }
  if (!on_space || !strip_space(text).empty()) parts.emplace_back(text);
  std::reverse(parts.begin(), parts.end());
  return texts(call, parts);
}

Outcome<Datum> split_lines(Call& call) {
  return texts(call, lines_of(self(call), call.has(1) && truthy(call.args[1])));
}

template <bool Last>
Outcome<Datum> partition(Call& call) {
  MW_TRY(const std::string_view separator, text_argument(call.args[1]));
  if (separator.empty()) return value_error("empty separator");
  const std::string_view text = self(call);
  const std::size_t at = Last ? text.rfind(separator) : text.find(separator);
  if (at == std::string_view::npos) {
    return Last ? make_tuple({Datum(""), Datum(""), Datum(text)}) : make_tuple({Datum(text), Datum(""), Datum("")});
  }
  return make_tuple({Datum(text.substr(0, at)), Datum(separator), Datum(text.substr(at + separator.size()))});
}

Outcome<Datum> replace(Call& call) {
  MW_TRY(const std::string_view from, text_argument(call.args[1], "replace() argument 1 must be str"));
  MW_TRY(const std::string_view to, text_argument(call.args[2], "replace() argument 2 must be str"));
  std::int64_t limit = -1;
  if (call.has(3)) {
    MW_TRY(limit, int_argument(call.args[3]));
  }
  const std::size_t hits = from.empty() ? self(call).size() + 1 : self(call).size() / from.size();
  if (to.size() * hits > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
  return charged_text(call.evaluation, replace_all(self(call), from, to, limit));
}

Outcome<Datum> join(Call& call) {
  MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, call.args[1]));
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].is_string()) {
      return type_error("sequence item " + std::to_string(i) + ": expected str instance, " + type_name(items[i]) +
                        " found");
    }
    if (i != 0) out += self(call);
    out += items[i].text();
    if (out.size() > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
  }
  return charged_text(call.evaluation, std::move(out));
}

enum class Justify : std::uint8_t { kLeft, kRight, kCenter };
template <Justify Side>
Outcome<Datum> justify(Call& call) {
  MW_TRY(const std::int64_t width, int_argument(call.args[1]));
  std::string fill = " ";
  if (call.has(2)) {
    MW_TRY(const std::string_view given, text_argument(call.args[2]));
    if (code_point_count(given) != 1) return type_error("The fill character must be exactly one character long");
    fill = given;
  }
  const auto length = static_cast<std::int64_t>(code_point_count(self(call)));
  if (width <= length) return call.args[0];
  if (width > kFormatWidthMax) return limit_error("the text is wider than " + std::to_string(kFormatWidthMax));
  const std::int64_t missing = width - length;
  // str.center() puts the odd blank on the left when the width is odd.
  std::int64_t left = Side == Justify::kLeft ? 0 : missing;
  if (Side == Justify::kCenter) left = missing / 2 + (missing & width & 1);
  std::string out;
  for (std::int64_t i = 0; i < left; ++i) out += fill;
  out += self(call);
  for (std::int64_t i = left; i < missing; ++i) out += fill;
  return charged_text(call.evaluation, std::move(out));
}

Outcome<Datum> zero_fill(Call& call) {
  MW_TRY(const std::int64_t width, int_argument(call.args[1]));
  if (width > kFormatWidthMax) return limit_error("the text is wider than " + std::to_string(kFormatWidthMax));
  std::string out(self(call));
  const auto length = static_cast<std::int64_t>(code_point_count(out));
  const std::size_t sign = !out.empty() && (out[0] == '-' || out[0] == '+') ? 1 : 0;
  if (width > length) out.insert(sign, static_cast<std::size_t>(width - length), '0');
  return charged_text(call.evaluation, std::move(out));
}

template <bool Prefix>
Outcome<Datum> without_affix(Call& call) {
  MW_TRY(const std::string_view affix, text_argument(call.args[1]));
  const std::string_view text = self(call);
  if (Prefix && text.starts_with(affix)) return Datum(text.substr(affix.size()));
  if (!Prefix && text.ends_with(affix)) return Datum(text.substr(0, text.size() - affix.size()));
  return call.args[0];
}

Outcome<Datum> expand_tabs(Call& call) {
  std::int64_t size = 8;
  if (call.has(1)) {
    MW_TRY(size, int_argument(call.args[1]));
  }
  if (size > 1000) return limit_error("tabs wider than 1000");
  std::string out;
  std::int64_t column = 0;
  for (const char32_t c : to_code_points(self(call))) {
    if (c == '\t') {
      const std::int64_t blanks = size > 0 ? size - column % size : 0;
      out.append(static_cast<std::size_t>(blanks), ' ');
      column += blanks;
    } else {
      append_code_point(out, c);
      column = c == '\n' || c == '\r' ? 0 : column + 1;
    }
    if (out.size() > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
  }
  return charged_text(call.evaluation, std::move(out));
}

// What a table of str.translate() has for a code point: nothing, None (drop), a code point or a text.
Outcome<bool> translated(Call& call, char32_t c, std::string& out) {
  const Datum& table = call.args[1];
  Datum to;
  const Datum key(static_cast<std::int64_t>(c));
  if (table.is_dict()) {
    if (!dict_find(table, key, to)) return false;
  } else if (table.is_sequence() || table.is_string()) {
    if (!py_element(table, static_cast<std::int64_t>(c), to)) return false;
  } else {
    return type_error("'" + type_name(table) + "' object is not subscriptable");
  }
  if (to.is_none()) return true;
  if (to.is_string()) {
    out += to.text();
    return true;
  }
  MW_CHECK(require_defined(to));
  if (!to.is_int()) return type_error("character mapping must return integer, None or str");
  const std::int64_t code = to.plain().int_or(-1);
  if (code < 0 || code > 0x10ffff) return value_error("character mapping must be in range(0x110000)");
  append_code_point(out, static_cast<char32_t>(code));
  return true;
}

Outcome<Datum> translate(Call& call) {
  MW_CHECK(require_defined(call.args[1]));
  std::string out;
  for (const char32_t c : to_code_points(self(call))) {
    if (!call.evaluation.take_steps()) return call.evaluation.too_many_steps();
    MW_TRY(const bool known, translated(call, c, out));
    if (!known) append_code_point(out, c);
    if (out.size() > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
  }
  return charged_text(call.evaluation, std::move(out));
}

Outcome<Datum> make_translation(Call& call) {
  auto table = std::make_shared<DictObject>();
  if (!call.has(2)) {
    if (!call.args[1].is_dict()) {
      return type_error("if you give only one argument to maketrans it must be a dict");
    }
    for (std::size_t i = 0; i < dict_size(call.args[1]); ++i) {
      auto [key, value] = dict_entry(call.args[1], i);
      if (key.is_string()) {
        const std::u32string points = to_code_points(key.text());
        if (points.size() != 1) return value_error("string keys in translate table must be of length 1");
        key = Datum(static_cast<std::int64_t>(points.front()));
      } else if (!key.is_int()) {
        return type_error("keys in translate table must be strings or integers");
      }
      table->set(std::move(key), std::move(value));
    }
    return Datum(table);
  }
  std::u32string parts[3];
  for (std::size_t i = 1; i < 4 && call.has(i); ++i) {
    MW_TRY(const std::string_view text,
           text_argument(call.args[i], "maketrans() argument " + std::to_string(i) + " must be str"));
    parts[i - 1] = to_code_points(text);
  }
  if (parts[0].size() != parts[1].size()) {
    return value_error("the first two maketrans arguments must have equal length");
  }
  for (std::size_t i = 0; i < parts[0].size(); ++i) {
    table->set(Datum(static_cast<std::int64_t>(parts[0][i])), Datum(static_cast<std::int64_t>(parts[1][i])));
  }
  for (const char32_t c : parts[2]) table->set(Datum(static_cast<std::int64_t>(c)), Datum());
  return Datum(table);
}

Outcome<Datum> encode(Call& call) {
  std::string encoding = "utf-8";
  std::string errors = "strict";
  if (call.has(1)) {
    MW_TRY(const std::string_view given, text_argument(call.args[1], "encode() argument 'encoding' must be str"));
    encoding = given;
  }
  if (call.has(2)) {
    MW_TRY(const std::string_view given, text_argument(call.args[2], "encode() argument 'errors' must be str"));
    errors = given;
  }
  return encoded_text(call.evaluation, self(call), encoding, errors);
}

// A field of '{0.name[key]}': the sandbox looks members up as a template does.
Outcome<Datum> field(Evaluation&, const Datum& object, std::string_view name, bool item) {
  MW_CHECK(require_defined(object));
  const std::string kind = type_name(object);
  if (!item && name.starts_with("__")) {
    return other_error("SecurityError",
                       "access to attribute " + py_repr_text(name) + " of '" + kind + "' object is unsafe.");
  }
  const auto index = parse_py_int(name);
  const bool numeric = index && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
  Datum out;
  if (const Function* method = numeric && item ? nullptr : find_method(object, name); method != nullptr && !item) {
    return Datum(std::make_shared<BoundMethod>(object, *method));
  }
  if (!item && number_attribute(object, name, out)) return out;
  if (object.is_dict() && dict_find(object, item && numeric ? Datum(*index) : Datum(name), out)) return out;
  if (item && numeric && index->is_int() && (object.is_string() || object.is_sequence()) &&
      py_element(object, index->as_int(), out)) {
    return out;
  }
  const std::string shown = item && numeric ? std::string(name) : py_repr_text(name);
  return undefined_error("'" + kind + " object' has no " + (item ? "element " : "attribute ") + shown);
}

Outcome<Datum> format(Call& call) {
  const Datum format_text = call.args[0];
  call.args = std::move(call.rest);
  const bool escapes = is_markup(format_text);
  MW_TRY(std::string out, brace_format(call, format_text.text(), {&field, escapes}));
  if (escapes) return make_markup(call.evaluation, std::move(out));
  return charged_text(call.evaluation, std::move(out));
}

Outcome<Datum> format_map(Call& call) {
  const Datum map = call.args[1];
  if (!map.is_dict()) {
    MW_CHECK(require_defined(map));
    return type_error("'" + type_name(map) + "' object is not subscriptable");
  }
  for (std::size_t i = 0; i < dict_size(map); ++i) {
    auto [key, value] = dict_entry(map, i);
    if (key.is_string()) call.named.emplace_back(std::string(key.text()), value);
  }
  call.args.resize(1);
  call.rest.clear();
  return format(call);
}

constexpr NativeEntry kEntries[] = {
    {"capitalize", "self", &converted<capitalize_text>},
    {"casefold", "self", &converted<folded_text>},
    {"center", "self, width, fillchar=, /", &justify<Justify::kCenter>},
    {"count", "self, sub, start=, end=, /", &count},
    {"encode", "self, encoding=, errors=", &encode},
    {"endswith", "self, suffix, start=, end=, /", &begins_or_ends<false>},
    {"expandtabs", "self, tabsize=", &expand_tabs},
    {"find", "self, sub, start=, end=, /", &find<false, Miss::kMinusOne>},
    {"format", "self, /, *args, **kwargs", &format},
    {"format_map", "self, mapping, /", &format_map},
    {"index", "self, sub, start=, end=, /", &find<false, Miss::kFails>},
    {"isalnum", "self", &every<is_alphanumeric>},
    {"isalpha", "self", &every<is_letter>},
    {"isascii", "self", &all_ascii},
    {"isdecimal", "self", &every<is_decimal>},
    {"isdigit", "self", &every<is_digit_character>},
    {"isidentifier", "self", &is_identifier},
    {"islower", "self", &all_cased<false>},
    {"isnumeric", "self", &every<is_numeric>},
    {"isprintable", "self", &all_printable},
    {"isspace", "self", &every<is_space>},
    {"istitle", "self", &is_titled},
    {"isupper", "self", &all_cased<true>},
    {"join", "self, iterable, /", &join},
    {"ljust", "self, width, fillchar=, /", &justify<Justify::kLeft>},
    {"lower", "self", &converted<lower_text>},
    {"lstrip", "self, chars=, /", &strip<Strip::kLeft>},
    {"maketrans", "self, x, y=, z=, /", &make_translation},
    {"partition", "self, sep, /", &partition<false>},
    {"removeprefix", "self, prefix, /", &without_affix<true>},
    {"removesuffix", "self, suffix, /", &without_affix<false>},
    {"replace", "self, old, new, count=, /", &replace},
    {"rfind", "self, sub, start=, end=, /", &find<true, Miss::kMinusOne>},
    {"rindex", "self, sub, start=, end=, /", &find<true, Miss::kFails>},
    {"rjust", "self, width, fillchar=, /", &justify<Justify::kRight>},
    {"rpartition", "self, sep, /", &partition<true>},
    {"rsplit", "self, sep=, maxsplit=", &split<true>},
    {"rstrip", "self, chars=, /", &strip<Strip::kRight>},
    {"split", "self, sep=, maxsplit=", &split<false>},
    {"splitlines", "self, keepends=", &split_lines},
    {"startswith", "self, prefix, start=, end=, /", &begins_or_ends<true>},
    {"strip", "self, chars=, /", &strip<Strip::kBoth>},
    {"swapcase", "self", &converted<swapped_case_text>},
    {"title", "self", &converted<title_text>},
    {"translate", "self, table, /", &translate},
    {"upper", "self", &converted<upper_text>},
    {"zfill", "self, width, /", &zero_fill},
};

}  // namespace

void add_text_methods(FunctionTable& table) { table.add(kEntries); }

}  // namespace midwatch
