// Packs and what is in them (spec 9.3): read from the content in force, so nothing here waits.
#include <algorithm>
#include <functional>

#include <fmt/core.h>

#include "api/arguments.h"
#include "api/body.h"
#include "api/handlers.h"
#include "query/content_view.h"

namespace midwatch {
namespace {

constexpr std::uint32_t kListDefault = 100;

// One list of the API: what there is, by which query parameters it is filtered, and the default limit
// (none: everything).
struct ContentList {
  std::optional<std::uint32_t> limit_default;
  std::vector<std::pair<std::string_view, std::string_view>> filters;  // parameter → attribute, dotted
  std::initializer_list<std::string_view> always;
};

const ContentList kPacks{kListDefault, {{"name", "name"}, {"ref", "ref"}, {"id", "id"}}, {"id", "ref", "name"}};
const ContentList kActions{std::nullopt, {{"name", "name"}, {"pack", "pack"}, {"id", "id"}}, {"id", "pack", "name"}};
const ContentList kRules{std::nullopt,
                         {{"name", "name"},
                          {"pack", "pack"},
                          {"action", "action.ref"},
                          {"trigger", "trigger.ref"},
                          {"enabled", "enabled"},
                          {"id", "id"}},
                         {"id", "pack", "name"}};
const ContentList kTriggerTypes{
    kListDefault, {{"name", "name"}, {"pack", "pack"}, {"id", "id"}}, {"id", "pack", "name"}};
const ContentList kTriggers{std::nullopt, {{"name", "name"}, {"pack", "pack"}, {"type", "type"}}, {"id"}};
const ContentList kRunners{kListDefault, {{"name", "name"}, {"id", "id"}}, {"id"}};

// A comma list for ids, true or false for flags, else the text itself.
bool passes(const Value& view, const std::string& wanted, std::string_view parameter, std::string_view attribute) {
  const Value* found = at_path(view, attribute);
  if (found == nullptr) return false;
  if (found->is_bool()) return wanted == (found->as_bool() ? "true" : "false");
  if (!found->is_string()) return false;
  if (parameter != "id") return found->as_string() == wanted;
  const std::string list = "," + wanted + ",";
  return list.find("," + found->to_text() + ",") != std::string::npos;
}

// Views are made only of what is on the page where no filter needs to look at them.
Result<Response> answer_list(const Request& request, const ContentList& list, std::size_t count,
                             const std::function<Value(std::size_t)>& view_of, bool with_total = true) {
  MW_TRY(const ListArguments arguments, list_arguments(request, list.limit_default));
  std::vector<std::pair<const std::string*, const std::pair<std::string_view, std::string_view>*>> wanted;
  for (const auto& filter : list.filters) {
    if (const std::string* value = request.parameter(filter.first)) wanted.emplace_back(value, &filter);
  }
  std::vector<Value> out;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const bool on_page = total >= arguments.offset && out.size() < arguments.limit;
    Value view;
    if (on_page || !wanted.empty()) view = view_of(i);
    const bool passed = std::ranges::all_of(wanted, [&](const auto& filter) {
      return passes(view, *filter.first, filter.second->first, filter.second->second);
    });
    if (!passed) continue;
    ++total;
    if (on_page) out.push_back(select_attributes(view, arguments.attributes, list.always));
  }
  Paging paging;
  if (with_total) paging.total = total;
  if (arguments.limited) paging.limit = arguments.limit;
  return list_answer(Value::array(std::move(out)), paging);
}

void send(Result<Response> answer, Reply& reply) { reply(answer ? std::move(*answer) : fault(answer.error())); }

template <class Thing, class View>
void send_one(const Thing* found, const ApiCall& call, Reply& reply, View view) {
  if (found == nullptr) return reply(fault(404, not_found_text(call.arguments.at(0))));
  reply(json_answer(view(*found)));
}

Result<Secrets> secrets_of(const Request& request) {
  MW_TRY(const std::optional<bool> shown, boolean_argument(request, "show_secrets"));
  return shown.value_or(false) ? Secrets::kShown : Secrets::kMasked;
}

using RuleShape = Value (*)(const Rule&, const Content&, Secrets);

Result<Response> rules_list(const ApiState& api, const Request& request, RuleShape shape) {
  MW_CHECK(refuse_filters(request, {"user"}));
  MW_TRY(const Secrets secrets, secrets_of(request));
  const auto content = api.services.content();
  const auto& rules = content->rules();
  return answer_list(request, kRules, rules.size(), [&](std::size_t i) { return shape(*rules[i], *content, secrets); });
}

void send_rule(const ApiState& api, const ApiCall& call, Reply& reply, RuleShape shape) {
  const auto secrets = secrets_of(call.request);
  if (!secrets) return reply(fault(secrets.error()));
  const auto content = api.services.content();
  send_one(find_rule(*content, call.arguments.at(0)), call, reply,
           [&](const Rule& rule) { return shape(rule, *content, *secrets); });
}

}  // namespace

