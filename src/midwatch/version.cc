#include "midwatch/version.h"

#include <ostream>

#include <fmt/core.h>

#include "codec/json.h"
#include "midwatch/serve.h"
#include "midwatch/simulate.h"
#include "settings/settings.h"

namespace midwatch {
namespace {

cli::Exit version(cli::Call& call) {
  if (call.has("--json")) {
    call.out << to_json(Value::object({{"version", MIDWATCH_VERSION}, {"compiler", __VERSION__}})) << "\n";
  } else {
    call.out << fmt::format("midwatch {}\n", MIDWATCH_VERSION);
  }
  return cli::Exit::kOk;
}

cli::Exit reference(cli::Call& call) {
  if (call.arguments[0] == "settings") {
    call.out << settings_table_markdown();
    return cli::Exit::kOk;
  }
  if (call.arguments[0] == "expressions") {
    call.out << cli::expression_names();
    return cli::Exit::kOk;
  }
  if (call.arguments[0] != "cli") {
    call.err << "usage: midwatch reference cli|settings|expressions\n";
    return cli::Exit::kUsage;
  }
  std::vector<cli::Command> commands{serve_command(), cli::demo_command()};
  for (cli::Command& command : cli::client_commands()) commands.push_back(std::move(command));
  for (cli::Command command : {simulate_command(), version_command(), reference_command()})
    commands.push_back(std::move(command));
  call.out << cli::commands_markdown(commands);
  return cli::Exit::kOk;
}

}  // namespace

cli::Command version_command() {
  return {"version", "", 0, 0, "Prints the version.", {{"--json", "", "Prints JSON."}}, {"midwatch version"}, version};
}

cli::Command reference_command() {
  return {"reference",
          "cli|settings|expressions",
          1,
          1,
          "Prints the reference of commands or settings as Markdown, or the names that expressions know.",
          {},
          {"midwatch reference settings"},
          reference};
}

}  // namespace midwatch
