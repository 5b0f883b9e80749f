#include <algorithm>
#include <ostream>
#include <sstream>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "cli/command.h"

namespace midwatch::cli {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::string usage_of(const Command& command) {
  std::string usage = fmt::format("midwatch {}", command.words);
  if (!command.options.empty()) usage += " [options]";
  if (!command.takes.empty()) usage += fmt::format(" {}", command.takes);
  return usage;
}

void print_help(const Command& command, std::ostream& out) {
  out << command.summary << "\n\nusage: " << usage_of(command) << "\n";
  if (!command.options.empty()) out << "\noptions:\n";
  for (const Option& option : command.options) {
    const std::string left = fmt::format("{}{}{}{}{}", option.brief, option.brief.empty() ? "" : ", ", option.name,
                                         option.value.empty() ? "" : " ", option.value);
    out << fmt::format("  {:<32} {}\n", left, option.help);
  }
  if (!command.examples.empty()) out << "\nexamples:\n";
  for (const std::string_view example : command.examples) out << "  " << example << "\n";
}

void print_overview(std::span<const Command> commands, std::ostream& out) {
  out << "Midwatch stands the watch from midnight to four, so that nobody has to.\n\n"
         "usage: midwatch COMMAND [options] …\n\ncommands:\n";
  for (const Command& command : commands) out << fmt::format("  {:<26} {}\n", command.words, command.summary);
  out << "\nmidwatch COMMAND --help says more of each, with examples.\n"
         "exit codes: 0 done, 1 it failed, 2 it was called wrongly\n";
}

// The command with the most words that argv begins with, and how many they are.
std::pair<const Command*, std::size_t> find_command(std::span<const Command> commands,
                                                    std::span<const std::string> argv) {
  std::pair<const Command*, std::size_t> best{nullptr, 0};
  for (const Command& command : commands) {
    const std::vector<std::string> words = words_of(command.words);
    if (words.size() <= argv.size() && words.size() > best.second &&
        std::equal(words.begin(), words.end(), argv.begin())) {
      best = {&command, words.size()};
    }
  }
  return best;
}

Exit unknown_command(std::span<const Command> commands, std::span<const std::string> argv, std::ostream& err) {
  std::string candidates;
  for (const Command& command : commands) {
    if (words_of(command.words).front() == argv[0]) candidates += fmt::format("\n  {}", usage_of(command));
  }
  if (candidates.empty()) {
    err << fmt::format("midwatch: there is no command '{}'; midwatch --help lists them\n", argv[0]);
  } else {
    err << fmt::format("midwatch: '{}' needs one more word:{}\n", argv[0], candidates);
  }
  return Exit::kUsage;
}

}  // namespace

std::string Call::get(const std::string& option, std::string_view fallback) const {
  const auto found = options.find(option);
  return found == options.end() ? std::string(fallback) : found->second;
}

Exit Call::fail(std::string_view text) const {
  err << "midwatch: " << text << "\n";
  return Exit::kFailed;
}

Exit Call::fail(const Error& error) const { return fail(error.to_string()); }

Exit dispatch(std::span<const Command> commands, std::span<const std::string> argv, Call& call) {
  const bool asks_help = argv.empty() || argv[0] == "--help" || argv[0] == "-h" || argv[0] == "help";
  if (asks_help && argv.size() <= 1) {
    print_overview(commands, call.out);
    return argv.empty() ? Exit::kUsage : Exit::kOk;
  }
  if (argv[0] == "help") argv = argv.subspan(1);
  const auto [command, word_count] = find_command(commands, argv);
  if (command == nullptr) return unknown_command(commands, argv, call.err);
  std::vector<std::string> rest(argv.begin() + static_cast<std::ptrdiff_t>(word_count), argv.end());
  if (asks_help || std::ranges::find(rest, "--help") != rest.end() || std::ranges::find(rest, "-h") != rest.end()) {
    print_help(*command, call.out);
    return Exit::kOk;
  }
  CLI::App app(std::string(command->summary), std::string(command->words));
  app.set_help_flag();
  std::map<std::string, std::string> texts;
  std::map<std::string, bool> flags;
  for (const Option& option : command->options) {
    const std::string name(option.name);
    const std::string names = option.brief.empty() ? name : std::string(option.brief) + "," + name;
    if (option.value.empty()) app.add_flag(names, flags[name]);
    else app.add_option(names, texts[name])->take_last();
  }
  app.add_option("arguments", call.arguments);
  try {
    std::ranges::reverse(rest);  // CLI11 takes them from the back
    app.parse(rest);
  } catch (const CLI::ParseError& error) {
    call.err << fmt::format("midwatch {}: {}\nusage: {}\n", command->words, error.what(), usage_of(*command));
    return Exit::kUsage;
  }
  for (const auto& [name, text] : texts) {
    if (app.get_option(name)->count() > 0) call.options[name] = text;
  }
  for (const auto& [name, given] : flags) {
    if (given) call.options[name] = "true";
  }
  if (call.arguments.size() < command->takes_min || call.arguments.size() > command->takes_max) {
    call.err << fmt::format("usage: {}\n", usage_of(*command));
    return Exit::kUsage;
  }
  return command->run(call);
}

std::vector<Option> with_client_options(std::vector<Option> options) {
  options.push_back({"--url", "URL", "Talks to the server there (MIDWATCH_URL; default http://127.0.0.1:9101)."});
  options.push_back({"--token-file", "FILE",
                     "Reads the token from FILE (MIDWATCH_TOKEN holds one, or MIDWATCH_TOKEN_FILE names a file)."});
  options.push_back({"--json", "", "Prints JSON."});
  return options;
}

std::string commands_markdown(std::span<const Command> commands) {
  std::string text;
  for (const Command& command : commands) {
    text += fmt::format("### `{}`\n\n{}\n\n", usage_of(command), command.summary);
    for (const Option& option : command.options) {
      text += fmt::format("- `{}{}{}{}{}`: {}\n", option.brief, option.brief.empty() ? "" : ", ", option.name,
                          option.value.empty() ? "" : " ", option.value, option.help);
    }
    if (!command.options.empty()) text += "\n";
    for (const std::string_view example : command.examples) text += fmt::format("    {}\n", example);
    if (!command.examples.empty()) text += "\n";
  }
  return text;
}

}  // namespace midwatch::cli
