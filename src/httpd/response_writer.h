// httpd/response_writer.h — an answer to bytes.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "api/http.h"

namespace midwatch::httpd {

struct ResponseFraming {
  std::string_view date{};        // value of Date; empty: none
  std::string_view request_id{};  // value of X-Request-ID; empty: none
  bool keep_alive = true;
  bool is_http_1_0 = false;  // keep-alive must be said
  bool is_head = false;      // no body, but its length
};

// Appends status line, header and body. Control characters in header values become blanks, so that no
// value can end its line.
void append_response(std::string& out, const Response& response, const ResponseFraming& framing);

// "Sun, 22 Nov 2026 21:54:55 GMT"
[[nodiscard]] std::string http_date(std::chrono::system_clock::time_point at);

}  // namespace midwatch::httpd
