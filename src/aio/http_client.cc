#include "aio/http_client.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "aio/http_request_text.h"
#include "aio/http_url.h"
#include "base/log.h"

namespace midwatch::aio {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, Executor>;
using TlsStream = asio::ssl::stream<Socket&>;
template <class T = void>
using Co = asio::awaitable<T, Executor>;
using Text = boost::beast::string_view;

constexpr auto kOutcome = asio::as_tuple(asio::use_awaitable_t<Executor>{});

constexpr std::size_t kBodyBufferBytes = 64u << 10;

Error unavailable(const HttpUrl& url, std::string_view what, const ErrorCode& error) {
  return {Code::kUnavailable, fmt::format("{}: {}: {}", url.authority(), what, error.message())};
}

class AnswerParser final : public http::basic_parser<false> {
 public:
  AnswerParser(HttpAnswer& into, std::size_t body_bytes_max) : into_(into), body_bytes_max_(body_bytes_max) {
    eager(true);
    header_limit(static_cast<std::uint32_t>(HttpClient::kHeaderBytesMax));
    body_limit(body_bytes_max);
  }
  [[nodiscard]] bool is_interim() const { return is_done() && into_.status >= 100 && into_.status < 200; }

 private:
  void on_request_impl(http::verb, Text, Text, int, ErrorCode&) override {}
  void on_response_impl(int status, Text, int, ErrorCode&) override { into_.status = status; }
  void on_field_impl(http::field, Text name, Text value, ErrorCode&) override {
    if (!header_done_) into_.headers.emplace_back(std::string(name), std::string(value));
  }
  void on_header_impl(ErrorCode&) override { header_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t append(Text bytes, ErrorCode& error) {
    if (bytes.size() > body_bytes_max_ - into_.body.size()) {
      error = http::error::body_limit;
      return 0;
    }
    into_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  std::size_t on_body_impl(Text bytes, ErrorCode& error) override { return append(bytes, error); }
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, ErrorCode& error) override { return append(bytes, error); }
  void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
  void on_finish_impl(ErrorCode&) override {}

  HttpAnswer& into_;
  const std::size_t body_bytes_max_;
  bool header_done_ = false;
};

enum class Body : bool { kExpected, kNone };

// Writes the request and reads the answer, skipping interim ones.
template <class Stream>
Co<Result<HttpAnswer>> exchange(Stream& stream, const HttpUrl& url, std::string request, std::size_t body_bytes_max,
                                Body body) {
  const auto [write_error, written] = co_await asio::async_write(stream, asio::buffer(request), kOutcome);
  if (write_error) co_return unavailable(url, "sending the request", write_error);

  HttpAnswer answer;
  std::optional<AnswerParser> parser;
  std::vector<char> buffer(8u << 10);
  std::size_t begin = 0;
  std::size_t end = 0;
  for (;;) {
    if (!parser) {
      answer = {};
      parser.emplace(answer, body_bytes_max);
      parser->skip(body == Body::kNone);
    }
    ErrorCode error;
    begin += parser->put(asio::const_buffer(buffer.data() + begin, end - begin), error);
    if (parser->is_interim()) {
      parser.reset();
      continue;
    }
    if (parser->is_done()) co_return answer;
    if (error == http::error::body_limit) {
      co_return Error(Code::kLimit,
                      fmt::format("{}: the answer is larger than {} bytes", url.authority(), body_bytes_max));
    }
    if (error && error != http::error::need_more) co_return unavailable(url, "not an HTTP answer", error);

    std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(begin), buffer.begin() + static_cast<std::ptrdiff_t>(end),
              buffer.begin());
    end -= begin;
    begin = 0;
    // A header may need all of its limit at once; a body is read in larger pieces.
    if (end == buffer.size() || (parser->is_header_done() && buffer.size() < kBodyBufferBytes))
      buffer.resize(2 * buffer.size());
    const auto space = asio::buffer(buffer) + end;
    const auto [read_error, bytes] = co_await stream.async_read_some(space, kOutcome);
    end += bytes;
    if (read_error == asio::error::eof && parser->got_some()) {
      ErrorCode end_error;
      parser->put_eof(end_error);
      if (!end_error && parser->is_done()) co_return answer;
    }
    if (read_error) co_return unavailable(url, "the connection ended before the answer did", read_error);
  }
}

}  // namespace

