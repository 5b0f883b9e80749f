#include "aio/http_client.h"

#include <filesystem>
#include <future>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "aio/awaitable.h"
#include "aio/child_process.h"
#include "aio/http_request_text.h"
#include "aio/http_url.h"
#include "aio/unique_fd.h"

namespace midwatch::aio {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 30s;

// A server that gives one scripted answer a connection and keeps what it was asked. "" says nothing and
// keeps the connection open.
class Script {
 public:
  explicit Script(std::vector<std::string> answers) : answers_(std::move(answers)) {
    listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~Script() { finish(); }

  [[nodiscard]] std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::vector<std::string> finish() {
    if (thread_.joinable()) thread_.join();
    return asked_;
  }

 private:
  static bool wait(int fd) {
    pollfd ready{fd, POLLIN, 0};
    return ::poll(&ready, 1, 30'000) == 1;
  }
  void run() {
    for (const std::string& answer : answers_) {
      if (!wait(listener_.get())) return;
      const UniqueFd peer(::accept(listener_.get(), nullptr, nullptr));
      std::string request;
      char bytes[4096];
      while (!is_whole(request) && wait(peer.get())) {
        const ssize_t count = ::recv(peer.get(), bytes, sizeof bytes, 0);
        if (count <= 0) break;
        request.append(bytes, static_cast<std::size_t>(count));
      }
      asked_.push_back(request);
      if (answer.empty()) {
        open_.push_back(UniqueFd(::dup(peer.get())));
      } else {
        ::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
      }
    }
  }
  static bool is_whole(const std::string& request) {
    if (request.starts_with('\x16')) return true;  // a TLS greeting
    const std::size_t header = request.find("\r\n\r\n");
    if (header == std::string::npos) return false;
    const std::size_t length = request.find("Content-Length: ");
    return length == std::string::npos || request.size() >= header + 4 + std::stoul(request.substr(length + 16));
  }

  std::vector<std::string> answers_;
  std::vector<std::string> asked_;
  std::vector<UniqueFd> open_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

class HttpClientTest : public testing::Test {
 protected:
  Result<HttpAnswer> ask(HttpCall call) {
    std::promise<Result<HttpAnswer>> promise;
    auto future = promise.get_future();
    client_.start(std::move(call), [&](Result<HttpAnswer> answer) { promise.set_value(std::move(answer)); });
    if (future.wait_for(kPatience) != std::future_status::ready) {
      ADD_FAILURE() << "no answer";
      std::abort();
    }
    return future.get();
  }

  Runtime runtime_;
  HttpClient client_{runtime_};
};

TEST_F(HttpClientTest, AsksAndReadsAnAnswer) {
  Script server({"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nX-A: b\r\n\r\nhi"});
  const auto answer = ask({.method = "POST", .url = server.url("/a b?c=é"), .headers = {{"X-C", "d"}}, .body = "body"});
  ASSERT_TRUE(answer.has_value()) << answer.error().to_string();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "hi");
  EXPECT_EQ(*answer->header("x-a"), "b");
  const std::string asked = server.finish().front();
  EXPECT_TRUE(asked.starts_with("POST /a%20b?c=%C3%A9 HTTP/1.1\r\nHost: 127.0.0.1:")) << asked;
  EXPECT_NE(asked.find("\r\nX-C: d\r\n"), std::string::npos);
  EXPECT_TRUE(asked.ends_with("\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody")) << asked;
}

TEST_F(HttpClientTest, ReadsChunksInterimAnswersAndBodiesToTheEnd) {
  Script server(
      {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
       "3\r\nabc\r\n0\r\n\r\n",
       "HTTP/1.0 200 OK\r\n\r\nuntil the end"});
  const auto chunked = ask({.url = server.url()});
  EXPECT_EQ(chunked->body, "abc");
  EXPECT_EQ(chunked->header("link"), nullptr);
  EXPECT_EQ(ask({.url = server.url()})->body, "until the end");
}

TEST_F(HttpClientTest, AHeadHasNoBody) {
  Script server({"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"});
  EXPECT_EQ(ask({.method = "HEAD", .url = server.url()})->body, "");
}

TEST_F(HttpClientTest, SilenceIsATimeout) {
  Script server({""});
  const auto answer = ask({.url = server.url(), .timeout = 100ms});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, Code::kTimeout);
  EXPECT_EQ(answer.error().message, "no answer within 100 ms");
}

TEST_F(HttpClientTest, ALargeAnswerIsRefused) {
  Script server(
      {"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n" + std::string(1000, 'x')});
  EXPECT_EQ(ask({.url = server.url(), .body_bytes_max = 999}).error().code, Code::kLimit);
  EXPECT_EQ(ask({.url = server.url(), .body_bytes_max = 999}).error().code, Code::kLimit);
}

TEST_F(HttpClientTest, RedirectsAreFollowedOnlyWhenAsked) {
  Script server({"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
                 "HTTP/1.1 302 Found\r\nLocation: b?x\r\nContent-Length: 0\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(ask({.url = server.url("/a/x")})->status, 302);
  const auto followed = ask({.method = "POST", .url = server.url("/a/x"), .body = "z", .redirects_max = 3});
  EXPECT_EQ(followed->status, 200);
  EXPECT_TRUE(followed->url.ends_with("/a/b?x"));
  EXPECT_TRUE(server.finish().back().starts_with("GET /a/b?x HTTP/1.1\r\n"));
}

TEST_F(HttpClientTest, ALoopOfRedirectsEnds) {
  Script server(std::vector<std::string>(3, "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(ask({.url = server.url(), .redirects_max = 2}).error().message, "more than 2 redirects");
}

TEST_F(HttpClientTest, ACanceledCallEndsOnce) {
  Script server({""});
  std::promise<Result<HttpAnswer>> promise;
  auto future = promise.get_future();
  const auto id = client_.start({.url = server.url()}, [&](Result<HttpAnswer> a) { promise.set_value(std::move(a)); });
  client_.cancel(id);
  client_.cancel(id);
  ASSERT_EQ(future.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(future.get().error().code, Code::kDenied);
  ask({.url = server.url(), .timeout = 1s}).error();  // lets the script see its one connection
}

TEST_F(HttpClientTest, FailuresSayWhere) {
  std::uint16_t port = 0;
  {
    Script gone({});
    port = static_cast<std::uint16_t>(std::stoi(gone.url().substr(17)));
  }
  const auto refused = ask({.url = "http://127.0.0.1:" + std::to_string(port) + "/"});
  EXPECT_EQ(refused.error().message, "127.0.0.1:" + std::to_string(port) + ": cannot connect: Connection refused");
  EXPECT_EQ(ask({.url = "ftp://x/"}).error().message, "address: it must begin with http:// or https://");
  Script broken({"220 smtp ready\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"});
  EXPECT_NE(ask({.url = broken.url()}).error().message.find("not an HTTP answer"), std::string::npos);
  EXPECT_NE(ask({.url = broken.url()}).error().message.find("ended before the answer did"), std::string::npos);
  Script plain({"HTTP/1.1 400 Bad Request\r\n\r\n"});
  const auto tls = ask({.url = "https" + plain.url().substr(4), .timeout = 2s});
  EXPECT_NE(tls.error().message.find("TLS"), std::string::npos) << tls.error().message;
}

TEST_F(HttpClientTest, ARequestCannotBeSmuggledInAHeader) {
  EXPECT_EQ(ask({.url = "http://h/", .headers = {{"A", "b\r\nC: d"}}}).error().message,
            "header A: its value must be one line");
  EXPECT_EQ(ask({.url = "http://h/", .headers = {{"A:b", "c"}}}).error().code, Code::kInvalid);
  EXPECT_EQ(ask({.method = "GET / HTTP/1.1", .url = "http://h/"}).error().code, Code::kInvalid);
  EXPECT_EQ(ask({.url = "http://h\r\nX: y/"}).error().code, Code::kInvalid);
}

TEST_F(HttpClientTest, GoesThroughAProxy) {
  Script proxy({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 403 Forbidden\r\n\r\n"});
  EXPECT_EQ(ask({.url = "http://example.test/x", .proxy = proxy.url()})->status, 200);
  EXPECT_NE(
      ask({.url = "https://example.test/x", .proxy = proxy.url()}).error().message.find("answered 403 to CONNECT"),
      std::string::npos);
  const auto asked = proxy.finish();
  EXPECT_TRUE(asked.front().starts_with("GET http://example.test/x HTTP/1.1\r\nHost: example.test\r\n"));
  EXPECT_TRUE(asked.back().starts_with("CONNECT example.test:443 HTTP/1.1\r\nHost: example.test:443\r\n"));
}

// A server of the openssl program, with a certificate of its own making.
class TlsTest : public HttpClientTest {
 protected:
  TlsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "midwatch-tls-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    auto port = std::make_shared<std::promise<std::string>>();
    auto listening = port->get_future();
    ChildOptions options{
        .argv = {"/bin/sh", "-c",
                 "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=test "
                 "-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>/dev/null && "
                 "exec openssl s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem -www"},
        .environment = {{"PATH", "/usr/bin:/bin"}},
        .cwd = directory_};
    auto on_output = [port, seen = std::string(), told = false](ChildStream, std::string_view chunk) mutable {
      seen += chunk;
      const std::size_t at = seen.find("ACCEPT 127.0.0.1:");
      const std::size_t end = at == std::string::npos ? at : seen.find('\n', at);
      if (end == std::string::npos || std::exchange(told, true)) return;
      port->set_value(seen.substr(at + 17, end - at - 17));
    };
    auto started = ChildProcess::start(runtime_, std::move(options),
                                       {.on_output = std::move(on_output), .on_end = [](ChildResult) {}});
    EXPECT_TRUE(started.has_value());
    if (listening.wait_for(kPatience) == std::future_status::ready) url_ = "https://127.0.0.1:" + listening.get() + "/";
  }
  ~TlsTest() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
  std::string url_;
};

TEST_F(TlsTest, CertificatesAreVerifiedUnlessTheCallSaysOtherwise) {
  const auto unknown = ask({.url = url_});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_NE(unknown.error().message.find("certificate verify failed"), std::string::npos) << unknown.error().message;
  const auto trusting = ask({.url = url_, .verify_tls = false});
  ASSERT_TRUE(trusting.has_value()) << trusting.error().message;
  EXPECT_EQ(trusting->status, 200);
}

TEST_F(TlsTest, ACertificateOfOursIsTrustedForItsNameOnly) {
  HttpClient client(runtime_, {.ca_file = directory_ + "/cert.pem"});
  std::promise<Result<HttpAnswer>> good;
  client.start({.url = url_}, [&](Result<HttpAnswer> answer) { good.set_value(std::move(answer)); });
  const auto answer = good.get_future().get();
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_NE(answer->body.find("TLS"), std::string::npos);
  std::promise<Result<HttpAnswer>> bad;
  client.start({.url = "https://localhost" + url_.substr(url_.rfind(':'))},
               [&](Result<HttpAnswer> other) { bad.set_value(std::move(other)); });
  EXPECT_FALSE(bad.get_future().get().has_value()) << "localhost is not in the certificate";
}

Co<> fetch_twice(Runtime& runtime, HttpClient& client, std::string url, std::promise<std::string>& done) {
  std::string bodies;
  for (int i = 0; i < 2; ++i) {
    HttpCall call{.url = url};
    const auto answer = co_await fetch(client, std::move(call));
    bodies += answer ? answer->body : answer.error().message;
    co_await pause_for(runtime, 1ms);
  }
  done.set_value(bodies);
}

TEST_F(HttpClientTest, CanBeAwaited) {
  Script server({"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb"});
  std::promise<std::string> done;
  spawn(runtime_, fetch_twice(runtime_, client_, server.url(), done));
  auto future = done.get_future();
  ASSERT_EQ(future.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(future.get(), "ab");
}

TEST(HttpUrl, IsTakenApart) {
  const auto url = parse_http_url("https://us%65r:p@[::1]:8443/a?b#c");
  EXPECT_TRUE(url->is_tls);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->authority(), "[::1]:8443");
  EXPECT_EQ(url->target, "/a?b");
  EXPECT_EQ(url->to_string(), "https://[::1]:8443/a?b") << "a password is not shown";
  EXPECT_EQ(parse_http_url("http://h?x")->target, "/?x");
  EXPECT_EQ(parse_http_url("http://h:443")->authority(), "h:443");
  for (const char* wrong :
       {"", "h/x", "http://", "http://:80/", "http://h:0/", "http://h:99999/", "http://[::1/", "http://a b/"}) {
    EXPECT_FALSE(parse_http_url(wrong).has_value()) << wrong;
  }
}

TEST(HttpRequestText, PutsUserInformationInAHeader) {
  const auto url = parse_http_url("http://Aladdin:open%20sesame@h/");
  EXPECT_NE(request_text({.url = ""}, *url, "agent", nullptr).find("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            std::string::npos);
}

TEST(HttpRequestText, SecretsDoNotFollowToAnotherHost) {
  HttpCall call{.url = "", .headers = {{"Authorization", "x"}, {"cookie", "y"}, {"X-Z", "z"}}};
  follow(call, *parse_http_url("https://a/"), *parse_http_url("https://a/b"), 302);
  EXPECT_EQ(call.headers.size(), 3u);
  follow(call, *parse_http_url("https://a/"), *parse_http_url("http://a/"), 302);
  EXPECT_EQ(call.headers, (HttpFields{{"X-Z", "z"}}));
}

}  // namespace
}  // namespace midwatch::aio
