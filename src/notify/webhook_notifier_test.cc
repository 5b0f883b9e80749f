#include "notify/webhook_notifier.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include <gtest/gtest.h>

#include "codec/json.h"
#include "httpd/server.h"

namespace midwatch::notify {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 30s;

// A receiver that gives the statuses it was told, then 200.
class Receiver : public HttpHandler {
 public:
  explicit Receiver(std::deque<int> statuses) : statuses_(std::move(statuses)) {}
  void handle(Request request, Reply reply) override {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(request));
    int status = 200;
    if (!statuses_.empty()) {
      status = statuses_.front();
      statuses_.pop_front();
    }
    reply({.status = status});
  }
  std::vector<Request> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::deque<int> statuses_;
  std::vector<Request> asked_;
};

class WebhookTest : public testing::Test {
 protected:
  PageOutcome page_with(Receiver& receiver, WebhookOptions options = {}) {
    auto server = httpd::Server::start(runtime_, receiver, {});
    EXPECT_TRUE(server.has_value());
    options.url = "http://127.0.0.1:" + std::to_string((*server)->ports().front()) + "/hook";
    return page(std::move(options));
  }
  PageOutcome page(WebhookOptions options) {
    options.delay_first = 1ms;
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<PageOutcome> outcome;
    WebhookNotifier notifier(runtime_, std::move(options), [&](PageOutcome got) {
      const std::lock_guard lock(mutex);
      outcome = std::move(got);
      changed.notify_all();
    });
    PageRequest request;
    request.incident = *ObjectId::parse("65536c00aabbccddeeff0011");
    request.attempt = 2;
    request.body = Value::object({{"summary", "web1 is down"}});
    notifier.page(std::move(request));
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, kPatience, [&] { return outcome.has_value(); }));
    return outcome.value_or(PageOutcome{});
  }

  aio::Runtime runtime_;
};

TEST_F(WebhookTest, DeliversThePageAsJson) {
  Receiver receiver({});
  WebhookOptions options;
  options.authorization = Secret("Bearer x");
  const PageOutcome outcome = page_with(receiver, std::move(options));
  EXPECT_TRUE(outcome.delivered);
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.attempt, 2u);
  const auto asked = receiver.asked();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].method + " " + asked[0].path, "POST /hook");
  EXPECT_EQ(asked[0].body, R"({"summary":"web1 is down"})");
  EXPECT_EQ(*asked[0].header("content-type"), "application/json");
  EXPECT_EQ(*asked[0].header("authorization"), "Bearer x");
}

TEST_F(WebhookTest, TriesAgainWhatMayPassUnderTheSameKey) {
  Receiver receiver({503, 429, 500});
  EXPECT_TRUE(page_with(receiver).delivered);
  const auto asked = receiver.asked();
  ASSERT_EQ(asked.size(), 4u);
  for (const Request& one : asked) EXPECT_EQ(*one.header("idempotency-key"), "65536c00aabbccddeeff0011-2");
}

TEST_F(WebhookTest, GivesUpAfterItsTries) {
  Receiver receiver({500, 500, 500, 500});
  const PageOutcome outcome = page_with(receiver, {.attempts_max = 3});
  EXPECT_FALSE(outcome.delivered);
  EXPECT_EQ(outcome.error, "the receiver answered 500 (3 tries)");
  EXPECT_EQ(receiver.asked().size(), 3u);
}

TEST_F(WebhookTest, ARefusalIsFinal) {
  Receiver receiver({404});
  EXPECT_EQ(page_with(receiver).error, "the receiver answered 404 (1 try)");
}

TEST_F(WebhookTest, AnUnreachableReceiverIsReportedOnce) {
  const PageOutcome outcome = page({.url = "http://127.0.0.1:1/", .attempts_max = 2});
  EXPECT_EQ(outcome.error, "127.0.0.1:1: cannot connect: Connection refused (2 tries)");
  EXPECT_EQ(page({}).error, "no address to send pages to is set");
}

}  // namespace
}  // namespace midwatch::notify
