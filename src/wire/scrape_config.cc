#include "wire/scrape_config.h"

#include <algorithm>
#include <set>
#include <span>

#include <fmt/core.h>

namespace midwatch {
namespace {

Error expected(std::string_view where, std::string_view what, const Value& found) {
  static constexpr std::string_view kKinds[] = {"nothing",  "a boolean", "an integer", "an integer",
                                                "a number", "a text",    "a list",     "a mapping"};
  return Error(Code::kInvalid,
               fmt::format("{}: expected {}, found {}", where, what, kKinds[static_cast<std::size_t>(found.kind())]));
}

Status refuse_unknown(const Value& mapping, std::span<const std::string_view> known, std::string_view where) {
  for (const Value::Member& member : mapping.members()) {
    if (std::ranges::find(known, member.name()) != known.end()) continue;
    std::string names;
    for (const std::string_view name : known) names += (names.empty() ? "" : ", ") + std::string(name);
    return Error(Code::kInvalid, fmt::format("{}: unknown key '{}'", where, member.name()), {},
                 "known keys are " + names);
  }
  return {};
}

bool is_label_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<ScrapeTargets> parse_group(const Value& group, std::string_view where) {
  if (!group.is_object()) return expected(where, "a mapping with targets", group);
  static constexpr std::string_view kKnown[] = {"targets", "labels"};
  MW_CHECK(refuse_unknown(group, kKnown, where));
  ScrapeTargets out;
  const Value targets = group.get("targets");
  if (!targets.is_array()) return expected(fmt::format("{}.targets", where), "a list of host:port", targets);
  for (const Value& target : targets.elements()) {
    const bool has_port = target.is_string() && target.as_string().rfind(':') != std::string_view::npos;
    if (!has_port) return expected(fmt::format("{}.targets[{}]", where, out.targets.size()), "host:port", target);
    out.targets.push_back(target.to_text());
  }
  if (out.targets.size() > kScrapeTargetsMax) {
    return Error(Code::kLimit, fmt::format("{}.targets: {} targets, at most {} are allowed", where, out.targets.size(),
                                           kScrapeTargetsMax));
  }
  const Value labels = group.get("labels");
  if (!labels.is_null() && !labels.is_object()) return expected(fmt::format("{}.labels", where), "a mapping", labels);
  for (const Value::Member& label : labels.members()) {
    const bool valid = is_label_name(label.name()) && label.value.is_string();
    if (!valid)
      return expected(fmt::format("{}.labels.{}", where, label.name()), "a label name with a text", label.value);
    out.labels.emplace_back(label.name(), label.value.to_text());
  }
  return out;
}

Result<std::vector<ScrapeTargets>> parse_groups(const Value& groups, std::string_view where) {
  std::vector<ScrapeTargets> out;
  if (groups.is_null()) return out;
  if (!groups.is_array()) return expected(where, "a list", groups);
  for (const Value& group : groups.elements()) {
    MW_TRY(ScrapeTargets parsed, parse_group(group, fmt::format("{}[{}]", where, out.size())));
    out.push_back(std::move(parsed));
  }
  return out;
}

Status read_duration(const Value& config, std::string_view key, std::string_view where, Duration& out) {
  const Value value = config.get(key);
  if (value.is_null()) return {};
  const std::string place = fmt::format("{}.{}", where, key);
  if (!value.is_string()) return expected(place, "a duration like 15s", value);
  auto span = parse_duration(value.as_string());
  if (!span) return std::move(span).error().within(place);
  if (*span < std::chrono::milliseconds(10)) return Error(Code::kInvalid, place + ": expected at least 10ms");
  out = *span;
  return {};
}

Result<ScrapeConfig> parse_config(const Value& config, const std::string& where) {
  if (!config.is_object()) return expected(where, "a mapping", config);
  static constexpr std::string_view kKnown[] = {"job_name", "scrape_interval", "scrape_timeout", "metrics_path",
                                                "scheme",   "static_configs",  "file_sd_configs"};
  MW_CHECK(refuse_unknown(config, kKnown, where));
  ScrapeConfig out;
  out.job_name = config.get("job_name").text_or("");
  if (out.job_name.empty()) return expected(where + ".job_name", "a text", config.get("job_name"));
  MW_CHECK(read_duration(config, "scrape_interval", where, out.interval));
  out.timeout = std::min(out.timeout, out.interval);
  MW_CHECK(read_duration(config, "scrape_timeout", where, out.timeout));
  if (out.timeout > out.interval) {
    return Error(Code::kInvalid, where + ".scrape_timeout: is longer than the interval");
  }
  out.metrics_path = config.get("metrics_path").text_or(out.metrics_path);
  if (!out.metrics_path.starts_with('/'))
    return Error(Code::kInvalid, where + ".metrics_path: expected a path that begins with '/'");
  out.scheme = config.get("scheme").text_or(out.scheme);
  if (out.scheme != "http" && out.scheme != "https")
    return Error(Code::kInvalid, where + ".scheme: expected http or https");
  MW_TRY(out.static_targets, parse_groups(config.get("static_configs"), where + ".static_configs"));
  for (const Value& sd : config.get("file_sd_configs").elements()) {
    if (!sd.get("files").is_array())
      return expected(where + ".file_sd_configs[].files", "a list of paths", sd.get("files"));
    for (const Value& file : sd.get("files").elements()) {
      if (!file.is_string() || file.size() == 0) return expected(where + ".file_sd_configs[].files[]", "a path", file);
      out.sd_files.push_back(file.to_text());
    }
  }
  return out;
}

}  // namespace

Result<std::vector<ScrapeTargets>> parse_scrape_targets(const Value& groups) { return parse_groups(groups, "targets"); }

Result<std::vector<ScrapeConfig>> parse_scrape_configs(const Value& configs) {
  std::vector<ScrapeConfig> out;
  if (configs.is_null()) return out;
  if (!configs.is_array()) return expected("scrape_configs", "a list", configs);
  if (configs.size() > kScrapeJobsMax) {
    return Error(Code::kLimit,
                 fmt::format("scrape_configs: {} jobs, at most {} are allowed", configs.size(), kScrapeJobsMax));
  }
  std::set<std::string> seen;
  for (const Value& config : configs.elements()) {
    MW_TRY(ScrapeConfig parsed, parse_config(config, fmt::format("scrape_configs[{}]", out.size())));
    if (!seen.insert(parsed.job_name).second) {
      return Error(Code::kInvalid,
                   fmt::format("scrape_configs[{}].job_name: '{}' is there twice", out.size(), parsed.job_name));
    }
    out.push_back(std::move(parsed));
  }
  return out;
}

}  // namespace midwatch
