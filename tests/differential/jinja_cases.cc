// Templates from standard input, one JSON object a line: {"id", "template", "context"}. Prints for each
// {"id", "output"} or {"id", "error": {"kind", "message"}}, flushed after an empty line.
#include <iostream>
#include <string>

#include "codec/json.h"
#include "jinja/template.h"

namespace midwatch {
namespace {

Value failure(const Value& id, const Failure& failure) {
  return Value::object(
      {{"id", id}, {"error", Value::object({{"kind", to_string(failure.kind())}, {"message", failure.message()}})}});
}

Value answer(const Value& record) {
  const Value id = record.get("id");
  const auto compiled = jinja::Template::compile_outcome(record.get("template").text_or(""));
  if (!compiled) return failure(id, compiled.error());
  const MapScope scope(record.get("context"));
  Evaluation evaluation(scope);
  auto text = (*compiled)->render_outcome(evaluation);
  if (!text) return failure(id, text.error());
  return Value::object({{"id", id}, {"output", *text}});
}

}  // namespace
}  // namespace midwatch

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    if (line.empty()) {
      std::cout.flush();
      continue;
    }
    const auto record = midwatch::parse_json(line);
    if (!record) {
      std::cerr << "not JSON: " << line << "\n";
      return 1;
    }
    std::cout << midwatch::to_json(midwatch::answer(*record)) << "\n";
  }
  std::cout.flush();
  return 0;
}
