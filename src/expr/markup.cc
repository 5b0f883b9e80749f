#include "expr/markup.h"

#include <algorithm>
#include <utility>

#include "expr/python_format.h"
#include "expr/python_methods.h"
#include "expr/python_number.h"
#include "expr/python_ops.h"
#include "expr/python_text.h"

namespace midwatch {

std::string html_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '\'': out += "&#39;"; break;
      case '"': out += "&#34;"; break;
      default: out += c;
    }
  }
  return out;
}

namespace {

constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
    {"amp;", "&"},        {"lt;", "<"},         {"gt;", ">"},          {"quot;", "\""},      {"apos;", "'"},
    {"nbsp;", "\u00a0"},  {"copy;", "\u00a9"},  {"reg;", "\u00ae"},    {"raquo;", "\u00bb"}, {"laquo;", "\u00ab"},
    {"mdash;", "\u2014"}, {"ndash;", "\u2013"}, {"hellip;", "\u2026"}, {"euro;", "\u20ac"},  {"auml;", "\u00e4"},
    {"ouml;", "\u00f6"},  {"uuml;", "\u00fc"},  {"szlig;", "\u00df"},  {"eacute;", "\u00e9"}};

// "#39;" or "#x27;" behind an ampersand: the code point and the length; 0 when it is none.
std::pair<char32_t, std::size_t> numeric_entity(std::string_view text) {
  if (!text.starts_with('#')) return {0, 0};
  const bool hex = text.size() > 1 && (text[1] | 0x20) == 'x';
  std::size_t at = hex ? 2 : 1;
  const std::size_t start = at;
  char32_t code = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    const char low = static_cast<char>(c | 0x20);
    int digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    else if (hex && low >= 'a' && low <= 'f') digit = low - 'a' + 10;
    if (digit < 0) break;
    code = std::min<char32_t>(code * (hex ? 16 : 10) + static_cast<char32_t>(digit), 0x110000);
  }
  if (at == start) return {0, 0};
  if (at < text.size() && text[at] == ';') ++at;
  const bool valid = code != 0 && code < 0x110000 && (code < 0xD800 || code > 0xDFFF);
  return {valid ? code : 0xFFFD, at};
}

}  // namespace

std::string html_unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t ampersand = std::min(text.find('&'), text.size());
    out += text.substr(0, ampersand);
    text.remove_prefix(ampersand);
    if (text.empty()) break;
    text.remove_prefix(1);
    const auto named = std::find_if(std::begin(kEntities), std::end(kEntities),
                                    [&](const auto& entity) { return text.starts_with(entity.first); });
    if (named != std::end(kEntities)) {
      out += named->second;
      text.remove_prefix(named->first.size());
      continue;
    }
    const auto [code, length] = numeric_entity(text);
    if (length == 0) out += '&';
    else append_code_point(out, code);
    text.remove_prefix(length);
  }
  return out;
}

Outcome<Datum> make_markup(Evaluation& evaluation, std::string safe) {
  if (!evaluation.take_bytes(safe.size())) return evaluation.too_many_bytes();
  return Datum(std::make_shared<MarkupObject>(std::move(safe)));
}

Outcome<std::string> escaped_text(Evaluation& evaluation, const Datum& datum) {
  if (is_markup(datum)) return std::string(datum.text());
  MW_TRY(const std::string text, py_str(evaluation, datum));
  return html_escaped(text);
}

Outcome<Datum> escape_markup(Evaluation& evaluation, const Datum& datum) {
  if (is_markup(datum)) return datum;
  MW_TRY(std::string text, escaped_text(evaluation, datum));
  return make_markup(evaluation, std::move(text));
}

Datum marked(const Datum& datum) {
  if (datum.is_string()) {
    if (is_markup(datum)) return datum;
    return std::make_shared<MarkupObject>(std::string(datum.text()));
  }
  if (!datum.is_sequence()) return datum;
  std::vector<Datum> items;
  items.reserve(sequence_size(datum));
  for (std::size_t i = 0; i < sequence_size(datum); ++i) items.push_back(marked(sequence_at(datum, i)));
  return datum.type() == Type::kList ? make_list(std::move(items)) : make_tuple(std::move(items));
}

