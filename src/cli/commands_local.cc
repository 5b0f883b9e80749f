// Commands that need no server.
#include <ostream>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/share.h"
#include "codec/json.h"
#include "packs/packs.h"

namespace midwatch::cli {
namespace {

Exit validate(Call& call) {
  packs::ValidateOptions options;
  if (const auto shipped = packs_dir()) options.known = {*shipped + "/core", *shipped + "/midwatch"};
  const packs::ValidationReport report = packs::validate(call.arguments, options);
  if (call.has("--json")) call.out << to_json_pretty(report.to_value()) << "\n";
  else call.out << report.to_text();
  return report.ok() ? Exit::kOk : Exit::kFailed;
}

}  // namespace

std::vector<Command> local_commands() {
  return {
      {"validate",
       "PATH…",
       1,
       1'000,
       "Checks packs and reports everything that is wrong with them; exit 1 with errors.",
       {{"--json", "", "Prints JSON."}},
       {"midwatch validate packs/hello", "midwatch validate packs/* --json"},
       validate},
      eval_command(),
  };
}

std::vector<Command> client_commands() {
  std::vector<Command> commands = local_commands();
  for (Command& command : rule_commands()) commands.push_back(std::move(command));
  for (Command& command : workflow_commands()) commands.push_back(std::move(command));
  for (Command& command : api_commands()) commands.push_back(std::move(command));
  return commands;
}

}  // namespace midwatch::cli
