// settings/settings.h — every setting of `midwatch serve`, declared once.
//
// A setting has one name and three places to come from, later ones winning: the settings file (YAML,
// `--settings FILE`), the environment (MIDWATCH_<NAME>), a flag (--<name>). The table below is also
// what `midwatch serve --help` and docs/settings.md are printed from. An unknown name, a value of the
// wrong type or out of range is an error that says which of the three it came from.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/time.h"

namespace midwatch {

struct Settings {
  std::string data_dir = "midwatch-data";
  std::vector<std::string> packs;  // directories of packs, first wins; shipped packs are always there
  std::string configs_dir;         // empty: <data_dir>/configs
  std::string listen = "127.0.0.1:9101";
  std::string page_webhook;  // URL that gets a POST for each page; empty: pages are only logged
  std::string python = "/usr/bin/python3";
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  std::int64_t body_bytes_max = 1 << 20;
  std::int64_t queue_max = 8'192;
  std::int64_t running_max = 64;
  std::int64_t connections_max = 4'096;
  bool metrics_need_token = false;
  Duration verify_within = std::chrono::seconds(20);
  Duration drain_within = std::chrono::seconds(20);
  Duration samples_kept = std::chrono::hours(6);
  Duration checkpoint_every = std::chrono::seconds(5);
};

struct Setting {
  std::string_view name;   // "data_dir"; the flag is --data-dir, the variable MIDWATCH_DATA_DIR
  std::string_view value;  // what it takes: "DIR", "ADDRESS:PORT", "DURATION" …
  std::string_view help;   // starts with a verb, ends with a full stop
  Status (*set)(Settings& settings, std::string_view text);
  std::string (*show)(const Settings& settings);
};
[[nodiscard]] std::span<const Setting> setting_table();

// `file` is the text of the settings file, `flags` by setting name; `environment` answers for
// MIDWATCH_<NAME>. Duplicate packs directories are kept once.
struct SettingSources {
  std::string file_name{};
  std::optional<std::string> file_text{};
  std::function<std::optional<std::string>(const std::string& variable)> environment{};
  std::map<std::string, std::string> flags{};
};
[[nodiscard]] Result<Settings> load_settings(const SettingSources& sources);

// The settings as a Markdown table: docs/settings.md is this text, and a test compares it.
[[nodiscard]] std::string settings_table_markdown();

}  // namespace midwatch
