#include "rules/operators.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/core.h>
#include <re2/re2.h>

#include "expr/python_text.h"

namespace midwatch {
namespace {

using Op = CriteriaOperator;

Error type_mismatch(std::string_view operation, const Value& value, const Value& pattern) {
  return Error(Code::kInvalid,
               fmt::format("{}: the value is {} and the pattern {}", operation, kind_text(value), kind_text(pattern)));
}

// Booleans are numbers.
Value as_number(const Value& value) { return value.is_bool() ? Value(value.as_bool() ? 1 : 0) : value; }

bool is_nan(const Value& value) { return value.is_double() && std::isnan(value.as_double()); }

// "v < p" for numbers, texts and lists; Python has no order for other pairs.
Result<bool> is_less(const Value& left, const Value& right, const Value& value, const Value& pattern) {
  const Value a = as_number(left);
  const Value b = as_number(right);
  if (a.is_number() && b.is_number()) return !is_nan(a) && !is_nan(b) && order(a, b) < 0;
  // The bytes of UTF-8 have the order of their code points.
  if (a.is_string() && b.is_string()) return a.as_string() < b.as_string();
  if (!a.is_array() || !b.is_array()) return type_mismatch("no order between them", value, pattern);
  const auto x = a.elements();
  const auto y = b.elements();
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (!python_equal(x[i], y[i])) return is_less(x[i], y[i], value, pattern);
  }
  return x.size() < y.size();
}

// "part in whole".
Result<bool> is_in(const Value& part, const Value& whole, const Value& value, const Value& pattern) {
  if (whole.is_string()) {
    if (!part.is_string()) return type_mismatch("a text contains only texts", value, pattern);
    return whole.as_string().find(part.as_string()) != std::string_view::npos;
  }
  if (whole.is_array()) {
    return std::ranges::any_of(whole.elements(), [&](const Value& element) { return python_equal(element, part); });
  }
  if (whole.is_object()) {
    if (part.is_array() || part.is_object()) return type_mismatch("not a key of an object", value, pattern);
    return part.is_string() && whole.find(part.as_string()) != nullptr;
  }
  return type_mismatch("nothing can be in it", value, pattern);
}

// fnmatch: *, ?, [seq] and [!seq] over the whole text.
std::string wildcard_to_regex(std::string_view wildcard) {
  std::string out;
  for (std::size_t i = 0; i < wildcard.size(); ++i) {
    const char c = wildcard[i];
    if (c == '*') {
      out += ".*";
    } else if (c == '?') {
      out += '.';
    } else if (c == '[') {
      // A ']' right after '[' or '[!' is a member of the set; a '[' without an end is itself.
      std::size_t end = i + 1;
      if (end < wildcard.size() && wildcard[end] == '!') ++end;
      if (end < wildcard.size() && wildcard[end] == ']') ++end;
      while (end < wildcard.size() && wildcard[end] != ']') ++end;
      if (end >= wildcard.size()) {
        out += "\\[";
        continue;
      }
      out += '[';
      for (std::size_t at = i + 1; at < end; ++at) {
        const char member = wildcard[at];
        if (at == i + 1 && member == '!') out += '^';
        else if (member == '-') out += '-';
        else out += re2::RE2::QuoteMeta(std::string(1, member));
      }
      out += ']';
      i = end;
    } else if ((c & 0x80) != 0) {
      out += c;
    } else {
      out += re2::RE2::QuoteMeta(std::string(1, c));
    }
  }
  return out;
}

// Python: "$" matches at the end and just before a line feed that is last.
std::string with_python_end(std::string_view regex) {
  if (!regex.ends_with('$')) return std::string(regex);
  const std::string_view before = regex.substr(0, regex.size() - 1);
  const std::size_t last_other = before.find_last_not_of('\\');
  const std::size_t backslashes = before.size() - (last_other == before.npos ? 0 : last_other + 1);
  if (backslashes % 2 == 1) return std::string(regex);
  return std::string(before) + "\\n?\\z";
}

Result<std::shared_ptr<const re2::RE2>> compile_regex(Op op, std::string_view pattern) {
  if (pattern.size() > kRegexBytesMax) {
    return Error(Code::kLimit,
                 fmt::format("regular expression of {} bytes, at most {} are allowed", pattern.size(), kRegexBytesMax));
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexProgramBytesMax);
  options.set_dot_nl(op == Op::kMatchRegex || op == Op::kMatchWildcard);
  options.set_case_sensitive(op != Op::kIRegex);
  const std::string text = op == Op::kMatchWildcard ? wildcard_to_regex(pattern) : with_python_end(pattern);
  auto regex = std::make_shared<const re2::RE2>(text, options);
  if (!regex->ok()) {
    return Error(Code::kInvalid, fmt::format("regular expression '{}': {}", pattern.substr(0, 256), regex->error()), {},
                 "look-around and back references are not supported");
  }
  return regex;
}

}  // namespace

