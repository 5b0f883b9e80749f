#include "expr/python_format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "expr/markup.h"
#include "expr/python_number.h"
#include "expr/python_ops.h"
#include "expr/python_text.h"

namespace midwatch {

namespace {

// "[[fill]align][sign][z][#][0][width][grouping][.precision][type]"
struct Spec {
  std::string fill = " ";
  char align = 0;
  char sign = '-';
  bool alternate = false;
  bool zero = false;
  std::int64_t width = 0;
  char grouping = 0;
  std::int64_t precision = -1;
  char type = 0;
};

bool is_align(char c) { return c == '<' || c == '>' || c == '=' || c == '^'; }

std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    number = number * 10 + (text.front() - '0');
    if (number > kFormatWidthMax) return std::nullopt;
    text.remove_prefix(1);
  }
  return number;
}

Outcome<Spec> parse_spec(std::string_view text) {
  Spec spec;
  bool has_fill = false;
  if (!text.empty()) {
    std::size_t at = 0;
    (void)next_code_point(text, at);
    if (at < text.size() && is_align(text[at])) {
      spec.fill = std::string(text.substr(0, at));
      spec.align = text[at];
      has_fill = true;
      text.remove_prefix(at + 1);
    } else if (is_align(text.front())) {
      spec.align = text.front();
      text.remove_prefix(1);
    }
  }
  const auto take = [&](char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
  };
  for (const char c : {'+', '-', ' '}) {
    if (take(c)) {
      spec.sign = c;
      break;
    }
  }
  spec.alternate = take('#');
  if (take('0')) {
    spec.zero = true;
    if (!has_fill) spec.fill = "0";
    if (spec.align == 0) spec.align = '=';
  }
  const auto width = take_number(text);
  if (!width) return limit_error("the format is wider than " + std::to_string(kFormatWidthMax));
  spec.width = *width;
  if (take(',')) spec.grouping = ',';
  else if (take('_')) spec.grouping = '_';
  if (spec.grouping != 0 && !text.empty() && (text.front() == ',' || text.front() == '_')) {
    return value_error("Cannot specify both ',' and '_'.");
  }
  if (take('.')) {
    if (text.empty() || text.front() < '0' || text.front() > '9')
      return value_error("Format specifier missing precision");
    const auto precision = take_number(text);
    if (!precision) return limit_error("the precision is more than " + std::to_string(kFormatWidthMax));
    spec.precision = *precision;
  }
  if (text.size() > 1) return value_error("Invalid format specifier");
  if (!text.empty()) spec.type = text.front();
  return spec;
}

std::string padded(std::string_view body, const Spec& spec, char default_align, std::size_t sign_length = 0) {
  const auto length = static_cast<std::int64_t>(code_point_count(body));
  if (length >= spec.width) return std::string(body);
  const std::int64_t missing = spec.width - length;
  const char align = spec.align != 0 ? spec.align : default_align;
  const auto filler = [&](std::int64_t count) {
    std::string out;
    for (std::int64_t i = 0; i < count; ++i) out += spec.fill;
    return out;
  };
  if (align == '<') return std::string(body) + filler(missing);
  if (align == '^') return filler(missing / 2) + std::string(body) + filler(missing - missing / 2);
  if (align == '=')
    return std::string(body.substr(0, sign_length)) + filler(missing) + std::string(body.substr(sign_length));
  return filler(missing) + std::string(body);
}

std::string grouped(std::string_view digits, char separator, int every) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % static_cast<std::size_t>(every) == 0) out += separator;
    out += digits[i];
  }
  return out;
}

// Sign, prefix and digits with grouping; zero filling counts the separators.
std::string number_text(std::string sign, std::string whole, const std::string& rest, const Spec& spec, int every = 3) {
  if (spec.grouping != 0) {
    if (spec.fill == "0" && spec.align == '=') {
      const auto other = static_cast<std::int64_t>(sign.size() + rest.size());
      while (static_cast<std::int64_t>(grouped(whole, spec.grouping, every).size()) + other < spec.width)
        whole.insert(0, "0");
    }
    whole = grouped(whole, spec.grouping, every);
  }
  return padded(sign + whole + rest, spec, '>', sign.size());
}

