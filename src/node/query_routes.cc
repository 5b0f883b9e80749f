#include "node/query_routes.h"

#include <charconv>
#include <optional>

#include <fmt/core.h>

#include "codec/json.h"

namespace midwatch::node {
namespace {

Result<std::string> required(const Request& request, std::string_view name) {
  const std::string* text = request.parameter(name);
  if (text == nullptr || text->empty()) return Error(Code::kInvalid, fmt::format("parameter \"{}\" is missing", name));
  return *text;
}

std::optional<double> as_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Seconds since 1970 with decimals, or ISO 8601.
Result<Instant> as_instant(std::string_view name, std::string_view text) {
  if (const auto number = as_number(text)) return Instant(duration_from_seconds(*number));
  auto parsed = parse_iso8601(text);
  if (!parsed) return std::move(parsed).error().within(fmt::format("parameter \"{}\"", name));
  return parsed;
}

// Seconds with decimals, or Prometheus' form.
Result<Duration> as_duration(std::string_view name, std::string_view text) {
  if (const auto number = as_number(text)) return duration_from_seconds(*number);
  auto parsed = parse_duration(text);
  if (!parsed) return std::move(parsed).error().within(fmt::format("parameter \"{}\"", name));
  return parsed;
}

Result<Value> instant_query(const Telemetry& telemetry, const Request& request) {
  MW_TRY(const std::string query, required(request, "query"));
  std::optional<Instant> at;
  if (const std::string* time = request.parameter("time")) {
    MW_TRY(at, as_instant("time", *time));
  }
  return telemetry.query(query, at);
}

Result<Value> range_query(const Telemetry& telemetry, const Request& request) {
  MW_TRY(const std::string query, required(request, "query"));
  MW_TRY(const std::string start, required(request, "start"));
  MW_TRY(const std::string end, required(request, "end"));
  MW_TRY(const std::string step, required(request, "step"));
  MW_TRY(const Instant from, as_instant("start", start));
  MW_TRY(const Instant to, as_instant("end", end));
  MW_TRY(const Duration every, as_duration("step", step));
  if (every <= Duration(0)) return Error(Code::kInvalid, "parameter \"step\": expected a positive duration");
  if (to < from) return Error(Code::kInvalid, "parameter \"end\": is before \"start\"");
  return telemetry.query_range(query, from, to, every);
}

Response answer(Result<Value> data) {
  if (data) return {.body = to_json(Value::object({{"status", "success"}, {"data", std::move(*data)}}))};
  const bool limit = data.error().code == Code::kLimit;
  return {.status = limit ? 422 : 400,
          .body = to_json(Value::object({{"status", "error"},
                                         {"errorType", limit ? "execution" : "bad_data"},
                                         {"error", data.error().to_string()}}))};
}

}  // namespace

std::vector<ExtraRoute> query_routes(const Telemetry& telemetry) {
  const auto route = [&telemetry](const char* path, Result<Value> (*run)(const Telemetry&, const Request&)) {
    return ExtraRoute{.method = "GET", .path = path, .handler = [&telemetry, run](const Request& request, Reply reply) {
                        reply(answer(run(telemetry, request)));
                      }};
  };
  return {route("/query", instant_query), route("/query_range", range_query)};
}

}  // namespace midwatch::node
