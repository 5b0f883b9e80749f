// A rule against recorded events: near misses and backtests. Midwatch's own.
#include <fmt/core.h>

#include "api/arguments.h"
#include "api/body.h"
#include "api/handlers.h"
#include "codec/yaml.h"
#include "model/pack_parser.h"
#include "query/content_view.h"
#include "query/rule_history.h"

namespace midwatch {
namespace {

void send(Result<Value> answer, Reply& reply) { reply(answer ? json_answer(*answer) : fault(answer.error())); }

Result<std::uint32_t> count_argument(const Request& request, std::string_view name, std::uint32_t fallback,
                                     std::uint32_t most) {
  MW_TRY(const auto given, integer_argument(request, name));
  if (!given) return fallback;
  if (*given < 1 || *given > static_cast<std::int64_t>(most)) {
    return Error(Code::kInvalid, fmt::format("{} is {}, expected 1 to {}", name, *given, most));
  }
  return static_cast<std::uint32_t>(*given);
}

Result<HistoryOptions> history_options(const Request& request) {
  HistoryOptions options;
  MW_TRY(options.scan_max, count_argument(request, "scan", options.scan_max, kHistoryScanMax));
  MW_TRY(options.shown_max, count_argument(request, "limit", options.shown_max, kListedMax));
  MW_TRY(options.since, time_argument(request, "since"));
  return options;
}

Result<Value> misses(const ApiState& api, const ApiCall& call) {
  MW_TRY(const HistoryOptions options, history_options(call.request));
  const auto content = api.services.content();
  const Rule* rule = find_rule(*content, call.arguments.at(0));
  if (rule == nullptr) return Error(Code::kNotFound, unknown_id_text(call.arguments.at(0)));
  return near_misses(*api.services.store, *rule, options);
}

// The text of a rule file, or the reference of a rule that is loaded.
Result<Rule> rule_of(const Content& content, const Value& body) {
  const std::string ref = body.get("ref").text_or("");
  if (!ref.empty()) {
    const Rule* rule = find_rule(content, ref);
    if (rule == nullptr) return Error(Code::kNotFound, unknown_id_text(ref));
    return *rule;
  }
  const Value* text = body.find("rule");
  if (text == nullptr || !text->is_string()) {
    return Error(Code::kInvalid, "expected `rule`, the text of a rule file, or `ref`, the reference of a rule");
  }
  MW_TRY(const Value shape, parse_yaml_value(text->as_string(), "rule"));
  Diagnostics diagnostics;
  auto rule = parse_rule(text->as_string(), "rule", shape.get("pack").text_or("default"), diagnostics);
  if (!rule || diagnostics.has_errors()) return diagnostics.to_error();
  return std::move(*rule);
}

Result<Value> tested(const ApiState& api, const ApiCall& call) {
  MW_TRY(const HistoryOptions options, history_options(call.request));
  MW_TRY(const Value body, parse_object_body(call.request));
  const auto content = api.services.content();
  MW_TRY(const Rule rule, rule_of(*content, body));
  return backtest(*api.services.store, rule, options);
}

}  // namespace

void get_rule_near_misses(const ApiState& api, ApiCall call, Reply reply) { send(misses(api, call), reply); }
void backtest_rule(const ApiState& api, ApiCall call, Reply reply) { send(tested(api, call), reply); }

}  // namespace midwatch