std::string sign_of(bool negative, char mode) {
  if (negative) return "-";
  return mode == '+' ? "+" : mode == ' ' ? " " : "";
}

// The digits of |number| as Python writes them for a type of e, f, g (either case) or %.
std::string float_digits(double number, char type, std::int64_t precision, bool alternate) {
  const double magnitude = std::fabs(number);
  if (!std::isfinite(number)) {
    const std::string word = std::isnan(number) ? "nan" : "inf";
    return type >= 'A' && type <= 'Z' ? upper_text(word) : word;
  }
  const std::string format = std::string("%") + (alternate ? "#" : "") + ".*" + type;
  const int digits = static_cast<int>(std::min<std::int64_t>(precision, 2000));
  std::string out(static_cast<std::size_t>(digits) + 340, '\0');
  const int length = std::snprintf(out.data(), out.size(), format.c_str(), digits, magnitude);
  out.resize(static_cast<std::size_t>(std::max(length, 0)));
  return out;
}

Outcome<std::string> format_float(double number, const Spec& spec) {
  const char type = spec.type == 0 ? 'r' : spec.type == 'n' ? 'g' : spec.type;
  if (std::string_view("eEfFgG%r").find(type) == std::string_view::npos) {
    return value_error(std::string("Unknown format code '") + type + "' for object of type 'float'");
  }
  std::string digits;
  if (type == 'r' && spec.precision < 0) {
    digits = py_float_text(std::fabs(number));
  } else if (type == 'r') {
    digits = float_digits(number, 'g', std::max<std::int64_t>(spec.precision, 1), spec.alternate);
    // Without a type, a number that looks like an integer still shows a digit after the point.
    if (digits.find_first_of(".enai") == std::string::npos) {
      if (static_cast<std::int64_t>(digits.size()) < std::max<std::int64_t>(spec.precision, 1)) digits += ".0";
      else digits = float_digits(number, 'e', std::max<std::int64_t>(spec.precision, 1) - 1, false);
    }
    if (const std::size_t e = digits.find('e'); e != std::string::npos && digits.find('.') != std::string::npos) {
      std::size_t end = e;
      while (digits[end - 1] == '0') --end;
      if (digits[end - 1] == '.') --end;
      digits.erase(end, e - end);
    }
  } else {
    const std::int64_t precision = spec.precision < 0 ? 6 : spec.precision;
    const bool general = type == 'g' || type == 'G';
    digits = float_digits(type == '%' ? number * 100 : number, type == '%' ? 'f' : type,
                          general ? std::max<std::int64_t>(precision, 1) : precision, spec.alternate);
    if (type == '%') digits += '%';
  }
  std::size_t split = 0;
  while (split < digits.size() && is_digit(static_cast<unsigned char>(digits[split]))) ++split;
  const bool negative = std::signbit(number) && !std::isnan(number);
  return number_text(sign_of(negative, spec.sign), digits.substr(0, split), digits.substr(split), spec);
}

