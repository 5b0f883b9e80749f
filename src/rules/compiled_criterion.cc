#include "rules/compiled_criterion.h"

#include <utility>

#include <fmt/core.h>

#include "expr/python_text.h"

namespace midwatch {
namespace {

constexpr std::size_t kShownBytesMax = 256;

Failure unknown_operator(std::string_view name) {
  return Failure(ErrorKind::kValue, "Exception", "Invalid operator: " + lower_text(name));
}

}  // namespace

Criterion criterion_from_value(std::string_view key, const Value& value) {
  Criterion out;
  out.key = key;
  out.op = value.get("type").text_or("");
  out.pattern = value.get("pattern");
  const Value condition = value.get("condition");
  out.condition = condition.is_string() ? condition.to_text() : py_str(condition);
  return out;
}

CompiledCriterion CompiledCriterion::compile(const Criterion& criterion, KeyRoot root, int depth) {
  CompiledCriterion compiled(criterion, KeyPath::parse(criterion.key, root));
  compiled.op_ = find_operator(lower_text(criterion.op));
  compiled.depth_ = depth;
  if (PatternTemplate::is_template(criterion.pattern)) {
    compiled.template_ = PatternTemplate::compile(criterion.pattern.as_string());
    return compiled;
  }
  Value pattern = PatternTemplate::plain(criterion.pattern);
  // As there: only the name in lower case gets the condition and the children.
  if (criterion.op == "search") compiled.search_ = SearchCheck::compile(pattern, depth);
  else if (compiled.op_) compiled.check_ = OperatorCheck::compile(*compiled.op_, std::move(pattern));
  return compiled;
}

void CompiledCriterion::fail(CriteriaRun& run, Evaluated& outcome, std::string_view where,
                             std::string_view what) const {
  outcome.error = fmt::format("{}: {}", where, what);
  run.failures.push_back(outcome.error);
}

Outcome<bool> CompiledCriterion::applied(const Value& pattern, const Value& value, CriteriaRun& run) const {
  if (check_) return check_->matches(value, run.context.now);
  if (search_) return search_->matches(value, source_.condition, run);
  if (source_.op == "search") return SearchCheck::compile(pattern, depth_).matches(value, source_.condition, run);
  return OperatorCheck::compile(*op_, pattern).matches(value, run.context.now);
}

CompiledCriterion::Evaluated CompiledCriterion::evaluate(const Value& subject, CriteriaRun& run) const {
  Evaluated outcome;
  if (source_.op.empty()) return outcome;
  outcome.pattern = check_ ? check_->pattern() : source_.pattern;
  if (template_) {
    auto rendered = template_->render(subject, key_.root(), run.context);
    if (!rendered) {
      fail(run, outcome,
           fmt::format("Failed to render pattern value \"{}\" for key \"{}\"",
                       source_.pattern.as_string().substr(0, kShownBytesMax), source_.key),
           rendered.error().message());
      return outcome;
    }
    outcome.pattern = std::move(*rendered);
  }
  auto value = key_.first(subject);
  if (!value) {
    fail(run, outcome, "Failed transforming criteria key " + source_.key, value.error().message());
    return outcome;
  }
  outcome.value = std::move(*value);
  if (!op_) {
    outcome.escaped = unknown_operator(source_.op);
    return outcome;
  }
  const auto matched = applied(outcome.pattern, outcome.value, run);
  if (matched) outcome.matched = *matched;
  else
    fail(run, outcome, fmt::format("There might be a problem with the criteria in rule {}", run.rule),
         matched.error().message());
  return outcome;
}

void CompiledCriterion::check(std::vector<Error>& errors) const {
  const auto wrong = [&](std::string message) {
    errors.emplace_back(Code::kInvalid, std::move(message), source_.where);
  };
  if (!key_.error().empty()) wrong(fmt::format("criterion key '{}': {}", source_.key.substr(0, 128), key_.error()));
  if (!op_ && !source_.op.empty()) wrong(fmt::format("unknown operator '{}'", source_.op.substr(0, 64)));
  if (check_ && check_->defect() != nullptr)
    wrong(fmt::format("pattern of '{}': {}", source_.key, check_->defect()->message));
  if (template_ && template_->defect() != nullptr)
    wrong(fmt::format("pattern of '{}': {}", source_.key, template_->defect()->message));
  if (!search_) return;
  if (!search_->error().empty()) wrong(fmt::format("pattern of '{}': {}", source_.key, search_->error()));
  if (!SearchCheck::is_condition(source_.condition)) {
    wrong(fmt::format("condition of '{}': found '{}', expected any, all, any2any or all2any", source_.key,
                      source_.condition.substr(0, 64)));
  }
  for (const CompiledCriterion* child : search_->criteria()) {
    const std::size_t before = errors.size();
    child->check(errors);
    for (std::size_t i = before; i < errors.size(); ++i) errors[i].where = source_.where;
  }
}

}  // namespace midwatch