void list_packs(const ApiState& api, ApiCall call, Reply reply) {
  const auto content = api.services.content();
  const auto packs = content->packs();
  send(answer_list(call.request, kPacks, packs.size(), [&](std::size_t i) { return pack_view(*packs[i]); }), reply);
}

void get_pack(const ApiState& api, ApiCall call, Reply reply) {
  const auto content = api.services.content();
  send_one(find_pack(*content, call.arguments.at(0)), call, reply, pack_view);
}

void register_packs(const ApiState& api, ApiCall call, Reply reply) {
  if (!api.services.reload) return reply(fault(501, "packs cannot be loaded again here"));
  auto body = parse_object_body(call.request);
  if (!body) return reply(fault(body.error()));
  auto counts = api.services.reload(*body);
  reply(counts ? json_answer(*counts) : fault(counts.error()));
}

void list_actions(const ApiState& api, ApiCall call, Reply reply) {
  const auto content = api.services.content();
  const auto& actions = content->actions();
  send(answer_list(call.request, kActions, actions.size(), [&](std::size_t i) { return action_view(*actions[i]); }),
       reply);
}

void get_action(const ApiState& api, ApiCall call, Reply reply) {
  const auto content = api.services.content();
  send_one(find_action(*content, call.arguments.at(0)), call, reply, action_view);
}

void list_action_overviews(const ApiState& api, ApiCall call, Reply reply) {
  const auto content = api.services.content();
  const auto& actions = content->actions();
  send(answer_list(call.request, kActions, actions.size(), [&](std::size_t i) { return action_overview(*actions[i]); }),
       reply);
}

void get_action_overview(const ApiState& api, ApiCall call, Reply reply) {
  const auto content = api.services.content();
  send_one(find_action(*content, call.arguments.at(0)), call, reply, action_overview);
}

void get_action_parameters(const ApiState& api, ApiCall call, Reply reply) {
  const auto content = api.services.content();
  send_one(find_action(*content, call.arguments.at(0)), call, reply,
           [](const Action& action) { return Value::object({{"parameters", merged_parameters(action)}}); });
}

void list_rules(const ApiState& api, ApiCall call, Reply reply) {
  send(rules_list(api, call.request, rule_view), reply);
}
void get_rule(const ApiState& api, ApiCall call, Reply reply) { send_rule(api, call, reply, rule_view); }
void list_rule_overviews(const ApiState& api, ApiCall call, Reply reply) {
  send(rules_list(api, call.request, rule_overview), reply);
}
void get_rule_overview(const ApiState& api, ApiCall call, Reply reply) { send_rule(api, call, reply, rule_overview); }

void list_trigger_types(const ApiState& api, ApiCall call, Reply reply) {
  const auto content = api.services.content();
  const auto& types = content->trigger_types();
  send(answer_list(call.request, kTriggerTypes, types.size(),
                   [&](std::size_t i) { return trigger_type_view(*types[i]); }),
       reply);
}

void get_trigger_type(const ApiState& api, ApiCall call, Reply reply) {
  const auto content = api.services.content();
  send_one(find_trigger_type(*content, call.arguments.at(0)), call, reply, trigger_type_view);
}

void list_triggers(const ApiState& api, ApiCall call, Reply reply) {
  const std::vector<Value> views = trigger_views(*api.services.content());
  send(answer_list(call.request, kTriggers, views.size(), [&](std::size_t i) { return views[i]; }, false), reply);
}

void list_runner_types(const ApiState& /*api*/, ApiCall call, Reply reply) {
  const auto runners = runner_types();
  send(answer_list(call.request, kRunners, runners.size(), [&](std::size_t i) { return runner_type_view(runners[i]); }),
       reply);
}

void get_runner_type(const ApiState& /*api*/, ApiCall call, Reply reply) {
  const RunnerType* found = find_runner_type(call.arguments.at(0));
  for (const RunnerType& runner : runner_types()) {
    if (found == nullptr && runner_type_view(runner).get("id") == Value(call.arguments.at(0))) found = &runner;
  }
  send_one(found, call, reply, runner_type_view);
}

}  // namespace midwatch
