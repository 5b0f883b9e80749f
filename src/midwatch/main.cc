// The program: one table of commands, wired in reading order.
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "midwatch/serve.h"
#include "midwatch/simulate.h"
#include "midwatch/version.h"

int main(int argc, char** argv) {
  using namespace midwatch;
  std::vector<cli::Command> commands{serve_command(), cli::demo_command()};
  for (cli::Command& command : cli::client_commands()) commands.push_back(std::move(command));
  commands.push_back(simulate_command());
  commands.push_back(version_command());
  commands.push_back(reference_command());
  const std::vector<std::string> words(argv + 1, argv + argc);
  cli::Call call{{},
                 {},
                 [](const std::string& name) -> std::optional<std::string> {
                   const char* value = std::getenv(name.c_str());
                   return value == nullptr ? std::nullopt : std::optional<std::string>(value);
                 },
                 std::cout,
                 std::cerr};
  // --version is what people type first.
  const std::vector<std::string> version{"version"};
  const bool asks_version = !words.empty() && (words[0] == "--version" || words[0] == "-V");
  return static_cast<int>(cli::dispatch(commands, asks_version ? version : words, call));
}
