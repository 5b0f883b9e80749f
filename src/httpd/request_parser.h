// httpd/request_parser.h — bytes of a connection to Requests, one after the other.
//
//   RequestParser parser(limits);
//   auto fed = parser.feed(bytes);            // give the unconsumed rest again, with more behind it
//   if (fed.step == Step::kComplete) use(parser.take());
//
// The grammar is Beast's parser (request smuggling, folding, chunks); limits, decoding of the target
// and the texts of refusals are ours. Until the header is whole, feed() needs all of it at once, so
// the caller's buffer must hold header_bytes_max bytes; body bytes are always consumed.
//
// Thread-safety: none. Cost: one copy of what ends up in the Request.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "api/http.h"

namespace midwatch::httpd {

struct RequestLimits {
  std::size_t header_bytes_max = 16u << 10;
  std::size_t body_bytes_max = 1u << 20;
};
inline constexpr std::size_t kHeadersMax = 100;

class RequestParser {
 public:
  enum class Step : std::uint8_t { kNeedMore, kComplete, kRefused };
  struct Fed {
    Step step;
    std::size_t consumed;
  };
  // Why the request cannot be served; the connection is of no use afterwards.
  struct Refusal {
    int status = 400;
    std::string text;
  };

  explicit RequestParser(RequestLimits limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  Fed feed(std::string_view bytes);

  // Of the request under way, once its header is whole.
  [[nodiscard]] bool has_header() const;
  [[nodiscard]] bool has_begun() const;         // at least one byte of it came
  [[nodiscard]] bool expects_continue() const;  // it waits for "100 Continue" before it sends the body
  [[nodiscard]] std::size_t body_bytes_expected() const;

  // After kComplete, valid until the next feed().
  struct Taken {
    Request request;
    bool keep_alive = false;
    bool is_head = false;  // answer without the body
    bool is_http_1_0 = false;
  };
  [[nodiscard]] Taken take();
  [[nodiscard]] const Refusal& refusal() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace midwatch::httpd
