// wordwrap and pprint: texts laid out in lines.
#include <algorithm>

#include "expr/pattern.h"
#include "expr/python_methods.h"
#include "expr/python_text.h"
#include "jinja/globals.h"
#include "jinja/interpreter.h"

namespace midwatch::jinja {

namespace {

// ---------------------------------------------------------------- textwrap.wrap

// textwrap's own expressions: where a line may be broken.
constexpr std::string_view kBreaks =
    "([\\t\\n\\x0b\\x0c\\r ]+|(?<=[\\w!\"'&.,?])-{2,}(?=\\w)|[^\\t\\n\\x0b\\x0c\\r ]+?(?:"
    "-(?:(?<=[^\\d\\W]{2}-)|(?<=[^\\d\\W]-[^\\d\\W]-))(?=[^\\d\\W]-?[^\\d\\W])"
    "|(?=[\\t\\n\\x0b\\x0c\\r ]|\\Z)|(?<=[\\w!\"'&.,?])(?=-{2,}\\w)))";
constexpr std::string_view kSpaces = "([\\t\\n\\x0b\\x0c\\r ]+)";

struct WrapStyle {
  std::size_t width;
  bool breaks_long_words;
  bool breaks_on_hyphens;
};

class Wrapper {
 public:
  explicit Wrapper(const WrapStyle& style) : style_(style) {}

  Outcome<std::vector<std::string>> wrap(std::string_view line) {
    MW_TRY(std::vector<std::u32string> chunks, split(line));
    std::reverse(chunks.begin(), chunks.end());
    std::vector<std::string> lines;
    while (!chunks.empty()) {
      std::vector<std::u32string> current;
      std::size_t length = 0;
      if (is_blank(chunks.back()) && !lines.empty()) chunks.pop_back();
      while (!chunks.empty() && length + chunks.back().size() <= style_.width) {
        length += chunks.back().size();
        current.push_back(std::move(chunks.back()));
        chunks.pop_back();
      }
      if (!chunks.empty() && chunks.back().size() > style_.width) take_long(chunks, current, length);
      if (!current.empty() && is_blank(current.back())) current.pop_back();
      if (current.empty()) continue;
      std::string text;
      for (const std::u32string& chunk : current) text += from_code_points(chunk);
      lines.push_back(std::move(text));
    }
    return lines;
  }

 private:
  static bool is_blank(const std::u32string& chunk) { return std::all_of(chunk.begin(), chunk.end(), is_space); }

  void take_long(std::vector<std::u32string>& chunks, std::vector<std::u32string>& current, std::size_t length) const {
    std::u32string& chunk = chunks.back();
    if (style_.breaks_long_words) {
      const std::size_t room = style_.width - length;
      std::size_t end = room;
      if (style_.breaks_on_hyphens && room > 0) {
        const std::size_t hyphen = chunk.rfind(U'-', room - 1);
        if (hyphen != std::u32string::npos && hyphen > 0 && chunk.find_first_not_of(U'-') < hyphen) end = hyphen + 1;
      }
      current.push_back(chunk.substr(0, end));
      chunk.erase(0, end);
    } else if (current.empty()) {
      current.push_back(std::move(chunk));
      chunks.pop_back();
    }
  }

  [[nodiscard]] Outcome<std::vector<std::u32string>> split(std::string_view line) const {
    MW_TRY(const auto pattern, Pattern::compile(style_.breaks_on_hyphens ? kBreaks : kSpaces));
    MW_TRY(const std::vector<PatternMatch> matches, pattern->match_all(line, SIZE_MAX));
    std::vector<std::u32string> chunks;
    const auto add = [&](std::size_t start, std::size_t end) {
      if (end > start) chunks.push_back(to_code_points(line.substr(start, end - start)));
    };
    std::size_t at = 0;
    for (const PatternMatch& match : matches) {
      add(at, match.groups[0].start);
      add(match.groups[0].start, match.groups[0].end);
      at = match.groups[0].end;
    }
    add(at, line.size());
    return chunks;
  }

  WrapStyle style_;
};

Outcome<Datum> word_wrap(Call& call) {
  const Datum& value = call.args[0];
  MW_CHECK(require_defined(value));
  if (!value.is_string()) {
    return Failure(ErrorKind::kType, "AttributeError",
                   "'" + type_name(value) + "' object has no attribute 'splitlines'");
  }
  std::int64_t width = 79;
  if (call.has(1)) {
    MW_TRY(width, int_argument(call.args[1]));
  }
  std::string separator = "\n";
  if (call.has(3) && !call.args[3].is_none()) {
    MW_TRY(const std::string_view given, text_argument(call.args[3]));
    separator = given;
  }
  const std::vector<std::string> lines = lines_of(value.text());
  if (width <= 0 && !lines.empty()) return value_error("invalid width " + std::to_string(width) + " (must be > 0)");
  Wrapper wrapper({static_cast<std::size_t>(std::max<std::int64_t>(width, 1)), !call.has(2) || truthy(call.args[2]),
                   !call.has(4) || truthy(call.args[4])});
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!call.evaluation.take_steps(lines[i].size() + 1)) return call.evaluation.too_many_steps();
    MW_TRY(const std::vector<std::string> pieces, wrapper.wrap(lines[i]));
    if (i != 0) out += separator;
    for (std::size_t k = 0; k < pieces.size(); ++k) out += (k != 0 ? separator : "") + pieces[k];
    if (out.size() > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
  }
  return charged_text(call.evaluation, std::move(out));
}

// ---------------------------------------------------------------- pprint.pformat

// Mappings sorted by key, everywhere below.
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
  std::vector<std::pair<Datum, Datum>> sorted;
  for (const auto& [key, value] : entries) sorted.emplace_back(key, make_tuple({key, value}));
  // Keys of different types have no order; then they stay as they are.
  if (py_sort(evaluation, sorted, false)) {
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      entries[i] = {sequence_at(sorted[i].second, 0), sequence_at(sorted[i].second, 1)};
    }
  }
  auto out = std::make_shared<DictObject>();
  for (auto& [key, value] : entries) {
    MW_TRY(Datum inner, with_sorted_keys(evaluation, value, depth + 1));
    out->set(key, std::move(inner));
  }
  return Datum(out);
}

