#include "settings/settings.h"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "codec/yaml.h"
#include "value/value.h"

namespace midwatch {
namespace {

Status set_number(std::int64_t& target, std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    return Error(Code::kInvalid, fmt::format("'{}' is not an integer from {} to {}", text, least, most));
  }
  target = number;
  return {};
}

Status set_duration(Duration& target, std::string_view text, Duration least, Duration most) {
  MW_TRY(const Duration span, parse_duration(text));
  if (span < least || span > most) {
    return Error(Code::kInvalid,
                 fmt::format("'{}' is not between {} and {}", text, to_duration_text(least), to_duration_text(most)));
  }
  target = span;
  return {};
}

template <class T>
Status set_choice(T& target, std::string_view text, std::span<const std::pair<std::string_view, T>> choices) {
  std::string names;
  for (const auto& [name, value] : choices) {
    if (name == text) {
      target = value;
      return {};
    }
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return Error(Code::kInvalid, fmt::format("'{}' is none of {}", text, names));
}

constexpr std::pair<std::string_view, LogLevel> kLevels[] = {{"debug", LogLevel::kDebug},
                                                             {"info", LogLevel::kInfo},
                                                             {"warning", LogLevel::kWarning},
                                                             {"error", LogLevel::kError}};
constexpr std::pair<std::string_view, LogFormat> kFormats[] = {{"text", LogFormat::kText}, {"json", LogFormat::kJson}};
constexpr std::pair<std::string_view, bool> kBooleans[] = {
    {"true", true}, {"false", false}, {"yes", true}, {"no", false}};

template <class T>
std::string choice_name(T value, std::span<const std::pair<std::string_view, T>> choices) {
  const auto found = std::ranges::find(choices, value, [](const auto& choice) { return choice.second; });
  return std::string(found->first);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ":") + part;
  return text;
}

Status set_packs(Settings& s, std::string_view text) {
  s.packs.clear();
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string part(text.substr(0, colon));
    if (!part.empty() && std::ranges::find(s.packs, part) == s.packs.end()) s.packs.push_back(part);
    text = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  }
  return {};
}

