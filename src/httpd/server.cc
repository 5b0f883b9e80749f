#include "httpd/server.h"

#include <chrono>
#include <future>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/assert.h"
#include "base/log.h"
#include "httpd/session.h"

namespace midwatch::httpd {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;
using ErrorCode = boost::system::error_code;

constexpr auto kOutcome = asio::as_tuple(asio::use_awaitable_t<Executor>{});
// After a failed accept (no descriptor left): how long the others get to end.
constexpr Duration kAcceptPause = std::chrono::milliseconds(50);
// What a cut connection may need to unwind. It waits for nothing but the io thread.
constexpr Duration kCutPatience = std::chrono::seconds(30);

constexpr std::string_view kTooMany =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 40\r\n"
    "Retry-After: 1\r\nConnection: close\r\n\r\n"
    R"({"faultstring":"too many connections"}  )";

Result<Acceptor> open_acceptor(asio::io_context& io, const ListenAddress& listen) {
  ErrorCode error;
  const auto address = asio::ip::make_address(listen.address, error);
  if (error) {
    return Error(Code::kInvalid, fmt::format("'{}': not an IPv4 or IPv6 address to listen on", listen.address));
  }
  const tcp::endpoint endpoint(address, listen.port);
  Acceptor acceptor(io.get_executor());
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && address.is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(Acceptor::max_listen_connections, error);
  if (error) {
    return Error(Code::kUnavailable,
                 fmt::format("cannot listen on {} port {}: {}", listen.address, listen.port, error.message()));
  }
  return acceptor;
}

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Impl> {
  Impl(aio::Runtime& rt, HttpHandler& handler, ServerOptions options)
      : runtime(rt), sessions(std::make_shared<Sessions>(rt, handler, std::move(options))), ticker(rt) {}

  // --- on the io thread ---

  void begin() {
    tick();
    for (Acceptor& acceptor : acceptors) {
      asio::co_spawn(runtime.io(), accept_all(shared_from_this(), acceptor), [](const std::exception_ptr& failure) {
        if (failure) MW_LOG(kError, "a listener failed");
      });
    }
  }

  void tick() {
    sessions->tick();
    ticker.start(kTick, [self = shared_from_this()] { self->tick(); });
  }

  static Co<> accept_all(std::shared_ptr<Impl> self, Acceptor& acceptor) {
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor> pause(
        self->runtime.io());
    while (acceptor.is_open()) {
      auto [error, accepted] = co_await acceptor.async_accept(kOutcome);
      if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) co_return;
      if (error) {
        MW_LOG(kWarning, "a connection could not be accepted", {{"error", error.message()}});
        pause.expires_after(kAcceptPause);
        co_await pause.async_wait(kOutcome);
        continue;
      }
      self->accept_one(std::move(accepted));
    }
  }

  void accept_one(Socket socket) {
    ErrorCode ignored;
    socket.non_blocking(true, ignored);
    if (sessions->open.size() >= sessions->options.connections_max) {
      ++sessions->connections_refused;
      socket.write_some(asio::buffer(kTooMany), ignored);
      return;
    }
    ++sessions->connections_accepted;
    socket.set_option(tcp::no_delay(true), ignored);
    start_session(sessions, std::move(socket));
  }

  void begin_stop(aio::Task done) {
    for (Acceptor& acceptor : acceptors) {
      ErrorCode ignored;
      acceptor.close(ignored);
    }
    if (sessions->open.empty()) {
      sessions->draining = true;
      return done();
    }
    sessions->on_last_closed = std::move(done);
    sessions->drain();
  }

  aio::Runtime& runtime;
  const std::shared_ptr<Sessions> sessions;
  aio::Timer ticker;
  std::vector<Acceptor> acceptors;
  std::vector<std::uint16_t> ports;
  bool stopped = false;
};

Result<std::unique_ptr<Server>> Server::start(aio::Runtime& runtime, HttpHandler& handler, ServerOptions options) {
  const std::vector<ListenAddress> listen = options.listen;
  auto impl = std::make_shared<Impl>(runtime, handler, std::move(options));
  for (const ListenAddress& address : listen) {
    MW_TRY(Acceptor acceptor, open_acceptor(runtime.io(), address));
    ErrorCode ignored;
    impl->ports.push_back(acceptor.local_endpoint(ignored).port());
    impl->acceptors.push_back(std::move(acceptor));
  }
  runtime.post([impl] { impl->begin(); });
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() { stop(Duration(0)); }

const std::vector<std::uint16_t>& Server::ports() const { return impl_->ports; }

ServerStats Server::stats() const {
  const Sessions& s = *impl_->sessions;
  return {.connections_accepted = s.connections_accepted,
          .connections_refused = s.connections_refused,
          .connections_open = s.connections_open,
          .requests = s.requests,
          .requests_refused = s.requests_refused};
}

void Server::stop(Duration grace) {
  if (std::exchange(impl_->stopped, true)) return;
  MW_ASSERT(!impl_->runtime.on_io_thread(), "a server cannot be stopped on the io thread, which it waits for");
  auto done = std::make_shared<std::promise<void>>();
  auto all_closed = done->get_future();
  impl_->runtime.post([impl = impl_, done] { impl->begin_stop([done] { done->set_value(); }); });
  if (all_closed.wait_for(grace) != std::future_status::ready) {
    impl_->runtime.post([impl = impl_] { impl->sessions->cut(); });
    if (all_closed.wait_for(kCutPatience) != std::future_status::ready) {
      MW_LOG(kError, "a session does not end", {{"open", impl_->sessions->connections_open.load()}});
    }
  }
  auto ended = std::make_shared<std::promise<void>>();
  auto ticker_ended = ended->get_future();
  impl_->runtime.post([impl = impl_, ended] {
    impl->ticker.cancel();
    ended->set_value();
  });
  ticker_ended.wait_for(kCutPatience);
}

}  // namespace midwatch::httpd
