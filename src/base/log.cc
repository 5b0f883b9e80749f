#include "base/log.h"

#include <atomic>
#include <cstdio>
#include <mutex>

#include <fmt/core.h>

namespace midwatch {
namespace {

struct Logger {
  std::mutex mutex;
  LogOptions options;
  std::atomic<LogLevel> level{LogLevel::kInfo};
};

Logger& logger() {
  static Logger instance;
  return instance;
}

constexpr std::string_view kNames[] = {"debug", "info", "warning", "error"};
constexpr std::string_view kTags[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
          out += c;
        }
    }
  }
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '=' || c == '\\' || c == 0x7f) return true;
  }
  return false;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

std::string text_line(const std::string& time, LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
  std::string line = time.empty() ? "" : time + " ";
  line += kTags[static_cast<std::size_t>(level)];
  line += ' ';
  append_escaped(line, message);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    if (field.is_text && needs_quotes(field.value)) append_quoted(line, field.value);
    else line += field.value;
  }
  return line + "\n";
}

std::string json_line(const std::string& time, LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
  std::string line = "{";
  if (!time.empty()) line += fmt::format("\"time\":\"{}\",", time);
  line += fmt::format("\"level\":\"{}\",\"message\":", kNames[static_cast<std::size_t>(level)]);
  append_quoted(line, message);
  for (const LogField& field : fields) {
    line += ',';
    append_quoted(line, field.name);
    line += ':';
    if (field.is_text) append_quoted(line, field.value);
    else line += field.value;
  }
  return line + "}\n";
}

}  // namespace

std::string LogField::number_text(bool v) { return v ? "true" : "false"; }
std::string LogField::number_text(double v) {
  // JSON has no infinities; as text they are worth keeping.
  return v - v == 0 ? fmt::format("{}", v) : fmt::format("\"{}\"", v);
}
std::string LogField::number_text(std::int64_t v) { return fmt::format("{}", v); }
std::string LogField::number_text(std::uint64_t v) { return fmt::format("{}", v); }

void set_log_options(LogOptions options) {
  Logger& log = logger();
  const std::lock_guard lock(log.mutex);
  log.level.store(options.level, std::memory_order_relaxed);
  log.options = std::move(options);
}

bool log_enabled(LogLevel level) { return level >= logger().level.load(std::memory_order_relaxed); }

void log_write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  Logger& log = logger();
  const std::lock_guard lock(log.mutex);
  const std::string time = log.options.time ? log.options.time() : std::string();
  const std::string line = log.options.format == LogFormat::kJson ? json_line(time, level, message, fields)
                                                                  : text_line(time, level, message, fields);
  if (log.options.sink) log.options.sink(line);
  else std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace midwatch