// What does not fit into 80 columns is written one item a line.
class Printer {
 public:
  explicit Printer(Evaluation& evaluation) : evaluation_(evaluation) {}

  Outcome<void> print(const Datum& datum, std::int64_t indent, std::int64_t allowance, int level) {
    const Evaluation::Level guard(evaluation_);
    if (!guard.ok()) return evaluation_.too_deep();
    MW_TRY(const std::string shown, py_repr(evaluation_, datum));
    const bool fits = length_of(shown) <= kWidth - indent - allowance;
    if (!fits && datum.is_dict()) return dict(datum, indent, allowance, level + 1);
    if (!fits && datum.is_sequence()) return items(datum, indent, allowance, level + 1);
    if (!fits && datum.is_string() && datum.is_plain() && !datum.text().empty()) {
      return text(datum.text(), indent, allowance, level + 1);
    }
    out_ += shown;
    if (out_.size() > evaluation_.limits.output_bytes_max) return evaluation_.too_many_bytes();
    return {};
  }
  std::string take() { return std::move(out_); }

 private:
  static constexpr std::int64_t kWidth = 80;
  static std::int64_t length_of(std::string_view text) { return static_cast<std::int64_t>(code_point_count(text)); }
  void new_line(std::int64_t indent) { out_ += "\n" + std::string(static_cast<std::size_t>(indent), ' '); }

  Outcome<void> dict(const Datum& datum, std::int64_t indent, std::int64_t allowance, int level) {
    out_ += '{';
    for (std::size_t i = 0; i < dict_size(datum); ++i) {
      if (i != 0) out_ += ',';
      if (i != 0) new_line(indent + 1);
      const auto [key, value] = dict_entry(datum, i);
      MW_TRY(const std::string name, py_repr(evaluation_, key));
      out_ += name + ": ";
      const bool last = i + 1 == dict_size(datum);
      MW_CHECK(print(value, indent + 1 + length_of(name) + 2, last ? allowance + 1 : 1, level));
    }
    out_ += '}';
    return {};
  }

  Outcome<void> items(const Datum& datum, std::int64_t indent, std::int64_t allowance, int level) {
    const bool list = datum.type() == Type::kList;
    const std::string close = list ? "]" : sequence_size(datum) == 1 ? ",)" : ")";
    out_ += list ? '[' : '(';
    for (std::size_t i = 0; i < sequence_size(datum); ++i) {
      if (i != 0) out_ += ',';
      if (i != 0) new_line(indent + 1);
      const bool last = i + 1 == sequence_size(datum);
      const std::int64_t behind = last ? allowance + static_cast<std::int64_t>(close.size()) : 1;
      MW_CHECK(print(sequence_at(datum, i), indent + 1, behind, level));
    }
    out_ += close;
    return {};
  }

  // Words with the white space behind them.
  static std::vector<std::string> parts_of(std::string_view line) {
    std::vector<std::string> out;
    bool space = true;
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t start = at;
      const bool now_space = is_space(next_code_point(line, at));
      if (out.empty() || (space && !now_space)) out.emplace_back();
      out.back() += line.substr(start, at - start);
      space = now_space;
    }
    return out;
  }

  Outcome<void> text(std::string_view whole, std::int64_t indent, std::int64_t allowance, int level) {
    if (level == 1) ++indent, ++allowance;
    const std::int64_t width = kWidth - indent;
    std::vector<std::string> chunks;
    const std::vector<std::string> lines = lines_of(whole, true);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!evaluation_.take_steps(lines[i].size())) return evaluation_.too_many_steps();
      const bool last_line = i + 1 == lines.size();
      std::string shown = py_repr_text(lines[i]);
      if (length_of(shown) <= width - (last_line ? allowance : 0)) {
        chunks.push_back(std::move(shown));
        continue;
      }
      const std::vector<std::string> parts = parts_of(lines[i]);
      std::string current;
      for (std::size_t k = 0; k < parts.size(); ++k) {
        const bool last = last_line && k + 1 == parts.size();
        if (length_of(py_repr_text(current + parts[k])) > width - (last ? allowance : 0)) {
          if (!current.empty()) chunks.push_back(py_repr_text(current));
          current = parts[k];
        } else {
          current += parts[k];
        }
      }
      if (!current.empty()) chunks.push_back(py_repr_text(current));
    }
    const bool bracketed = level == 1 && chunks.size() > 1;
    if (bracketed) out_ += '(';
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      if (i != 0) new_line(indent);
      out_ += chunks[i];
    }
    if (bracketed) out_ += ')';
    return {};
  }

  Evaluation& evaluation_;
  std::string out_;
};

Outcome<Datum> pretty(Call& call) {
  MW_TRY(const Datum sorted, with_sorted_keys(call.evaluation, call.args[0], 0));
  Printer printer(call.evaluation);
  MW_CHECK(printer.print(sorted, 0, 0, 0));
  return charged_text(call.evaluation, printer.take());
}

constexpr NativeEntry kEntries[] = {
    {"wordwrap", "s, width=, break_long_words=, wrapstring=, break_on_hyphens=", &word_wrap},
    {"pprint", "value", &pretty},
};

}  // namespace

void add_wrap_filters(FunctionTable& table) { table.add(kEntries); }

}  // namespace midwatch::jinja
