#include "midwatch/serve.h"

#include <sys/signalfd.h>
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <ostream>

#include <fmt/core.h>

#include "base/log.h"
#include "cli/share.h"
#include "node/clock.h"
#include "node/node.h"
#include "settings/settings.h"

namespace midwatch {
namespace {

// Signals are read, not handled: SIGTERM and SIGINT end, SIGHUP loads the packs again. They must be
// blocked before any thread starts.
int signals_to_read() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  // A file that may grow no further is an error of write(), not the end.
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_CLOEXEC);
}

int next_signal(int descriptor) {
  signalfd_siginfo info{};
  while (read(descriptor, &info, sizeof info) != sizeof info) {
    if (errno != EINTR) return SIGTERM;
  }
  return static_cast<int>(info.ssi_signo);
}

Result<Settings> settings_of(const cli::Call& call) {
  SettingSources sources;
  sources.environment = call.environment;
  if (call.has("--settings")) {
    sources.file_name = call.get("--settings");
    std::ifstream file(sources.file_name);
    if (!file) return Error(Code::kNotFound, fmt::format("{}: cannot be read", sources.file_name));
    sources.file_text.emplace(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  for (const auto& [option, value] : call.options) {
    if (option == "--settings") continue;
    std::string name = option.substr(2);
    std::ranges::replace(name, '-', '_');
    sources.flags[name] = value;
  }
  return load_settings(sources);
}

cli::Exit serve(cli::Call& call) {
  const int signals = signals_to_read();
  auto settings = settings_of(call);
  if (!settings) {
    call.err << "midwatch serve: " << settings.error().to_string() << "\n";
    return cli::Exit::kUsage;
  }
  const auto share = cli::share_dir();
  if (!share) return call.fail(share.error());
  static node::Clock log_clock;
  set_log_options({.level = settings->log_level, .format = settings->log_format, .sink = {}, .time = [] {
                     return to_iso8601(log_clock.now());
                   }});
  auto started = node::Node::start(std::move(*settings), *share);
  if (!started) return call.fail(started.error());
  node::Node& node = **started;
  for (;;) {
    const int number = next_signal(signals);
    if (number != SIGHUP) {
      MW_LOG(kInfo, "stopping", {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
      break;
    }
    if (Status reloaded = node.reload(); !reloaded) {
      MW_LOG(kError, "the packs were not loaded; the running ones stay", {{"error", reloaded.error().to_string()}});
    }
  }
  node.stop();
  close(signals);
  return cli::Exit::kOk;
}

// The options are the table of settings.
std::vector<cli::Option> serve_options() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> made;
    for (const Setting& setting : setting_table()) {
      made.push_back("--" + std::string(setting.name));
      std::ranges::replace(made.back(), '_', '-');
    }
    return made;
  }();
  std::vector<cli::Option> options{
      {"--settings", "FILE", "Reads settings from FILE; flags and MIDWATCH_… variables win."}};
  for (std::size_t i = 0; i < names.size(); ++i) {
    options.push_back({names[i], setting_table()[i].value, setting_table()[i].help});
  }
  return options;
}

}  // namespace

cli::Command serve_command() {
  return {"serve",
          "",
          0,
          0,
          "Runs the engine until SIGTERM; SIGHUP loads the packs again.",
          serve_options(),
          {"midwatch serve --packs packs --data-dir /var/lib/midwatch"},
          serve};
}

}  // namespace midwatch