Outcome<std::string> format_int(const Value& number, const Spec& spec) {
  const char type = spec.type == 0 || spec.type == 'n' ? 'd' : spec.type;
  if (std::string_view("eEfFgG%").find(type) != std::string_view::npos) return format_float(number.as_double(), spec);
  if (std::string_view("bcdoxX").find(type) == std::string_view::npos) {
    return value_error(std::string("Unknown format code '") + type + "' for object of type 'int'");
  }
  if (spec.precision >= 0) return value_error("Precision not allowed in integer format specifier");
  if (type == 'c') {
    if (!number.is_int() || number.as_int() < 0 || number.as_int() > 0x10ffff) {
      return Failure(ErrorKind::kValue, "OverflowError", "%c arg not in range(0x110000)");
    }
    std::string text;
    append_code_point(text, static_cast<char32_t>(number.as_int()));
    return padded(text, spec, '<');
  }
  const int base = type == 'b' ? 2 : type == 'o' ? 8 : type == 'd' ? 10 : 16;
  if (base != 10 && spec.grouping == ',') return value_error(std::string("Cannot specify ',' with '") + type + "'.");
  std::string digits = int_in_base(number, base);
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  std::string sign = sign_of(negative, spec.sign);
  if (spec.alternate && base != 10) sign += std::string("0") + type;
  if (type == 'X') digits = upper_text(digits);
  return number_text(sign, digits, "", spec, base == 10 ? 3 : 4);
}

Outcome<std::string> format_text(std::string_view text, const Spec& spec) {
  if (spec.type != 0 && spec.type != 's') {
    return value_error(std::string("Unknown format code '") + spec.type + "' for object of type 'str'");
  }
  if (spec.sign != '-') return value_error("Sign not allowed in string format specifier");
  if (spec.alternate) return value_error("Alternate form (#) not allowed in string format specifier");
  if (spec.align == '=' && !spec.zero) return value_error("'=' alignment not allowed in string format specifier");
  if (spec.grouping != 0) return value_error("Cannot specify ',' with 's'.");
  if (spec.precision >= 0) text = text.substr(0, code_point_offset(text, static_cast<std::size_t>(spec.precision)));
  Spec textual = spec;
  if (textual.align == '=') textual.align = '<';
  return padded(text, textual, '<');
}

}  // namespace

Outcome<std::string> format_with_spec(Evaluation& evaluation, const Datum& value, std::string_view text) {
  if (text.empty()) return py_str(evaluation, value);
  MW_CHECK(require_defined(value));
  MW_TRY(const Spec spec, parse_spec(text));
  if (!evaluation.take_bytes(static_cast<std::size_t>(spec.width))) return evaluation.too_many_bytes();
  if (value.is_string()) return format_text(value.text(), spec);
  if (value.is_float()) return format_float(value.plain().as_double(), spec);
  if (value.is_int()) return format_int(value.plain(), spec);
  if (value.is_bool()) {
    return format_int(Value(value.plain().as_bool() ? 1 : 0), spec);
  }
  return type_error("unsupported format string passed to " + type_name(value) + ".__format__");
}

// ---------------------------------------------------------------- '{}'.format()

namespace {

class BraceFormatter {
 public:
  BraceFormatter(Call& call, const BraceStyle& style) : call_(call), style_(style) {}

  Outcome<std::string> run(std::string_view format, int depth) {
    if (depth > 2) return value_error("Max string recursion exceeded");
    std::string out;
    for (std::size_t at = 0; at < format.size();) {
      if (!call_.evaluation.take_steps()) return call_.evaluation.too_many_steps();
      const char c = format[at];
      if (c != '{' && c != '}') {
        const std::size_t end = std::min(format.find_first_of("{}", at), format.size());
        out += format.substr(at, end - at);
        at = end;
        continue;
      }
      if (at + 1 < format.size() && format[at + 1] == c) {
        out += c;
        at += 2;
        continue;
      }
      if (c == '}') return value_error("Single '}' encountered in format string");
      const std::size_t close = matching(format, at);
      if (close == std::string_view::npos) {
        return value_error(at + 1 == format.size() ? "Single '{' encountered in format string"
                                                   : "expected '}' before end of string");
      }
      MW_TRY(std::string text, field(format.substr(at + 1, close - at - 1), depth));
      out += text;
      at = close + 1;
    }
    return out;
  }

 private:
  static std::size_t matching(std::string_view format, std::size_t open) {
    int depth = 0;
    for (std::size_t i = open; i < format.size(); ++i) {
      if (format[i] == '{') ++depth;
      if (format[i] == '}' && --depth == 0) return i;
    }
    return std::string_view::npos;
  }

