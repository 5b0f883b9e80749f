// The datastore, scope `system` (spec chapter 7).
#include <fmt/core.h>

#include "api/arguments.h"
#include "api/body.h"
#include "api/handlers.h"
#include "query/execution_view.h"

namespace midwatch {
namespace {

constexpr std::uint32_t kListDefault = 100;
constexpr std::int64_t kTtlSecondsMax = 10LL * 365 * 86'400;

std::string no_such_key(std::string_view name) {
  return fmt::format("The key \"{}\" does not exist in the StackStorm datastore.", name);
}

bool alive(const KeyValue& key, Instant now) { return !key.expires_at || *key.expires_at > now; }

Status check_scope(std::string_view scope) {
  if (scope.empty() || scope == "system" || scope == "st2kv.system" || scope == "all") return {};
  return Error(Code::kInvalid, fmt::format("Invalid scope \"{}\"! Keys of users are not available here, only of the "
                                           "scope system",
                                           scope));
}

Result<Response> keys_list(const ApiState& api, const Request& request) {
  MW_CHECK(check_scope(text_argument(request, "scope")));
  MW_CHECK(refuse_filters(request, {"user"}));
  MW_TRY(const ListArguments list, list_arguments(request, kListDefault));
  const std::string name = text_argument(request, "name");
  MW_TRY(const Page<KeyValue> page,
         api.services.store->keys(name.empty() ? text_argument(request, "prefix") : name, list.options()));
  const Instant now = api.services.now();
  std::vector<Value> out;
  for (const KeyValue& key : page.items) {
    if (!alive(key, now) || (!name.empty() && key.name != name)) continue;
    out.push_back(select_attributes(key_view(key), list.attributes, {"id", "name"}));
  }
  return list_answer(Value::array(std::move(out)), {});
}

Result<KeySetRequested> requested_key(const ApiCall& call, const std::string& name) {
  MW_TRY(const Value body, parse_object_body(call.request));
  MW_CHECK(check_scope(body.get("scope").text_or("")));
  const Value value = body.get("value");
  if (!value.is_string()) {
    return Error(Code::kInvalid, fmt::format("value: expected a text, got: {}", python_type_name(value)));
  }
  // Kept in the clear it would be no secret: better refused than promised.
  if (body.get("secret").truthy() || body.get("encrypted").truthy()) {
    return Error(Code::kInvalid, "secret keys are not available here: give the action its secret by a pack's config");
  }
  KeySetRequested out{.name = name, .value = value.to_text(), .ttl = std::nullopt};
  if (const Value ttl = body.get("ttl"); !ttl.is_null()) {
    if (!ttl.is_int() || ttl.as_int() <= 0 || ttl.as_int() > kTtlSecondsMax) {
      return Error(Code::kInvalid, fmt::format("ttl: expected seconds from 1 to {}", kTtlSecondsMax));
    }
    out.ttl = std::chrono::seconds(ttl.as_int());
  }
  return out;
}

}  // namespace

void list_keys(const ApiState& api, ApiCall call, Reply reply) {
  auto answer = keys_list(api, call.request);
  reply(answer ? std::move(*answer) : fault(answer.error()));
}

void get_key(const ApiState& api, ApiCall call, Reply reply) {
  const std::string& name = call.arguments.at(0);
  if (const Status scope = check_scope(text_argument(call.request, "scope")); !scope)
    return reply(fault(scope.error()));
  auto found = api.services.store->key(name);
  if (!found) return reply(fault(found.error()));
  if (!*found || !alive(**found, api.services.now())) return reply(fault(404, no_such_key(name)));
  reply(json_answer(key_view(**found)));
}

void put_key(const ApiState& api, ApiCall call, Reply reply) {
  auto requested = requested_key(call, call.arguments.at(0));
  if (!requested) return reply(fault(requested.error()));
  std::optional<Instant> expires_at;
  if (requested->ttl) expires_at = api.services.now() + *requested->ttl;
  submit(api, std::move(*requested), std::move(reply), [expires_at](Result<Value> said) {
    if (!said) return fault(said.error());
    KeyValue key;
    if (const auto id = ObjectId::parse(said->get("id").text_or("")); id) key.id = *id;
    key.name = said->get("name").text_or("");
    key.value = said->get("value").text_or("");
    key.expires_at = expires_at;
    return json_answer(key_view(key));
  });
}

void delete_key(const ApiState& api, ApiCall call, Reply reply) {
  const std::string name = call.arguments.at(0);
  submit(api, KeyDeleteRequested{.name = name}, std::move(reply), [name](Result<Value> said) {
    if (said) return Response{.status = 204, .content_type = ""};
    return said.error().code == Code::kNotFound ? fault(404, no_such_key(name)) : fault(said.error());
  });
}

}  // namespace midwatch
