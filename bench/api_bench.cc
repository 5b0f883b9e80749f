// What the API adds to an event: a webhook of a kilobyte from a parsed request to the engine's queue and
// back to an answer, without a socket and without an engine.
#include <string>

#include <benchmark/benchmark.h>

#include "api/api.h"
#include "codec/json.h"
#include "ports/memory_store.h"

namespace midwatch {
namespace {

class AnsweringInbox final : public Inbox {
 public:
  bool submit(Input input, Done done) override {
    benchmark::DoNotOptimize(input);
    done(answer_);
    return true;
  }

 private:
  Value answer_ = Value::object({{"id", "0123456789abcdef01234567"}});
};

std::shared_ptr<const Content> webhook_content() {
  auto pack = std::make_shared<Pack>();
  pack->ref = pack->name = "bench";
  Rule rule;
  rule.pack = "bench";
  rule.name = "hook";
  rule.enabled = true;
  rule.trigger = "core.st2.webhook";
  rule.trigger_parameters = Value::object({{"url", "bench"}});
  rule.action = "core.noop";
  pack->rules.push_back(std::move(rule));
  return *Content::make({std::move(pack)});
}

void webhook(benchmark::State& state) {
  MemoryStore store;
  AnsweringInbox inbox;
  TokenTable tokens;
  const std::string secret = "a token of the usual length, thirty-two";
  if (!tokens.add({.digest = token_digest(secret), .user = "u", .expires_at = {}}, Instant())) std::abort();
  ApiServices services;
  services.store = &store;
  services.inbox = &inbox;
  services.tokens = &tokens;
  services.content = [content = webhook_content()] { return content; };
  services.now = [] { return Instant(); };
  services.offload = [](std::move_only_function<void()> work) {
    work();
    return true;
  };
  Api api(std::move(services), {});
  const Value body = Value::object({{"alert", "cpu"},
                                    {"host", "web1"},
                                    {"load", 0.95},
                                    {"labels", Value::object({{"zone", "a"}, {"service", "shop"}})},
                                    {"text", std::string(static_cast<std::size_t>(state.range(0)), 'x')}});
  const std::string text = to_json(body);
  for (auto _ : state) {
    Request request;
    request.method = "POST";
    request.path = "/api/v1/webhooks/bench";
    request.headers = {{"Host", "127.0.0.1:9101"}, {"Content-Type", "application/json"},
                       {"User-Agent", "bench/1"},  {"Content-Length", "1024"},
                       {"X-Auth-Token", secret},   {"X-Request-ID", "0123456789abcdef"}};
    request.body = text;
    api.handle(std::move(request), [](Response response) {
      if (response.status != 202) std::abort();
    });
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(webhook)->Arg(100)->Arg(900);

}  // namespace
}  // namespace midwatch

BENCHMARK_MAIN();
