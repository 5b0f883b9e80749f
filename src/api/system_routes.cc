// About the program itself: version, who is asking, health, metrics.
#include <fmt/core.h>

#include "api/handlers.h"

namespace midwatch {

void get_root(const ApiState& api, ApiCall /*call*/, Reply reply) {
  reply(json_answer(
      Value::object({{"version", api.options.version}, {"docs_url", fmt::format("{}/docs", api.options.web_url)}})));
}

void get_user(const ApiState& /*api*/, ApiCall call, Reply reply) {
  ObjectBuilder authentication;
  authentication.set("method", call.identity.method).set("location", "header");
  if (call.identity.expires_at) authentication.set("token_expire", to_iso8601(*call.identity.expires_at));
  const Value rbac = Value::object({{"enabled", false}, {"roles", Value::array({})}, {"is_admin", true}});
  reply(json_answer(Value::object(
      {{"username", call.identity.user}, {"authentication", std::move(authentication).build()}, {"rbac", rbac}})));
}

void get_health(const ApiState& /*api*/, ApiCall /*call*/, Reply reply) {
  reply(json_answer(Value::object({{"status", "ok"}})));
}

void get_readiness(const ApiState& api, ApiCall /*call*/, Reply reply) {
  if (api.services.draining && api.services.draining()) return reply(fault(503, "stopping: nothing new is taken"));
  const Status ready = api.services.ready ? api.services.ready() : Status();
  reply(ready ? json_answer(Value::object({{"status", "ready"}})) : fault(503, ready.error().to_string()));
}

void get_metrics(const ApiState& api, ApiCall /*call*/, Reply reply) {
  if (!api.services.metrics) return reply(fault(404, kNoSuchResource));
  reply(Response{
      .status = 200, .content_type = "text/plain; version=0.0.4; charset=utf-8", .body = api.services.metrics()});
}

}  // namespace midwatch
