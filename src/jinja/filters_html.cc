// Filters for HTML and URLs.
#include <algorithm>

#include "expr/markup.h"
#include "expr/python_methods.h"
#include "expr/python_text.h"
#include "jinja/globals.h"
#include "jinja/interpreter.h"

namespace midwatch::jinja {

namespace {

Outcome<Datum> escape(Call& call) { return escape_markup(call.evaluation, call.args[0]); }

Outcome<Datum> force_escape(Call& call) {
  MW_TRY(const std::string text, py_str(call.evaluation, call.args[0]));
  return make_markup(call.evaluation, html_escaped(text));
}

Outcome<Datum> safe(Call& call) {
  MW_TRY(std::string text, py_str(call.evaluation, call.args[0]));
  return make_markup(call.evaluation, std::move(text));
}

Outcome<Datum> strip_tags(Call& call) {
  MW_TRY(const std::string text, py_str(call.evaluation, call.args[0]));
  std::string plain;
  std::string_view rest = text;
  while (true) {
    const std::size_t comment = rest.find("<!--");
    const std::size_t end = comment == std::string_view::npos ? comment : rest.find("-->", comment);
    if (end == std::string_view::npos) break;
    plain += rest.substr(0, comment);
    rest.remove_prefix(end + 3);
  }
  plain += rest;
  std::string out;
  rest = plain;
  while (true) {
    const std::size_t open = rest.find('<');
    const std::size_t close = open == std::string_view::npos ? open : rest.find('>', open);
    if (close == std::string_view::npos) break;
    out += rest.substr(0, open);
    rest.remove_prefix(close + 1);
  }
  out += rest;
  std::string joined;
  for (const std::string& word : split_space(out)) joined += (joined.empty() ? "" : " ") + word;
  return charged_text(call.evaluation, html_unescaped(joined));
}

std::string quoted_url(std::string_view text, std::string_view safe) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("_.-~").find(c) != std::string_view::npos ||
                       safe.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

Outcome<Datum> url_encode(Call& call) {
  const Datum& value = call.args[0];
  if (value.is_string() || !is_iterable(value)) {
    MW_TRY(const std::string text, py_str(call.evaluation, value));
    return charged_text(call.evaluation, quoted_url(text, "/"));
  }
  std::vector<std::pair<Datum, Datum>> pairs;
  if (value.is_dict()) {
    for (std::size_t i = 0; i < dict_size(value); ++i) pairs.push_back(dict_entry(value, i));
  } else {
    MW_TRY(const std::vector<Datum> items, py_items(call.evaluation, value));
    for (const Datum& item : items) {
      MW_TRY(const std::vector<Datum> pair, py_items(call.evaluation, item));
      if (pair.size() != 2)
        return value_error("not enough values to unpack (expected 2, got " + std::to_string(pair.size()) + ")");
      pairs.emplace_back(pair[0], pair[1]);
    }
  }
  std::string out;
  for (const auto& [key, part] : pairs) {
    MW_TRY(const std::string name, py_str(call.evaluation, key));
    MW_TRY(const std::string text, py_str(call.evaluation, part));
    const auto form = [](const std::string& raw) { return replace_all(quoted_url(raw, ""), "%20", "+"); };
    out += (out.empty() ? "" : "&") + form(name) + "=" + form(text);
  }
  return charged_text(call.evaluation, std::move(out));
}

Outcome<Datum> xml_attributes(Call& call) {
  if (!call.args[0].is_dict()) {
    MW_CHECK(require_defined(call.args[0]));
    return Failure(ErrorKind::kType, "AttributeError",
                   "'" + type_name(call.args[0]) + "' object has no attribute 'items'");
  }
  std::string out;
  for (std::size_t i = 0; i < dict_size(call.args[0]); ++i) {
    const auto [key, value] = dict_entry(call.args[0], i);
    if (value.is_none() || value.is_undefined()) continue;
    MW_TRY(const std::string_view given, text_argument(key, "expected string or bytes-like object"));
    if (given.find_first_of(" \t\n\r\f\v/>=") != std::string_view::npos) {
      return value_error("Invalid character in attribute name: " + py_repr_text(given));
    }
    MW_TRY(const std::string name, escaped_text(call.evaluation, key));
    MW_TRY(const std::string text, escaped_text(call.evaluation, value));
    out += (out.empty() ? "" : " ") + name + "=\"" + text + "\"";
  }
  const bool space = !call.has(1) || truthy(call.args[1]);
  if (space && !out.empty()) out.insert(0, " ");
  if (call.evaluation.autoescape) return make_markup(call.evaluation, std::move(out));
  return charged_text(call.evaluation, std::move(out));
}

constexpr NativeEntry kEntries[] = {
    {"escape", "value", &escape},
    {"e", "value", &escape},
    {"forceescape", "value", &force_escape},
    {"safe", "value", &safe},
    {"striptags", "value", &strip_tags},
    {"urlencode", "value", &url_encode},
    {"xmlattr", "d, autospace=", &xml_attributes},
};

}  // namespace

void add_html_filters(FunctionTable& table) { table.add(kEntries); }

}  // namespace midwatch::jinja
