// aio/http_request_text.h — the bytes of a request, and what a redirect changes of it. Internal to aio.
#pragma once

#include <string>
#include <string_view>

#include "aio/http_client.h"
#include "aio/http_url.h"

namespace midwatch::aio {

[[nodiscard]] bool same_field_name(std::string_view a, std::string_view b);

// kInvalid when a method, name or value could break out of its place in the request. Returns the method.
Result<std::string> check_call(const HttpCall& call);

// `proxy` is given for a plain request that goes through one.
[[nodiscard]] std::string request_text(const HttpCall& call, const HttpUrl& url, std::string_view user_agent,
                                       const HttpUrl* proxy);
[[nodiscard]] std::string tunnel_text(const HttpUrl& url, const HttpUrl& proxy);

[[nodiscard]] bool is_redirect(int status);
// Changes `call` for the next request, which goes to `next`.
void follow(HttpCall& call, const HttpUrl& from, const HttpUrl& next, int status);

}  // namespace midwatch::aio
