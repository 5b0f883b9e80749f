// aio/http_url.h — an http or https address taken apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace midwatch::aio {

struct HttpUrl {
  bool is_tls = false;
  std::string user_info;  // "user:password" as written, or empty
  std::string host;       // without brackets
  std::uint16_t port = 80;
  std::string target;  // path and query, never empty, with everything escaped that must be

  // "host", "host:8080", "[::1]:8080": what Host says.
  [[nodiscard]] std::string authority() const;
  // Without user and password: may be shown.
  [[nodiscard]] std::string to_string() const;
};

// kInvalid for anything that is not an absolute http or https address. The error does not repeat what
// may be a password.
Result<HttpUrl> parse_http_url(std::string_view url);

// `location` of a redirect, seen from `base`.
Result<HttpUrl> resolve_http_url(const HttpUrl& base, std::string_view location);

}  // namespace midwatch::aio
