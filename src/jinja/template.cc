#include "jinja/template.h"

#include "jinja/interpreter.h"
#include "jinja/lexer.h"

namespace midwatch::jinja {

namespace {

Outcome<void> check_size(std::string_view source) {
  if (source.size() > kSourceBytesMax) {
    return limit_error("the template has " + std::to_string(source.size()) + " bytes, more than " +
                       std::to_string(kSourceBytesMax));
  }
  return {};
}

class Expression final : public Program {
 public:
  Expression(std::string source, NodePtr root, Reads reads) : root_(std::move(root)) {
    source_ = std::move(source);
    reads_ = std::move(reads);
  }

  Outcome<Value> run(Evaluation& evaluation) const override {
    Interpreter interpreter(evaluation);
    auto result = interpreter.value(*root_);
    if (!result) return std::move(result).error().in(source_);
    auto value = to_value(evaluation, *result, evaluation.foreign);
    if (!value) {
      value.error().diagnostic().of_result = result->is_undefined();
      return std::move(value).error().in(source_);
    }
    return value;
  }

 private:
  NodePtr root_;
};

// Pointers into the tree, which stays where it is from here on.
void collect_blocks(const Block& block, NamedBlocks& out) {
  for (const Statement& statement : block.statements) {
    if (statement.kind == StatementKind::kNamedBlock) out.emplace_back(statement.text, &statement);
    for (const Block& inner : statement.blocks) collect_blocks(inner, out);
  }
}

}  // namespace

struct Template::Compiled {
  Block root;
  NamedBlocks blocks;
};

Template::Template() = default;
Template::~Template() = default;

Outcome<std::shared_ptr<const Template>> Template::compile_outcome(std::string_view source, Dialect dialect) {
  MW_CHECK(check_size(source));
  auto out = std::make_shared<Template>();
  out->source_ = normalized_source(source);
  auto parsed = parse_template(out->source_, dialect);
  if (!parsed) return std::move(parsed).error().in(out->source_);
  out->compiled_ = std::make_unique<Compiled>();
  out->compiled_->root = std::move(parsed->root);
  collect_blocks(out->compiled_->root, out->compiled_->blocks);
  out->reads_ = std::move(parsed->reads);
  return std::shared_ptr<const Template>(std::move(out));
}

Result<std::shared_ptr<const Template>> Template::compile(std::string_view source, Dialect dialect) {
  return to_result(compile_outcome(source, dialect));
}

Outcome<std::string> Template::render_outcome(Evaluation& evaluation) const {
  Interpreter interpreter(evaluation, &compiled_->blocks);
  std::string out;
  auto done = interpreter.run(compiled_->root, out);
  if (!done) return std::move(done).error().in(source_);
  return out;
}

Outcome<Value> Template::run(Evaluation& evaluation) const {
  MW_TRY(const std::string text, render_outcome(evaluation));
  return Value(std::string_view(text));
}

Outcome<std::shared_ptr<const Program>> compile_expression_outcome(std::string_view source, Dialect dialect) {
  MW_CHECK(check_size(source));
  Reads reads;
  auto root = parse_expression_text(source, dialect, reads);
  if (!root) return std::move(root).error().in(source);
  return std::shared_ptr<const Program>(
      std::make_shared<Expression>(std::string(source), std::move(*root), std::move(reads)));
}

Result<std::shared_ptr<const Program>> compile_expression(std::string_view source, Dialect dialect) {
  return to_result(compile_expression_outcome(source, dialect));
}

}  // namespace midwatch::jinja
