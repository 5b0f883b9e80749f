// Filters over texts.
#include <algorithm>
#include <cmath>

#include "expr/python_codec.h"
#include "expr/python_format.h"
#include "expr/python_methods.h"
#include "expr/python_text.h"
#include "jinja/globals.h"
#include "jinja/interpreter.h"

namespace midwatch::jinja {

namespace {

template <std::string (*Convert)(std::string_view)>
Outcome<Datum> converted(Call& call) {
  MW_TRY(const std::string text, py_str(call.evaluation, call.args[0]));
  return charged_text(call.evaluation, Convert(text));
}

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

Outcome<Datum> to_string(Call& call) {
  if (call.args[0].is_string()) return call.args[0];
  MW_TRY(std::string text, py_str(call.evaluation, call.args[0]));
  return charged_text(call.evaluation, std::move(text));
}

Outcome<Datum> trim(Call& call) {
  MW_TRY(const std::string text, py_str(call.evaluation, call.args[0]));
  if (!call.has(1) || call.args[1].is_none()) return Datum(strip_space(text));
  MW_TRY(const std::string_view characters, text_argument(call.args[1], "strip arg must be None or str"));
  return Datum(std::string_view(strip_characters(text, characters, Strip::kBoth)));
}

Outcome<Datum> replace(Call& call) {
  std::int64_t limit = -1;
  if (call.has(3) && !call.args[3].is_none()) {
    MW_TRY(limit, int_argument(call.args[3]));
  }
  MW_TRY(const std::string text, py_str(call.evaluation, call.args[0]));
  MW_TRY(const std::string from, py_str(call.evaluation, call.args[1]));
  MW_TRY(const std::string to, py_str(call.evaluation, call.args[2]));
  const std::size_t hits = from.empty() ? text.size() + 1 : text.size() / from.size();
  if (to.size() * hits > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
  return charged_text(call.evaluation, replace_all(text, from, to, limit));
}

Outcome<Datum> center(Call& call) {
  std::int64_t width = 80;
  if (call.has(1)) {
    MW_TRY(width, int_argument(call.args[1]));
  }
  MW_TRY(const std::string text, py_str(call.evaluation, call.args[0]));
  Call method{call.evaluation, "center", {Datum(std::string_view(text)), Datum(width)}, {}};
  return find_method(Type::kString, "center")->invoke(method);
}

Outcome<Datum> format(Call& call) {
  MW_TRY(const std::string text, py_str(call.evaluation, call.args[0]));
  if (!call.rest.empty() && !call.named.empty()) {
    return Failure(ErrorKind::kValue, "FilterArgumentError",
                   "can't handle positional and keyword arguments at the same time");
  }
  Datum arguments = make_tuple(call.rest);
  if (!call.named.empty()) {
    auto named = std::make_shared<DictObject>();
    for (auto& [name, value] : call.named) named->set(Datum(std::string_view(name)), std::move(value));
    arguments = Datum(named);
  }
  MW_TRY(std::string out, percent_format(call.evaluation, text, arguments));
  return charged_text(call.evaluation, std::move(out));
}

Outcome<Datum> indent(Call& call) {
  MW_TRY(const std::string_view given, text_argument(call.args[0]));
  const std::string text(given);
  std::string margin(4, ' ');
  if (call.has(1)) {
    if (call.args[1].is_string()) {
      margin = call.args[1].text();
    } else {
      MW_TRY(const std::int64_t width, int_argument(call.args[1]));
      if (width > kFormatWidthMax) return limit_error("the indentation is too wide");
      margin.assign(static_cast<std::size_t>(std::max<std::int64_t>(width, 0)), ' ');
    }
  }
  const bool first = call.has(2) && truthy(call.args[2]);
  const bool blank = call.has(3) && truthy(call.args[3]);
  const std::vector<std::string> lines = split_on(text + "\n", "\n");
  if (lines.size() * margin.size() > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
  std::string out = first ? margin : "";
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    if (i != 0) out += "\n" + (lines[i].empty() && !blank ? "" : margin);
    out += lines[i];
  }
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
  return charged_text(call.evaluation, from_code_points(kept) + end);
}

Outcome<Datum> word_count(Call& call) {
  MW_TRY(const std::string text, py_str(call.evaluation, call.args[0]));
  std::int64_t words = 0;
  bool inside = false;
  for (const char32_t c : to_code_points(text)) {
    const bool word = is_letter(c) || is_digit(c) || c == '_';
    if (word && !inside) ++words;
    inside = word;
  }
  return Datum(words);
}

// textwrap.wrap of one line: words and the white space between them, greedily; hyphens may break.
class Wrapper {
 public:
  Wrapper(std::size_t width, bool long_words, bool hyphens)
      : width_(width), long_words_(long_words), hyphens_(hyphens) {}

  std::vector<std::u32string> wrap(std::u32string_view line) {
    std::vector<std::u32string> chunks = split(line);
    std::reverse(chunks.begin(), chunks.end());
    std::vector<std::u32string> lines;
    while (!chunks.empty()) {
      std::u32string current;
      if (is_blank(chunks.back()) && !lines.empty()) chunks.pop_back();
      while (!chunks.empty() && current.size() + chunks.back().size() <= width_) {
        current += chunks.back();
        chunks.pop_back();
      }
      if (!chunks.empty() && chunks.back().size() > width_) take_long(chunks, current);
      while (!current.empty() && is_space(current.back())) current.pop_back();
      if (!current.empty()) lines.push_back(std::move(current));
    }
    return lines;
  }

 private:
  static bool is_blank(const std::u32string& chunk) { return std::all_of(chunk.begin(), chunk.end(), is_space); }

  void take_long(std::vector<std::u32string>& chunks, std::u32string& current) {
    const std::size_t room = width_ > current.size() ? width_ - current.size() : 1;
    if (long_words_) {
      std::u32string& chunk = chunks.back();
      std::size_t end = room;
      if (hyphens_ && chunk.size() > room) {
        const std::size_t hyphen = chunk.rfind(U'-', room - 1);
        if (hyphen != std::u32string::npos && hyphen > 0 && chunk.find_first_not_of(U'-') < hyphen) end = hyphen + 1;
      }
      current += chunk.substr(0, end);
      chunk.erase(0, end);
    } else if (current.empty()) {
      current = std::move(chunks.back());
      chunks.pop_back();
    }
  }

  [[nodiscard]] std::vector<std::u32string> split(std::u32string_view line) const {
    std::vector<std::u32string> chunks;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool space = is_space(line[i]);
      const bool new_chunk =
          chunks.empty() || is_space(chunks.back().back()) != space ||
          (hyphens_ && !space && i >= 2 && line[i - 1] == '-' && is_letter(line[i]) && is_letter(line[i - 2]));
      if (new_chunk) chunks.emplace_back();
      chunks.back() += line[i];
    }
    return chunks;
  }

  std::size_t width_;
  bool long_words_, hyphens_;
};

Outcome<Datum> word_wrap(Call& call) {
  MW_TRY(const std::string text, py_str(call.evaluation, call.args[0]));
  std::int64_t width = 79;
  if (call.has(1)) {
    MW_TRY(width, int_argument(call.args[1]));
  }
  if (width <= 0) return value_error("invalid width " + std::to_string(width) + " (must be > 0)");
  const bool long_words = !call.has(2) || truthy(call.args[2]);
  const bool hyphens = !call.has(4) || truthy(call.args[4]);
  std::string separator = "\n";
  if (call.has(3) && call.args[3].is_string()) separator = call.args[3].text();
  Wrapper wrapper(static_cast<std::size_t>(width), long_words, hyphens);
  std::string out;
  bool first = true;
  std::vector<std::string> lines = split_on(text, "\n");
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  for (const std::string& line : lines) {
    if (!first) out += separator;
    first = false;
    bool first_piece = true;
    for (const std::u32string& piece : wrapper.wrap(to_code_points(line))) {
      if (!first_piece) out += separator;
      first_piece = false;
      out += from_code_points(piece);
    }
    if (out.size() > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
  }
  return charged_text(call.evaluation, std::move(out));
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

// pprint sorts mappings; it prints on one line here.
Outcome<Datum> with_sorted_keys(Evaluation& evaluation, const Datum& datum, int depth) {
  if (depth > kDatumDepthMax) return limit_error("the value is nested too deeply to print");
  if (datum.is_sequence()) {
    std::vector<Datum> items;
    for (std::size_t i = 0; i < sequence_size(datum); ++i) {
      MW_TRY(Datum item, with_sorted_keys(evaluation, sequence_at(datum, i), depth + 1));
      items.push_back(std::move(item));
    }
    return datum.type() == Type::kList ? make_list(std::move(items)) : make_tuple(std::move(items));
  }
  if (!datum.is_dict()) return datum;
  std::vector<std::pair<Datum, Datum>> entries;
  for (std::size_t i = 0; i < dict_size(datum); ++i) entries.push_back(dict_entry(datum, i));
  auto sorted = entries;
  if (py_sort(evaluation, sorted, false)) entries = std::move(sorted);
  auto out = std::make_shared<DictObject>();
  for (auto& [key, value] : entries) {
    MW_TRY(Datum inner, with_sorted_keys(evaluation, value, depth + 1));
    out->set(key, std::move(inner));
  }
  return Datum(out);
}

Outcome<Datum> pretty(Call& call) {
  MW_TRY(const Datum sorted, with_sorted_keys(call.evaluation, call.args[0], 0));
  MW_TRY(const std::string text, py_repr(call.evaluation, sorted));
  return Datum(std::string_view(text));
}

constexpr NativeEntry kEntries[] = {
    {"upper", "s", &converted<upper_text>},
    {"lower", "s", &converted<lower_text>},
    {"capitalize", "s", &converted<capitalize_text>},
    {"title", "s", &converted<titled>},
    {"string", "value", &to_string},
    {"trim", "value, chars=", &trim},
    {"replace", "s, old, new, count=", &replace},
    {"center", "value, width=", &center},
    {"format", "value, *args, **kwargs", &format},
    {"indent", "s, width=, first=, blank=", &indent},
    {"truncate", "s, length=, killwords=, end=, leeway=", &truncate},
    {"wordcount", "s", &word_count},
    {"wordwrap", "s, width=, break_long_words=, wrapstring=, break_on_hyphens=", &word_wrap},
    {"tojson", "value, indent=", &to_json},
    {"pprint", "value", &pretty},
};

}  // namespace

void add_text_filters(FunctionTable& table) { table.add(kEntries); }

}  // namespace midwatch::jinja
