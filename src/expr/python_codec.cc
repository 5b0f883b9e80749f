#include "expr/python_codec.h"

#include <algorithm>
#include <cmath>

#include "codec/json.h"
#include "codec/yaml.h"
#include "expr/python_ops.h"
#include "expr/python_text.h"

namespace midwatch {

namespace {

void append_hex_escape(std::string& out, char32_t unit) {
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(unit >> shift) & 15];
}

void append_json_quoted(std::string& out, std::string_view text, const JsonStyle& style) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const char32_t c = next_code_point(text, at);
    constexpr std::u32string_view kShort = U"\"\\\n\r\t\f\b";
    constexpr std::string_view kLetter = "\"\\nrtfb";
    if (const std::size_t known = kShort.find(c); known != std::u32string_view::npos) {
      out += '\\';
      out += kLetter[known];
    } else if (c < 0x20 || (style.ascii && c >= 0x7f && c < 0x10000 && c != 0x7f) ||
               (style.html_safe && (c == '<' || c == '>' || c == '&' || c == '\''))) {
      append_hex_escape(out, c);
    } else if (style.ascii && c >= 0x10000) {
      append_hex_escape(out, 0xD800 + ((c - 0x10000) >> 10));
      append_hex_escape(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
    } else {
      out += text.substr(start, at - start);
    }
  }
  out += '"';
}

std::string json_float(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return py_float_text(number);
}

class JsonWriter {
 public:
  JsonWriter(Evaluation& evaluation, const JsonStyle& style) : evaluation_(evaluation), style_(style) {}

  Outcome<void> write(const Datum& datum, int depth) {
    if (depth > kDatumDepthMax) return limit_error("the value is nested too deeply");
    if (!evaluation_.take_steps()) return evaluation_.too_many_steps();
    if (out.size() > evaluation_.limits.output_bytes_max) return evaluation_.too_many_bytes();
    switch (datum.type()) {
      case Type::kNone: out += "null"; return {};
      case Type::kBool: out += datum.plain().as_bool() ? "true" : "false"; return {};
      case Type::kInt: out += int_digits(datum.plain()); return {};
      case Type::kFloat: out += json_float(datum.plain().as_double()); return {};
      case Type::kString: append_json_quoted(out, datum.text(), style_); return {};
      case Type::kList:
      case Type::kTuple: return write_list(datum, depth);
      case Type::kDict: return write_dict(datum, depth);
      default:
        MW_CHECK(require_defined(datum));
        return type_error("Object of type " + type_name(datum) + " is not JSON serializable");
    }
  }

  std::string out;

 private:
  void new_line(int depth) {
    if (style_.indent < 0) return;
    out += '\n';
    out.append(static_cast<std::size_t>(style_.indent * depth), ' ');
  }

  Outcome<void> write_list(const Datum& datum, int depth) {
    const std::size_t size = sequence_size(datum);
    if (size == 0) {
      out += "[]";
      return {};
    }
    out += '[';
    for (std::size_t i = 0; i < size; ++i) {
      if (i != 0) out += style_.item_separator;
      new_line(depth + 1);
      MW_CHECK(write(sequence_at(datum, i), depth + 1));
    }
    new_line(depth);
    out += ']';
    return {};
  }

  Outcome<std::string> key_text(const Datum& key) {
    switch (key.type()) {
      case Type::kString: return std::string(key.text());
      case Type::kNone: return std::string("null");
      case Type::kBool: return std::string(key.plain().as_bool() ? "true" : "false");
      case Type::kInt: return int_digits(key.plain());
      case Type::kFloat: return json_float(key.plain().as_double());
      default: return type_error("keys must be str, int, float, bool or None, not " + type_name(key));
    }
  }

  Outcome<void> write_dict(const Datum& datum, int depth) {
    std::vector<std::pair<Datum, Datum>> entries;
    for (std::size_t i = 0; i < dict_size(datum); ++i) entries.push_back(dict_entry(datum, i));
    if (entries.empty()) {
      out += "{}";
      return {};
    }
    if (style_.sort_keys) MW_CHECK(sort_entries(entries));
    out += '{';
    bool first = true;
    for (const auto& [key, value] : entries) {
      if (!first) out += style_.item_separator;
      first = false;
      new_line(depth + 1);
      MW_TRY(const std::string name, key_text(key));
      append_json_quoted(out, name, style_);
      out += style_.key_separator;
      MW_CHECK(write(value, depth + 1));
    }
    new_line(depth);
    out += '}';
    return {};
  }

  Outcome<void> sort_entries(std::vector<std::pair<Datum, Datum>>& entries) {
    return py_sort(evaluation_, entries, false);
  }

  Evaluation& evaluation_;
  const JsonStyle& style_;
};

// ---------------------------------------------------------------- YAML

constexpr std::size_t kYamlWidth = 80;

