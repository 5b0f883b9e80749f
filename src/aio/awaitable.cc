#include "aio/awaitable.h"

#include <exception>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"

namespace midwatch::aio {

namespace asio = boost::asio;
using Token = asio::use_awaitable_t<Executor>;

Co<Result<HttpAnswer>> fetch(HttpClient& client, HttpCall call) {
  auto begin = [&client, call = std::move(call)](auto handler) mutable {
    client.start(std::move(call), [handler = std::move(handler)](Result<HttpAnswer> answer) mutable {
      std::move(handler)(std::move(answer));
    });
  };
  const Token token{};
  co_return co_await asio::async_initiate<const Token, void(Result<HttpAnswer>)>(std::move(begin), token);
}

Co<> pause_for(Runtime& runtime, Duration span) {
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor> timer(
      runtime.io());
  timer.expires_after(span);
  const auto token = asio::as_tuple(Token{});
  co_await timer.async_wait(token);
}

void spawn(Runtime& runtime, Co<> coroutine) {
  asio::co_spawn(runtime.io(), std::move(coroutine), [](const std::exception_ptr& failure) {
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      MW_LOG(kError, "a coroutine failed", {{"error", error.what()}});
    }
  });
}

}  // namespace midwatch::aio
