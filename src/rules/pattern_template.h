// rules/pattern_template.h — a criterion's pattern that is a Jinja template over the event (spec 2.3).
//
//   pattern: "{{ trigger.limits.load }}"     → the number that is there, not its text
//   pattern: "host-{{ trigger.id }}"         → a text
//
// As in StackStorm " | to_complex" is pasted before each "}}", and if what that renders to is JSON, its
// value is the pattern; else the template is rendered as text. The pasting is textual: in `{{ a + 1 }}` the
// filter is applied to the 1, so the sum fails. `system.x` and `st2kv.system.x` are the datastore's.
//
// Compiled once; a template that does not parse fails when it is rendered. Thread-safety: immutable.
#pragma once

#include <memory>
#include <string_view>

#include "expr/diagnostic.h"
#include "rules/criteria_run.h"
#include "rules/key_path.h"
#include "value/value.h"

namespace midwatch {

namespace jinja {
class Template;
}

class PatternTemplate {
 public:
  // True for a text with an opening delimiter of Jinja in it.
  [[nodiscard]] static bool is_template(const Value& pattern);
  // What rendering makes of any other pattern: texts lose one line feed at their end.
  [[nodiscard]] static Value plain(const Value& pattern);

  static PatternTemplate compile(std::string_view pattern);

  [[nodiscard]] Outcome<Value> render(const Value& subject, KeyRoot root, const CriteriaContext& context) const;

  // Why it never renders; null where it may.
  [[nodiscard]] const Diagnostic* defect() const { return defect_.get(); }

 private:
  PatternTemplate() = default;
  std::shared_ptr<const jinja::Template> as_json_;  // null where the pattern has no {{ }}
  std::shared_ptr<const jinja::Template> as_text_;
  std::shared_ptr<const Diagnostic> defect_;
};

}  // namespace midwatch
