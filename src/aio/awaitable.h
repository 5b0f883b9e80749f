// aio/awaitable.h — the waits of aio for coroutines. Costly to include: for .cc files that await.
//
//   Co<> poll(Runtime& runtime, HttpClient& client) {
//     HttpCall call{.url = "http://…", .timeout = 5s};            // named, then moved: see the style
//     const auto answer = co_await fetch(client, std::move(call));
//     co_await pause_for(runtime, 1s);
//   }
//   spawn(runtime, poll(runtime, client));
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "aio/http_client.h"
#include "aio/runtime.h"

namespace midwatch::aio {

using Executor = boost::asio::io_context::executor_type;
template <class T = void>
using Co = boost::asio::awaitable<T, Executor>;

Co<Result<HttpAnswer>> fetch(HttpClient& client, HttpCall call);
Co<> pause_for(Runtime& runtime, Duration span);

// Runs a coroutine on the io thread; what it throws is logged.
void spawn(Runtime& runtime, Co<> coroutine);

}  // namespace midwatch::aio