bool needs_double_quotes(std::string_view text, bool allow_unicode) {
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    if (c == '\n') continue;
    const bool printable = (c >= 0x20 && c <= 0x7e) || c == 0x85 || (c >= 0xa0 && c <= 0xd7ff) ||
                           (c >= 0xe000 && c <= 0xfffd && c != 0xfeff);
    if (!printable || (!allow_unicode && c > 0x7e)) return true;
  }
  // Blanks beside a line break cannot be written between single quotes.
  return text.find(" \n") != std::string_view::npos || text.find("\n ") != std::string_view::npos;
}

bool plain_allowed(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.find('\n') != std::string_view::npos)
    return false;
  constexpr std::string_view kNeverFirst = "#,[]{}&*!|>'\"%@`";
  if (kNeverFirst.find(text.front()) != std::string_view::npos) return false;
  if (text.starts_with("---") || text.starts_with("...")) return false;
  const auto followed = [&](std::size_t i) { return i + 1 >= text.size() || text[i + 1] == ' '; };
  if ((text.front() == '?' || text.front() == ':' || text.front() == '-') && followed(0)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ':' && followed(i)) return false;
    if (text[i] == '#' && i > 0 && text[i - 1] == ' ') return false;
  }
  if (text == "=" || text == "<<") return false;
  const Result<Value> read = resolve_yaml_scalar(text);
  if (!read || !read->is_string()) return false;
  // A date is not a text to the reference's reader.
  return !(text.size() >= 8 && text[4] == '-' &&
           std::all_of(text.begin(), text.begin() + 4, [](char c) { return c >= '0' && c <= '9'; }));
}

std::string double_quoted(std::string_view text, bool allow_unicode) {
  std::string out = "\"";
  constexpr char kHex[] = "0123456789ABCDEF";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const char32_t c = next_code_point(text, at);
    constexpr std::u32string_view kShort = U"\"\\\n\r\t\f\b\a\v\0\x1b\x85\xa0";
    constexpr std::string_view kLetter = "\"\\nrtfbav0eN_";
    const bool special = c == 0x85 || c == 0xa0;
    const std::size_t known = std::u32string_view(kShort.data(), 13).find(c);
    if (known != std::u32string_view::npos && !(special && allow_unicode)) {
      out += '\\';
      out += kLetter[known];
    } else if (c >= 0x20 && c <= 0x7e) {
      out += static_cast<char>(c);
    } else if (allow_unicode && c >= 0xa0 && c <= 0xfffd && c != 0xfeff) {
      out += text.substr(start, at - start);
    } else {
      const int digits = c <= 0xff ? 2 : c <= 0xffff ? 4 : 8;
      out += digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U";
      for (int i = digits - 1; i >= 0; --i) out += kHex[(c >> (4 * i)) & 15];
    }
  }
  return out + '"';
}

class YamlWriter {
 public:
  YamlWriter(Evaluation& evaluation, const YamlStyle& style) : evaluation_(evaluation), style_(style) {}

  // `indent`: of the block that the value is in; the cursor stands after "- " or "key:".
  Outcome<void> write(const Datum& datum, int indent, int depth) {
    if (depth > kDatumDepthMax) return limit_error("the value is nested too deeply");
    if (!evaluation_.take_steps()) return evaluation_.too_many_steps();
    if (out.size() > evaluation_.limits.output_bytes_max) return evaluation_.too_many_bytes();
    switch (datum.type()) {
      case Type::kList:
      case Type::kTuple: return write_list(datum, indent, depth);
      case Type::kDict: return write_dict(datum, indent, depth);
      default: {
        MW_TRY(const std::string text, scalar(datum, indent));
        out += text;
        return {};
      }
    }
  }

  std::string out;

 private:
  Outcome<std::string> scalar(const Datum& datum, int indent) {
    switch (datum.type()) {
      case Type::kNone: return std::string("null");
      case Type::kBool: return std::string(datum.plain().as_bool() ? "true" : "false");
      case Type::kInt: return int_digits(datum.plain());
      case Type::kFloat: return float_text(datum.plain().as_double());
      case Type::kString: return text_scalar(datum.text(), indent);
      default:
        MW_CHECK(require_defined(datum));
        return Failure(ErrorKind::kValue, "RepresenterError", "cannot represent an object of type " + type_name(datum));
    }
  }

  static std::string float_text(double number) {
    if (std::isnan(number)) return ".nan";
    if (std::isinf(number)) return number > 0 ? ".inf" : "-.inf";
    std::string text = py_float_text(number);
    const std::size_t e = text.find('e');
    if (e != std::string::npos && text.find('.') == std::string::npos) text.insert(e, ".0");
    return text;
  }

  [[nodiscard]] std::size_t column() const {
    const std::size_t line = out.rfind('\n');
    return code_point_count(std::string_view(out).substr(line == std::string::npos ? 0 : line + 1));
  }

