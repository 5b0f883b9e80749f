#include "notify/webhook_notifier.h"

#include <algorithm>

#include <fmt/format.h>

#include "aio/http_client.h"
#include "codec/json.h"

namespace midwatch::notify {
namespace {

bool may_pass(int status) { return status == 408 || status == 425 || status == 429 || status >= 500; }

bool may_pass(const Error& error) { return error.code == Code::kTimeout || error.code == Code::kUnavailable; }

}  // namespace

struct WebhookNotifier::Impl : std::enable_shared_from_this<Impl> {
  // One page until its outcome. Owned by the call or the timer that is under way.
  struct Page {
    Page(aio::Runtime& runtime, PageRequest request)
        : incident(request.incident), attempt(request.attempt), body(to_json(request.body)), timer(runtime) {}
    const ObjectId incident;
    const std::uint32_t attempt;
    const std::string body;
    aio::Timer timer;
    unsigned tries = 0;
  };

  Impl(aio::Runtime& rt, WebhookOptions o, PageSink s)
      : runtime(rt), options(std::move(o)), sink(std::move(s)), client(rt, {.ca_file = options.ca_file}) {}

  // --- on the io thread ---

  void begin(PageRequest request) {
    auto page = std::make_shared<Page>(runtime, std::move(request));
    ++pages;
    if (options.url.empty()) return end(*page, "no address to send pages to is set");
    if (pages > kPagesMax) return end(*page, fmt::format("more than {} pages are under way", kPagesMax));
    send(std::move(page));
  }

  void send(std::shared_ptr<Page> page) {
    ++page->tries;
    aio::HttpCall call{.method = "POST", .url = options.url, .timeout = options.attempt_timeout};
    call.verify_tls = options.verify_tls;
    call.body_bytes_max = 64u << 10;
    call.headers = {{"Content-Type", "application/json"},
                    {"Idempotency-Key", fmt::format("{}-{}", page->incident.hex(), page->attempt)}};
    if (!options.authorization.empty()) call.headers.emplace_back("Authorization", options.authorization.reveal());
    call.body = page->body;
    client.start(std::move(call),
                 [weak = weak_from_this(), page = std::move(page)](const Result<aio::HttpAnswer>& answer) mutable {
                   if (const auto self = weak.lock()) self->on_answer(std::move(page), answer);
                 });
  }

  void on_answer(std::shared_ptr<Page> page, const Result<aio::HttpAnswer>& answer) {
    if (answer && answer->status >= 200 && answer->status < 300) return end(*page, "");
    std::string error = answer ? fmt::format("the receiver answered {}", answer->status) : answer.error().to_string();
    const bool again = answer ? may_pass(answer->status) : may_pass(answer.error());
    if (!again || page->tries >= options.attempts_max) {
      return end(*page, fmt::format("{} ({} {})", error, page->tries, page->tries == 1 ? "try" : "tries"));
    }
    const unsigned doublings = std::min(page->tries - 1, 20u);
    const Duration delay = std::min(options.delay_first * (1u << doublings), options.delay_max);
    aio::Timer& timer = page->timer;
    timer.start(delay, [weak = weak_from_this(), page = std::move(page)]() mutable {
      if (const auto self = weak.lock()) self->send(std::move(page));
    });
  }

  void end(const Page& page, std::string error) {
    --pages;
    sink({.incident = page.incident, .attempt = page.attempt, .delivered = error.empty(), .error = std::move(error)});
  }

  aio::Runtime& runtime;
  const WebhookOptions options;
  const PageSink sink;
  aio::HttpClient client;
  std::size_t pages = 0;
};

WebhookNotifier::WebhookNotifier(aio::Runtime& runtime, WebhookOptions options, PageSink sink)
    : impl_(std::make_shared<Impl>(runtime, std::move(options), std::move(sink))) {}
WebhookNotifier::~WebhookNotifier() = default;

void WebhookNotifier::page(PageRequest request) {
  impl_->runtime.post([weak = std::weak_ptr(impl_), request = std::move(request)]() mutable {
    if (const auto self = weak.lock()) self->begin(std::move(request));
  });
}

}  // namespace midwatch::notify
