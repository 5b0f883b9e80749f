#include "rules/pattern_template.h"

#include <string>
#include <utility>

#include "codec/json.h"
#include "expr/scope.h"
#include "jinja/template.h"

namespace midwatch {
namespace {

// re.sub(r"([{]{2})(.*?)([}]{2})", r"\1\2 | to_complex\3", text); the dot is no line feed.
std::string with_to_complex(std::string_view text) {
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = 0;;) {
    const std::size_t begin = text.find("{{", at);
    if (begin == text.npos) break;
    const std::size_t end = text.find("}}", begin + 2);
    if (end == text.npos) break;
    const std::size_t line_feed = text.find('\n', begin);
    if (line_feed < end) {
      at = line_feed + 1;
      continue;
    }
    out.append(text.substr(copied, end - copied)).append(" | to_complex}}");
    at = copied = end + 2;
  }
  return out.append(text.substr(copied));
}

class EmptyDatastore final : public Datastore {
 public:
  Result<std::optional<std::string>> get(Owner, std::string_view, std::string_view, bool) const override {
    return std::optional<std::string>();
  }
};

Outcome<std::string> rendered(const jinja::Template& program, const Scope& scope, const CriteriaContext& context) {
  static const EmptyDatastore nothing;
  Evaluation evaluation(scope);
  evaluation.datastore = context.datastore != nullptr ? context.datastore : &nothing;
  evaluation.now = context.now;
  evaluation.system_lookup = true;
  return program.render_outcome(evaluation);
}

Failure again(const Diagnostic& diagnostic) {
  return Failure(diagnostic.kind, diagnostic.exception, diagnostic.message);
}

}  // namespace

bool PatternTemplate::is_template(const Value& pattern) {
  if (!pattern.is_string()) return false;
  const std::string_view text = pattern.as_string();
  return text.find("{{") != text.npos || text.find("{%") != text.npos || text.find("{#") != text.npos;
}

Value PatternTemplate::plain(const Value& pattern) {
  if (!pattern.is_string()) return pattern;
  const std::string_view text = pattern.as_string();
  if (text.find('\r') == text.npos && !text.ends_with('\n')) return pattern;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i] == '\r' ? '\n' : text[i];
  }
  if (out.ends_with('\n')) out.pop_back();
  return Value(out);
}

PatternTemplate PatternTemplate::compile(std::string_view pattern) {
  PatternTemplate compiled;
  const auto prepare = [&](std::string_view text, std::shared_ptr<const jinja::Template>& into) {
    auto made = jinja::Template::compile_outcome(text);
    if (made) into = std::move(*made);
    else if (compiled.defect_ == nullptr) compiled.defect_ = std::make_shared<Diagnostic>(made.error().diagnostic());
  };
  // The author's own text first: it is what an error should talk about.
  prepare(pattern, compiled.as_text_);
  const std::string pasted = with_to_complex(pattern);
  if (pasted.size() != pattern.size()) prepare(pasted, compiled.as_json_);
  return compiled;
}

Outcome<Value> PatternTemplate::render(const Value& subject, KeyRoot root, const CriteriaContext& context) const {
  if (defect_ != nullptr) return again(*defect_);
  MapScope scope;
  scope.set(root == KeyRoot::kItem ? "item" : "trigger", subject);
  if (as_json_ != nullptr) {
    const auto json = rendered(*as_json_, scope, context);
    if (json) {
      auto native = parse_json(*json);
      if (native) return std::move(*native);
    } else if (const std::string& exception = json.error().diagnostic().exception;
               exception != "ValueError" && exception != "JSONDecodeError") {
      // Only what is no value for a filter is tried again as text.
      return again(json.error().diagnostic());
    }
  }
  MW_TRY(const std::string text, rendered(*as_text_, scope, context));
  return Value(text);
}

}  // namespace midwatch
