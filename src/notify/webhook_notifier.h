// notify/webhook_notifier.h — the Notifier port as POSTs of JSON to one address.
//
//   WebhookNotifier notifier(runtime, {.url = "https://chat.example/hook"}, sink);
//   notifier.page(request);                 // the outcome comes through the sink, once
//
// A page is delivered when the receiver answers 2xx. What may pass (no connection, no answer in time,
// 408, 425, 429, 5xx) is tried again up to attempts_max times, after delay_first, then twice as long
// each time up to delay_max; any other answer is final. "Idempotency-Key" is the same for all tries of
// one page, so that a receiver can tell a repeat.
//
// Thread-safety: page() on any thread; the sink is called on the io thread. Lifetime: the runtime must
// outlive it; pages under way when it is destroyed are dropped without an outcome: the store has them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "aio/runtime.h"
#include "base/secret.h"
#include "base/time.h"
#include "ports/notifier.h"

namespace midwatch::notify {

struct WebhookOptions {
  std::string url{};       // empty: every page fails with a sentence that says so
  Secret authorization{};  // value of Authorization, or empty
  unsigned attempts_max = 5;
  Duration attempt_timeout = std::chrono::seconds(10);
  Duration delay_first = std::chrono::seconds(1);
  Duration delay_max = std::chrono::seconds(30);
  bool verify_tls = true;
  std::string ca_file{};
};

class WebhookNotifier final : public Notifier {
 public:
  // Beyond it a page fails at once. People cannot be paged a thousand times anyway.
  static constexpr std::size_t kPagesMax = 1000;

  WebhookNotifier(aio::Runtime& runtime, WebhookOptions options, PageSink sink);
  ~WebhookNotifier() override;

  void page(PageRequest request) override;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace midwatch::notify
