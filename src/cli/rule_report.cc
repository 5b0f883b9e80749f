#include "cli/rule_report.h"

#include <ostream>
#include <string>

#include <fmt/core.h>

#include "codec/json.h"

namespace midwatch::cli {
namespace {

std::string_view mark(const Value& verdict) { return verdict.get("matched").bool_or(false) ? "yes" : "no "; }

}  // namespace

void print_verdict(std::ostream& out, const Value& verdict) {
  out << fmt::format("{} rule {}: {}\n", mark(verdict), verdict.get("rule").text_or(""),
                     verdict.get("reason").text_or(""));
  const Value criteria = verdict.get("criteria");
  for (const Value& criterion : criteria.elements()) {
    out << fmt::format("    {} {} {} {}   (it was {})\n", mark(criterion), criterion.get("key").text_or(""),
                       criterion.get("type").text_or(""), to_json(criterion.get("pattern")),
                       to_json(criterion.get("value")));
    const std::string error = criterion.get("error").text_or("");
    if (!error.empty()) out << "        " << error << "\n";
  }
  const Value enforcement = verdict.get("enforcement");
  const std::string execution = enforcement.get("execution_id").text_or("");
  const std::string failure = enforcement.get("failure_reason").text_or("");
  if (!execution.empty()) out << "    started execution " << execution << "\n";
  if (!failure.empty()) out << "    did not act: " << failure << "\n";
  if (const Value* parameters = verdict.find("parameters")) {
    out << fmt::format("    would run {} with {}\n", verdict.get("action").text_or(""), to_json(*parameters));
  }
  const std::string wrong = verdict.get("parameters_error").text_or("");
  if (!wrong.empty()) out << fmt::format("    could not run {}: {}\n", verdict.get("action").text_or(""), wrong);
}

}  // namespace midwatch::cli