  std::string text_scalar(std::string_view text, int indent) const {
    if (needs_double_quotes(text, style_.allow_unicode)) return double_quoted(text, style_.allow_unicode);
    if (plain_allowed(text)) return folded(text, indent, false);
    return "'" + folded(replace_all(text, "'", "''"), indent, true) + "'";
  }

  // Long lines break at single blanks; a line break in quotes is written as an empty line.
  [[nodiscard]] std::string folded(std::string_view text, int indent, bool quoted) const {
    std::string result;
    std::size_t at_column = column() + (quoted ? 1 : 0);
    const std::string margin(
        static_cast<std::size_t>(indent < 0 ? 0 : indent) + static_cast<std::size_t>(style_.indent), ' ');
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') {
        std::size_t breaks = 0;
        while (i < text.size() && text[i] == '\n') ++breaks, ++i;
        result.append(breaks + 1, '\n');
        --i;
        if (i + 1 < text.size()) result += margin;
        at_column = margin.size();
        continue;
      }
      const bool lone = text[i] == ' ' && i > 0 && i + 1 < text.size() && text[i + 1] != ' ' && text[i - 1] != ' ';
      if (lone && at_column > kYamlWidth) {
        result += '\n' + margin;
        at_column = margin.size();
        continue;
      }
      result += text[i];
      if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) ++at_column;
    }
    return result;
  }

  void begin_line(int indent) {
    if (!out.empty() && out.back() != '\n') out += '\n';
    out.append(static_cast<std::size_t>(std::max(indent, 0)), ' ');
  }

  Outcome<void> write_list(const Datum& datum, int indent, int depth) {
    if (sequence_size(datum) == 0) {
      out += "[]";
      return {};
    }
    const int own = std::max(indent, 0);
    for (std::size_t i = 0; i < sequence_size(datum); ++i) {
      // The first item of a list in a list stands on the line of the outer "- ".
      if (i != 0 || !inline_start_) begin_line(own);
      inline_start_ = false;
      out += "- ";
      MW_CHECK(write_child(sequence_at(datum, i), own + 2, depth));
    }
    return {};
  }

  Outcome<void> write_child(const Datum& item, int indent, int depth) {
    const bool block = (item.is_sequence() && sequence_size(item) > 0) || (item.is_dict() && dict_size(item) > 0);
    inline_start_ = block;
    auto done = write(item, block ? indent : indent - style_.indent, depth + 1);
    inline_start_ = false;
    return done;
  }

  Outcome<void> write_dict(const Datum& datum, int indent, int depth) {
    std::vector<std::pair<Datum, Datum>> entries;
    for (std::size_t i = 0; i < dict_size(datum); ++i) entries.push_back(dict_entry(datum, i));
    if (entries.empty()) {
      out += "{}";
      return {};
    }
    // The reference sorts the keys and, where they have no order, leaves them as they are.
    auto sorted = entries;
    if (py_sort(evaluation_, sorted, false)) entries = std::move(sorted);
    const int own = std::max(indent, 0);
    bool first = true;
    for (const auto& [key, value] : entries) {
      if (!first || !inline_start_) begin_line(own);
      first = false;
      inline_start_ = false;
      MW_TRY(const std::string name, scalar(key, own));
      out += name + ":";
      const bool list = value.is_sequence() && sequence_size(value) > 0;
      const bool dict = value.is_dict() && dict_size(value) > 0;
      if (!list && !dict) out += ' ';
      MW_CHECK(write(value, list ? own : dict ? own + style_.indent : own, depth + 1));
    }
    return {};
  }

  Evaluation& evaluation_;
  const YamlStyle& style_;
  bool inline_start_ = false;
};

}  // namespace

Outcome<std::string> py_json_text(Evaluation& evaluation, const Datum& datum, const JsonStyle& style) {
  JsonWriter writer(evaluation, style);
  MW_CHECK(writer.write(datum, 0));
  if (!evaluation.take_bytes(writer.out.size())) return evaluation.too_many_bytes();
  return std::move(writer.out);
}

Outcome<std::string> py_yaml_text(Evaluation& evaluation, const Datum& datum, const YamlStyle& style) {
  YamlWriter writer(evaluation, style);
  MW_CHECK(writer.write(datum, 0, 0));
  if (!evaluation.take_bytes(writer.out.size())) return evaluation.too_many_bytes();
  writer.out += '\n';
  return std::move(writer.out);
}

Outcome<Datum> json_from_text(std::string_view text) {
  Result<Value> value = parse_json(text);
  if (!value) return Failure(ErrorKind::kValue, "JSONDecodeError", value.error().to_string());
  return Datum(std::move(*value));
}

Outcome<Datum> yaml_from_text(std::string_view text) {
  Result<Value> value = parse_yaml_value(text, "");
  if (!value) return Failure(ErrorKind::kValue, "YAMLError", value.error().to_string());
  return Datum(std::move(*value));
}

}  // namespace midwatch
