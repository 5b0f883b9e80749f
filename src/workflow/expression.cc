#include "workflow/expression.h"

namespace midwatch {

Expression::Expression(Value source) : source_(std::move(source)) {
  Outcome<CompiledValue> compiled = CompiledValue::compile_outcome(source_);
  if (!compiled) {
    const Diagnostic& wrong = compiled.error().diagnostic();
    compile_error_ = ExpressionError{wrong.exception, wrong.message};
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
  if (!result) {
    const Diagnostic& wrong = result.error().diagnostic();
    return std::unexpected(ExpressionError{wrong.exception, wrong.message});
  }
  return std::move(*result);
}

}  // namespace midwatch