namespace {

enum class Arguments : std::uint8_t { kEscaped, kPlain };
template <const char* Name, Arguments How>
Outcome<Datum> wrapped(Call& call) {
  for (std::size_t i = 1; How == Arguments::kEscaped && i < call.args.size(); ++i) {
    if (!call.has(i) || !call.args[i].is_string()) continue;
    MW_TRY(call.args[i], escape_markup(call.evaluation, call.args[i]));
  }
  // The parameters of both are the same, so the call is bound already.
  MW_TRY(const Datum out, find_method(Type::kString, Name)->native(call));
  return marked(out);
}

Outcome<Datum> join(Call& call) {
  MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, call.args[1]));
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i != 0) out += call.args[0].text();
    MW_TRY(const std::string text, escaped_text(call.evaluation, items[i]));
    out += text;
    if (out.size() > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
  }
  return make_markup(call.evaluation, std::move(out));
}

Outcome<Datum> unescape(Call& call) { return charged_text(call.evaluation, html_unescaped(call.args[0].text())); }

constexpr char kCapitalize[] = "capitalize", kCenter[] = "center", kExpandTabs[] = "expandtabs", kLower[] = "lower",
               kLjust[] = "ljust", kLstrip[] = "lstrip", kPartition[] = "partition", kReplace[] = "replace",
               kRjust[] = "rjust", kRpartition[] = "rpartition", kRsplit[] = "rsplit", kRstrip[] = "rstrip",
               kSplit[] = "split", kSplitLines[] = "splitlines", kStrip[] = "strip", kSwapCase[] = "swapcase",
               kTitle[] = "title", kTranslate[] = "translate", kUpper[] = "upper", kZfill[] = "zfill";

constexpr NativeEntry kEntries[] = {
    {kCapitalize, "self", &wrapped<kCapitalize, Arguments::kEscaped>},
    {kCenter, "self, width, fillchar=, /", &wrapped<kCenter, Arguments::kEscaped>},
    {kExpandTabs, "self, tabsize=", &wrapped<kExpandTabs, Arguments::kEscaped>},
    {"join", "self, iterable, /", &join},
    {kLjust, "self, width, fillchar=, /", &wrapped<kLjust, Arguments::kEscaped>},
    {kLower, "self", &wrapped<kLower, Arguments::kEscaped>},
    {kLstrip, "self, chars=, /", &wrapped<kLstrip, Arguments::kEscaped>},
    {kPartition, "self, sep, /", &wrapped<kPartition, Arguments::kEscaped>},
    {kReplace, "self, old, new, count=, /", &wrapped<kReplace, Arguments::kEscaped>},
    {kRjust, "self, width, fillchar=, /", &wrapped<kRjust, Arguments::kEscaped>},
    {kRpartition, "self, sep, /", &wrapped<kRpartition, Arguments::kEscaped>},
    {kRsplit, "self, sep=, maxsplit=", &wrapped<kRsplit, Arguments::kPlain>},
    {kRstrip, "self, chars=, /", &wrapped<kRstrip, Arguments::kEscaped>},
    {kSplit, "self, sep=, maxsplit=", &wrapped<kSplit, Arguments::kPlain>},
    {kSplitLines, "self, keepends=", &wrapped<kSplitLines, Arguments::kPlain>},
    {kStrip, "self, chars=, /", &wrapped<kStrip, Arguments::kEscaped>},
    {kSwapCase, "self", &wrapped<kSwapCase, Arguments::kEscaped>},
    {kTitle, "self", &wrapped<kTitle, Arguments::kEscaped>},
    {kTranslate, "self, table, /", &wrapped<kTranslate, Arguments::kEscaped>},
    {"unescape", "self", &unescape},
    {kUpper, "self", &wrapped<kUpper, Arguments::kEscaped>},
    {kZfill, "self, width, /", &wrapped<kZfill, Arguments::kEscaped>},
};

}  // namespace

void add_markup_methods(FunctionTable& table) { table.add(kEntries); }

}  // namespace midwatch
