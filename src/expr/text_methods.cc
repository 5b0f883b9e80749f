// The methods of str.
#include <algorithm>

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

std::string swapped_case(std::string_view text) {
  std::u32string out = to_code_points(text);
  for (char32_t& c : out) c = is_upper(c) ? to_lower(c) : to_upper(c);
  return from_code_points(out);
}

std::string titled(std::string_view text) {
  std::u32string out = to_code_points(text);
  bool inside = false;
  for (char32_t& c : out) {
    c = inside ? to_lower(c) : to_upper(c);
    inside = is_letter(c);
  }
  return from_code_points(out);
}

template <bool (*Holds)(char32_t)>
Outcome<Datum> every(Call& call) {
  const std::u32string text = to_code_points(self(call));
  return Datum(!text.empty() && std::all_of(text.begin(), text.end(), Holds));
}
bool is_alphanumeric(char32_t c) { return is_letter(c) || is_digit(c); }

template <bool Upper>
Outcome<Datum> all_cased(Call& call) {
  bool cased = false;
  for (const char32_t c : to_code_points(self(call))) {
    if (Upper ? is_lower(c) : is_upper(c)) return Datum(false);
    cased = cased || (Upper ? is_upper(c) : is_lower(c));
  }
  return Datum(cased);
}

Outcome<Datum> is_title(Call& call) {
  bool cased = false;
  bool inside = false;
  for (const char32_t c : to_code_points(self(call))) {
    if ((is_upper(c) && inside) || (is_lower(c) && !inside)) return Datum(false);
    inside = is_upper(c) || is_lower(c);
    cased = cased || inside;
  }
  return Datum(cased);
}

Outcome<Datum> is_identifier(Call& call) {
  const std::u32string text = to_code_points(self(call));
  const auto word = [](char32_t c) { return is_letter(c) || is_digit(c) || c == '_'; };
  return Datum(!text.empty() && !is_digit(text.front()) && std::all_of(text.begin(), text.end(), word));
}

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
  if (!on_space || !strip_space(text).empty()) parts.emplace_back(on_space ? strip_space(text, Strip::kLeft) : text);
  std::reverse(parts.begin(), parts.end());
  return texts(call, parts);
}

Outcome<Datum> split_lines(Call& call) {
  const bool keep = call.has(1) && truthy(call.args[1]);
  std::vector<std::string> out;
  const std::string_view text = self(call);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\n\r\v\f", at), text.size());
    std::size_t after = end;
    if (after < text.size()) after += text.substr(end).starts_with("\r\n") ? 2 : 1;
    out.emplace_back(text.substr(at, (keep ? after : end) - at));
    at = after;
  }
  return texts(call, out);
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

Outcome<Datum> field(Evaluation&, const Datum& object, std::string_view name, bool item) {
  MW_CHECK(require_defined(object));
  Datum out;
  if (!item) {
    if (name.starts_with("_")) {
      return Failure(ErrorKind::kOther, "SecurityError",
                     "access to attribute " + py_repr_text(name) + " of '" + type_name(object) + "' object is unsafe.");
    }
    return Failure(ErrorKind::kUndefined, "AttributeError",
                   "'" + type_name(object) + "' object has no attribute " + py_repr_text(name));
  }
  const auto index = parse_py_int(name);
  const bool numeric = index && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (object.is_dict()) {
    if (dict_find(object, numeric ? Datum(*index) : Datum(name), out)) return out;
    return Failure(ErrorKind::kUndefined, "KeyError", numeric ? std::string(name) : py_repr_text(name));
  }
  if (object.is_string() || object.is_sequence()) {
    if (!numeric) return type_error(type_name(object) + " indices must be integers or slices, not str");
    if (index->is_int() && py_element(object, index->as_int(), out)) return out;
    return Failure(ErrorKind::kValue, "IndexError", type_name(object) + " index out of range");
  }
  return type_error("'" + type_name(object) + "' object is not subscriptable");
}

Outcome<Datum> format(Call& call) {
  const Datum format_text = call.args[0];
  call.args = std::move(call.rest);
  MW_TRY(std::string out, brace_format(call, format_text.text(), &field));
  return charged_text(call.evaluation, std::move(out));
}

Outcome<Datum> format_map(Call& call) {
  const Datum format_text = call.args[0];
  const Datum map = call.args[1];
  call.args.clear();
  if (map.is_dict()) {
    for (std::size_t i = 0; i < dict_size(map); ++i) {
      auto [key, value] = dict_entry(map, i);
      if (key.is_string()) call.named.emplace_back(std::string(key.text()), value);
    }
  }
  MW_TRY(std::string out, brace_format(call, format_text.text(), &field));
  return charged_text(call.evaluation, std::move(out));
}

constexpr NativeEntry kEntries[] = {
    {"capitalize", "self", &converted<capitalize_text>},
    {"casefold", "self", &converted<lower_text>},
    {"center", "self, width, fillchar=", &justify<Justify::kCenter>},
    {"count", "self, sub, start=, end=", &count},
    {"endswith", "self, suffix, start=, end=", &begins_or_ends<false>},
    {"expandtabs", "self, tabsize=", &expand_tabs},
    {"find", "self, sub, start=, end=", &find<false, Miss::kMinusOne>},
    {"format", "self, *args, **kwargs", &format},
    {"format_map", "self, mapping", &format_map},
    {"index", "self, sub, start=, end=", &find<false, Miss::kFails>},
    {"isalnum", "self", &every<is_alphanumeric>},
    {"isalpha", "self", &every<is_letter>},
    {"isdecimal", "self", &every<is_digit>},
    {"isdigit", "self", &every<is_digit>},
    {"isidentifier", "self", &is_identifier},
    {"islower", "self", &all_cased<false>},
    {"isnumeric", "self", &every<is_digit>},
    {"isspace", "self", &every<is_space>},
    {"istitle", "self", &is_title},
    {"isupper", "self", &all_cased<true>},
    {"join", "self, iterable", &join},
    {"ljust", "self, width, fillchar=", &justify<Justify::kLeft>},
    {"lower", "self", &converted<lower_text>},
    {"lstrip", "self, chars=", &strip<Strip::kLeft>},
    {"partition", "self, sep", &partition<false>},
    {"removeprefix", "self, prefix", &without_affix<true>},
    {"removesuffix", "self, suffix", &without_affix<false>},
    {"replace", "self, old, new, count=", &replace},
    {"rfind", "self, sub, start=, end=", &find<true, Miss::kMinusOne>},
    {"rindex", "self, sub, start=, end=", &find<true, Miss::kFails>},
    {"rjust", "self, width, fillchar=", &justify<Justify::kRight>},
    {"rpartition", "self, sep", &partition<true>},
    {"rsplit", "self, sep=, maxsplit=", &split<true>},
    {"rstrip", "self, chars=", &strip<Strip::kRight>},
    {"split", "self, sep=, maxsplit=", &split<false>},
    {"splitlines", "self, keepends=", &split_lines},
    {"startswith", "self, prefix, start=, end=", &begins_or_ends<true>},
    {"strip", "self, chars=", &strip<Strip::kBoth>},
    {"swapcase", "self", &converted<swapped_case>},
    {"title", "self", &converted<titled>},
    {"upper", "self", &converted<upper_text>},
    {"zfill", "self, width", &zero_fill},
};

}  // namespace

void add_text_methods(FunctionTable& table) { table.add(kEntries); }

}  // namespace midwatch
