// Commands about rules that need no server: rule match and rule test.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <ostream>

#include <fmt/core.h>

#include "base/time.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/rule_report.h"
#include "codec/json.h"
#include "codec/yaml.h"
#include "model/pack_parser.h"
#include "params/render_parameters.h"
#include "rules/rule_case.h"
#include "rules/rule_matcher.h"

namespace midwatch::cli {
namespace {

Result<std::string> read_text(const std::string& name) {
  if (name == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(name);
  if (!file) return Error(Code::kNotFound, fmt::format("{}: cannot be read", name));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Exit usage(Call& call, const Error& error) {
  call.err << "midwatch: " << error.to_string() << "\n";
  return Exit::kUsage;
}

Exit match_batch(Call& call) {
  if (!call.has("--batch")) {
    call.err << "midwatch rule match: --batch FILE.jsonl is missing; one rule against one event: midwatch rule test\n";
    return Exit::kUsage;
  }
  const auto text = read_text(call.get("--batch"));
  if (!text) return call.fail(text.error());
  for (std::string_view rest = *text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    call.out << answer_rule_case(line) << '\n';
  }
  return Exit::kOk;
}

Result<Rule> read_rule(const std::string& name) {
  MW_TRY(const std::string text, read_text(name));
  Diagnostics diagnostics;
  MW_TRY(const Value shape, parse_yaml_value(text, name));
  auto rule = parse_rule(text, name, shape.get("pack").text_or("default"), diagnostics);
  if (rule) {
    for (const Error& error : RuleMatcher::check(*rule)) diagnostics.error(error);
  }
  if (!rule || diagnostics.has_errors()) return diagnostics.to_error();
  rule->enabled = true;
  return std::move(*rule);
}

// {"trigger": reference, "payload": {…}}
Result<Value> read_event(const std::string& name) {
  MW_TRY(const std::string text, read_text(name));
  MW_TRY(Value event, parse_yaml_value(text, name));  // JSON is YAML, but for tabs and escapes
  if (!event.is_object() || event.find("payload") == nullptr) {
    return Error(Code::kInvalid, fmt::format("{}: expected a mapping with `trigger` and `payload`", name));
  }
  return event;
}

Exit test_rule(Call& call) {
  if (!call.has("--rule") || !call.has("--event")) {
    call.err << "midwatch rule test: give --rule FILE and --event FILE\n";
    return Exit::kUsage;
  }
  const auto rule = read_rule(call.get("--rule"));
  if (!rule) return usage(call, rule.error());
  const auto event = read_event(call.get("--event"));
  if (!event) return usage(call, event.error());
  CriteriaContext context;
  context.now = Instant(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
  if (const std::string at = call.get("--now", event->get("occurrence_time").text_or("")); !at.empty()) {
    const auto now = parse_iso8601(at);
    if (!now) return usage(call, now.error());
    context.now = *now;
  }
  const Rule* rules[] = {&*rule};
  const auto matcher = RuleMatcher::compile(rules);
  if (!matcher) return usage(call, matcher.error());
  const std::string trigger = event->get("trigger").text_or(rule->trigger);
  const Value payload = event->get("payload");
  const Value parameters = event->find("parameters") != nullptr ? event->get("parameters") : rule->trigger_parameters;
  ObjectBuilder report;
  const auto verdicts = matcher->explain(trigger, parameters, payload, context);
  const bool matched = !verdicts.empty() && verdicts.front().matched;
  report.set("rule", rule->ref()).set("matched", matched);
  if (verdicts.empty()) {
    report.set("reason", fmt::format("the rule is about {} and the event is of {}", rule->trigger, trigger));
  } else {
    report = ObjectBuilder(to_value(verdicts.front()));
  }
  if (matched) {
    report.set("action", rule->action);
    ParameterRequest request;
    request.supplied = rule->action_parameters;
    request.contexts = Value::object({{"trigger", payload}});
    const auto rendered = render_live_parameters(request);
    if (rendered) report.set("parameters", *rendered);
    else report.set("parameters_error", rendered.error().to_string());
  }
  const Value shape = std::move(report).build();
  if (call.has("--json")) call.out << to_json_pretty(shape) << "\n";
  else print_verdict(call.out, shape);
  return matched ? Exit::kOk : Exit::kFailed;
}

}  // namespace

std::vector<Command> rule_commands() {
  return {
      {"rule match",
       "",
       0,
       0,
       "Runs recorded cases of criteria and operators and prints one line a case.",
       {{"--batch", "FILE", "Reads cases from this file, one JSON object a line; - is standard input."}},
       {"midwatch rule match --batch tests/conformance/expressions/operators.jsonl"},
       match_batch},
      {"rule test",
       "",
       0,
       0,
       "Says whether a rule file matches an event file, and why; exit 1 when it does not.",
       {{"--rule", "FILE", "Reads the rule; it counts as enabled."},
        {"--event", "FILE", "Reads `trigger` and `payload`, as YAML or JSON."},
        {"--now", "TIME",
         "Takes this as the time of the event, for td_lt and td_gt (default: its occurrence_time, else now)."},
        {"--json", "", "Prints JSON."}},
       {"midwatch rule test --rule rules/restart.yaml --event event.json"},
       test_rule},
  };
}

}  // namespace midwatch::cli
