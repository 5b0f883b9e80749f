// httpd/session.h — one connection: read a request, have it handled, write the answer, again.
// Internal to httpd, and one of the two headers of ours that show Asio.
//
// Everything here runs on the io thread, except the counters.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_set>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "httpd/exchange.h"
#include "httpd/request_id.h"
#include "httpd/request_parser.h"
#include "httpd/server.h"

namespace midwatch::httpd {

// A concrete executor everywhere: any_io_executor costs a third of the throughput.
using Executor = boost::asio::io_context::executor_type;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
template <class T = void>
using Co = boost::asio::awaitable<T, Executor>;
using SteadyTime = std::chrono::steady_clock::time_point;

class Session;

// What the sessions of a server share.
struct Sessions {
  Sessions(aio::Runtime& rt, HttpHandler& h, ServerOptions o)
      : runtime(rt), handler(h), options(std::move(o)), outbox(std::make_shared<Outbox>(rt)) {}

  void tick();   // sets `now` and `date`, ends what is overdue
  void drain();  // idle ones end now, the others after their answer
  void cut();    // all end now

  aio::Runtime& runtime;
  HttpHandler& handler;
  const ServerOptions options;
  const std::shared_ptr<Outbox> outbox;
  RequestIdSource request_ids;
  SteadyTime now = std::chrono::steady_clock::now();
  std::string date;
  bool draining = false;
  std::unordered_set<Session*> open;
  aio::Task on_last_closed;  // called when `open` becomes empty while draining

  std::atomic<std::uint64_t> connections_accepted = 0;
  std::atomic<std::uint64_t> connections_refused = 0;
  std::atomic<std::uint64_t> connections_open = 0;
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> requests_refused = 0;
};

// Starts a session that owns itself until the connection ends.
void start_session(std::shared_ptr<Sessions> sessions, Socket socket);

}  // namespace midwatch::httpd
