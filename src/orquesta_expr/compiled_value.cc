#include "orquesta_expr/compiled_value.h"

#include <optional>
#include <utility>
#include <vector>

#include "codec/json.h"
#include "expr/python_text.h"
#include "jinja/template.h"
#include "yaql/expression.h"

namespace midwatch {

namespace {

enum class Language : std::uint8_t { kNone, kYaql, kJinja };

// A text cut into what stays and what is evaluated.
struct Piece {
  std::string text;                        // as written, delimiters included
  std::shared_ptr<const Program> program;  // null: the text stays
};

struct Text {
  Language language = Language::kNone;
  std::string source;
  std::vector<Piece> pieces;
  std::shared_ptr<const Program> whole;  // a Jinja text with blocks is rendered as one template
  [[nodiscard]] bool is_lone() const { return pieces.size() == 1 && pieces[0].program != nullptr; }
};

// "Regexes are non-greedy and `.` does not match newline": `open` … `close` on one line.
bool next_expression(std::string_view text, std::string_view open, std::string_view close, std::size_t from,
                     std::size_t& start, std::size_t& end) {
  while (true) {
    start = text.find(open, from);
    if (start == std::string_view::npos) return false;
    const std::size_t stop = text.find(close, start + open.size());
    if (stop == std::string_view::npos) return false;
    const std::size_t newline = text.find('\n', start);
    if (newline == std::string_view::npos || newline > stop) {
      end = stop + close.size();
      return true;
    }
    from = newline + 1;
  }
}

bool has(std::string_view text, std::string_view open, std::string_view close) {
  std::size_t start = 0;
  std::size_t end = 0;
  return next_expression(text, open, close, 0, start, end);
}

Language language_of(std::string_view text, bool& both) {
  const bool yaql = has(text, "<%", "%>");
  const bool jinja = has(text, "{{", "}}") || has(text, "{%", "%}");
  both = yaql && jinja;
  return yaql ? Language::kYaql : jinja ? Language::kJinja : Language::kNone;
}

// The reference strips every delimiter character from both ends.
std::string_view trimmed_code(std::string_view expression) {
  const std::string_view delimiters = expression.starts_with("<") ? "<%>" : "{}";
  const std::size_t first = expression.find_first_not_of(delimiters);
  if (first == std::string_view::npos) return {};
  const std::size_t last = expression.find_last_not_of(delimiters);
  return strip_space(expression.substr(first, last - first + 1));
}

// Orquesta's own words around what went wrong.
Failure described(Failure failure, std::string_view expression, Language language) {
  Diagnostic& diagnostic = failure.diagnostic();
  if (diagnostic.kind == ErrorKind::kLimit) return failure;
  const std::string grammar = language == Language::kYaql ? "YaqlGrammarException" : "JinjaGrammarException";
  if (diagnostic.kind == ErrorKind::kSyntax && diagnostic.exception != "YaqlLexicalException") {
    diagnostic.exception = grammar;
  }
  if (diagnostic.exception == "KeyError") {
    diagnostic.message = "Unable to resolve key '" + diagnostic.message + "' in expression '" +
                         std::string(expression) + "' from context.";
  } else {
    diagnostic.message = "Unable to evaluate expression '" + std::string(expression) + "'. " + diagnostic.exception +
                         ": " + diagnostic.message;
  }
  return failure;
}

Outcome<std::shared_ptr<const Program>> compile_code(std::string_view expression, Language language) {
  const std::string_view code = trimmed_code(expression);
  auto program = language == Language::kYaql ? yaql::compile_outcome(code)
                                             : jinja::compile_expression_outcome(code, jinja::Dialect::kOrquesta);
  if (!program) return described(std::move(program).error(), expression, language);
  return program;
}

bool holds_language(std::string_view text, Language language) {
  if (language == Language::kYaql) return has(text, "<%", "%>");
  return has(text, "{{", "}}") || has(text, "{%", "%}");
}

// `forced`: the language of a text that is evaluated again; what the other language means stays text.
Outcome<Text> compile_text(std::string_view source, Language forced = Language::kNone) {
  Text out;
  out.source = source;
  bool both = false;
  out.language = forced != Language::kNone ? forced : language_of(source, both);
  if (both) {
    return Failure(ErrorKind::kSyntax, "ExpressionEvaluationException",
                   "Expression with multiple types is not supported.");
  }
  if (out.language == Language::kNone) return out;
  if (out.language == Language::kJinja && has(source, "{%", "%}")) {
    auto compiled = jinja::Template::compile_outcome(source, jinja::Dialect::kOrquesta);
    if (!compiled) return described(std::move(compiled).error(), source, out.language);
    out.whole = *compiled;
    return out;
  }
  const std::string_view open = out.language == Language::kYaql ? "<%" : "{{";
  const std::string_view close = out.language == Language::kYaql ? "%>" : "}}";
  std::size_t at = 0;
  std::size_t start = 0;
  std::size_t end = 0;
  while (next_expression(source, open, close, at, start, end)) {
    if (start > at) out.pieces.push_back({std::string(source.substr(at, start - at)), nullptr});
    const std::string_view expression = source.substr(start, end - start);
    MW_TRY(auto program, compile_code(expression, out.language));
    out.pieces.push_back({std::string(expression), std::move(program)});
    at = end;
  }
  if (at < source.size()) out.pieces.push_back({std::string(source.substr(at)), nullptr});
  return out;
}

constexpr std::string_view kUnresolved = "There are unresolved variables: ";

Outcome<Value> run_piece(const Piece& piece, Language language, Evaluation& evaluation) {
  Outcome<Value> value = piece.program->run(evaluation);
  if (value) return value;
  if (language == Language::kJinja && value.error().diagnostic().of_result) {
    Failure unresolved(ErrorKind::kUndefined, "JinjaEvaluationException",
                       std::string(kUnresolved) + std::string(trimmed_code(piece.text)));
    unresolved.diagnostic().of_result = true;
    return unresolved;
  }
  return described(std::move(value).error(), piece.text, language);
}

Outcome<Value> run_text(const Text& text, Evaluation& evaluation, int round);

// A text result is evaluated again, in the language that made it.
Outcome<Value> again(Value result, Language language, Evaluation& evaluation, int round) {
  if (!result.is_string() || !holds_language(result.as_string(), language)) return result;
  if (round >= kReevaluationsMax) {
    return limit_error("the result of the expression holds expressions again, more than " +
                       std::to_string(kReevaluationsMax) + " times");
  }
  // Compiling costs too: about ten steps a byte.
  if (!evaluation.take_steps(10 * result.size())) return evaluation.too_many_steps();
  MW_TRY(const Text text, compile_text(result.as_string(), language));
  return run_text(text, evaluation, round + 1);
}

Outcome<Value> run_text(const Text& text, Evaluation& evaluation, int round) {
  if (text.language == Language::kNone) return Value(text.source);
  if (text.whole) {
    Outcome<Value> rendered = text.whole->run(evaluation);
    if (!rendered) return described(std::move(rendered).error(), text.source, text.language);
    // What a raw block on one line protected stays as it is.
    if (has(text.source, "{% raw %}", "{% endraw %}")) return rendered;
    return again(std::move(*rendered), text.language, evaluation, round);
  }
  if (text.is_lone()) {
    MW_TRY(Value value, run_piece(text.pieces[0], text.language, evaluation));
    return again(std::move(value), text.language, evaluation, round);
  }
  std::string out;
  // Expressions whose value is undefined: the others are evaluated all the same, and may fail first.
  std::optional<Failure> unresolved;
  for (const Piece& piece : text.pieces) {
    if (!piece.program) {
      out += piece.text;
      continue;
    }
    const Foreign foreign = std::exchange(evaluation.foreign, Foreign::kPrinted);
    auto made = run_piece(piece, text.language, evaluation);
    evaluation.foreign = foreign;
    if (!made) {
      if (!made.error().diagnostic().of_result) return made;
      if (!unresolved) unresolved = std::move(made).error();
      else unresolved->diagnostic().message += ", " + std::string(trimmed_code(piece.text));
      continue;
    }
    MW_TRY(const Value value, again(std::move(*made), text.language, evaluation, round));
    const std::string part = py_str(value);
    if (!evaluation.take_bytes(part.size())) return evaluation.too_many_bytes();
    out += part;
  }
  if (unresolved) return std::move(*unresolved);
  return again(Value(std::string_view(out)), text.language, evaluation, round);
}

}  // namespace

bool has_expression(std::string_view text) {
  bool both = false;
  return language_of(text, both) != Language::kNone;
}

struct CompiledValue::Part {
  // Without expressions: `constant`. Else one of the others.
  bool is_constant = true;
  Value constant;
  std::unique_ptr<Text> text;
  std::vector<Part> elements;
  std::vector<Part> keys;  // of an object, with `elements` for its values
  Reads reads;
};

namespace {

using Part = CompiledValue::Part;

void read_text(const Text& text, Reads& reads) {
  if (text.whole) reads.merge(text.whole->reads());
  for (const Piece& piece : text.pieces) {
    if (piece.program) reads.merge(piece.program->reads());
  }
}

constexpr int kStatementDepthMax = 100;

Outcome<Part> compile_part(const Value& statement, Reads& reads, int depth) {
  if (depth > kStatementDepthMax) {
    return limit_error("the statement is nested more than " + std::to_string(kStatementDepthMax) + " levels");
  }
  Part out;
  out.constant = statement;
  if (statement.is_string()) {
    MW_TRY(Text text, compile_text(statement.as_string()));
    if (text.language == Language::kNone) return out;
    read_text(text, reads);
    out.is_constant = false;
    out.text = std::make_unique<Text>(std::move(text));
  } else if (statement.is_array()) {
    for (const Value& element : statement.elements()) {
      MW_TRY(Part part, compile_part(element, reads, depth + 1));
      out.is_constant = out.is_constant && part.is_constant;
      out.elements.push_back(std::move(part));
    }
  } else if (statement.is_object()) {
    for (const Value::Member& member : statement.members()) {
      MW_TRY(Part key, compile_part(member.key, reads, depth + 1));
      MW_TRY(Part value, compile_part(member.value, reads, depth + 1));
      out.is_constant = out.is_constant && key.is_constant && value.is_constant;
      out.keys.push_back(std::move(key));
      out.elements.push_back(std::move(value));
    }
  }
  return out;
}

Outcome<Value> run_part(const Part& part, Evaluation& evaluation) {
  if (part.is_constant) return part.constant;
  if (part.text) return run_text(*part.text, evaluation, 0);
  if (part.constant.is_array()) {
    std::vector<Value> out;
    for (const Part& element : part.elements) {
      MW_TRY(Value value, run_part(element, evaluation));
      out.push_back(std::move(value));
    }
    return Value::array(std::move(out));
  }
  ObjectBuilder out;
  std::vector<Value> pairs;
  bool names_only = true;
  for (std::size_t i = 0; i < part.keys.size(); ++i) {
    MW_TRY(const Value name, run_part(part.keys[i], evaluation));
    MW_TRY(Value value, run_part(part.elements[i], evaluation));
    names_only = names_only && name.is_string();
    if (evaluation.foreign == Foreign::kMarked) pairs.push_back(Value::array({name, value}));
    if (name.is_string()) {
      out.set(name, std::move(value));
    } else {
      out.set(name.is_object() || name.is_array() ? to_json(name) : py_str(name), std::move(value));
    }
  }
  if (!names_only && evaluation.foreign == Foreign::kMarked) {
    return Value::object({{"$pairs", Value::array(std::move(pairs))}});
  }
  return std::move(out).build();
}

}  // namespace

Outcome<CompiledValue> CompiledValue::compile_outcome(const Value& statement) {
  Reads reads;
  MW_TRY(Part root, compile_part(statement, reads, 0));
  reads.normalize();
  root.reads = std::move(reads);
  return CompiledValue(std::make_shared<const Part>(std::move(root)));
}

Result<CompiledValue> CompiledValue::compile(const Value& statement) { return to_result(compile_outcome(statement)); }
Outcome<Value> CompiledValue::run(Evaluation& evaluation) const { return run_part(*root_, evaluation); }
Result<Value> CompiledValue::evaluate(Evaluation& evaluation) const { return to_result(run(evaluation)); }
bool CompiledValue::is_constant() const { return root_->is_constant; }
const Reads& CompiledValue::reads() const { return root_->reads; }

}  // namespace midwatch
