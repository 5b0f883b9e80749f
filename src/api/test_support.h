// api/test_support.h — an Api over a store in memory and an engine that does nothing but answer.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "api/api.h"
#include "codec/json.h"
#include "ports/memory_store.h"

namespace midwatch {

// Keeps what was submitted; answers with what the test put in, or {"id": …}.
class FakeInbox final : public Inbox {
 public:
  bool submit(Input input, Done done) override {
    if (full) return false;
    inputs.push_back(std::move(input));
    if (answers.empty()) {
      done(Value::object({{"id", "0000000000000000000000aa"}}));
    } else {
      Result<Value> answer = std::move(answers.front());
      answers.pop_front();
      done(std::move(answer));
    }
    return true;
  }
  template <class T>
  const T& last() const {
    return std::get<T>(inputs.back());
  }

  bool full = false;
  std::vector<Input> inputs;
  std::deque<Result<Value>> answers;
};

inline Value test_json(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value) << value.error().to_string();
  return value ? *value : Value();
}

inline ObjectId test_id(std::uint8_t number) {
  std::array<std::uint8_t, ObjectId::kBytes> bytes{};
  bytes[11] = number;
  return ObjectId(bytes);
}

inline Instant test_time(std::int64_t second) { return instant_from_micros((1'790'000'000 + second) * 1'000'000); }

// "a b c": the names of an object's members, sorted.
inline std::string sorted_names(const Value& object) {
  std::vector<std::string> names;
  for (const Value::Member& member : object.members()) names.emplace_back(member.name());
  std::ranges::sort(names);
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : " ") + name;
  return out;
}

// A pack with one of each thing, a trigger type of webhooks, and the rule that listens to /webhooks/deploy.
inline std::shared_ptr<const Content> test_content() {
  auto core = std::make_shared<Pack>();
  core->ref = core->name = "core";
  TriggerType webhook;
  webhook.pack = "core";
  webhook.name = "st2.webhook";
  webhook.parameters_schema = test_json(R"({"type": "object", "properties": {"url": {"type": "string"}}})");
  core->trigger_types.push_back(webhook);
  auto shop = std::make_shared<Pack>();
  shop->ref = shop->name = "shop";
  shop->version = "1.0.0";
  Action action;
  action.pack = "shop";
  action.name = "restart";
  action.description = "Restarts it.";
  action.runner_type = "local-shell-cmd";
  action.parameters = test_json(R"({"service": {"type": "string"}, "password": {"type": "string", "secret": true}})");
  shop->actions.push_back(action);
  TriggerType broken;
  broken.pack = "shop";
  broken.name = "broken";
  shop->trigger_types.push_back(broken);
  Rule rule;
  rule.pack = "shop";
  rule.name = "deploy";
  rule.enabled = true;
  rule.trigger = "core.st2.webhook";
  rule.trigger_parameters = test_json(R"({"url": "deploy/web"})");
  rule.action = "shop.restart";
  rule.action_parameters = test_json(R"({"service": "web", "password": "hunter2"})");
  shop->rules.push_back(rule);
  auto content = Content::make({core, shop});
  EXPECT_TRUE(content) << content.error().to_string();
  return content ? *content : nullptr;
}

struct TestApi {
  static constexpr const char* kToken = "correct horse battery staple";

  MemoryStore store;
  FakeInbox inbox;
  TokenTable tokens;
  std::shared_ptr<const Content> content = test_content();
  std::size_t offloaded = 0;
  bool pool_full = false;
  bool draining = false;
  Status ready{};
  std::unique_ptr<Api> api;

  explicit TestApi(ApiOptions options = {}) : TestApi(std::move(options), {}) {}
  TestApi(ApiOptions options, std::vector<ExtraRoute> extra) {
    EXPECT_TRUE(tokens.add({.digest = token_digest(kToken), .user = "stanley", .expires_at = {}}, test_time(0)));
    ApiServices services;
    services.store = &store;
    services.inbox = &inbox;
    services.tokens = &tokens;
    services.content = [this] { return content; };
    services.now = [] { return test_time(1'000); };
    services.offload = [this](std::move_only_function<void()> work) {
      if (pool_full) return false;
      ++offloaded;
      work();
      return true;
    };
    services.reload = [](const Value&) -> Result<Value> { return Value::object({{"actions", 1}}); };
    services.metrics = [] { return std::string("midwatch_up 1\n"); };
    services.ready = [this] { return ready; };
    services.draining = [this] { return draining; };
    services.extra_routes = std::move(extra);
    api = std::make_unique<Api>(std::move(services), std::move(options));
  }

  // "GET", "/api/v1/executions?limit=3".
  Response send(const std::string& method, const std::string& target, std::string body = {},
                std::vector<Header> headers = {{"X-Auth-Token", kToken}}) {
    Request request;
    request.method = method;
    const std::size_t mark = std::min(target.find('?'), target.size());
    request.path = target.substr(0, mark);
    for (std::size_t at = mark + 1; at < target.size();) {
      const std::size_t end = std::min(target.find('&', at), target.size());
      const std::string pair = target.substr(at, end - at);
      const std::size_t equals = std::min(pair.find('='), pair.size());
      request.query.emplace_back(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
      at = end + 1;
    }
    request.headers = std::move(headers);
    request.headers.push_back({"X-Request-ID", "r-1"});
    request.body = std::move(body);
    Response got;
    int answers = 0;
    api->handle(std::move(request), [&](Response response) {
      got = std::move(response);
      ++answers;
    });
    EXPECT_EQ(answers, 1) << method << " " << target;
    return got;
  }
  Response get(const std::string& target) { return send("GET", "/api/v1" + target); }
  Value get_json(const std::string& target) {
    const Response response = get(target);
    EXPECT_EQ(response.status, 200) << target << ": " << response.body;
    return test_json(response.body);
  }

  void commit(const Batch& batch) { ASSERT_TRUE(store.commit({&batch, 1})); }
};

inline std::string header_of(const Response& response, std::string_view name) {
  for (const Header& header : response.headers) {
    if (header.name == name) return header.value;
  }
  return "(none)";
}

// The text of a fault, or the whole body when it is none.
inline std::string fault_of(const Response& response) {
  const auto body = parse_json(response.body);
  return body && body->find("faultstring") != nullptr ? body->get("faultstring").text_or("") : response.body;
}

inline Execution test_execution(std::uint8_t number, ExecutionStatus status = ExecutionStatus::kSucceeded) {
  Execution out;
  out.id = test_id(number);
  out.action = "shop.restart";
  out.runner_type = "local-shell-cmd";
  out.status = status;
  out.parameters = test_json(R"({"service": "web", "password": "hunter2"})");
  out.result = test_json(R"({"stdout": "out", "stderr": "err", "return_code": 0})");
  out.context = test_json(R"({"user": "stanley"})");
  out.start = test_time(number);
  out.end = test_time(number + 2);
  out.log = {{test_time(number), ExecutionStatus::kRequested}};
  return out;
}

}  // namespace midwatch