const std::string* HttpAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_field_name(key, name)) return &value;
  }
  return nullptr;
}

struct HttpClient::Impl {
  Impl(Runtime& rt, Options o)
      : runtime(rt),
        options(std::move(o)),
        verified(asio::ssl::context::tls_client),
        unverified(asio::ssl::context::tls_client) {
    ErrorCode ignored;
    verified.set_default_verify_paths(ignored);
    verified.set_verify_mode(asio::ssl::verify_peer, ignored);
    unverified.set_verify_mode(asio::ssl::verify_none, ignored);
    if (options.ca_file.empty()) return;
    ErrorCode error;
    verified.load_verify_file(options.ca_file, error);
    if (error) MW_LOG(kError, "certificates cannot be read", {{"file", options.ca_file}, {"error", error.message()}});
  }

  struct Call;

  Runtime& runtime;
  const Options options;
  asio::ssl::context verified;
  asio::ssl::context unverified;
  std::atomic<std::uint64_t> next_id = 1;
  std::map<std::uint64_t, Call*> calls;  // under way; io thread only
};

// One call. The coroutine and the timer own it; whichever is first reports, the other finds it ended.
struct HttpClient::Impl::Call : std::enable_shared_from_this<Call> {
  Call(std::shared_ptr<Impl> c, std::uint64_t i, HttpCall w, Done d)
      : client(std::move(c)), id(i), what(std::move(w)), done(std::move(d)), timer(client->runtime) {}

  void begin() {
    client->calls.emplace(id, this);
    timer.start(what.timeout, [self = shared_from_this()] {
      self->end(Error(Code::kTimeout, fmt::format("no answer within {}", to_human(self->what.timeout))));
    });
    auto finished = [self = shared_from_this()](const std::exception_ptr& failure, Result<HttpAnswer> answer) {
      if (failure) answer = Error(Code::kUnavailable, "the call failed");
      self->end(std::move(answer));
    };
    asio::co_spawn(client->runtime.io(), run(shared_from_this()), std::move(finished));
  }

  void end(Result<HttpAnswer> answer) {
    if (!done) return;
    auto report = std::exchange(done, {});
    client->calls.erase(id);
    timer.cancel();
    ErrorCode ignored;
    if (socket) socket->close(ignored);
    report(std::move(answer));
  }

  static Co<Result<HttpAnswer>> run(std::shared_ptr<Call> self) {
    HttpCall& what = self->what;
    MW_CO_TRY(HttpUrl url, parse_http_url(what.url));
    MW_CO_TRY(const std::string checked, check_call(what));
    for (unsigned redirects = 0;; ++redirects) {
      auto answer = co_await self->ask(url);
      if (!answer) co_return std::move(answer).error();
      answer->url = url.to_string();
      const std::string* location = answer->header("location");
      if (!is_redirect(answer->status) || location == nullptr || what.redirects_max == 0) co_return answer;
      if (redirects == what.redirects_max) {
        co_return Error(Code::kLimit, fmt::format("more than {} redirects", what.redirects_max));
      }
      MW_CO_TRY(HttpUrl next, resolve_http_url(url, *location));
      follow(what, url, next, answer->status);
      url = std::move(next);
    }
  }

