#include "httpd/server.h"

#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "aio/unique_fd.h"

namespace midwatch::httpd {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 30s;
constexpr int kPatienceMs = 30'000;

// Answers what the path says; keeps some replies for later.
class Handler : public HttpHandler {
 public:
  void handle(Request request, Reply reply) override {
    if (request.path == "/throw") throw std::runtime_error("as the test wants");
    if (request.path == "/drop") return;
    if (request.path == "/later") {
      const std::lock_guard lock(mutex_);
      kept_.push_back(std::move(reply));
      return;
    }
    std::string body = request.method + " " + request.path + " " + std::to_string(request.body.size());
    if (request.path == "/id") body = *request.header("x-request-id");
    if (request.path == "/remote") body = request.remote;
    if (request.path == "/big") body = std::string(5'000'000, 'b');
    reply({.status = 200, .content_type = "text/plain", .body = std::move(body)});
  }
  std::size_t kept() {
    const std::lock_guard lock(mutex_);
    return kept_.size();
  }
  std::vector<Reply> release() {
    const std::lock_guard lock(mutex_);
    return std::exchange(kept_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<Reply> kept_;
};

// A blocking client that speaks in bytes, so that tests can send what no library would.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  // False when the server has hung up.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  // The next answer whole: status line, header, and a body of Content-Length. "" when the server hung up.
  std::string receive(bool with_body = true) {
    std::size_t header;
    while ((header = in_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return std::exchange(in_, {});
    }
    std::size_t size = header + 4;
    const std::size_t length = in_.find("Content-Length: ");
    if (with_body && length < header) size += std::stoul(in_.substr(length + 16));
    while (in_.size() < size) {
      if (!fill()) return std::exchange(in_, {});
    }
    std::string answer = in_.substr(0, size);
    in_.erase(0, size);
    return answer;
  }
  std::string ask(const std::string& path) {
    send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
    return receive();
  }
  bool has_answer_within(std::chrono::milliseconds span) {
    pollfd wait{fd_.get(), POLLIN, 0};
    return ::poll(&wait, 1, static_cast<int>(span.count())) == 1;
  }
  bool is_closed() { return in_.empty() && !fill(); }
  void finish_sending() { ::shutdown(fd_.get(), SHUT_WR); }

 private:
  bool fill() {
    pollfd wait{fd_.get(), POLLIN, 0};
    if (::poll(&wait, 1, kPatienceMs) != 1) {
      ADD_FAILURE() << "nothing came";
      return false;
    }
    char bytes[65536];
    const ssize_t count = ::recv(fd_.get(), bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    in_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }
  aio::UniqueFd fd_;
  std::string in_;
};

std::string status(const std::string& answer) { return answer.substr(0, std::min<std::size_t>(12, answer.size())); }
std::string body(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }
std::string field(const std::string& answer, const std::string& name) {
  const std::size_t at = answer.find(name + ": ");
  if (at == std::string::npos) return "";
  return answer.substr(at + name.size() + 2, answer.find("\r\n", at) - at - name.size() - 2);
}

class ServerTest : public testing::Test {
 protected:
  Server& start(ServerOptions options = {}) {
    auto server = Server::start(runtime_, handler_, std::move(options));
    EXPECT_TRUE(server.has_value()) << server.error().to_string();
    server_ = std::move(*server);
    return *server_;
  }
  Client client() { return Client(server_->ports().front()); }
  template <class Condition>
  static bool becomes(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  Handler handler_;
  aio::Runtime runtime_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersManyRequestsOnOneConnection) {
  start();
  Client one = client();
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(body(one.ask("/n/" + std::to_string(i))), "GET /n/" + std::to_string(i) + " 0");
  }
  EXPECT_EQ(server_->stats().requests, 500u);
  EXPECT_EQ(server_->stats().connections_accepted, 1u);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  Client one = client();
  std::string all;
  for (int i = 0; i < 300; ++i) {
    all += "POST /p" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  }
  one.send(all);
  for (int i = 0; i < 300; ++i) ASSERT_EQ(body(one.receive()), "POST /p" + std::to_string(i) + " 3");
}

TEST_F(ServerTest, APipelinedAnswerIsNotHeldBackByALateOne) {
  start();
  Client one = client();
  one.send(
      "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /later HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(body(one.receive()), "GET /a 0");
  ASSERT_TRUE(becomes([&] { return handler_.kept() == 1; }));
  for (Reply& reply : handler_.release()) reply({.status = 202, .body = "late"});
  EXPECT_EQ(body(one.receive()), "late");
  EXPECT_EQ(body(one.receive()), "GET /b 0");
}

TEST_F(ServerTest, TakesAnswersInBulkFromAnotherThread) {
  start();
  std::vector<Client> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(client());
    clients.back().send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  ASSERT_TRUE(becomes([&] { return handler_.kept() == 50; }));
  std::thread engine([&] {
    for (Reply& reply : handler_.release()) reply({.status = 202, .body = "ok"});
  });
  for (Client& one : clients) EXPECT_EQ(status(one.receive()), "HTTP/1.1 202");
  engine.join();
}

TEST_F(ServerTest, LateAnswersAndNewRequestsMeetFromTwoThreads) {
  start();
  std::atomic<bool> stop = false;
  std::thread engine([&] {
    while (!stop) {
      for (Reply& reply : handler_.release()) reply({.status = 202, .body = "ok"});
    }
  });
  Client one = client();
  Client two = client();
  for (int i = 0; i < 1000; ++i) {
    one.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    two.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_EQ(status(one.receive()), "HTTP/1.1 202");
    ASSERT_EQ(status(two.receive()), "HTTP/1.1 202");
  }
  stop = true;
  engine.join();
}

TEST_F(ServerTest, ADroppedReplyIs503AndAnExceptionIs500) {
  start();
  Client one = client();
  EXPECT_EQ(status(one.ask("/drop")), "HTTP/1.1 503");
  EXPECT_EQ(status(one.ask("/throw")), "HTTP/1.1 500");
  EXPECT_EQ(status(one.ask("/fine")), "HTTP/1.1 200") << "the connection goes on";
}

TEST_F(ServerTest, AHundredMegabytesAreRefusedWithoutBeingKept) {
  start();
  Client one = client();
  ASSERT_TRUE(one.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 104857600\r\n\r\n"));
  const std::string megabyte(1u << 20, 'x');
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(one.send(megabyte)) << "the client sees an answer, not a reset";
  one.finish_sending();
  const std::string answer = one.receive();
  EXPECT_EQ(status(answer), "HTTP/1.1 413");
  EXPECT_EQ(field(answer, "Connection"), "close");
  EXPECT_EQ(body(answer), R"({"faultstring":"the body is too large, at most 1048576 bytes are accepted"})");
  EXPECT_TRUE(one.is_closed());
}

TEST_F(ServerTest, AChunkedBodyWithoutEndIsRefusedAtTheLimit) {
  start();
  Client one = client();
  one.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  for (int i = 0; i < 64 && one.send(chunk); ++i) {}
  one.finish_sending();
  EXPECT_EQ(status(one.receive()), "HTTP/1.1 413");
}

TEST_F(ServerTest, ABodyOfTheLimitIsTaken) {
  start();
  Client one = client();
  one.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1048576\r\n\r\n");
  one.send(std::string(1u << 20, 'x'));
  EXPECT_EQ(body(one.receive()), "POST /x 1048576");
}

TEST_F(ServerTest, SaysContinueOnlyWhenItWillTakeTheBody) {
  start();
  Client one = client();
  one.send("POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(one.receive(), "HTTP/1.1 100 Continue\r\n\r\n");
  one.send("abc");
  EXPECT_EQ(body(one.receive()), "POST /x 3");
  one.send("POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
  EXPECT_EQ(status(one.receive()), "HTTP/1.1 413");
}

TEST_F(ServerTest, HeadHasTheLengthButNotTheBody) {
  start();
  Client one = client();
  one.send("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string head = one.receive(false);
  EXPECT_EQ(field(head, "Content-Length"), "8");
  EXPECT_EQ(body(one.receive()), "GET /b 0");
}

TEST_F(ServerTest, RepeatsTheRequestIdOrMakesOne) {
  start();
  Client one = client();
  one.send("GET /id HTTP/1.1\r\nHost: h\r\nx-request-id: mine-1\r\n\r\n");
  std::string answer = one.receive();
  EXPECT_EQ(field(answer, "X-Request-ID"), "mine-1");
  EXPECT_EQ(body(answer), "mine-1");
  answer = one.ask("/id");
  EXPECT_EQ(body(answer).size(), 36u);
  EXPECT_EQ(field(answer, "X-Request-ID"), body(answer));
}

TEST_F(ServerTest, TellsThePeerAndSetsTheUsualFields) {
  start();
  const std::string answer = client().ask("/remote");
  EXPECT_EQ(body(answer), "127.0.0.1");
  EXPECT_TRUE(field(answer, "Date").ends_with(" GMT"));
  EXPECT_EQ(field(answer, "Content-Type"), "text/plain");
}

TEST_F(ServerTest, AnInvalidEscapeIsA400ThatSaysWhere) {
  start();
  const std::string answer = client().ask("/a?b=%G1");
  EXPECT_EQ(status(answer), "HTTP/1.1 400");
  EXPECT_NE(body(answer).find("'%G1' at position 1"), std::string::npos) << answer;
  EXPECT_EQ(server_->stats().requests_refused, 1u);
}

TEST_F(ServerTest, HonoursConnectionCloseAndHttp10) {
  start();
  Client one = client();
  one.send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(field(one.receive(), "Connection"), "close");
  EXPECT_TRUE(one.is_closed());
  Client old = client();
  old.send("GET /a HTTP/1.0\r\n\r\n");
  EXPECT_EQ(body(old.receive()), "GET /a 0");
  EXPECT_TRUE(old.is_closed());
  Client kept = client();
  kept.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(field(kept.receive(), "Connection"), "keep-alive");
}

TEST_F(ServerTest, ALargeAnswerArrivesWholeAtASlowReader) {
  start();
  Client one = client();
  one.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(body(one.receive()), std::string(5'000'000, 'b'));
  EXPECT_EQ(body(one.receive()), "GET /next 0");
}

TEST_F(ServerTest, AConnectionThatAsksNothingIsClosed) {
  start({.idle_timeout = 100ms});
  Client silent = client();
  EXPECT_TRUE(silent.is_closed());
  Client served = client();
  served.ask("/a");
  EXPECT_TRUE(served.is_closed());
}

TEST_F(ServerTest, ASlowRequestIs408HoweverBusyItLooks) {
  start({.request_timeout = 300ms});
  Client slow = client();
  slow.send("GET / HTTP/1.1\r\nHost: h\r\nX: ");
  // A byte now and then does not buy more time.
  int bytes = 0;
  while (!slow.has_answer_within(10ms) && ++bytes < 3000) slow.send("y");
  slow.finish_sending();
  EXPECT_EQ(status(slow.receive()), "HTTP/1.1 408");
}

TEST_F(ServerTest, AHalfSentRequestIs408) {
  start({.request_timeout = 100ms});
  Client slow = client();
  slow.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(status(slow.receive()), "HTTP/1.1 408");
  slow.finish_sending();
  EXPECT_TRUE(slow.is_closed());
}

TEST_F(ServerTest, ALateAnswerIsNotATimeoutOfTheClient) {
  start({.idle_timeout = 100ms, .request_timeout = 100ms});
  Client one = client();
  one.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(becomes([&] { return handler_.kept() == 1; }));
  Client other = client();
  EXPECT_TRUE(other.is_closed()) << "as long as an idle one lives";
  for (Reply& reply : handler_.release()) reply({.body = "ok"});
  EXPECT_EQ(body(one.receive()), "ok");
}

TEST_F(ServerTest, ConnectionsBeyondTheLimitAreToldSo) {
  start({.connections_max = 2});
  Client one = client();
  Client two = client();
  one.ask("/a");
  two.ask("/a");
  Client three = client();
  EXPECT_EQ(status(three.receive()), "HTTP/1.1 503");
  EXPECT_EQ(server_->stats().connections_refused, 1u);
  EXPECT_EQ(status(one.ask("/b")), "HTTP/1.1 200");
}

TEST_F(ServerTest, StopFinishesWhatRuns) {
  start();
  Client idle = client();
  idle.ask("/a");
  Client busy = client();
  busy.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(becomes([&] { return handler_.kept() == 1; }));
  auto stopping = std::async(std::launch::async, [&] { server_->stop(kPatience); });
  EXPECT_TRUE(idle.is_closed());
  for (Reply& reply : handler_.release()) reply({.body = "done"});
  const std::string answer = busy.receive();
  EXPECT_EQ(body(answer), "done");
  EXPECT_EQ(field(answer, "Connection"), "close");
  ASSERT_EQ(stopping.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(server_->stats().connections_open, 0u);
}

TEST_F(ServerTest, StopCutsWhatDoesNotEndAndALateReplyIsHarmless) {
  start();
  Client stuck = client();
  stuck.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(becomes([&] { return handler_.kept() == 1; }));
  Client half = client();
  half.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  ASSERT_TRUE(becomes([&] { return server_->stats().connections_open == 2; }));
  server_->stop(10ms);
  EXPECT_EQ(server_->stats().connections_open, 0u);
  EXPECT_TRUE(stuck.is_closed());
  server_.reset();
  for (Reply& reply : handler_.release()) reply({.body = "too late"});
}

TEST_F(ServerTest, SaysWhyItCannotListen) {
  start();
  ServerOptions taken;
  taken.listen = {{"127.0.0.1", server_->ports().front()}};
  auto second = Server::start(runtime_, handler_, taken);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::kUnavailable);
  EXPECT_NE(second.error().message.find("Address already in use"), std::string::npos) << second.error().message;
  ServerOptions wrong;
  wrong.listen = {{"localhost", 0}};
  EXPECT_EQ(Server::start(runtime_, handler_, wrong).error().message,
            "'localhost': not an IPv4 or IPv6 address to listen on");
}

TEST_F(ServerTest, ListensOnSeveralAddresses) {
  ServerOptions options;
  options.listen = {{"127.0.0.1", 0}, {"127.0.0.1", 0}};
  start(options);
  for (const std::uint16_t port : server_->ports()) EXPECT_EQ(status(Client(port).ask("/a")), "HTTP/1.1 200");
}

}  // namespace
}  // namespace midwatch::httpd
