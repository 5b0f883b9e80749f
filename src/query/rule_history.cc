#include "query/rule_history.h"

#include <algorithm>
#include <functional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "rules/rule_matcher.h"

namespace midwatch {
namespace {

constexpr std::uint32_t kPage = 500;

// Calls `visit` with each recorded event of the rule's trigger and the verdict on it, newest first; stops when it says
// so. Returns how many there were.
Result<std::uint32_t> scan(StoreReader& store, Rule rule, const HistoryOptions& options,
                           const std::function<bool(const TriggerInstance&, const RuleVerdict&)>& visit) {
  rule.enabled = true;
  const Rule* rules[] = {&rule};
  MW_TRY(const RuleMatcher matcher, RuleMatcher::compile(rules));
  TriggerInstanceFilter filter;
  filter.trigger = rule.trigger;
  filter.after = options.since;
  const std::uint32_t scan_max = std::min(options.scan_max, kHistoryScanMax);
  std::uint32_t scanned = 0;
  while (scanned < scan_max) {
    const std::uint32_t wanted = std::min(kPage, scan_max - scanned);
    MW_TRY(const Page<TriggerInstance> page,
           store.trigger_instances(filter, {.limit = wanted, .offset = scanned, .count_total = false}));
    for (const TriggerInstance& instance : page.items) {
      ++scanned;
      const auto verdicts = matcher.explain(instance.trigger, instance.trigger_parameters, instance.payload,
                                            {.now = instance.occurrence_time});
      if (!verdicts.empty() && !visit(instance, verdicts.front())) return scanned;
    }
    if (page.items.size() < wanted) break;
  }
  return scanned;
}

ObjectBuilder event_of(const TriggerInstance& instance) {
  ObjectBuilder out;
  out.set("trigger_instance", instance.id.hex()).set("occurrence_time", to_iso8601(instance.occurrence_time));
  return out;
}

// Events for which the rule of this reference started something.
Result<std::unordered_set<std::string>> acted_on(StoreReader& store, const Rule& rule, const HistoryOptions& options) {
  EnforcementFilter filter;
  filter.rule = rule.ref();
  filter.after = options.since;
  std::unordered_set<std::string> out;
  const std::uint32_t scan_max = std::min(options.scan_max, kHistoryScanMax);
  for (std::uint32_t offset = 0; offset < scan_max; offset += kPage) {
    MW_TRY(const Page<RuleEnforcement> page,
           store.enforcements(filter, {.limit = kPage, .offset = offset, .count_total = false}));
    for (const RuleEnforcement& enforcement : page.items) {
      if (enforcement.execution) out.insert(enforcement.trigger_instance.hex());
    }
    if (page.items.size() < kPage) break;
  }
  return out;
}

}  // namespace

Result<Value> near_misses(StoreReader& store, const Rule& rule, const HistoryOptions& options) {
  std::vector<Value> found;
  MW_TRY(const std::uint32_t scanned,
         scan(store, rule, options, [&](const TriggerInstance& instance, const RuleVerdict& verdict) {
           if (verdict.unmet() != 1) return true;
           const Value shape = to_value(verdict);
           const Value criteria = shape.get("criteria");
           for (const Value& criterion : criteria.elements()) {
             if (criterion.get("matched").bool_or(false)) continue;
             ObjectBuilder event = event_of(instance);
             event.set("criterion", without_member(criterion, "matched"));
             found.push_back(std::move(event).build());
           }
           return found.size() < options.shown_max;
         }));
  ObjectBuilder out;
  out.set("rule", rule.ref()).set("scanned", scanned).set("near_misses", Value::array(std::move(found)));
  return std::move(out).build();
}

Result<Value> backtest(StoreReader& store, const Rule& rule, const HistoryOptions& options) {
  MW_TRY(const auto acted, acted_on(store, rule, options));
  std::uint32_t matched = 0;
  std::uint32_t failed = 0;
  std::uint32_t acted_count = 0;
  std::uint32_t only_now = 0;
  std::uint32_t only_then = 0;
  std::vector<Value> events;
  MW_TRY(const std::uint32_t scanned,
         scan(store, rule, options, [&](const TriggerInstance& instance, const RuleVerdict& verdict) {
           const bool then = acted.contains(instance.id.hex());
           matched += verdict.matched ? 1 : 0;
           failed += std::ranges::any_of(verdict.criteria, [](const auto& one) { return !one.error.empty(); }) ? 1 : 0;
           acted_count += then ? 1 : 0;
           only_now += verdict.matched && !then ? 1 : 0;
           only_then += !verdict.matched && then ? 1 : 0;
           if (verdict.matched != then && events.size() < options.shown_max) {
             ObjectBuilder event = event_of(instance);
             event.set("matched", verdict.matched).set("acted", then).set("reason", verdict.reason);
             events.push_back(std::move(event).build());
           }
           return true;
         }));
  ObjectBuilder out;
  out.set("rule", rule.ref()).set("scanned", scanned).set("matched", matched).set("failed", failed);
  out.set("acted", acted_count).set("only_now", only_now).set("only_then", only_then);
  out.set("events", Value::array(std::move(events)));
  return std::move(out).build();
}

}  // namespace midwatch
