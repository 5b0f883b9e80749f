#include "api/api.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/core.h>

namespace midwatch {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr const char* kMissing = "Unauthorized - One of Token or API key required.";

struct Presented {
  std::string_view secret;
  std::string_view method;
};

// In the order of spec 8.2. The first that is there counts; if it is wrong, others are not tried.
std::optional<Presented> presented(const Request& request) {
  if (const std::string* token = request.header("X-Auth-Token")) return Presented{*token, "authentication token"};
  if (const std::string* bearer = request.header("Authorization")) {
    const std::string_view text = *bearer;
    if (text.size() > kBearer.size() && equals_ignoring_case(text.substr(0, kBearer.size()), kBearer)) {
      return Presented{text.substr(kBearer.size()), "authentication token"};
    }
  }
  if (const std::string* key = request.header("St2-Api-Key")) return Presented{*key, "API key"};
  return std::nullopt;
}

bool is_below(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

bool takes(const ExtraRoute& route, const Request& request, std::string_view path) {
  if (route.method != request.method) return false;
  std::string_view wanted = route.path;
  while (wanted.starts_with('/')) wanted.remove_prefix(1);
  if (wanted.ends_with("/*")) return is_below(path, wanted.substr(0, wanted.size() - 2));
  return wanted == "*" || wanted == path;
}

constexpr std::string_view kAlias = "actionexecutions";

}  // namespace

Result<Identity> Api::authenticate(const Request& request) const {
  if (request.parameter("x-auth-token") != nullptr || request.parameter("st2-api-key") != nullptr) {
    return Error(Code::kInvalid, "credentials in a URL end up in logs: send the header X-Auth-Token or St2-Api-Key");
  }
  const auto credential = presented(request);
  if (!credential) return Error(Code::kDenied, kMissing);
  if (credential->secret.empty()) return Error(Code::kDenied, "Unauthorized - Token is not provided.");
  MW_TRY(Identity identity, state_.services.tokens->authenticate(credential->secret, state_.services.now()));
  identity.method = credential->method;
  return identity;
}

// Browsers on pages of other origins are told whether they may read the answer.
void Api::add_origin_headers(const std::string& origin, Response& response) const {
  const auto& allowed = state_.options.allow_origins;
  const bool known =
      std::ranges::find(allowed, origin) != allowed.end() || std::ranges::find(allowed, "*") != allowed.end();
  if (!known) return;
  response.headers.push_back({"Access-Control-Allow-Origin", origin});
  response.headers.push_back({"Access-Control-Allow-Methods", "GET,POST,PUT,DELETE,OPTIONS"});
  response.headers.push_back(
      {"Access-Control-Allow-Headers", "Content-Type,Authorization,X-Auth-Token,St2-Api-Key,X-Request-ID"});
  response.headers.push_back({"Access-Control-Allow-Credentials", "true"});
  response.headers.push_back({"Access-Control-Expose-Headers", "Content-Type,X-Limit,X-Total-Count,X-Request-ID"});
  response.headers.push_back({"Vary", "Origin"});
}

void Api::handle(Request request, Reply reply) {
  if (const std::string* origin = request.header("Origin");
      origin != nullptr && !state_.options.allow_origins.empty()) {
    reply = [this, origin = *origin, inner = std::move(reply)](Response response) mutable {
      add_origin_headers(origin, response);
      inner(std::move(response));
    };
  }
  if (request.method == "OPTIONS") return reply(Response{.status = 200, .content_type = ""});

  // The path's text moves with the request, so what routes compare is a copy.
  std::string path(inner_path(request.path));
  if (is_below(path, kAlias)) path = "executions" + path.substr(kAlias.size());
  if (handle_extra(request, path, reply)) return;
  std::vector<std::string> arguments;
  for (const Route& route : routes()) {
    if (route.method != request.method || !match_pattern(route.pattern, path, arguments)) continue;
    return dispatch(route, ApiCall{std::move(request), std::move(arguments), {}}, std::move(reply));
  }
  reply(fault(404, kNoSuchResource));
}

bool Api::handle_extra(Request& request, std::string_view path, Reply& reply) {
  for (const ExtraRoute& route : state_.services.extra_routes) {
    if (!takes(route, request, path)) continue;
    if (route.access == ExtraRoute::Access::kToken) {
      const auto identity = authenticate(request);
      if (!identity) {
        reply(identity.error().code == Code::kDenied ? fault(401, identity.error().message) : fault(identity.error()));
        return true;
      }
    }
    if (route.runs == ExtraRoute::Runs::kAtOnce) {
      route.handler(std::move(request), std::move(reply));
    } else {
      offload([&route, request = std::move(request)](
                  Reply late) mutable { route.handler(std::move(request), std::move(late)); },
              std::move(reply));
    }
    return true;
  }
  return false;
}

void Api::dispatch(const Route& route, ApiCall call, Reply reply) {
  const bool guarded = route.access == Route::Access::kToken ||
                       (route.handler == get_metrics && state_.options.metrics == ApiOptions::Metrics::kToken);
  if (guarded) {
    auto identity = authenticate(call.request);
    if (!identity) {
      return reply(identity.error().code == Code::kDenied ? fault(401, identity.error().message)
                                                          : fault(identity.error()));
    }
    call.identity = std::move(*identity);
  }
  // Reading goes on while the program stops; what would change something is turned away.
  if (route.method != "GET" && state_.services.draining && state_.services.draining()) {
    return reply(fault(503, "stopping: nothing new is taken"));
  }
  if (route.runs == Route::Runs::kAtOnce) return route.handler(state_, std::move(call), std::move(reply));
  offload([this, &route,
           call = std::move(call)](Reply late) mutable { route.handler(state_, std::move(call), std::move(late)); },
          std::move(reply));
}

void Api::offload(std::move_only_function<void(Reply)> work, Reply reply) {
  // Shared for the same reason as in submit(): when there is no room, the reply is still ours.
  auto shared = std::make_shared<Reply>(std::move(reply));
  const bool taken = state_.services.offload([work = std::move(work), shared]() mutable { work(std::move(*shared)); });
  if (!taken) (*shared)(fault(429, "too many requests are waiting: come back in a moment"));
}

}  // namespace midwatch
