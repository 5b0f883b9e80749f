#include "rules/rule_case.h"

#include <optional>
#include <utility>

#include "base/time.h"
#include "codec/json.h"
#include "expr/python_text.h"
#include "expr/workflow_functions.h"
#include "rules/compiled_rule.h"

namespace midwatch {
namespace {

// {"system": {name: text}, "user": {…}}
class CaseDatastore final : public Datastore {
 public:
  explicit CaseDatastore(Value kv) : kv_(std::move(kv)) {}
  Result<std::optional<std::string>> get(Owner owner, std::string_view, std::string_view key, bool) const override {
    const Value owned = kv_.get(owner == Owner::kSystem ? "system" : "user");
    const Value* found = owned.find(key);
    if (found == nullptr) return std::optional<std::string>();
    return std::optional<std::string>(found->text_or(""));
  }

 private:
  Value kv_;
};

Outcome<std::optional<Instant>> time_of(const Value& record) {
  const Value* now = record.find("now");
  if (now == nullptr) return std::optional<Instant>();
  auto at = parse_iso8601(now->text_or(""));
  if (!at) return syntax_error("now: " + at.error().message);
  return std::optional<Instant>(*at);
}

// An operator alone: its pattern is taken as it is, not rendered.
Outcome<bool> run_operator(const Value& record, const CriteriaContext& context) {
  const std::string name = record.get("operator").text_or("");
  const auto op = find_operator(lower_text(name));
  if (!op) return Failure(ErrorKind::kValue, "Exception", "Invalid operator: " + lower_text(name));
  const Value value = record.get("value");
  if (name == "search") {
    CriteriaRun run{context, "case.rule"};
    const std::string condition = criterion_from_value("", record).condition;
    return SearchCheck::compile(record.get("pattern"), 0).matches(value, condition, run);
  }
  return OperatorCheck::compile(*op, record.get("pattern")).matches(value, context.now);
}

Outcome<bool> run_criteria(const Value& record, const CriteriaContext& context) {
  if (!record.get("enabled").bool_or(true)) return false;
  Rule rule;
  rule.pack = "case";
  rule.name = "rule";
  for (const Value::Member& member : record.get("criteria").members()) {
    rule.criteria.push_back(criterion_from_value(member.name(), member.value));
  }
  const CompiledRule compiled = CompiledRule::compile(rule);
  CriteriaRun run{context, compiled.ref};
  return compiled.matches(record.get("payload"), run);
}

}  // namespace

Outcome<bool> run_rule_case(const Value& record) {
  const CaseDatastore datastore(record.get("kv"));
  MW_TRY(const std::optional<Instant> now, time_of(record));
  const CriteriaContext context{&datastore, now};
  if (record.find("operator") != nullptr) return run_operator(record, context);
  if (record.find("criteria") != nullptr) return run_criteria(record, context);
  return syntax_error("a case has an operator or criteria");
}

std::string answer_rule_case(std::string_view line) {
  ObjectBuilder answer;
  const auto record = parse_json(line);
  const bool is_object = record && record->is_object();
  answer.set("id", is_object ? record->get("id") : Value());
  const Outcome<bool> output = is_object ? run_rule_case(*record)
                               : record  ? Outcome<bool>(syntax_error("a case is a JSON object"))
                                         : Outcome<bool>(syntax_error(record.error().message));
  if (output) {
    answer.set("output", *output);
  } else {
    answer.set("error",
               Value::object({{"kind", to_string(output.error().kind())}, {"message", output.error().message()}}));
  }
  return to_json(std::move(answer).build());
}

}  // namespace midwatch
