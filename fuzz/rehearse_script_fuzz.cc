// Any text as a rehearsal: its mistakes are shown; a script without any is run beside a small workflow, twice with the
// same outcome, and its expectations are checked and reported.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "codec/json.h"
#include "rehearse/expectations.h"
#include "rehearse/rehearsal.h"
#include "rehearse/report.h"
#include "rehearse/script.h"

namespace {

using namespace midwatch;

constexpr std::string_view kWorkflow = R"(input: [host, n: 2]
tasks:
  look:
    action: x.look host=<% ctx(host) %>
    retry: {count: 1, delay: 3}
    next:
      - {when: <% succeeded() %>, publish: [{seen: <% result() %>}], do: [each, ask]}
      - {when: <% failed() %>, do: ask}
  each: {with: {items: "i in <% range(ctx(n)) %>", concurrency: 2}, action: x.each i=<% item(i) %>, next: [{do: both}]}
  ask: {action: core.ask, next: [{do: both}]}
  both: {join: all, action: x.both k=<% st2kv('system.k', default => none) %>}
output: [{seen: <% ctx(seen) %>}]
)";

constexpr std::size_t kCasesMax = 4;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<const Definition> definition = *Definition::parse(kWorkflow, "flow.yaml");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Diagnostics wrong;
  const RehearsalScript script = parse_script(text, "fuzz.yaml", wrong);
  check_script(script, *definition, wrong);
  for (const ContentDiagnostic& mistake : wrong.all()) (void)mistake.to_string();
  if (wrong.has_errors()) return 0;
  for (std::size_t i = 0; i < script.cases.size() && i < kCasesMax; ++i) {
    const RehearsalCase& one = script.cases[i];
    if (one.input.get("n").int_or(2) > 50) continue;
    const Rehearsed rehearsed = rehearse(definition, one);
    const std::vector<Finding> findings = check_expectations(one, rehearsed);
    (void)rehearsal_text(one.name, rehearsed, findings, Colour::kAnsi);
    const Value value = rehearsal_value(one.name, rehearsed, findings);
    const Value again = rehearsal_value(one.name, rehearse(definition, one), findings);
    if (to_json(value) != to_json(again)) std::abort();
  }
  return 0;
}
