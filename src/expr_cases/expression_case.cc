#include "expr_cases/expression_case.h"

#include <string>

#include "alias/alias_format.h"
#include "datastore_key/datastore_key.h"
#include "expr/evaluation.h"
#include "expr/workflow_functions.h"
#include "jinja/template.h"
#include "orquesta_expr/compiled_value.h"
#include "params/render_parameters.h"
#include "rules/rule_case.h"

namespace midwatch {

namespace {

// The key that the encrypted values of the collection were made with. It is published with the cases
// (tests/conformance/expressions/crypto_key.json) and protects nothing.
constexpr std::string_view kPublishedKey =
    R"({"hmacKey": {"hmacKeyString": "mpFrXi3GHDSnY7D3DWuPkqrmyuAFCNrAp6e-ERY4pFc", "size": 256},
        "aesKeyString": "c-CMDsWASgXIpWFKZG5gQaanET7TiDYd4-_z0z0Vgj0", "mode": "CBC", "size": 256})";

// The datastore of a case: {"system": {name: text}, "user": {…}}.
class CaseDatastore final : public Datastore {
 public:
  explicit CaseDatastore(Value kv) : kv_(std::move(kv)) {}
  Result<std::optional<std::string>> get(Owner owner, std::string_view, std::string_view key, bool) const override {
    const Value owned = kv_.get(owner == Owner::kSystem ? "system" : "user");
    const Value* found = owned.find(key);
    if (found == nullptr) return std::optional<std::string>();
    return std::optional<std::string>(found->text_or(""));
  }
  Result<std::string> decrypt(std::string_view ciphertext) const override {
    static const Result<DatastoreKey> key = DatastoreKey::parse(kPublishedKey);
    if (!key) return key.error();
    return key->decrypt(ciphertext);
  }

 private:
  Value kv_;
};

// What the layers share of an evaluation.
struct CaseEvaluation {
  explicit CaseEvaluation(const Value& record)
      : scope(record.get("context")), datastore(record.get("kv")), evaluation(scope) {
    evaluation.now = record.get("now").is_int() ? instant_from_micros(record.get("now").as_int()) : kCaseNow;
    evaluation.lenient_undefined = record.get("options").get("allow_undefined").bool_or(false);
  }
  MapScope scope;
  CaseDatastore datastore;
  Evaluation evaluation;
};

Outcome<Value> render_template(const Value& record) {
  CaseEvaluation use(record);
  if (record.find("kv") != nullptr) use.evaluation.datastore = &use.datastore;
  MW_TRY(const auto compiled, jinja::Template::compile_outcome(record.get("template").text_or("")));
  return compiled->run(use.evaluation);
}

Outcome<Value> render_mapping(const Value& record) {
  CaseEvaluation use(record);
  if (record.find("kv") != nullptr) use.evaluation.datastore = &use.datastore;
  return render_values(record.get("template"), use.evaluation);
}

// One parameter `target` under test, the members of the context as the others; or a whole set.
Outcome<Value> render_parameter(const Value& record) {
  const bool whole_set = record.get("options").get("params").bool_or(false);
  const CaseDatastore datastore(record.get("kv"));
  ParameterRequest request;
  request.datastore = &datastore;
  request.user = "stanley";
  const Value* action_context = record.find("action_context");
  request.contexts = Value::object(
      {{"action_context", action_context != nullptr ? *action_context : Value::object({{"user", "stanley"}})},
       {"config_context", record.find("config") != nullptr ? record.get("config") : Value::object({})}});
  if (whole_set) {
    request.supplied = record.get("template");
    request.schema = merge_parameter_schemas(record.get("runner_schemas"), record.get("schemas"));
  } else {
    ObjectBuilder supplied(record.get("context"));
    request.supplied = std::move(supplied.set("target", record.get("template"))).build();
    request.schema = Value::object({{"target", record.get("schema")}});
  }
  MW_TRY(const Value rendered, render_live_parameters_outcome(request));
  return whole_set ? rendered : rendered.get("target");
}

Outcome<Value> evaluate_statement(const Value& record, const Value& statement) {
  CaseEvaluation use(record);
  const ContextFunctions functions(use.scope, record.get("task_executions"));
  use.evaluation.workflow = &functions;
  use.evaluation.datastore = &use.datastore;
  use.evaluation.foreign = Foreign::kMarked;
  MW_TRY(const CompiledValue compiled, CompiledValue::compile_outcome(statement));
  return compiled.run(use.evaluation);
}

Outcome<Value> match_alias(const Value& record) {
  MW_TRY(const AliasFormat format, AliasFormat::compile_outcome(record.get("format").text_or("")));
  const std::string command(record.get("param_stream").text_or(""));
  return record.get("multiple").bool_or(false) ? format.match_all_outcome(command) : format.match_outcome(command);
}

Result<Outcome<Value>> run_jinja(const Value& record) {
  const std::string layer(record.get("layer").text_or("jinja"));
  if (layer == "jinja") return render_template(record);
  if (layer == "st2-values") return render_mapping(record);
  if (layer == "st2-param") return render_parameter(record);
  if (layer == "orquesta") return evaluate_statement(record, record.get("template"));
  return Error(Code::kInvalid, "unknown layer '" + layer + "', expected jinja, st2-values, st2-param or orquesta");
}

Result<Outcome<Value>> run_yaql(const Value& record) {
  const Value source = record.get("expr");
  const std::string form(record.get("form").text_or("expression"));
  if (form == "text" || form == "statement") return evaluate_statement(record, source);
  if (form != "expression") {
    return Error(Code::kInvalid, "unknown form '" + form + "', expected expression, text or statement");
  }
  return evaluate_statement(record, Value("<% " + std::string(source.text_or("")) + " %>"));
}

Outcome<Value> run_rule(const Value& record) {
  MW_TRY(const bool matched, run_rule_case(record));
  return Value(matched);
}

}  // namespace

Result<ExpressionSuite> expression_suite(const Value& record) {
  if (!record.is_object()) return Error(Code::kInvalid, "expected an object, the record of a case");
  const std::string id(record.get("id").text_or(""));
  if (id.starts_with("jinja/") || record.find("template") != nullptr) return ExpressionSuite::kJinja;
  if (id.starts_with("yaql/") || record.find("expr") != nullptr) return ExpressionSuite::kYaql;
  if (id.starts_with("aliases/") || record.find("param_stream") != nullptr) return ExpressionSuite::kAliases;
  if (record.find("operator") != nullptr || record.find("criteria") != nullptr) return ExpressionSuite::kRules;
  return Error(Code::kInvalid,
               "no case of the suites jinja, yaql, aliases, operators and criteria: expected `template`, `expr`, "
               "`format`, `operator` or `criteria`");
}

Result<Outcome<Value>> run_expression_case(const Value& record) {
  MW_TRY(const ExpressionSuite suite, expression_suite(record));
  switch (suite) {
    case ExpressionSuite::kJinja: return run_jinja(record);
    case ExpressionSuite::kYaql: return run_yaql(record);
    case ExpressionSuite::kAliases: return match_alias(record);
    case ExpressionSuite::kRules: return run_rule(record);
  }
  return Error(Code::kInvalid, "no such suite");
}

Value expression_answer(const Value& record, const Outcome<Value>& answer) {
  if (answer) return Value::object({{"id", record.get("id")}, {"output", *answer}});
  return Value::object({{"id", record.get("id")},
                        {"error", Value::object({{"kind", to_string(answer.error().kind())},
                                                 {"message", std::string_view(answer.error().message())}})}});
}

}  // namespace midwatch
