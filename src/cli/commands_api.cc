// Commands that ask a running server: run, execution, rule, trigger-instance, incident, reload.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <ostream>
#include <thread>

#include <fmt/core.h>

#include "base/time.h"
#include "cli/api_client.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/rule_report.h"
#include "cli/table.h"
#include "codec/json.h"

namespace midwatch::cli {
namespace {

bool has_ended(const Value& execution) {
  const std::string status = execution.get("status").text_or("");
  return status == "succeeded" || status == "failed" || status == "timeout" || status == "canceled" ||
         status == "abandoned";
}

Result<Value> wait_for(ApiClient& client, const std::string& id) {
  auto pause = std::chrono::milliseconds(20);
  for (;;) {
    MW_TRY(Value execution, client.get("/executions/" + id));
    if (has_ended(execution)) return execution;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(500));
  }
}

}  // namespace

Exit print_json(Call& call, const Value& value) {
  call.out << to_json_pretty(value) << "\n";
  return Exit::kOk;
}

Result<Value> parse_parameters(std::span<const std::string> pairs) {
  ObjectBuilder parameters;
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error(Code::kInvalid, fmt::format("'{}' is not NAME=VALUE", pair));
    }
    const std::string text = pair.substr(equals + 1);
    auto parsed = parse_json(text);
    const bool typed = parsed && !parsed->is_null();
    parameters.set(pair.substr(0, equals), typed ? std::move(*parsed) : Value(text));
  }
  return std::move(parameters).build();
}

void print_execution(Call& call, const Value& execution) {
  const Value* action = execution.find("action");
  Table table({"property", "value"});
  table.add({"id", execution.get("id").text_or("")});
  table.add({"action.ref", action == nullptr ? "" : action->get("ref").text_or("")});
  table.add({"status", execution.get("status").text_or("")});
  table.add({"start_timestamp", execution.get("start_timestamp").text_or("")});
  table.add({"end_timestamp", execution.get("end_timestamp").text_or("")});
  table.add({"parameters", to_json(execution.get("parameters"))});
  call.out << table.text();
  const Value result = execution.get("result");
  if (!result.is_null()) call.out << "result:\n" << to_json_pretty(result) << "\n";
}

Exit follow_execution(Call& call, ApiClient& client, const Value& execution) {
  const std::string id = execution.get("id").text_or("");
  if (call.has("--async")) {
    if (call.has("--json")) return print_json(call, execution);
    call.out << id << "\n";
    return Exit::kOk;
  }
  const auto ended = wait_for(client, id);
  if (!ended) return call.fail(ended.error());
  if (call.has("--json")) print_json(call, *ended);
  else print_execution(call, *ended);
  return ended->get("status").text_or("") == "succeeded" ? Exit::kOk : Exit::kFailed;
}

Exit print_list(Call& call, const ListSpec& spec, const std::string& query) {
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  const auto items = client->get(fmt::format("{}?limit={}{}", spec.path, call.get("--limit", "50"), query));
  if (!items) return call.fail(items.error());
  if (call.has("--json")) return print_json(call, *items);
  Table table(spec.columns);
  for (const Value& item : items->elements()) {
    std::vector<std::string> row;
    for (const std::string& column : spec.columns) {
      const Value* cell = at_path(item, column);
      row.push_back(cell == nullptr || cell->is_null() ? "" : cell->is_string() ? cell->to_text() : to_json(*cell));
    }
    table.add(std::move(row));
  }
  call.out << table.text();
  return Exit::kOk;
}