std::string_view kind_text(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull: return "nothing";
    case Value::Kind::kBool: return "a boolean";
    case Value::Kind::kInt:
    case Value::Kind::kBigInt: return "an integer";
    case Value::Kind::kDouble: return "a number";
    case Value::Kind::kString: return "a text";
    case Value::Kind::kArray: return "a list";
    case Value::Kind::kObject: return "an object";
  }
  std::unreachable();
}

bool python_equal(const Value& a, const Value& b) {
  if (a.is_array() && b.is_array()) return std::ranges::equal(a.elements(), b.elements(), python_equal);
  if (a.is_object() && b.is_object()) {
    return a.size() == b.size() && std::ranges::all_of(a.members(), [&](const Value::Member& member) {
             const Value* other = b.find(member.name());
             return other != nullptr && python_equal(member.value, *other);
           });
  }
  if (a.is_bool() != b.is_bool()) return as_number(a) == as_number(b);
  return a == b;
}

Result<OperatorCheck> OperatorCheck::compile(CriteriaOperator op, Value pattern) {
  if (!is_evaluated(op)) return Error(Code::kInvalid, "the operator is not evaluated by this version");
  OperatorCheck check(op, std::move(pattern));
  if ((is_regex(op) || op == Op::kMatchWildcard) && check.pattern_.is_string()) {
    MW_TRY(check.regex_, compile_regex(op, check.pattern_.as_string()));
  }
  return check;
}

Result<bool> OperatorCheck::matches_regex(const Value& value) const {
  if (!value.is_string() || regex_ == nullptr) return type_mismatch("both must be texts", value, pattern_);
  const std::string_view text = value.as_string();
  const auto anchor = op_ == Op::kMatchWildcard ? re2::RE2::ANCHOR_BOTH
                      : op_ == Op::kMatchRegex  ? re2::RE2::ANCHOR_START
                                                : re2::RE2::UNANCHORED;
  return regex_->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), anchor, nullptr, 0);
}

Result<bool> OperatorCheck::contains_ignoring_case(const Value& value) const {
  if (!value.is_string() || !pattern_.is_string()) return type_mismatch("both must be texts", value, pattern_);
  return lower_text(value.as_string()).find(lower_text(pattern_.as_string())) != std::string::npos;
}

Result<bool> OperatorCheck::matches(const Value& value) const {
  // No pattern: false, but for those that do not look at it.
  if (pattern_.is_null() && op_ != Op::kNotEquals && op_ != Op::kExists && op_ != Op::kNotExists) return false;
  const auto texts = [&] { return value.is_string() && pattern_.is_string(); };
  const auto lowered = [&] { return std::pair(lower_text(value.as_string()), lower_text(pattern_.as_string())); };
  const auto negated = [](Result<bool> result) -> Result<bool> {
    if (!result) return result;
    return !*result;
  };
  switch (op_) {
    case Op::kEquals: return python_equal(value, pattern_);
    case Op::kNotEquals: return !python_equal(value, pattern_);
    case Op::kExists: return !value.is_null();
    case Op::kNotExists: return value.is_null();
    case Op::kContains: return is_in(pattern_, value, value, pattern_);
    case Op::kNotContains: return negated(is_in(pattern_, value, value, pattern_));
    case Op::kIn: return is_in(value, pattern_, value, pattern_);
    case Op::kNotIn: return negated(is_in(value, pattern_, value, pattern_));
    case Op::kIContains: return contains_ignoring_case(value);
    case Op::kINotContains: return negated(contains_ignoring_case(value));
    case Op::kLess: return is_less(value, pattern_, value, pattern_);
    case Op::kGreater: return is_less(pattern_, value, value, pattern_);
    case Op::kMatchWildcard:
    case Op::kMatchRegex:
    case Op::kRegex:
    case Op::kIRegex: return matches_regex(value);
    case Op::kIEquals:
    case Op::kStartsWith:
    case Op::kIStartsWith:
    case Op::kEndsWith:
    case Op::kIEndsWith: {
      if (!texts()) return type_mismatch("both must be texts", value, pattern_);
      if (op_ == Op::kStartsWith) return value.as_string().starts_with(pattern_.as_string());
      if (op_ == Op::kEndsWith) return value.as_string().ends_with(pattern_.as_string());
      const auto [text, part] = lowered();
      if (op_ == Op::kIEquals) return text == part;
      return op_ == Op::kIStartsWith ? text.starts_with(part) : text.ends_with(part);
    }
    case Op::kSearch:
    case Op::kTimeLess:
    case Op::kTimeGreater: break;
  }
  return Error(Code::kInvalid, "the operator is not evaluated by this version");
}

}  // namespace midwatch
