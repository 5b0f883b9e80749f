// base/log.h — structured logs: a level, a sentence, and named fields.
//
//   MW_LOG(kInfo, "scrape failed", {{"target", target}, {"error", error.to_string()}});
//
// Text form:  2026-11-22T21:54:55.074595Z INFO  scrape failed target=127.0.0.1:9100 error="…"
// JSON form:  {"time":"…","level":"info","message":"scrape failed","target":"…"}
// Fields below the level set cost nothing. A Secret has no conversion to a field.
//
// Thread-safety: everything here may be called on any thread; one record is one write.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace midwatch {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };
enum class LogFormat : std::uint8_t { kText, kJson };

struct LogField {
  std::string_view name;
  std::string value;
  bool is_text = true;  // quoted in JSON

  LogField(std::string_view n, std::string_view v) : name(n), value(v) {}
  LogField(std::string_view n, const std::string& v) : name(n), value(v) {}
  LogField(std::string_view n, const char* v) : name(n), value(v) {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  LogField(std::string_view n, Number v) : name(n), value(number_text(v)), is_text(false) {}

 private:
  static std::string number_text(bool v);
  static std::string number_text(double v);
  static std::string number_text(std::int64_t v);
  static std::string number_text(std::uint64_t v);
  template <class Number>
  static std::string number_text(Number v) {
    if constexpr (std::is_floating_point_v<Number>) return number_text(static_cast<double>(v));
    else if constexpr (std::is_signed_v<Number>) return number_text(static_cast<std::int64_t>(v));
    else return number_text(static_cast<std::uint64_t>(v));
  }
};

// Where records go and which. The defaults: info, text, stderr. `sink` gets one whole line with its
// line feed; `time` gives the time stamp (base reads no clock).
struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
  std::function<void(std::string_view line)> sink{};  // empty: stderr
  std::function<std::string()> time{};                // empty: no time stamp
};
void set_log_options(LogOptions options);  // at start, before other threads log

[[nodiscard]] bool log_enabled(LogLevel level);
void log_write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

}  // namespace midwatch

// The fields are optional: MW_LOG(kInfo, "ready") or MW_LOG(kInfo, "ready", {{"port", port}}).
#define MW_LOG(level, message, ...)                                                            \
  do {                                                                                         \
    if (::midwatch::log_enabled(::midwatch::LogLevel::level)) {                                \
      ::midwatch::log_write(::midwatch::LogLevel::level, (message)__VA_OPT__(, ) __VA_ARGS__); \
    }                                                                                          \
  } while (false)
