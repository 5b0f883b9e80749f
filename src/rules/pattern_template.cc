#include "rules/pattern_template.h"

#include <string>
#include <utility>

#include "codec/json.h"
#include "expr/scope.h"
#include "jinja/template.h"

namespace midwatch {
namespace {

// The place of the "}}" that ends the expression which begins at `at`, quotes skipped; npos if none.
std::size_t end_of_expression(std::string_view text, std::size_t at) {
  for (char quote = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != 0) {
      if (c == '\\') ++at;
      else if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (text.substr(at, 2) == "}}") {
      return at;
    }
  }
  return std::string_view::npos;
}

// "{{ a + b }}" becomes "{{ ( a + b ) | to_complex }}".
std::string with_to_complex(std::string_view text) {
  std::string out;
  for (std::size_t at = 0;;) {
    const std::size_t begin = text.find("{{", at);
    const std::size_t end = begin == text.npos ? text.npos : end_of_expression(text, begin + 2);
    if (end == text.npos) return out.append(text.substr(at));
    std::string_view expression = text.substr(begin + 2, end - begin - 2);
    out.append(text.substr(at, begin + 2 - at));
    for (const char control : {'-', '+'}) {
      if (!expression.starts_with(control)) continue;
      out += control;
      expression.remove_prefix(1);
    }
    const bool trims = expression.ends_with('-');
    if (trims) expression.remove_suffix(1);
    out.append("(").append(expression).append(") | to_complex ").append(trims ? "-}}" : "}}");
    at = end + 2;
  }
}

}  // namespace

bool PatternTemplate::is_template(const Value& pattern) {
  if (!pattern.is_string()) return false;
  const std::string_view text = pattern.as_string();
  return text.find("{{") != text.npos || text.find("{%") != text.npos;
}

Result<PatternTemplate> PatternTemplate::compile(std::string_view pattern) {
  PatternTemplate compiled;
  MW_TRY(compiled.as_text_, jinja::Template::compile(pattern));
  if (pattern.find("{{") != pattern.npos) {
    auto as_json = jinja::Template::compile(with_to_complex(pattern));
    if (as_json) compiled.as_json_ = std::move(*as_json);
  }
  return compiled;
}

Result<Value> PatternTemplate::render(const Value& payload) const {
  MapScope scope;
  scope.set("trigger", payload);
  if (as_json_ != nullptr) {
    Evaluation evaluation(scope);
    const auto json = as_json_->render(evaluation);
    if (json) {
      auto native = parse_json(*json);
      if (native) return std::move(*native);
    }
  }
  Evaluation evaluation(scope);
  MW_TRY(const std::string text, as_text_->render(evaluation));
  return Value(text);
}

}  // namespace midwatch
