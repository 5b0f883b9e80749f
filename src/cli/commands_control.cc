// Commands that steer executions that are there: pause, resume, re-run, and inquiries.
#include <algorithm>
#include <ostream>

#include <fmt/core.h>

#include "cli/api_client.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "codec/json.h"

namespace midwatch::cli {
namespace {

// "a,b" → ["a", "b"]
std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    if (end > at) words.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

Value array_of(const std::vector<std::string>& words) {
  return Value::array(std::vector<Value>(words.begin(), words.end()));
}

// Each id is tried; one that is refused does not keep the others from it.
Exit put_status(Call& call, std::string_view status) {
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  Exit exit = Exit::kOk;
  for (const std::string& id : call.arguments) {
    const auto answer = client->put("/executions/" + percent_encode(id), Value::object({{"status", status}}));
    if (!answer) {
      exit = call.fail(answer.error());
    } else if (call.has("--json")) {
      print_json(call, *answer);
    } else {
      call.out << fmt::format("{} {}\n", id, answer->get("status").text_or(""));
    }
  }
  return exit;
}

Exit pause_executions(Call& call) { return put_status(call, "pausing"); }
Exit resume_executions(Call& call) { return put_status(call, "resuming"); }

Exit re_run(Call& call) {
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  const auto parameters = parse_parameters(std::span(call.arguments).subspan(1));
  if (!parameters) {
    call.err << "midwatch execution re-run: " << parameters.error().to_string() << "\n";
    return Exit::kUsage;
  }
  const std::vector<std::string> tasks = words_of(call.get("--tasks"));
  const std::vector<std::string> kept = words_of(call.get("--no-reset"));
  std::vector<std::string> reset;
  std::ranges::copy_if(tasks, std::back_inserter(reset),
                       [&](const std::string& task) { return std::ranges::find(kept, task) == kept.end(); });
  ObjectBuilder body;
  body.set_if(parameters->size() != 0, "parameters", *parameters);
  body.set_if(!tasks.empty(), "tasks", array_of(tasks));
  body.set_if(!reset.empty(), "reset", array_of(reset));
  const auto execution =
      client->post("/executions/" + percent_encode(call.arguments[0]) + "/re_run", std::move(body).build());
  if (!execution) return call.fail(execution.error());
  return follow_execution(call, *client, *execution);
}

Exit list_inquiries(Call& call) {
  return print_list(call, {"/inquiries", {"id", "roles", "users", "route", "ttl"}}, "");
}

Exit get_inquiry(Call& call) {
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  const auto inquiry = client->get("/inquiries/" + percent_encode(call.arguments[0]));
  if (!inquiry) return call.fail(inquiry.error());
  return print_json(call, *inquiry);
}

Exit respond(Call& call) {
  const auto usage = [&](std::string_view text) {
    call.err << "midwatch inquiry respond: " << text << "\n";
    return Exit::kUsage;
  };
  Result<Value> response = parse_parameters(std::span(call.arguments).subspan(1));
  if (call.has("--response")) {
    if (call.arguments.size() > 1) return usage("give NAME=VALUE or --response, not both");
    response = parse_json(call.get("--response"));
  } else if (call.arguments.size() == 1) {
    return usage("a response is needed: NAME=VALUE, or --response JSON");
  }
  if (!response) return usage(response.error().to_string());
  auto client = ApiClient::from(call);
  if (!client) return call.fail(client.error());
  const std::string& id = call.arguments[0];
  const auto answer =
      client->put("/inquiries/" + percent_encode(id), Value::object({{"id", id}, {"response", *response}}));
  if (!answer) return call.fail(answer.error());
  if (call.has("--json")) return print_json(call, *answer);
  call.out << fmt::format("{} {}\n", id, to_json(answer->get("response")));
  return Exit::kOk;
}

constexpr std::size_t kIdsMax = 1'000;

}  // namespace

std::vector<Command> control_commands() {
  return {
      {"execution pause",
       "ID…",
       1,
       kIdsMax,
       "Pauses workflows: what runs ends, nothing new starts.",
       with_client_options({}),
       {"midwatch execution pause 6b0364af62a1e6291a0a1d0c"},
       pause_executions},
      {"execution resume",
       "ID…",
       1,
       kIdsMax,
       "Resumes workflows that are paused.",
       with_client_options({}),
       {"midwatch execution resume 6b0364af62a1e6291a0a1d0c"},
       resume_executions},
      {"execution re-run",
       "ID [NAME=VALUE…]",
       1,
       kIdsMax,
       "Runs an execution again, whole or from some tasks of its workflow on; waits like run.",
       with_client_options({{"--tasks", "A,B", "Runs only these tasks of an Orquesta workflow and what follows them."},
                            {"--no-reset", "A,B", "Of these tasks, repeats only the items that failed."},
                            {"--async", "", "Prints the id and does not wait."}}),
       {"midwatch execution re-run 6b0364af62a1e6291a0a1d0c service=db",
        "midwatch execution re-run 6b0364af62a1e6291a0a1d0c --tasks restart,check"},
       re_run},
      {"inquiry list",
       "",
       0,
       0,
       "Lists inquiries that wait for a response.",
       with_client_options({{"--limit", "N", "Shows at most N, newest first (default 50)."}}),
       {"midwatch inquiry list"},
       list_inquiries},
      {"inquiry get",
       "ID",
       1,
       1,
       "Shows an inquiry with the schema of its response.",
       with_client_options({}),
       {"midwatch inquiry get 6b0364af62a1e6291a0a1d0c"},
       get_inquiry},
      {"inquiry respond",
       "ID [NAME=VALUE…]",
       1,
       kIdsMax,
       "Responds to an inquiry.",
       with_client_options({{"--response", "JSON", "Gives the response as a whole."}}),
       {"midwatch inquiry respond 6b0364af62a1e6291a0a1d0c continue=true"},
       respond},
  };
}

}  // namespace midwatch::cli