  Outcome<std::string> field(std::string_view text, int depth) {
    std::size_t split = 0;
    int brackets = 0;
    while (split < text.size() && (brackets > 0 || (text[split] != '!' && text[split] != ':'))) {
      if (text[split] == '[') ++brackets;
      if (text[split] == ']') --brackets;
      ++split;
    }
    MW_TRY(Datum value, resolve(text.substr(0, split)));
    std::string_view rest = text.substr(split);
    if (rest.starts_with("!")) {
      if (rest.size() < 2) return value_error("end of string while looking for conversion specifier");
      if (rest.size() > 2 && rest[2] != ':') return value_error("expected ':' after conversion specifier");
      if (rest[1] == 's') {
        MW_TRY(std::string converted, py_str(call_.evaluation, value));
        value = Datum(std::string_view(converted));
      } else if (rest[1] == 'r' || rest[1] == 'a') {
        MW_TRY(std::string converted,
               rest[1] == 'a' ? py_ascii(call_.evaluation, value) : py_repr(call_.evaluation, value));
        value = Datum(std::string_view(converted));
      } else {
        return value_error(std::string("Unknown conversion specifier ") + rest[1]);
      }
      rest.remove_prefix(2);
    }
    if (rest.starts_with(":")) rest.remove_prefix(1);
    MW_TRY(const std::string spec, run(rest, depth + 1));
    if (style_.escapes && is_markup(value)) {
      if (!spec.empty()) return value_error("Unsupported format specification for Markup.");
      return std::string(value.text());
    }
    MW_TRY(std::string text_out, format_with_spec(call_.evaluation, value, spec));
    return style_.escapes ? html_escaped(text_out) : text_out;
  }

  Outcome<Datum> resolve(std::string_view name) {
    std::size_t end = std::min(name.find_first_of(".["), name.size());
    const std::string_view first = name.substr(0, end);
    MW_TRY(Datum value, argument(first));
    while (end < name.size()) {
      const bool item = name[end] == '[';
      const std::size_t start = end + 1;
      end = item ? name.find(']', start) : std::min(name.find_first_of(".[", start), name.size());
      if (end == std::string_view::npos) return value_error("Missing ']' in format string");
      if (end == start) return value_error("Empty attribute in format string");
      MW_TRY(value, style_.lookup(call_.evaluation, value, name.substr(start, end - start), item));
      if (item) ++end;
      if (item && end < name.size() && name[end] != '.' && name[end] != '[') {
        return value_error("Only '.' or '[' may follow ']' in format field specifier");
      }
    }
    return value;
  }

  Outcome<Datum> argument(std::string_view name) {
    const bool numeric =
        !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (name.empty() || numeric) {
      if (automatic_ == (numeric ? 1 : 0)) {
        return value_error("cannot switch between automatic field numbering and manual field specification");
      }
      automatic_ = numeric ? 0 : 1;
      const auto number = parse_py_int(numeric ? name : "0");
      const std::size_t index = numeric ? static_cast<std::size_t>(number->int_or(INT32_MAX)) : next_++;
      if (index >= call_.args.size()) {
        return Failure(ErrorKind::kValue, "IndexError",
                       "Replacement index " + std::to_string(index) + " out of range for positional args tuple");
      }
      return call_.args[index];
    }
    for (const auto& [keyword, value] : call_.named) {
      if (keyword == name) return value;
    }
    return Failure(ErrorKind::kUndefined, "KeyError", py_repr_text(name));
  }

  Call& call_;
  BraceStyle style_;
  std::size_t next_ = 0;
  int automatic_ = -1;  // 1: {} was seen, 0: {0} was seen
};

}  // namespace

Outcome<std::string> brace_format(Call& call, std::string_view format, const BraceStyle& style) {
  return BraceFormatter(call, style).run(format, 0);
}

// ---------------------------------------------------------------- '%'

