#include "workflow/expression.h"

namespace midwatch {
namespace {

// The log names the language's exception; what was wrong with the expression is part of the text.
ExpressionError logged(const Failure& failure) {
  const auto& wrong = failure.diagnostic();
  const std::string_view text = wrong.message;
  if (!text.starts_with("Unable to ") && !text.starts_with("There are unresolved"))
    return {wrong.exception, wrong.message};
  // While it runs, the reference says Jinja's own class.
  constexpr std::string_view kGrammar = "'. JinjaGrammarException: ";
  if (const std::size_t at = text.find(kGrammar); at != std::string_view::npos) {
    std::string message(text.substr(0, at));
    message += "'. TemplateSyntaxError: ";
    message += text.substr(at + kGrammar.size());
    return {"JinjaEvaluationException", std::move(message)};
  }
  const std::size_t yaql = text.find("'<%");
  const bool is_yaql = yaql != std::string_view::npos && text.find("'{") > yaql;
  return {is_yaql ? "YaqlEvaluationException" : "JinjaEvaluationException", wrong.message};
}

}  // namespace

Expression::Expression(Value source) : source_(std::move(source)) {
  Outcome<CompiledValue> compiled = CompiledValue::compile_outcome(source_);
  if (!compiled) {
    compile_error_ = logged(compiled.error());
    return;
  }
  if (!compiled->is_constant()) program_ = std::make_shared<const CompiledValue>(std::move(*compiled));
}

Evaluated<Value> Expression::evaluate(const ExpressionInputs& inputs) const {
  if (compile_error_) return std::unexpected(*compile_error_);
  if (program_ == nullptr) return source_;
  Evaluation evaluation(inputs.scope);
  evaluation.workflow = &inputs.functions;
  evaluation.datastore = inputs.datastore;
  Outcome<Value> result = program_->run(evaluation);
  if (!result) return std::unexpected(logged(result.error()));
  return std::move(*result);
}

}  // namespace midwatch
