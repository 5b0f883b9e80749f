// cli/rule_report.h — verdicts on rules, for people: one rule a paragraph, one criterion a line.
#pragma once

#include <iosfwd>

#include "value/value.h"

namespace midwatch::cli {

// A verdict as rules/rule_verdict.h writes it, with "enforcement", or "action" and "parameters", where
// there are any.
void print_verdict(std::ostream& out, const Value& verdict);

}  // namespace midwatch::cli