namespace {

class PercentFormatter {
 public:
  PercentFormatter(Evaluation& evaluation, const Datum& arguments, Escaping escaping)
      : evaluation_(evaluation), arguments_(arguments), escapes_(escaping == Escaping::kHtml) {}

  Outcome<std::string> run(std::string_view format) {
    std::string out;
    while (!format.empty()) {
      if (!evaluation_.take_steps()) return evaluation_.too_many_steps();
      const std::size_t percent = std::min(format.find('%'), format.size());
      out += format.substr(0, percent);
      if (percent == format.size()) break;
      format.remove_prefix(percent + 1);
      MW_TRY(const std::string text, directive(format));
      out += text;
    }
    // What can be subscripted counts as a mapping here, of which nothing has to be used.
    const bool mapping = arguments_.is_dict() || arguments_.type() == Type::kList || arguments_.is_undefined() ||
                         arguments_.as<RangeObject>() != nullptr;
    const std::size_t given = arguments_.type() == Type::kTuple ? sequence_size(arguments_) : 1;
    if (!mapping && !by_name_ && next_ < given) {
      return type_error("not all arguments converted during string formatting");
    }
    return out;
  }

 private:
  Outcome<std::string> directive(std::string_view& format) {
    std::optional<Datum> named;
    if (format.starts_with("(")) {
      const std::size_t close = format.find(')');
      if (close == std::string_view::npos) return value_error("incomplete format key");
      if (!arguments_.is_dict()) return type_error("format requires a mapping");
      Datum value;
      const std::string_view key = format.substr(1, close - 1);
      if (!dict_find(arguments_, Datum(key), value))
        return Failure(ErrorKind::kUndefined, "KeyError", py_repr_text(key));
      named = value;
      by_name_ = true;
      format.remove_prefix(close + 1);
    }
    Spec spec;
    bool left = false;
    while (!format.empty() && std::string_view("#0- +").find(format.front()) != std::string_view::npos) {
      const char flag = format.front();
      if (flag == '#') spec.alternate = true;
      if (flag == '0') spec.zero = true;
      if (flag == '-') left = true;
      if (flag == ' ' && spec.sign != '+') spec.sign = ' ';
      if (flag == '+') spec.sign = '+';
      format.remove_prefix(1);
    }
    MW_TRY(const std::int64_t width, number(format));
    spec.width = std::abs(width);
    left = left || width < 0;
    if (format.starts_with(".")) {
      format.remove_prefix(1);
      MW_TRY(const std::int64_t precision, number(format));
      spec.precision = std::max<std::int64_t>(precision, 0);
    }
    while (!format.empty() && std::string_view("hlL").find(format.front()) != std::string_view::npos)
      format.remove_prefix(1);
    if (format.empty()) return value_error("incomplete format");
    spec.type = format.front();
    format.remove_prefix(1);
    if (spec.type == '%') return std::string("%");
    if (left) spec.align = '<';
    else spec.align = '>';
    if (!evaluation_.take_bytes(static_cast<std::size_t>(spec.width))) return evaluation_.too_many_bytes();
    Datum value;
    if (named) value = *named;
    else {
      MW_TRY(value, argument());
    }
    return convert(value, spec, left);
  }

  Outcome<std::int64_t> number(std::string_view& format) {
    if (format.starts_with("*")) {
      format.remove_prefix(1);
      MW_TRY(const Datum value, argument());
      if (!value.is_int() || !value.plain().is_int()) return type_error("* wants int");
      if (std::abs(value.plain().as_int()) > kFormatWidthMax) return limit_error("the format is too wide");
      return value.plain().as_int();
    }
    const auto parsed = take_number(format);
    if (!parsed) return limit_error("the format is wider than " + std::to_string(kFormatWidthMax));
    return *parsed;
  }

