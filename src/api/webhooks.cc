// Webhooks in (spec 9.3). This is the path that carries a storm, so it parses the body once, builds the
// payload once, and waits for nobody.
#include <fmt/core.h>

#include "api/body.h"
#include "api/handlers.h"
#include "query/content_view.h"

namespace midwatch {
namespace {

constexpr const char* kWebhook = "core.st2.webhook";
constexpr std::size_t kTraceTagBytesMax = 1024;

bool is_credential(std::string_view name) {
  return equals_ignoring_case(name, "X-Auth-Token") || equals_ignoring_case(name, "St2-Api-Key") ||
         equals_ignoring_case(name, "Authorization") || equals_ignoring_case(name, "Cookie");
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return out;
}

// What rules see of a webhook: headers as sent and in lower case, without credentials, and the body.
Value webhook_payload(const Request& request, Value body) {
  ObjectBuilder headers;
  ObjectBuilder lowered;
  for (const Header& header : request.headers) {
    if (is_credential(header.name) || !is_utf8(header.name) || !is_utf8(header.value)) continue;
    const Value value(header.value);
    headers.set(header.name, value);
    lowered.set(lower(header.name), value);
  }
  ObjectBuilder out;
  out.set("headers", std::move(headers).build()).set("headers_lower", std::move(lowered).build());
  out.set("body", std::move(body));
  return std::move(out).build();
}

std::string trace_tag(const Request& request, std::string_view hook) {
  if (const std::string* given = request.header("St2-Trace-Tag"); given != nullptr && is_utf8(*given)) {
    return given->substr(0, kTraceTagBytesMax);
  }
  const std::string* id = request.header("X-Request-ID");
  return fmt::format("webhook-{}-{}", hook, id == nullptr ? std::string_view() : std::string_view(*id));
}

// The hook `st2` takes any trigger: {"trigger": reference, "payload": object}.
Result<TriggerArrived> direct_trigger(const Request& request, const Content& content, Value body) {
  if (!body.is_object()) {
    return Error(Code::kInvalid, fmt::format("Webhook body needs to be an object, got: {}", python_type_name(body)));
  }
  const std::string trigger = body.get("trigger").text_or("");
  if (trigger.empty()) return Error(Code::kInvalid, "Trigger not specified.");
  if (content.trigger_type(trigger) == nullptr) {
    return Error(Code::kInvalid, fmt::format("Trigger \"{}\" is not known", trigger), {},
                 "GET /triggertypes lists the ones that there are");
  }
  const Value payload = body.get("payload");
  return TriggerArrived{.trigger = trigger,
                        .trigger_parameters = {},
                        .payload = payload.is_null() ? Value::object({}) : payload,
                        .trace_tag = trace_tag(request, "st2")};
}

// The first segment cut off a path may come with slashes at its ends.
std::string_view trimmed(std::string_view hook) {
  while (hook.starts_with('/')) hook.remove_prefix(1);
  while (hook.ends_with('/')) hook.remove_suffix(1);
  return hook;
}

Response accepted(std::string body, std::string_view content_type, Value answer) {
  Response out;
  out.status = 202;
  out.content_type = content_type;
  out.body = std::move(body);
  if (const Value* id = answer.find("id"); id != nullptr && id->is_string()) {
    out.headers.push_back({"X-Trigger-Instance", id->to_text()});
  }
  return out;
}

}  // namespace

void post_webhook(const ApiState& api, ApiCall call, Reply reply) {
  const std::string_view hook = trimmed(call.arguments.at(0));
  const std::shared_ptr<const Content> content = api.services.content();
  const bool is_direct = hook == "st2";
  if (!is_direct && !content->has_webhook(hook)) {
    return reply(fault(404, fmt::format("Webhook {} not registered with st2", hook)));
  }
  auto body = parse_body(call.request);
  if (!body) return reply(fault(body.error()));
  Result<TriggerArrived> arrived = is_direct
                                       ? direct_trigger(call.request, *content, std::move(*body))
                                       : TriggerArrived{.trigger = kWebhook,
                                                        .trigger_parameters = Value::object({{"url", hook}}),
                                                        .payload = webhook_payload(call.request, std::move(*body)),
                                                        .trace_tag = trace_tag(call.request, hook)};
  if (!arrived) return reply(fault(arrived.error()));
  // The answer repeats the body, as the original does; one that was empty reads as {}.
  std::string echo = call.request.body.empty() ? std::string("{}") : std::move(call.request.body);
  const std::string* type = call.request.header("Content-Type");
  std::string content_type = type == nullptr ? std::string("application/json") : *type;
  submit(api, std::move(*arrived), std::move(reply),
         [echo = std::move(echo), content_type = std::move(content_type)](Result<Value> said) mutable {
           if (!said) return fault(said.error());
           return accepted(std::move(echo), content_type, std::move(*said));
         });
}

void list_webhooks(const ApiState& api, ApiCall /*call*/, Reply reply) {
  reply(json_answer(Value::array(webhook_views(*api.services.content()))));
}

void get_webhook(const ApiState& api, ApiCall call, Reply reply) {
  const std::string_view hook = trimmed(call.arguments.at(0));
  for (const Value& view : webhook_views(*api.services.content())) {
    const std::string url = view.get("parameters").get("url").text_or("");
    if (trimmed(url) == hook) return reply(json_answer(view));
  }
  reply(fault(404, not_found_text(hook)));
}

}  // namespace midwatch
