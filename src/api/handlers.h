// api/handlers.h — the functions behind the routes, by the file that holds them.
//
// Each answers its Reply exactly once, at once or later. Those that read the store run on the blocking
// pool (route.h); those that only ask the engine do not block, and answer when what they asked for is
// durable.
#pragma once

#include <memory>
#include <utility>

#include "api/answer.h"
#include "api/route.h"
#include "api/services.h"

namespace midwatch {

struct ApiState {
  ApiServices services;
  ApiOptions options;
};

// Hands an input to the engine. `answer` makes the response out of what the engine said; it runs on any
// thread and must not block. A full queue is 429.
template <class Answer>
void submit(const ApiState& api, Input input, Reply reply, Answer answer) {
  // Shared, because a full queue leaves the reply to us after it was bound into the callback.
  auto shared = std::make_shared<Reply>(std::move(reply));
  const bool taken =
      api.services.inbox->submit(std::move(input), [shared, answer = std::move(answer)](Result<Value> said) mutable {
        (*shared)(said ? answer(std::move(*said)) : answer(std::move(said).error()));
      });
  if (!taken) (*shared)(fault(429, "the engine has more to do than it can take: come back in a moment"));
}

// webhooks.cc
void post_webhook(const ApiState& api, ApiCall call, Reply reply);
void list_webhooks(const ApiState& api, ApiCall call, Reply reply);
void get_webhook(const ApiState& api, ApiCall call, Reply reply);

// executions.cc and execution_changes.cc
void list_executions(const ApiState& api, ApiCall call, Reply reply);
void get_execution(const ApiState& api, ApiCall call, Reply reply);
void get_execution_result(const ApiState& api, ApiCall call, Reply reply);
void get_execution_output(const ApiState& api, ApiCall call, Reply reply);
void get_execution_attribute(const ApiState& api, ApiCall call, Reply reply);
void get_execution_children(const ApiState& api, ApiCall call, Reply reply);
void post_execution(const ApiState& api, ApiCall call, Reply reply);
void delete_execution(const ApiState& api, ApiCall call, Reply reply);
void put_execution(const ApiState& api, ApiCall call, Reply reply);
void re_run_execution(const ApiState& api, ApiCall call, Reply reply);

// inquiries.cc
void list_inquiries(const ApiState& api, ApiCall call, Reply reply);
void get_inquiry(const ApiState& api, ApiCall call, Reply reply);
void put_inquiry(const ApiState& api, ApiCall call, Reply reply);

// content_routes.cc
void list_packs(const ApiState& api, ApiCall call, Reply reply);
void get_pack(const ApiState& api, ApiCall call, Reply reply);
void register_packs(const ApiState& api, ApiCall call, Reply reply);
void list_actions(const ApiState& api, ApiCall call, Reply reply);
void get_action(const ApiState& api, ApiCall call, Reply reply);
void list_action_overviews(const ApiState& api, ApiCall call, Reply reply);
void get_action_overview(const ApiState& api, ApiCall call, Reply reply);
void get_action_parameters(const ApiState& api, ApiCall call, Reply reply);
void list_rules(const ApiState& api, ApiCall call, Reply reply);
void get_rule(const ApiState& api, ApiCall call, Reply reply);
void list_rule_overviews(const ApiState& api, ApiCall call, Reply reply);
void get_rule_overview(const ApiState& api, ApiCall call, Reply reply);
void list_trigger_types(const ApiState& api, ApiCall call, Reply reply);
void get_trigger_type(const ApiState& api, ApiCall call, Reply reply);
void list_triggers(const ApiState& api, ApiCall call, Reply reply);
void list_runner_types(const ApiState& api, ApiCall call, Reply reply);
void get_runner_type(const ApiState& api, ApiCall call, Reply reply);

// event_routes.cc
void list_trigger_instances(const ApiState& api, ApiCall call, Reply reply);
void get_trigger_instance(const ApiState& api, ApiCall call, Reply reply);
void get_trigger_instance_why(const ApiState& api, ApiCall call, Reply reply);
void re_emit_trigger_instance(const ApiState& api, ApiCall call, Reply reply);
void list_enforcements(const ApiState& api, ApiCall call, Reply reply);
void get_enforcement(const ApiState& api, ApiCall call, Reply reply);
void list_enforcement_overviews(const ApiState& api, ApiCall call, Reply reply);
void list_incidents(const ApiState& api, ApiCall call, Reply reply);
void get_incident(const ApiState& api, ApiCall call, Reply reply);

// rule_history_routes.cc
void get_rule_near_misses(const ApiState& api, ApiCall call, Reply reply);
void backtest_rule(const ApiState& api, ApiCall call, Reply reply);

// key_routes.cc
void list_keys(const ApiState& api, ApiCall call, Reply reply);
void get_key(const ApiState& api, ApiCall call, Reply reply);
void put_key(const ApiState& api, ApiCall call, Reply reply);
void delete_key(const ApiState& api, ApiCall call, Reply reply);

// system_routes.cc
void get_root(const ApiState& api, ApiCall call, Reply reply);
void get_user(const ApiState& api, ApiCall call, Reply reply);
void get_health(const ApiState& api, ApiCall call, Reply reply);
void get_readiness(const ApiState& api, ApiCall call, Reply reply);
void get_metrics(const ApiState& api, ApiCall call, Reply reply);

}  // namespace midwatch
