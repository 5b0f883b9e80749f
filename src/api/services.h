// api/services.h — what the API needs of the program around it; wired by the node.
//
// Everything here may be called on any thread. Lifetime: outlives the Api.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.h"
#include "api/token_table.h"
#include "base/object_id.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/inbox.h"
#include "model/content.h"
#include "ports/store.h"
#include "value/value.h"

namespace midwatch {

// A route of another module: Prometheus' query API, remote write, the web page. `path` is compared with
// what follows "/api/v1" (or "/v1", or nothing): "/query". A path that ends in "/*" takes all below it.
struct ExtraRoute {
  enum class Access : std::uint8_t { kOpen, kToken };
  enum class Runs : std::uint8_t { kAtOnce, kOffloaded };
  std::string method;
  std::string path;
  Access access = Access::kToken;
  Runs runs = Runs::kOffloaded;
  std::function<void(Request, Reply)> handler;
};

struct ApiServices {
  StoreReader* store = nullptr;
  Inbox* inbox = nullptr;
  const TokenTable* tokens = nullptr;
  std::function<std::shared_ptr<const Content>()> content;
  std::function<Instant()> now;
  // Runs a function that may block on another thread; false when there is no room for it.
  std::function<bool(std::move_only_function<void()>)> offload;
  // POST /packs/register: loads the packs again; the counts of what was registered. Errors name files.
  std::function<Result<Value>(const Value& body)> reload;
  std::function<std::string()> metrics;  // Prometheus' text
  std::function<Status()> ready;         // the reason when it does not take work
  std::function<bool()> draining;        // stopping: nothing new is taken
  // Output of an execution that still runs: "stdout", "stderr" or "all".
  std::function<std::string(ObjectId, std::string_view type)> live_output;
  std::vector<ExtraRoute> extra_routes;
};

struct ApiOptions {
  enum class Metrics : std::uint8_t { kOpen, kToken };
  Metrics metrics = Metrics::kOpen;
  std::string version = "0.1.0";
  std::string web_url = "http://127.0.0.1:9101";
  std::vector<std::string> allow_origins{};  // of browsers; "*" for all
};

}  // namespace midwatch
