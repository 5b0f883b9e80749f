// aio/http_client.h — asks other servers: http and https, one connection a call.
//
//   HttpClient client(runtime);
//   client.start({.url = "https://example.org/", .timeout = 5s}, [](Result<HttpAnswer> answer) { … });
//
// Every call has a deadline for the whole of it, redirects included, and a bound for the body. TLS
// certificates and names are verified unless the call says otherwise. Any status is an answer; an
// Error is that there was none: kTimeout, kUnavailable (name, connection, TLS, broken answer), kLimit
// (too large), kInvalid (the call itself), kDenied (canceled).
//
// Redirects are off by default. When they are on, 303 and a redirected POST become GET, and
// Authorization, Cookie and user information are not sent to another host.
//
// Thread-safety: start() and cancel() on any thread; `done` on the io thread, once. For coroutines see
// aio/awaitable.h. Lifetime: calls under way keep what they need; the Runtime must outlive them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aio/runtime.h"
#include "base/result.h"
#include "base/time.h"

namespace midwatch::aio {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpCall {
  std::string method = "GET";
  std::string url;
  HttpFields headers{};  // Host, Content-Length, Connection and User-Agent are added where they are not given
  std::string body{};
  Duration timeout = std::chrono::seconds(30);
  std::size_t body_bytes_max = 16u << 20;
  unsigned redirects_max = 0;
  bool verify_tls = true;
  std::string proxy{};  // "http://[user:password@]host:port", or empty
};

struct HttpAnswer {
  int status = 0;
  HttpFields headers{};
  std::string body{};
  std::string url{};  // after redirects, without user and password

  // The first field of that name in any case, or null.
  [[nodiscard]] const std::string* header(std::string_view name) const;
};

// The value of Authorization for "user:password".
[[nodiscard]] std::string basic_authorization(std::string_view user_and_password);

class HttpClient {
 public:
  static constexpr std::size_t kHeaderBytesMax = 64u << 10;  // of an answer

  struct Options {
    std::string ca_file{};  // certificates to trust in addition to the system's
    std::string user_agent = "midwatch";
  };
  using Done = std::move_only_function<void(Result<HttpAnswer>)>;
  enum class CallId : std::uint64_t {};

  explicit HttpClient(Runtime& runtime);
  HttpClient(Runtime& runtime, Options options);
  ~HttpClient();

  CallId start(HttpCall call, Done done);
  // Ends the call with kDenied, if it has not ended.
  void cancel(CallId id);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace midwatch::aio