  Outcome<Datum> argument() {
    if (arguments_.type() == Type::kTuple) {
      if (next_ >= sequence_size(arguments_)) return type_error("not enough arguments for format string");
      return sequence_at(arguments_, next_++);
    }
    if (next_++ > 0) return type_error("not enough arguments for format string");
    return arguments_;
  }

  Outcome<std::string> convert(const Datum& value, Spec spec, bool left) {
    const char type = spec.type;
    if (type == 's' || type == 'r' || type == 'a' || type == 'c') return convert_text(value, spec);
    if (std::string_view("diuoxXeEfFgG").find(type) == std::string_view::npos) {
      return value_error(std::string("unsupported format character '") + type + "'");
    }
    MW_CHECK(require_defined(value));
    if (!value.is_number() && !value.is_bool()) {
      if (std::string_view("eEfFgG").find(type) != std::string_view::npos) {
        return type_error("must be real number, not " + type_name(value));
      }
      return type_error(std::string("%") + type + " format: a real number is required, not " + type_name(value));
    }
    const Value real = value.is_bool() ? Value(value.plain().as_bool() ? 1 : 0) : value.plain();
    if (spec.zero && !left) {
      spec.fill = "0";
      spec.align = '=';
    }
    if (std::string_view("eEfFgG").find(type) != std::string_view::npos) return format_float(real.as_double(), spec);
    if (real.is_double() && (type == 'o' || type == 'x' || type == 'X')) {
      return type_error(std::string("%") + type + " format: an integer is required, not float");
    }
    Value integer = real;
    if (real.is_double()) {
      MW_TRY(integer, truncate_to_int(real.as_double()));
    }
    return convert_integer(integer, spec);
  }

  Outcome<std::string> convert_text(const Datum& value, Spec spec) {
    std::string text;
    if (spec.type == 'c') {
      if (value.is_int() && value.plain().is_int()) {
        const std::int64_t c = value.plain().as_int();
        if (c < 0 || c > 0x10ffff) return Failure(ErrorKind::kValue, "OverflowError", "%c arg not in range(0x110000)");
        append_code_point(text, static_cast<char32_t>(c));
      } else if (value.is_string() && code_point_count(value.text()) == 1) {
        text = value.text();
      } else {
        return type_error("%c requires int or char");
      }
      spec.precision = -1;
    } else if (spec.type == 's') {
      MW_TRY(text, py_str(evaluation_, value));
      if (escapes_ && !is_markup(value)) text = html_escaped(text);
    } else {
      MW_TRY(text, spec.type == 'a' ? py_ascii(evaluation_, value) : py_repr(evaluation_, value));
      if (escapes_) text = html_escaped(text);
    }
    if (spec.precision >= 0) text.resize(code_point_offset(text, static_cast<std::size_t>(spec.precision)));
    return padded(text, spec, '>');
  }

  static Outcome<std::string> convert_integer(const Value& integer, const Spec& spec) {
    const int base = spec.type == 'o' ? 8 : spec.type == 'x' || spec.type == 'X' ? 16 : 10;
    std::string digits = int_in_base(integer, base);
    std::string sign = sign_of(digits.front() == '-', spec.sign);
    if (digits.front() == '-') digits.erase(0, 1);
    if (spec.type == 'X') digits = upper_text(digits);
    if (spec.precision > static_cast<std::int64_t>(digits.size())) {
      digits.insert(0, static_cast<std::size_t>(spec.precision) - digits.size(), '0');
    }
    if (spec.alternate && base != 10) sign += std::string("0") + spec.type;
    return padded(sign + digits, spec, '>', sign.size());
  }

  Evaluation& evaluation_;
  const Datum& arguments_;
  bool escapes_;
  std::size_t next_ = 0;
  bool by_name_ = false;
};

}  // namespace

Outcome<std::string> percent_format(Evaluation& evaluation, std::string_view format, const Datum& arguments,
                                    Escaping escaping) {
  return PercentFormatter(evaluation, arguments, escaping).run(format);
}

}  // namespace midwatch
