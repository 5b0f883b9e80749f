// api/api.h — the HTTP API: who may come in, which function answers, and on which thread.
//
//   Api api(services, options);
//   httpd::Server::start(runtime, api, …);
//
// Paths are accepted as "/api/v1/x", "/v1/x" and "/x" (spec 9.1). A request is matched to a route
// (404), authenticated (401), refused while the program stops (503), and then answered at once or on the
// blocking pool. Credentials come as the header X-Auth-Token, "Authorization: Bearer …" or St2-Api-Key;
// in a URL they are refused, because URLs are logged.
//
// Thread-safety: handle() on any thread; it blocks only where a route is kAtOnce and says so by not
// reading the store. Lifetime: must outlive every reply.
#pragma once

#include "api/handlers.h"
#include "api/http.h"
#include "api/services.h"

namespace midwatch {

class Api final : public HttpHandler {
 public:
  Api(ApiServices services, ApiOptions options) : state_{std::move(services), std::move(options)} {}
  void handle(Request request, Reply reply) override;

 private:
  bool handle_extra(Request& request, std::string_view path, Reply& reply);
  void dispatch(const Route& route, ApiCall call, Reply reply);
  void offload(std::move_only_function<void(Reply)> work, Reply reply);
  [[nodiscard]] Result<Identity> authenticate(const Request& request) const;
  void add_origin_headers(const std::string& origin, Response& response) const;

  ApiState state_;
};

}  // namespace midwatch
