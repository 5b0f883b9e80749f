#include "api/route.h"

#include <algorithm>
#include <array>

#include "api/handlers.h"

namespace midwatch {
namespace {

using enum Route::Runs;
constexpr auto kOpen = Route::Access::kOpen;
constexpr auto kToken = Route::Access::kToken;

// The webhook comes first: it is the path of every event. Fixed names stand before the patterns that
// would take them ("actions/views/overview" before "actions/{ref_or_id}").
constexpr std::array kRoutes = {
    Route{"POST", "webhooks/{hook*}", kToken, kAtOnce, post_webhook},
    Route{"GET", "webhooks", kToken, kAtOnce, list_webhooks},
    Route{"GET", "webhooks/{hook*}", kToken, kAtOnce, get_webhook},

    Route{"GET", "executions", kToken, kOffloaded, list_executions},
    Route{"POST", "executions", kToken, kAtOnce, post_execution},
    Route{"GET", "executions/{id}", kToken, kOffloaded, get_execution},
    Route{"PUT", "executions/{id}", kToken, kOffloaded, put_execution},
    Route{"DELETE", "executions/{id}", kToken, kOffloaded, delete_execution},
    Route{"POST", "executions/{id}/re_run", kToken, kOffloaded, re_run_execution},
    Route{"GET", "executions/{id}/result", kToken, kOffloaded, get_execution_result},
    Route{"GET", "executions/{id}/output", kToken, kOffloaded, get_execution_output},
    Route{"GET", "executions/{id}/children", kToken, kOffloaded, get_execution_children},
    Route{"GET", "executions/{id}/attribute/{attribute}", kToken, kOffloaded, get_execution_attribute},

    Route{"GET", "inquiries", kToken, kOffloaded, list_inquiries},
    Route{"GET", "inquiries/{id}", kToken, kOffloaded, get_inquiry},
    Route{"PUT", "inquiries/{id}", kToken, kOffloaded, put_inquiry},

    Route{"GET", "packs", kToken, kAtOnce, list_packs},
    Route{"POST", "packs/register", kToken, kOffloaded, register_packs},
    Route{"GET", "packs/{ref_or_id}", kToken, kAtOnce, get_pack},
    Route{"GET", "actions", kToken, kAtOnce, list_actions},
    Route{"GET", "actions/views/overview", kToken, kAtOnce, list_action_overviews},
    Route{"GET", "actions/views/overview/{ref_or_id}", kToken, kAtOnce, get_action_overview},
    Route{"GET", "actions/views/parameters/{ref_or_id}", kToken, kAtOnce, get_action_parameters},
    Route{"GET", "actions/{ref_or_id}", kToken, kAtOnce, get_action},
    Route{"GET", "rules", kToken, kAtOnce, list_rules},
    Route{"GET", "rules/views", kToken, kAtOnce, list_rule_overviews},
    Route{"GET", "rules/views/{ref_or_id}", kToken, kAtOnce, get_rule_overview},
    Route{"GET", "rules/{ref_or_id}", kToken, kAtOnce, get_rule},
    Route{"GET", "rules/{ref_or_id}/near_misses", kToken, kOffloaded, get_rule_near_misses},
    Route{"POST", "rules/backtest", kToken, kOffloaded, backtest_rule},
    Route{"GET", "triggertypes", kToken, kAtOnce, list_trigger_types},
    Route{"GET", "triggertypes/{ref_or_id}", kToken, kAtOnce, get_trigger_type},
    Route{"GET", "triggers", kToken, kAtOnce, list_triggers},
    Route{"GET", "runnertypes", kToken, kAtOnce, list_runner_types},
    Route{"GET", "runnertypes/{name_or_id}", kToken, kAtOnce, get_runner_type},

    Route{"GET", "triggerinstances", kToken, kOffloaded, list_trigger_instances},
    Route{"GET", "triggerinstances/{id}", kToken, kOffloaded, get_trigger_instance},
    Route{"GET", "triggerinstances/{id}/why", kToken, kOffloaded, get_trigger_instance_why},
    Route{"POST", "triggerinstances/{id}/re_emit", kToken, kOffloaded, re_emit_trigger_instance},
    Route{"POST", "triggerinstances/{id}/re_send", kToken, kOffloaded, re_emit_trigger_instance},
    Route{"GET", "ruleenforcements", kToken, kOffloaded, list_enforcements},
    Route{"GET", "ruleenforcements/views", kToken, kOffloaded, list_enforcement_overviews},
    Route{"GET", "ruleenforcements/{id}", kToken, kOffloaded, get_enforcement},
    Route{"GET", "incidents", kToken, kOffloaded, list_incidents},
    Route{"GET", "incidents/{id}", kToken, kOffloaded, get_incident},

    Route{"GET", "keys", kToken, kOffloaded, list_keys},
    Route{"GET", "keys/{name*}", kToken, kOffloaded, get_key},
    Route{"PUT", "keys/{name*}", kToken, kAtOnce, put_key},
    Route{"DELETE", "keys/{name*}", kToken, kAtOnce, delete_key},

    Route{"GET", "user", kToken, kAtOnce, get_user},
    Route{"GET", "healthz", kOpen, kAtOnce, get_health},
    Route{"GET", "readyz", kOpen, kAtOnce, get_readiness},
    Route{"GET", "metrics", kOpen, kAtOnce, get_metrics},
    Route{"GET", "", kOpen, kAtOnce, get_root},
};

std::string_view without_prefix(std::string_view path, std::string_view segment) {
  if (!path.starts_with(segment)) return path;
  const std::string_view rest = path.substr(segment.size());
  if (!rest.empty() && rest.front() != '/') return path;
  return rest.empty() ? rest : rest.substr(1);
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

std::string_view inner_path(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  path = without_prefix(path, "api");
  const std::string_view inner = without_prefix(path, "v1");
  return inner.size() != path.size() ? inner : without_prefix(path, "exp");
}

bool match_pattern(std::string_view pattern, std::string_view path, std::vector<std::string>& arguments) {
  arguments.clear();
  while (true) {
    const std::size_t pattern_end = std::min(pattern.find('/'), pattern.size());
    const std::string_view expected = pattern.substr(0, pattern_end);
    if (expected.starts_with('{') && expected.ends_with("*}")) {
      if (path.empty()) return false;
      arguments.emplace_back(path);
      return true;
    }
    const std::size_t path_end = std::min(path.find('/'), path.size());
    const std::string_view found = path.substr(0, path_end);
    if (expected.starts_with('{')) {
      if (found.empty()) return false;
      arguments.emplace_back(found);
    } else if (expected != found) {
      return false;
    }
    const bool pattern_done = pattern_end == pattern.size();
    const bool path_done = path_end == path.size();
    if (pattern_done || path_done) return pattern_done && path_done;
    pattern.remove_prefix(pattern_end + 1);
    path.remove_prefix(path_end + 1);
  }
}

}  // namespace midwatch
