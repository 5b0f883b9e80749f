// httpd/server.h — HTTP/1.1 for an HttpHandler.
//
//   auto server = Server::start(runtime, handler, {.listen = {{"127.0.0.1", 9101}}});
//   (*server)->ports()                      // the real ones, for port 0
//   (*server)->stop(5s);                    // no new ones, finish what runs, then cut
//
// Requests of one connection are handled one after the other, so pipelined ones are answered in order;
// their answers leave in as few writes as possible. Nothing here waits for a handler: see api/http.h.
//
// Limits. Each is refused with a status and a sentence: body 413, header 431, request line 414, too
// many connections 503. A refused body is read and thrown away for a moment, so that the client sees
// the answer, and is never kept. A connection without a request for idle_timeout is closed; a request
// that is not whole request_timeout after its first byte gets 408. Deadlines are kept by one coarse
// clock (kTick), not by a timer a request.
//
// Lifetime: runtime and handler must outlive the server. stop() (or the destructor, with no grace)
// returns when no session is left; not on the io thread.
// Thread-safety: all members on any thread but the io thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "aio/runtime.h"
#include "api/http.h"
#include "base/result.h"
#include "base/time.h"
#include "httpd/request_parser.h"

namespace midwatch::httpd {

struct ListenAddress {
  std::string address = "127.0.0.1";  // IPv4 or IPv6 in digits; "::" takes both
  std::uint16_t port = 0;             // 0: any free one
};

struct ServerOptions {
  std::vector<ListenAddress> listen{ListenAddress{}};
  RequestLimits limits{};
  std::size_t connections_max = 4096;
  Duration idle_timeout = std::chrono::seconds(75);
  Duration request_timeout = std::chrono::seconds(30);
};

struct ServerStats {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;  // beyond connections_max
  std::uint64_t connections_open = 0;
  std::uint64_t requests = 0;
  std::uint64_t requests_refused = 0;  // 4xx of our own: not HTTP, too large, too slow
};

class Server {
 public:
  static constexpr Duration kTick = std::chrono::milliseconds(100);

  // kUnavailable when an address is taken or not ours, kInvalid when it is not one.
  static Result<std::unique_ptr<Server>> start(aio::Runtime& runtime, HttpHandler& handler, ServerOptions options);
  ~Server();

  [[nodiscard]] const std::vector<std::uint16_t>& ports() const;  // in the order of options.listen
  [[nodiscard]] ServerStats stats() const;
  void stop(Duration grace);

 private:
  struct Impl;
  explicit Server(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace midwatch::httpd
