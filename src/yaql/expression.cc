#include "yaql/expression.h"

#include "yaql/runtime.h"
#include "yaql/tree.h"

namespace midwatch::yaql {

namespace {

class Expression final : public Program {
 public:
  Expression(std::string_view source, Parsed parsed) : root_(std::move(parsed.root)) {
    source_ = source;
    reads_ = std::move(parsed.reads);
  }

  Outcome<Value> run(Evaluation& evaluation) const override {
    const FramePtr frame = std::make_shared<Frame>(nullptr);
    auto result = evaluate_native(evaluation, frame);
    if (!result) return std::move(result).error().in(source_);
    return result;
  }

 private:
  Outcome<Value> evaluate_native(Evaluation& evaluation, const FramePtr& frame) const {
    MW_TRY(const Datum result, yaql::evaluate(evaluation, *root_, frame));
    return to_value(evaluation, result, evaluation.foreign);
  }

  NodePtr root_;
};

}  // namespace

Outcome<std::shared_ptr<const Program>> compile_outcome(std::string_view source) {
  auto parsed = parse(source);
  if (!parsed) return std::move(parsed).error().in(source);
  return std::shared_ptr<const Program>(std::make_shared<Expression>(source, std::move(*parsed)));
}

Result<std::shared_ptr<const Program>> compile(std::string_view source) { return to_result(compile_outcome(source)); }

}  // namespace midwatch::yaql
