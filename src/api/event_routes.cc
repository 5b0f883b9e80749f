// Trigger instances, what rules made of them, and incidents (spec 9.3).
#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "query/execution_view.h"
#include "query/why.h"

namespace midwatch {
namespace {

constexpr std::uint32_t kListDefault = 100;
constexpr std::uint32_t kEnforcementsDefault = 50;

void send(Result<Response> answer, Reply& reply) { reply(answer ? std::move(*answer) : fault(answer.error())); }

std::optional<std::uint32_t> shown_limit(const ListArguments& list) {
  return list.limited ? std::optional(list.limit) : std::nullopt;
}

// The page's records, each as `view` makes it.
template <class Record, class View>
Result<Response> answer_page(const Page<Record>& page, const ListArguments& list, View view) {
  std::vector<Value> out;
  out.reserve(page.items.size());
  for (const Record& record : page.items) {
    Result<Value> shape = view(record);
    if (!shape) return std::move(shape).error();
    out.push_back(select_attributes(*shape, list.attributes, {"id"}));
  }
  return list_answer(Value::array(std::move(out)), {page.total, shown_limit(list)});
}

// One record by the id in the path.
template <class Record, class View>
Result<Response> answer_one(const std::string& id, Result<Record> (StoreReader::*find)(ObjectId), StoreReader& store,
                            View view) {
  const auto parsed = ObjectId::parse(id);
  if (!parsed) return fault(404, unknown_id_text(id));
  auto record = (store.*find)(*parsed);
  if (!record) return record.error().code == Code::kNotFound ? fault(404, unknown_id_text(id)) : fault(record.error());
  Result<Value> shape = view(*record);
  if (!shape) return std::move(shape).error();
  return json_answer(*shape);
}

std::optional<TriggerInstance::State> state_named(std::string_view text) {
  using State = TriggerInstance::State;
  for (const State state : {State::kPending, State::kProcessing, State::kProcessed, State::kProcessingFailed}) {
    if (to_string(state) == text) return state;
  }
  return std::nullopt;
}

Result<Response> trigger_instances(const ApiState& api, const Request& request) {
  MW_TRY(const ListArguments list, list_arguments(request, kListDefault, "occurrence_time"));
  TriggerInstanceFilter filter;
  filter.trigger = text_argument(request, "trigger");
  // A trigger instance holds its type's reference.
  if (filter.trigger.empty()) filter.trigger = text_argument(request, "trigger_type");
  bool nothing = false;
  if (const std::string status = text_argument(request, "status"); !status.empty()) {
    filter.state = state_named(status);
    nothing = !filter.state;
  }
  MW_TRY(filter.after, time_argument(request, "timestamp_gt"));
  MW_TRY(filter.before, time_argument(request, "timestamp_lt"));
  MW_TRY(filter.ids, ids_argument(request, "id"));
  Page<TriggerInstance> page;
  if (!nothing) {
    MW_TRY(page, api.services.store->trigger_instances(filter, list.options()));
  }
  return answer_page(page, list,
                     [](const TriggerInstance& record) -> Result<Value> { return trigger_instance_view(record); });
}

// "shop.mend" of either parameter; the id of a rule is made of its reference and cannot be undone.
Result<EnforcementFilter> enforcement_filter(const Request& request) {
  MW_CHECK(refuse_filters(request, {"rule_id"}));
  EnforcementFilter filter;
  filter.rule = text_argument(request, "rule_ref");
  MW_TRY(filter.execution, id_argument(request, "execution"));
  MW_TRY(filter.trigger_instance, id_argument(request, "trigger_instance"));
  MW_TRY(filter.after, time_argument(request, "enforced_at_gt"));
  MW_TRY(filter.before, time_argument(request, "enforced_at_lt"));
  MW_TRY(filter.ids, ids_argument(request, "id"));
  return filter;
}

Result<Response> enforcements(const ApiState& api, const Request& request, bool overview) {
  MW_TRY(const ListArguments list, list_arguments(request, kEnforcementsDefault, "enforced_at"));
  MW_TRY(const EnforcementFilter filter, enforcement_filter(request));
  MW_TRY(const Page<RuleEnforcement> page, api.services.store->enforcements(filter, list.options()));
  ExecutionViews views(*api.services.store, api.services.content(), {.web_url = api.options.web_url});
  return answer_page(page, list, [&](const RuleEnforcement& record) -> Result<Value> {
    return overview ? views.enforcement_overview(record) : enforcement_view(record);
  });
}

Result<Response> incidents(const ApiState& api, const Request& request) {
  using State = Incident::State;
  MW_TRY(const ListArguments list, list_arguments(request, kListDefault, "opened_at"));
  std::optional<State> state;
  if (const std::string wanted = text_argument(request, "state"); !wanted.empty()) {
    for (const State known : {State::kOpen, State::kRepairing, State::kVerifying, State::kRemediated, State::kResolved,
                              State::kEscalated}) {
      if (to_string(known) == wanted) state = known;
    }
    if (!state) {
      return Error(Code::kInvalid, fmt::format("unknown state \"{}\"; expected open, repairing, verifying, remediated, "
                                               "resolved or escalated",
                                               wanted));
    }
  }
  MW_TRY(const Page<Incident> page, api.services.store->incidents(state, list.options()));
  return answer_page(page, list, [](const Incident& record) -> Result<Value> { return incident_view(record); });
}

}  // namespace

void list_trigger_instances(const ApiState& api, ApiCall call, Reply reply) {
  send(trigger_instances(api, call.request), reply);
}

void get_trigger_instance(const ApiState& api, ApiCall call, Reply reply) {
  send(answer_one(call.arguments.at(0), &StoreReader::trigger_instance, *api.services.store,
                  [](const TriggerInstance& record) -> Result<Value> { return trigger_instance_view(record); }),
       reply);
}

void get_trigger_instance_why(const ApiState& api, ApiCall call, Reply reply) {
  StoreReader& store = *api.services.store;
  send(answer_one(call.arguments.at(0), &StoreReader::trigger_instance, store,
                  [&](const TriggerInstance& record) { return explain_trigger_instance(store, record.id); }),
       reply);
}

void re_emit_trigger_instance(const ApiState& api, ApiCall call, Reply reply) {
  const std::string& id = call.arguments.at(0);
  const auto parsed = ObjectId::parse(id);
  if (!parsed) return reply(fault(404, unknown_id_text(id)));
  auto record = api.services.store->trigger_instance(*parsed);
  if (!record) {
    return reply(record.error().code == Code::kNotFound ? fault(404, unknown_id_text(id)) : fault(record.error()));
  }
  submit(api, ReEmitRequested{.original = std::move(*record)}, std::move(reply), [id](Result<Value> said) {
    if (!said) return fault(said.error());
    // The original's text, letter by letter: clients may look for it.
    return json_answer(Value::object({{"message", fmt::format("Trigger instance {} succesfully re-sent.", id)},
                                      {"payload", said->get("payload")},
                                      {"id", said->get("id")}}));
  });
}

void list_enforcements(const ApiState& api, ApiCall call, Reply reply) {
  send(enforcements(api, call.request, false), reply);
}
void list_enforcement_overviews(const ApiState& api, ApiCall call, Reply reply) {
  send(enforcements(api, call.request, true), reply);
}

void get_enforcement(const ApiState& api, ApiCall call, Reply reply) {
  send(answer_one(call.arguments.at(0), &StoreReader::enforcement, *api.services.store,
                  [](const RuleEnforcement& record) -> Result<Value> { return enforcement_view(record); }),
       reply);
}

void list_incidents(const ApiState& api, ApiCall call, Reply reply) { send(incidents(api, call.request), reply); }

void get_incident(const ApiState& api, ApiCall call, Reply reply) {
  send(answer_one(call.arguments.at(0), &StoreReader::incident, *api.services.store,
                  [](const Incident& record) -> Result<Value> { return incident_view(record); }),
       reply);
}

}  // namespace midwatch
