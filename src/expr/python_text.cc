#include "expr/python_text.h"

#include <charconv>
#include <cmath>

namespace midwatch {

std::string py_float_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  char buffer[64];
  const double magnitude = std::fabs(number);
  // Python's repr uses an exponent below 1e-4 and from 1e16 on.
  const bool exponent = magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16);
  const auto format = exponent ? std::chars_format::scientific : std::chars_format::fixed;
  const auto [end, ec] = std::to_chars(buffer, buffer + sizeof buffer, number, format);
  std::string text(buffer, end);
  if (!exponent && text.find('.') == std::string::npos) text += ".0";
  return text;
}

namespace {

// \x7f, \u2028 or \U0001f600
void append_escape(std::string& out, char32_t c) {
  constexpr char kHex[] = "0123456789abcdef";
  out += c < 0x100 ? "\\x" : c < 0x10000 ? "\\u" : "\\U";
  for (int shift = c < 0x100 ? 4 : c < 0x10000 ? 12 : 28; shift >= 0; shift -= 4) out += kHex[(c >> shift) & 15];
}

}  // namespace

std::string py_repr_text(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const char32_t c = next_code_point(text, at);
    if (c == U'\\' || c == static_cast<char32_t>(quote)) out += '\\';
    if (c == U'\n') {
      out += "\\n";
    } else if (c == U'\r') {
      out += "\\r";
    } else if (c == U'\t') {
      out += "\\t";
    } else if (is_printable(c)) {
      out += text.substr(start, at - start);
    } else {
      append_escape(out, c);
    }
  }
  return out + quote;
}

namespace {

std::string int_text(const Value& value) {
  return value.is_int() ? std::to_string(value.as_int()) : std::string(value.bigint_digits());
}

}  // namespace

namespace {

// Values deeper than this print as "..." from there on.
constexpr int kPrintedDepthMax = 1000;

void append_value(std::string& out, const Value& value, int depth) {
  if (depth > kPrintedDepthMax) {
    out += "...";
    return;
  }
  switch (value.kind()) {
    case Value::Kind::kNull: out += "None"; return;
    case Value::Kind::kBool: out += value.as_bool() ? "True" : "False"; return;
    case Value::Kind::kInt:
    case Value::Kind::kBigInt: out += int_text(value); return;
    case Value::Kind::kDouble: out += py_float_text(value.as_double()); return;
    case Value::Kind::kString: out += py_repr_text(value.as_string()); return;
    case Value::Kind::kArray: {
      out += '[';
      bool first = true;
      for (const Value& element : value.elements()) {
        if (!first) out += ", ";
        first = false;
        append_value(out, element, depth + 1);
      }
      out += ']';
      return;
    }
    case Value::Kind::kObject: {
      out += '{';
      bool first = true;
      for (const Value::Member& member : value.members()) {
        if (!first) out += ", ";
        first = false;
        out += py_repr_text(member.name());
        out += ": ";
        append_value(out, member.value, depth + 1);
      }
      out += '}';
      return;
    }
  }
}

}  // namespace

void append_py_repr(std::string& out, const Value& value) { append_value(out, value, 0); }

std::string py_str(const Value& value) {
  if (value.is_string()) return value.to_text();
  std::string out;
  append_py_repr(out, value);
  return out;
}

namespace {

Outcome<void> append_repr(Evaluation& evaluation, std::string& out, const Datum& datum, int depth);

Outcome<void> append_items(Evaluation& evaluation, std::string& out, const std::vector<Datum>& items, int depth) {
  bool first = true;
  for (const Datum& item : items) {
    if (!evaluation.take_steps()) return evaluation.too_many_steps();
    if (!first) out += ", ";
    first = false;
    MW_CHECK(append_repr(evaluation, out, item, depth + 1));
  }
  return {};
}

Outcome<void> append_dict(Evaluation& evaluation, std::string& out, const DictObject& dict, int depth) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : dict.entries) {
    if (!evaluation.take_steps()) return evaluation.too_many_steps();
    if (!first) out += ", ";
    first = false;
    MW_CHECK(append_repr(evaluation, out, key, depth + 1));
    out += ": ";
    MW_CHECK(append_repr(evaluation, out, value, depth + 1));
  }
  out += '}';
  return {};
}

Outcome<void> append_set(Evaluation& evaluation, std::string& out, const SetObject& set, int depth) {
  if (!set.truthy()) {
    out += "set()";
    return {};
  }
  out += '{';
  std::vector<Datum> items;
  for (const auto& [item, unused] : set.members.entries) items.push_back(item);
  MW_CHECK(append_items(evaluation, out, items, depth));
  out += '}';
  return {};
}

Outcome<void> append_repr(Evaluation& evaluation, std::string& out, const Datum& datum, int depth) {
  if (depth > kDatumDepthMax) return limit_error("the value is nested too deeply to print");
  if (out.size() > evaluation.limits.output_bytes_max) return evaluation.too_many_bytes();
  if (datum.is_plain()) {
    append_py_repr(out, datum.plain());
    return {};
  }
  switch (datum.type()) {
    case Type::kString: out += "Markup(" + py_repr_text(datum.text()) + ")"; return {};
    case Type::kList: {
      out += '[';
      MW_CHECK(append_items(evaluation, out, static_cast<SequenceObject*>(datum.object())->items, depth));
      out += ']';
      return {};
    }
    case Type::kTuple: {
      const auto& items = static_cast<SequenceObject*>(datum.object())->items;
      out += '(';
      MW_CHECK(append_items(evaluation, out, items, depth));
      out += items.size() == 1 ? ",)" : ")";
      return {};
    }
    case Type::kDict: return append_dict(evaluation, out, *static_cast<DictObject*>(datum.object()), depth);
    case Type::kSet: return append_set(evaluation, out, *static_cast<SetObject*>(datum.object()), depth);
    case Type::kUndefined: out += "Undefined"; return {};
    default: out += datum.object()->repr(); return {};
  }
}

}  // namespace

Outcome<std::string> py_repr(Evaluation& evaluation, const Datum& datum) {
  std::string out;
  MW_CHECK(append_repr(evaluation, out, datum, 0));
  if (!evaluation.take_bytes(out.size())) return evaluation.too_many_bytes();
  return out;
}

Outcome<std::string> py_ascii(Evaluation& evaluation, const Datum& datum) {
  MW_TRY(const std::string shown, py_repr(evaluation, datum));
  if (is_ascii(shown)) return shown;
  std::string out;
  for (const char32_t c : to_code_points(shown)) {
    if (c < 0x80) out += static_cast<char>(c);
    else append_escape(out, c);
  }
  return out;
}

Outcome<std::string> py_str(Evaluation& evaluation, const Datum& datum) {
  if (datum.type() == Type::kString) return std::string(datum.text());
  if (datum.type() == Type::kUndefined) {
    const auto& undefined = static_cast<const UndefinedObject&>(*datum.object());
    if (undefined.strict()) return undefined.failure();
    return std::string();
  }
  if (!datum.is_plain() && datum.type() >= Type::kCallable) return datum.object()->text();
  return py_repr(evaluation, datum);
}

}  // namespace midwatch