  // One request on one fresh connection.
  Co<Result<HttpAnswer>> ask(const HttpUrl& url) {
    std::optional<HttpUrl> proxy;
    if (!what.proxy.empty()) {
      MW_CO_TRY(proxy, parse_http_url(what.proxy));
    }
    Status connected = co_await connect(proxy ? *proxy : url);
    if (!connected) co_return std::move(connected).error();
    const Body body = what.method == "HEAD" ? Body::kNone : Body::kExpected;
    if (!url.is_tls) {
      std::string request = request_text(what, url, client->options.user_agent, proxy ? &*proxy : nullptr);
      co_return co_await exchange(*socket, url, std::move(request), what.body_bytes_max, body);
    }
    if (proxy) {
      std::string tunnel = tunnel_text(url, *proxy);
      auto opened = co_await exchange(*socket, *proxy, std::move(tunnel), what.body_bytes_max, Body::kNone);
      if (!opened) co_return std::move(opened).error().within("proxy");
      if (opened->status != 200) {
        co_return Error(Code::kUnavailable,
                        fmt::format("proxy {}: answered {} to CONNECT", proxy->authority(), opened->status));
      }
    }
    TlsStream tls(*socket, what.verify_tls ? client->verified : client->unverified);
    ErrorCode error;
    if (what.verify_tls) tls.set_verify_callback(asio::ssl::host_name_verification(url.host), error);
    SSL_set_tlsext_host_name(tls.native_handle(), url.host.c_str());
    const auto [handshake_error] = co_await tls.async_handshake(asio::ssl::stream_base::client, kOutcome);
    if (handshake_error) co_return unavailable(url, "TLS", handshake_error);
    std::string request = request_text(what, url, client->options.user_agent, nullptr);
    co_return co_await exchange(tls, url, std::move(request), what.body_bytes_max, body);
  }

  Co<Status> connect(const HttpUrl& to) {
    std::vector<tcp::endpoint> endpoints;
    ErrorCode not_digits;
    const auto address = asio::ip::make_address(to.host, not_digits);
    if (!not_digits) {
      endpoints.emplace_back(address, to.port);
    } else {
      asio::ip::basic_resolver<tcp, Executor> resolver(client->runtime.io());
      const std::string service = std::to_string(to.port);
      const auto [error, found] = co_await resolver.async_resolve(to.host, service, kOutcome);
      if (error) co_return unavailable(to, "the name cannot be resolved", error);
      for (const auto& entry : found) endpoints.push_back(entry.endpoint());
    }
    ErrorCode last = asio::error::host_not_found;
    for (const tcp::endpoint& endpoint : endpoints) {
      if (!done) break;
      socket.emplace(client->runtime.io());
      const auto [error] = co_await socket->async_connect(endpoint, kOutcome);
      if (!error) {
        ErrorCode ignored;
        socket->set_option(tcp::no_delay(true), ignored);
        co_return Status();
      }
      last = error;
    }
    co_return unavailable(to, "cannot connect", last);
  }

  const std::shared_ptr<Impl> client;
  const std::uint64_t id;
  HttpCall what;
  Done done;
  Timer timer;
  std::optional<Socket> socket;
};

HttpClient::HttpClient(Runtime& runtime) : HttpClient(runtime, Options{}) {}
HttpClient::HttpClient(Runtime& runtime, Options options)
    : impl_(std::make_shared<Impl>(runtime, std::move(options))) {}
HttpClient::~HttpClient() = default;

HttpClient::CallId HttpClient::start(HttpCall call, Done done) {
  const std::uint64_t id = impl_->next_id++;
  auto begun = std::make_shared<Impl::Call>(impl_, id, std::move(call), std::move(done));
  impl_->runtime.post([begun = std::move(begun)] { begun->begin(); });
  return CallId(id);
}

void HttpClient::cancel(CallId id) {
  impl_->runtime.post([impl = impl_, id] {
    const auto found = impl->calls.find(static_cast<std::uint64_t>(id));
    if (found == impl->calls.end()) return;
    const auto call = found->second->shared_from_this();
    call->end(Error(Code::kDenied, "canceled"));
  });
}

}  // namespace midwatch::aio