namespace {

Exit run_action(Call& call) {
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  const auto parameters = parse_parameters(std::span(call.arguments).subspan(1));
  if (!parameters) {
    call.err << "midwatch run: " << parameters.error().to_string() << "\n";
    return Exit::kUsage;
  }
  auto execution =
      client->post("/executions", Value::object({{"action", call.arguments[0]}, {"parameters", *parameters}}));
  if (!execution) return call.fail(execution.error());
  return follow_execution(call, *client, *execution);
}

std::string filter(const Call& call, const std::string& option, const std::string& parameter) {
  return call.has(option) ? fmt::format("&{}={}", parameter, percent_encode(call.get(option))) : "";
}

Exit list_executions(Call& call) {
  return print_list(call, {"/executions", {"id", "action.ref", "status", "start_timestamp", "elapsed_seconds"}},
                    filter(call, "--action", "action") + filter(call, "--status", "status") +
                        (call.has("--all") ? "" : "&parent=null"));
}
Exit list_rules(Call& call) {
  return print_list(call, {"/rules", {"ref", "enabled", "trigger.type", "action.ref", "description"}},
                    filter(call, "--pack", "pack"));
}
Exit list_trigger_instances(Call& call) {
  return print_list(call, {"/triggerinstances", {"id", "trigger", "occurrence_time", "status"}},
                    filter(call, "--trigger", "trigger"));
}
Exit list_incidents(Call& call) {
  return print_list(call, {"/incidents", {"id", "state", "detector", "opened_at", "closed_at", "people_woken"}}, "");
}

Exit get_json(Call& call, const std::string& path) {
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  const auto value = client->get(path + percent_encode(call.arguments[0]));
  if (!value) return call.fail(value.error());
  return print_json(call, *value);
}

Exit get_execution(Call& call) {
  if (call.has("--json")) return get_json(call, "/executions/");
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  const auto execution = client->get("/executions/" + percent_encode(call.arguments[0]));
  if (!execution) return call.fail(execution.error());
  print_execution(call, *execution);
  return Exit::kOk;
}
Exit get_rule(Call& call) { return get_json(call, "/rules/"); }
Exit get_trigger_instance(Call& call) { return get_json(call, "/triggerinstances/"); }

Exit execution_output(Call& call) {
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  const auto text = client->get_text("/executions/" + percent_encode(call.arguments[0]) + "/output");
  if (!text) return call.fail(text.error());
  call.out << *text << (text->empty() || text->ends_with('\n') ? "" : "\n");
  return Exit::kOk;
}

Exit cancel_execution(Call& call) {
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  const auto answer = client->remove("/executions/" + percent_encode(call.arguments[0]));
  if (!answer) return call.fail(answer.error());
  if (const Value* refused = answer->find("faultstring")) return call.fail(refused->text_or(""));
  if (call.has("--json")) return print_json(call, *answer);
  call.out << fmt::format("{} {}\n", call.arguments[0], answer->get("status").text_or(""));
  return Exit::kOk;
}

void print_why(Call& call, const Value& why) {
  const Value instance = why.get("trigger_instance");
  call.out << fmt::format("trigger instance {} of {} at {}\n", instance.get("id").text_or(""),
                          instance.get("trigger").text_or(""), instance.get("occurrence_time").text_or(""));
  const Value rules = why.get("rules");
  if (rules.size() == 0) call.out << "no rule listens to this trigger\n";
  for (const Value& rule : rules.elements()) {
    call.out << "\n";
    print_verdict(call.out, rule);
  }
}

Exit why(Call& call) {
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  const auto answer = client->get("/triggerinstances/" + percent_encode(call.arguments[0]) + "/why");
  if (!answer) return call.fail(answer.error());
  if (call.has("--json")) return print_json(call, *answer);
  print_why(call, *answer);
  return Exit::kOk;
}

Exit near_misses(Call& call) {
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  const auto answer =
      client->get(fmt::format("/rules/{}/near_misses?limit={}&scan={}", percent_encode(call.arguments[0]),
                              call.get("--limit", "20"), call.get("--scan", "10000")));
  if (!answer) return call.fail(answer.error());
  if (call.has("--json")) return print_json(call, *answer);
  for (const Value& miss : answer->get("near_misses").elements()) {
    const Value criterion = miss.get("criterion");
    call.out << fmt::format("{}  {}  {} {} {}   (it was {})\n", miss.get("occurrence_time").text_or(""),
                            miss.get("trigger_instance").text_or(""), criterion.get("key").text_or(""),
                            criterion.get("type").text_or(""), to_json(criterion.get("pattern")),
                            to_json(criterion.get("value")));
  }
  call.out << fmt::format("{} of {} recorded events failed by one criterion of {}\n", answer->get("near_misses").size(),
                          answer->get("scanned").int_or(0), answer->get("rule").text_or(""));
  return Exit::kOk;
}

// A file, or the reference of a rule of the server.
Result<Value> backtest_body(const std::string& named) {
  std::ifstream file(named);
  if (!file) return Value::object({{"ref", named}});
  return Value::object({{"rule", std::string(std::istreambuf_iterator<char>(file), {})}});
}

Exit backtest(Call& call) {
  const auto since = parse_duration(call.get("--since", "30d"));
  if (!since) {
    call.err << "midwatch rule backtest: --since: " << since.error().to_string() << "\n";
    return Exit::kUsage;
  }
  const auto body = backtest_body(call.arguments[0]);
  if (!body) return call.fail(body.error());
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  const Instant now(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
  const auto answer = client->post(fmt::format("/rules/backtest?limit={}&scan={}&since={}", call.get("--limit", "20"),
                                               call.get("--scan", "100000"), percent_encode(to_iso8601(now - *since))),
                                   *body);
  if (!answer) return call.fail(answer.error());
  if (call.has("--json")) return print_json(call, *answer);
  const auto count = [&](const char* name) { return answer->get(name).int_or(0); };
  call.out << fmt::format("{} against {} recorded events: matches {}, acted then on {}\n",
                          answer->get("rule").text_or(""), count("scanned"), count("matched"), count("acted"));
  call.out << fmt::format("  new: {}   no longer: {}   with errors: {}\n", count("only_now"), count("only_then"),
                          count("failed"));
  for (const Value& event : answer->get("events").elements()) {
    call.out << fmt::format("  {} {}  {}  {}\n", event.get("matched").bool_or(false) ? "+" : "-",
                            event.get("occurrence_time").text_or(""), event.get("trigger_instance").text_or(""),
                            event.get("reason").text_or(""));
  }
  return Exit::kOk;
}

Exit get_incident(Call& call) {
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  const auto incident = client->get("/incidents/" + percent_encode(call.arguments[0]));
  if (!incident) return call.fail(incident.error());
  if (call.has("--json")) return print_json(call, *incident);
  call.out << fmt::format("incident {}: {}, {} woken\n", incident->get("id").text_or(""),
                          incident->get("state").text_or(""), incident->get("people_woken").int_or(0));
  for (const Value& entry : incident->get("timeline").elements()) {
    call.out << fmt::format("  {}  {}\n", entry.get("at").text_or(""), entry.get("text").text_or(""));
  }
  return Exit::kOk;
}

Exit reload(Call& call) {
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  const auto answer = client->post("/packs/register", Value::object({}));
  if (!answer) return call.fail(answer.error());
  return print_json(call, *answer);
}

const Option kLimit{"--limit", "N", "Shows at most N, newest first (default 50)."};

std::vector<Command> execution_commands() {
  return {
      {"run",
       "ACTION [NAME=VALUE…]",
       1,
       1'000,
       "Runs an action, waits for it and prints its result; exit 1 unless it succeeded.",
       with_client_options({{"--async", "", "Prints the id and does not wait."}}),
       {"midwatch run core.local cmd='uptime'", "midwatch run demo.repair within=5 --json"},
       run_action},
      {"execution list",
       "",
       0,
       0,
       "Lists executions, newest first.",
       with_client_options({kLimit,
                            {"--action", "REF", "Shows only executions of this action."},
                            {"--status", "STATUS", "Shows only executions with this status."},
                            {"--all", "", "Shows tasks of workflows too."}}),
       {"midwatch execution list --status failed"},
       list_executions},
      {"execution get",
       "ID",
       1,
       1,
       "Shows one execution; 'last' is the newest.",
       with_client_options({}),
       {"midwatch execution get last"},
       get_execution},
      {"execution output",
       "ID",
       1,
       1,
       "Prints what the action has written so far.",
       with_client_options({}),
       {"midwatch execution output last"},
       execution_output},
      {"execution cancel",
       "ID",
       1,
       1,
       "Cancels an execution that has not ended.",
       with_client_options({}),
       {"midwatch execution cancel 6b0364af62a1e6291a0a1d0c"},
       cancel_execution},
  };
}

// Rules as the server has them, and what its records say of them.
std::vector<Command> rule_record_commands() {
  std::vector<Command> commands;
  commands.push_back({"rule list",
                      "",
                      0,
                      0,
                      "Lists rules.",
                      with_client_options({kLimit, {"--pack", "REF", "Shows only rules of this pack."}}),
                      {"midwatch rule list --pack demo"},
                      list_rules});
  commands.push_back(
      {"rule get", "REF", 1, 1, "Shows one rule.", with_client_options({}), {"midwatch rule get demo.slow"}, get_rule});
  commands.push_back({"rule near-misses",
                      "REF",
                      1,
                      1,
                      "Lists recorded events that failed by exactly one criterion of a rule.",
                      with_client_options({{"--limit", "N", "Shows at most N, newest first (default 20)."},
                                           {"--scan", "N", "Looks at the last N events (default 10000)."}}),
                      {"midwatch rule near-misses demo.slow"},
                      near_misses});
  commands.push_back({"rule backtest",
                      "REF|FILE",
                      1,
                      1,
                      "Says what a rule would have done with recorded events.",
                      with_client_options({{"--since", "SPAN", "Looks at events of this span (default 30d)."},
                                           {"--limit", "N", "Shows at most N events that differ (default 20)."},
                                           {"--scan", "N", "Looks at the last N events (default 100000)."}}),
                      {"midwatch rule backtest packs/demo/rules/slow.yaml --since 30d"},
                      backtest});
  return commands;
}

}  // namespace

std::vector<Command> api_commands() {
  std::vector<Command> commands = execution_commands();
  for (Command& command : control_commands()) commands.push_back(std::move(command));
  for (Command& command : rule_record_commands()) commands.push_back(std::move(command));
  commands.push_back({"trigger-instance list",
                      "",
                      0,
                      0,
                      "Lists what occurred, newest first.",
                      with_client_options({kLimit, {"--trigger", "REF", "Shows only this trigger."}}),
                      {"midwatch trigger-instance list --trigger midwatch.anomaly"},
                      list_trigger_instances});
  commands.push_back({"trigger-instance get",
                      "ID",
                      1,
                      1,
                      "Shows one trigger instance.",
                      with_client_options({}),
                      {"midwatch trigger-instance get 6b0364af62a1e6291a0a1d0c"},
                      get_trigger_instance});
  commands.push_back({"trigger-instance why",
                      "ID",
                      1,
                      1,
                      "Says for each rule and each criterion why it did or did not match.",
                      with_client_options({}),
                      {"midwatch trigger-instance why 6b0364af62a1e6291a0a1d0c"},
                      why});
  commands.push_back({"incident list",
                      "",
                      0,
                      0,
                      "Lists incidents, newest first.",
                      with_client_options({kLimit}),
                      {"midwatch incident list"},
                      list_incidents});
  commands.push_back({"incident get",
                      "ID",
                      1,
                      1,
                      "Shows the timeline of one incident.",
                      with_client_options({}),
                      {"midwatch incident get 6b0364af62a1e6291a0a1d0c"},
                      get_incident});
  commands.push_back({"reload",
                      "",
                      0,
                      0,
                      "Loads the packs again; a pack with errors is refused and the running one stays.",
                      with_client_options({}),
                      {"midwatch reload"},
                      reload});
  return commands;
}

}  // namespace midwatch::cli