Status set_listen(Settings& s, std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::int64_t port = 0;
  if (colon == std::string_view::npos || colon == 0 || !set_number(port, text.substr(colon + 1), 0, 65'535)) {
    return Error(Code::kInvalid,
                 fmt::format("'{}' is not an address and a port; expected a form like 127.0.0.1:9101", text));
  }
  s.listen = text;
  return {};
}

Status set_page_webhook(Settings& s, std::string_view text) {
  if (!text.empty() && !text.starts_with("http://") && !text.starts_with("https://")) {
    return Error(Code::kInvalid, "not a URL; expected a form like https://pager.example.com/hook");
  }
  s.page_webhook = text;
  return {};
}

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Setting kTable[] = {
    {"data_dir", "DIR", "Keeps the store, the samples, the configuration and the first token in DIR.",
     [](Settings& s, std::string_view t) -> Status {
       s.data_dir = t;
       return {};
     },
     [](const Settings& s) { return s.data_dir; }},
    {"packs", "DIR[:DIR…]", "Loads the packs in these directories, and the packs that ship with Midwatch.", set_packs,
     [](const Settings& s) { return joined(s.packs); }},
    {"configs_dir", "DIR",
     "Reads <pack>.yaml, the configuration of a pack, in DIR (default: configs in the data directory).",
     [](Settings& s, std::string_view t) -> Status {
       s.configs_dir = t;
       return {};
     },
     [](const Settings& s) { return s.configs_dir; }},
    {"listen", "ADDRESS:PORT", "Serves the API there; port 0 takes a free one and writes it to <data_dir>/api.addr.",
     set_listen, [](const Settings& s) { return s.listen; }},
    {"page_webhook", "URL", "Sends pages there as JSON (default: pages are only logged).", set_page_webhook,
     [](const Settings& s) { return s.page_webhook; }},
    {"python", "PATH", "Runs python-script actions with this interpreter.",
     [](Settings& s, std::string_view t) -> Status {
       s.python = t;
       return {};
     },
     [](const Settings& s) { return s.python; }},
    {"log_level", "LEVEL", "Logs debug, info, warning or error and above.",
     [](Settings& s, std::string_view t) { return set_choice<LogLevel>(s.log_level, t, kLevels); },
     [](const Settings& s) { return choice_name<LogLevel>(s.log_level, kLevels); }},
    {"log_format", "FORMAT", "Logs as text or json.",
     [](Settings& s, std::string_view t) { return set_choice<LogFormat>(s.log_format, t, kFormats); },
     [](const Settings& s) { return choice_name<LogFormat>(s.log_format, kFormats); }},
    {"body_bytes_max", "BYTES", "Refuses request bodies beyond this with 413.",
     [](Settings& s, std::string_view t) { return set_number(s.body_bytes_max, t, 1'024, 64 << 20); },
     [](const Settings& s) { return std::to_string(s.body_bytes_max); }},
    {"queue_max", "COUNT", "Lets so many requests wait for the engine; further ones get 429.",
     [](Settings& s, std::string_view t) { return set_number(s.queue_max, t, 1, 1'000'000); },
     [](const Settings& s) { return std::to_string(s.queue_max); }},
    {"running_max", "COUNT", "Runs so many actions at once; further ones wait.",
     [](Settings& s, std::string_view t) { return set_number(s.running_max, t, 1, 10'000); },
     [](const Settings& s) { return std::to_string(s.running_max); }},
    {"connections_max", "COUNT", "Keeps so many connections; further ones get 503.",
     [](Settings& s, std::string_view t) { return set_number(s.connections_max, t, 1, 100'000); },
     [](const Settings& s) { return std::to_string(s.connections_max); }},
    {"metrics_need_token", "BOOLEAN", "Asks for a token at /metrics too.",
     [](Settings& s, std::string_view t) { return set_choice<bool>(s.metrics_need_token, t, kBooleans); },
     [](const Settings& s) { return choice_name<bool>(s.metrics_need_token, kBooleans); }},
    {"verify_within", "DURATION", "Gives a repaired symptom this long to go before the repair counts as failed.",
     [](Settings& s, std::string_view t) { return set_duration(s.verify_within, t, seconds(1), hours(24)); },
     [](const Settings& s) { return to_duration_text(s.verify_within); }},
    {"drain_within", "DURATION", "Waits this long for what is under way when it stops.",
     [](Settings& s, std::string_view t) { return set_duration(s.drain_within, t, seconds(0), hours(1)); },
     [](const Settings& s) { return to_duration_text(s.drain_within); }},
    {"samples_kept", "DURATION", "Keeps samples in memory for this long.",
     [](Settings& s, std::string_view t) {
       return set_duration(s.samples_kept, t, std::chrono::minutes(1), hours(24 * 30));
     },
     [](const Settings& s) { return to_duration_text(s.samples_kept); }},
    {"checkpoint_every", "DURATION", "Writes the samples to disk this often.",
     [](Settings& s, std::string_view t) { return set_duration(s.checkpoint_every, t, milliseconds(500), hours(1)); },
     [](const Settings& s) { return to_duration_text(s.checkpoint_every); }},
};

std::string variable_of(std::string_view name) {
  std::string variable = "MIDWATCH_";
  for (const char c : name) variable += c == '_' ? '_' : static_cast<char>(c - 'a' + 'A');
  return variable;
}

const Setting* find_setting(std::string_view name) {
  const auto found = std::ranges::find(kTable, name, &Setting::name);
  return found == std::end(kTable) ? nullptr : found;
}

std::string known_names() {
  std::string names;
  for (const Setting& setting : kTable) names += (names.empty() ? "" : ", ") + std::string(setting.name);
  return names;
}

Status apply_file(Settings& settings, const SettingSources& sources) {
  if (!sources.file_text) return {};
  MW_TRY(const YamlNode root, parse_yaml(*sources.file_text, sources.file_name));
  if (root.kind == YamlNode::Kind::kScalar && root.text.empty()) return {};
  if (root.kind != YamlNode::Kind::kMapping) {
    return Error(Code::kInvalid, "expected a mapping of settings", {sources.file_name, root.line, root.column});
  }
  for (const YamlPair& pair : root.pairs) {
    const Location where{sources.file_name, pair.key.line, pair.key.column};
    const Setting* setting = find_setting(pair.key.text);
    if (setting == nullptr) {
      return Error(Code::kInvalid, fmt::format("unknown setting '{}'", pair.key.text), where,
                   "known settings are " + known_names());
    }
    std::string text = pair.value.text;
    if (pair.value.kind == YamlNode::Kind::kSequence) {
      for (const YamlNode& item : pair.value.items) text += (text.empty() ? "" : ":") + item.text;
    }
    if (Status done = setting->set(settings, text); !done) {
      return std::move(done).error().within(pair.key.text).at({sources.file_name, pair.value.line, pair.value.column});
    }
  }
  return {};
}

}  // namespace

std::span<const Setting> setting_table() { return kTable; }

Result<Settings> load_settings(const SettingSources& sources) {
  Settings settings;
  MW_CHECK(apply_file(settings, sources));
  for (const Setting& setting : kTable) {
    if (!sources.environment) break;
    const std::string variable = variable_of(setting.name);
    const auto text = sources.environment(variable);
    if (!text) continue;
    if (Status done = setting.set(settings, *text); !done)
      return std::move(done).error().within("environment variable " + variable);
  }
  for (const auto& [name, text] : sources.flags) {
    const Setting* setting = find_setting(name);
    if (setting == nullptr) return Error(Code::kInvalid, fmt::format("unknown setting '{}'", name));
    if (Status done = setting->set(settings, text); !done) {
      std::string flag = "--" + name;
      std::ranges::replace(flag, '_', '-');
      return std::move(done).error().within(flag);
    }
  }
  if (settings.data_dir.empty()) return Error(Code::kInvalid, "data_dir: expected a directory");
  return settings;
}

std::string settings_table_markdown() {
  const Settings defaults;
  std::string text = "| setting | flag | environment | default | what it does |\n|---|---|---|---|---|\n";
  for (const Setting& setting : kTable) {
    std::string flag(setting.name);
    std::ranges::replace(flag, '_', '-');
    const std::string shown = setting.show(defaults);
    text += fmt::format("| `{}` | `--{} {}` | `{}` | {} | {} |\n", setting.name, flag, setting.value,
                        variable_of(setting.name), shown.empty() ? "" : "`" + shown + "`", setting.help);
  }
  return text;
}

}  // namespace midwatch
