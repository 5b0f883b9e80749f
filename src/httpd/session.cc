#include "httpd/session.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/log.h"
#include "httpd/response_writer.h"

namespace midwatch::httpd {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

constexpr auto kOutcome = asio::as_tuple(asio::use_awaitable_t<Executor>{});

constexpr std::size_t kBufferBytesFirst = 4u << 10;
constexpr std::size_t kBufferBytesBody = 64u << 10;  // while a large body arrives
constexpr std::size_t kAnswersBytesMax = 64u << 10;  // pipelined answers are written at the latest then
constexpr std::size_t kKeptCapacityMax = 256u << 10;
constexpr Duration kWriteTimeout = std::chrono::seconds(30);
// How long a refused client may go on sending before we hang up, and how much.
constexpr Duration kLinger = std::chrono::seconds(2);
constexpr std::uint64_t kLingerBytesMax = 1u << 30;

std::string error_body(std::string_view text) {
  std::string out = R"({"faultstring":")";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "\"}";
}

}  // namespace

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Sessions> sessions, Socket socket)
      : sessions_(std::move(sessions)),
        socket_(std::move(socket)),
        parser_(sessions_->options.limits),
        buffer_(kBufferBytesFirst) {
    ErrorCode error;
    const auto peer = socket_.remote_endpoint(error);
    if (!error) remote_ = peer.address().to_string();
    deadline_ = sessions_->now + sessions_->options.idle_timeout;
    sessions_->open.insert(this);
    ++sessions_->connections_open;
  }
  ~Session() {
    sessions_->open.erase(this);
    --sessions_->connections_open;
    if (sessions_->draining && sessions_->open.empty() && sessions_->on_last_closed) {
      sessions_->runtime.post(std::exchange(sessions_->on_last_closed, {}));
    }
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Co<> run() {
    for (bool go_on = true; go_on;) {
      const auto fed = parser_.feed({buffer_.data() + begin_, end_ - begin_});
      begin_ += fed.consumed;
      switch (fed.step) {
        case RequestParser::Step::kNeedMore:
          if (fed.consumed == 0 || begin_ == end_) go_on = co_await read_more();
          break;
        case RequestParser::Step::kRefused: {
          RequestParser::Refusal refusal = parser_.refusal();
          co_await refuse(std::move(refusal));
          go_on = false;
          break;
        }
        case RequestParser::Step::kComplete: go_on = co_await serve_one(); break;
      }
    }
    ErrorCode ignored;
    socket_.close(ignored);
  }

  // --- called by Sessions ---

  void end_if_overdue(SteadyTime now) {
    if (now < deadline_) return;
    deadline_ = now + kLinger;
    if (std::exchange(overdue_, true)) return hang_up();
    ErrorCode ignored;
    socket_.cancel(ignored);
  }
  void end_if_idle() {
    if (!reading_ || parser_.has_begun() || begin_ != end_) return;
    hang_up();
  }
  void hang_up() {
    ErrorCode ignored;
    socket_.close(ignored);
    // What it resumes may be the end of this session.
    if (const auto exchange = exchange_) exchange->abandon();
  }

 private:
  [[nodiscard]] SteadyTime after(Duration span) const { return sessions_->now + span; }

  // Reads what there is behind what we have. False when the connection is of no further use.
  Co<bool> read_more() {
    if (!co_await flush()) co_return false;
    const bool has_begun = parser_.has_begun();
    if (!has_begun && sessions_->draining) co_return false;
    if (parser_.expects_continue() && !std::exchange(continued_, true)) {
      answers_ = "HTTP/1.1 100 Continue\r\n\r\n";
      if (!co_await flush()) co_return false;
    }
    make_room();
    reading_ = true;
    const auto space = asio::buffer(buffer_.data() + end_, buffer_.size() - end_);
    const auto [error, bytes] = co_await socket_.async_read_some(space, kOutcome);
    reading_ = false;
    if (error) {
      if (overdue_ && has_begun && socket_.is_open()) {
        RequestParser::Refusal slow{408, "the request took too long to arrive"};
        co_await refuse(std::move(slow));
      }
      co_return false;
    }
    end_ += bytes;
    if (!has_begun) deadline_ = after(sessions_->options.request_timeout);
    co_return true;
  }

  void make_room() {
    if (begin_ == end_) begin_ = end_ = 0;
    const bool large_body = parser_.has_header() && parser_.body_bytes_expected() > 2 * kBufferBytesFirst;
    const std::size_t wanted = large_body ? kBufferBytesBody : kBufferBytesFirst;
    if (end_ < buffer_.size() && buffer_.size() >= wanted) return;
    if (begin_ > 0) {
      std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
      end_ -= begin_;
      begin_ = 0;
    }
    // The parser refuses a header that reaches its limit, so this ends: see RequestParser::feed.
    if (end_ == buffer_.size() || buffer_.size() < wanted) buffer_.resize(std::max(wanted, buffer_.size() * 2));
  }

  // The request the parser has completed: handled, answered. False when the connection ends with it.
  Co<bool> serve_one() {
    auto taken = parser_.take();
    continued_ = false;
    deadline_ = SteadyTime::max();  // how long a handler takes is not the client's fault
    ++sessions_->requests;
    taken.request.remote = remote_;
    std::string request_id = identify(taken.request);

    auto exchange = std::make_shared<Exchange>(sessions_->outbox);
    bool failed = false;
    try {
      sessions_->handler.handle(std::move(taken.request), Exchange::make_reply(exchange));
    } catch (const std::exception& error) {
      MW_LOG(kError, "a handler failed", {{"request_id", request_id}, {"error", error.what()}});
      failed = true;
    }
    if (!failed && !exchange->is_answered()) {
      if (!co_await flush()) co_return false;
      exchange_ = exchange;
      co_await wait_for(exchange);
      exchange_.reset();
    }
    if (failed || !exchange->is_answered()) {
      Response broken{.status = failed ? 500 : 503};
      broken.body = error_body(failed ? "internal error, see the log" : "the server is stopping");
      append(broken, request_id, taken);
    } else {
      append(exchange->response(), request_id, taken);
    }
    const bool keep_alive = taken.keep_alive && !sessions_->draining;
    deadline_ = after(sessions_->options.idle_timeout);
    if (!keep_alive || begin_ == end_ || answers_.size() > kAnswersBytesMax) {
      if (!co_await flush()) co_return false;
    }
    co_return keep_alive;
  }

  void append(const Response& response, std::string_view request_id, const RequestParser::Taken& taken) {
    append_response(answers_, response,
                    {.date = sessions_->date,
                     .request_id = request_id,
                     .keep_alive = taken.keep_alive && !sessions_->draining,
                     .is_http_1_0 = taken.is_http_1_0,
                     .is_head = taken.is_head});
  }

  std::string identify(Request& request) {
    for (Header& header : request.headers) {
      if (!equals_ignoring_case(header.name, "x-request-id")) continue;
      if (!is_acceptable_request_id(header.value)) header.value = sessions_->request_ids.next();
      return header.value;
    }
    request.headers.push_back({"X-Request-ID", sessions_->request_ids.next()});
    return request.headers.back().value;
  }

  static Co<> wait_for(std::shared_ptr<Exchange> exchange) {
    const auto token = asio::use_awaitable_t<Executor>{};
    auto begin = [exchange = std::move(exchange)](auto handler) mutable {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      const auto resume = [shared] {
        auto due = std::move(*shared);
        std::move(due)();
      };
      if (!exchange->wait(resume)) asio::post(asio::get_associated_executor(*shared), resume);
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(std::move(begin), token);
  }

  // Writes all answers that are due. A write nearly always fits the socket, so it is tried at once.
  Co<bool> flush() {
    if (answers_.empty()) co_return true;
    ErrorCode error;
    const std::size_t written = socket_.write_some(asio::buffer(answers_), error);
    if (error && error != asio::error::would_block) co_return false;
    if (written < answers_.size()) {
      const SteadyTime before = std::exchange(deadline_, after(kWriteTimeout));
      const auto rest = asio::buffer(answers_) + written;
      const auto [write_error, bytes] = co_await asio::async_write(socket_, rest, kOutcome);
      if (write_error) co_return false;
      deadline_ = std::max(before, after(Duration(0)));
    }
    answers_.clear();
    if (answers_.capacity() > kKeptCapacityMax) answers_.shrink_to_fit();
    co_return true;
  }

  Co<> refuse(RequestParser::Refusal refusal) {
    ++sessions_->requests_refused;
    Response response{.status = refusal.status};
    response.body = error_body(refusal.text);
    const std::string request_id = sessions_->request_ids.next();
    append_response(answers_, response, {.date = sessions_->date, .request_id = request_id, .keep_alive = false});
    deadline_ = after(kLinger);
    if (!co_await flush()) co_return;
    // Closing with unread bytes would reset the connection, and the client would lose the answer.
    ErrorCode ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    buffer_.resize(kBufferBytesBody);
    for (std::uint64_t thrown_away = 0; thrown_away < kLingerBytesMax;) {
      const auto space = asio::buffer(buffer_);
      const auto [error, bytes] = co_await socket_.async_read_some(space, kOutcome);
      if (error) co_return;
      thrown_away += bytes;
    }
  }

  const std::shared_ptr<Sessions> sessions_;
  Socket socket_;
  RequestParser parser_;
  std::vector<char> buffer_;  // what was read and not yet consumed is [begin_, end_)
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string answers_;  // not yet written
  std::string remote_;
  std::shared_ptr<Exchange> exchange_;  // while waiting for a late answer
  SteadyTime deadline_;
  bool reading_ = false;
  bool overdue_ = false;
  bool continued_ = false;
};

namespace {

Co<> run_session(std::shared_ptr<Session> session) { co_await session->run(); }

}  // namespace

void start_session(std::shared_ptr<Sessions> sessions, Socket socket) {
  const Executor executor = socket.get_executor();
  auto session = std::make_shared<Session>(std::move(sessions), std::move(socket));
  asio::co_spawn(executor, run_session(std::move(session)), [](const std::exception_ptr& failure) {
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      MW_LOG(kError, "a session failed", {{"error", error.what()}});
    }
  });
}

void Sessions::tick() {
  now = std::chrono::steady_clock::now();
  date = http_date(std::chrono::system_clock::now());
  const std::vector<Session*> all(open.begin(), open.end());  // ending one changes `open` later, not now
  for (Session* session : all) session->end_if_overdue(now);
}

void Sessions::drain() {
  draining = true;
  const std::vector<Session*> all(open.begin(), open.end());
  for (Session* session : all) session->end_if_idle();
}

void Sessions::cut() {
  draining = true;
  // abandon() may end a session at once, and with it only that session.
  const std::vector<Session*> all(open.begin(), open.end());
  for (Session* session : all) {
    if (open.contains(session)) session->hang_up();
  }
}

}  // namespace midwatch::httpd
