// rules/pattern_template.h — a criterion's pattern that is a Jinja template over the event (spec 2.3).
//
//   pattern: "{{ trigger.limits.load }}"     → the number that is there, not its text
//   pattern: "host-{{ trigger.id }}"         → a text
//
// Each expression is first written as JSON, and if the whole is then JSON, its value is the pattern; else
// the template is rendered as text. Compiled once. Thread-safety: immutable.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "value/value.h"

namespace midwatch {

namespace jinja {
class Template;
}

class PatternTemplate {
 public:
  // True for a text with "{{" or "{%" in it.
  [[nodiscard]] static bool is_template(const Value& pattern);
  static Result<PatternTemplate> compile(std::string_view pattern);

  [[nodiscard]] Result<Value> render(const Value& payload) const;

 private:
  PatternTemplate() = default;
  std::shared_ptr<const jinja::Template> as_json_;  // null where the pattern has no {{ }}
  std::shared_ptr<const jinja::Template> as_text_;
};

}  // namespace midwatch
