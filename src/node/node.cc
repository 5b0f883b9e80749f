#include "node/node.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>

#include <fmt/core.h>

#include "aio/runtime.h"
#include "api/api.h"
#include "api/token_table.h"
#include "base/log.h"
#include "codec/json.h"
#include "engine/engine.h"
#include "httpd/server.h"
#include "node/clock.h"
#include "node/engine_loop.h"
#include "node/engine_metrics.h"
#include "node/output_hub.h"
#include "node/query_routes.h"
#include "node/telemetry.h"
#include "notify/webhook_notifier.h"
#include "packs/packs.h"
#include "runners/runner_host.h"
#include "store_sqlite/sqlite_store.h"

namespace midwatch::node {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::seconds;

constexpr Duration kActionTokenLife = hours(24);

template <class Int>
Int random_number() {
  Int number{};
  while (getrandom(&number, sizeof number, 0) != sizeof number) {}
  return number;
}

std::string random_token() {
  std::string text;
  for (int i = 0; i < 4; ++i) text += fmt::format("{:016x}", random_number<std::uint64_t>());
  return text;
}

// Mode 0600 from its first byte on.
Status write_private_file(const fs::path& path, std::string_view text) {
  const fs::path fresh = path.string() + ".new";
  const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = descriptor >= 0 &&
                       ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  std::error_code renamed;
  if (written) fs::rename(fresh, path, renamed);
  if (!written || renamed) {
    return Error(Code::kUnavailable, fmt::format("{}: cannot be written: {}", path.string(),
                                                 written ? renamed.message() : std::strerror(error)));
  }
  return {};
}

// Before the node is up, every request is told to come back.
class Gate final : public HttpHandler {
 public:
  void open(HttpHandler* inner) { inner_ = inner; }
  void handle(Request request, Reply reply) override {
    if (HttpHandler* inner = inner_) return inner->handle(std::move(request), std::move(reply));
    Response response{.status = 503, .body = R"({"faultstring": "Midwatch is starting."})"};
    response.headers.push_back({"Retry-After", "1"});
    reply(std::move(response));
  }

 private:
  std::atomic<HttpHandler*> inner_{nullptr};
};

httpd::ListenAddress listen_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::string address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  return {address, static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1)))};
}

}  // namespace

struct Node::Impl {
  explicit Impl(Settings s, std::string share_dir) : settings(std::move(s)), share(std::move(share_dir)) {}

  const Settings settings;
  const std::string share;
  fs::path data;
  Clock clock;
  std::unique_ptr<store_sqlite::SqliteStore> store;
  TokenTable tokens;
  OutputHub outputs;
  std::shared_ptr<const Content> content;  // what was loaded last; the engine's own is loop->content()
  std::mutex reload_mutex;

  Gate gate;
  std::optional<aio::Runtime> runtime;
  std::unique_ptr<httpd::Server> server;
  std::unique_ptr<runners::RunnerHost> runners;
  std::unique_ptr<notify::WebhookNotifier> notifier;
  std::unique_ptr<EngineLoop> loop;
  std::unique_ptr<Telemetry> telemetry;
  std::unique_ptr<Api> api;
  std::unique_ptr<aio::Timer> maintenance;
  std::atomic<bool> ready{false};
  std::atomic<bool> draining{false};

  std::mutex action_tokens_mutex;
  std::map<ObjectId, TokenDigest> action_tokens;

  Status start();
  Status prepare_data_dir();
  Status prepare_token();
  Status load_packs();
  Status start_server();
  void start_runners();
  Status start_loop();
  void start_telemetry();
  void start_api();
  void maintain();
  Result<Value> reload(const Value& body);
  void stop();

  [[nodiscard]] std::vector<std::string> pack_paths() const {
    std::vector<std::string> paths = settings.packs;
    paths.push_back(share + "/packs/core");
    paths.push_back(share + "/packs/midwatch");
    return paths;
  }
  [[nodiscard]] packs::LoadOptions load_options() const {
    packs::LoadOptions options;
    options.configs_directory = settings.configs_dir.empty() ? (data / "configs").string() : settings.configs_dir;
    return options;
  }
  Secret issue_token(const ActionRequest& request);
  void withdraw_token(ObjectId execution);
};

Status Node::Impl::start() {
  // Few arenas and early trimming: the memory of an idle engine is the user's.
  mallopt(M_ARENA_MAX, 2);
  MW_CHECK(prepare_data_dir());
  MW_TRY(store, store_sqlite::SqliteStore::open({.directory = data.string()}));
  MW_CHECK(prepare_token());
  MW_CHECK(load_packs());
  runtime.emplace(aio::Runtime::Options{.blocking_threads = 2});
  MW_CHECK(start_server());
  start_runners();
  MW_CHECK(start_loop());
  start_telemetry();
  start_api();
  maintenance = std::make_unique<aio::Timer>(*runtime);
  maintain();
  const std::string address = fmt::format("{}:{}", listen_address(settings.listen).address, server->ports().front());
  MW_CHECK(write_private_file(data / "api.addr", address + "\n"));
  ready = true;
  MW_LOG(kInfo, "ready",
         {{"address", address}, {"packs", content->packs().size()}, {"rules", content->rules().size()}});
  return {};
}

Status Node::Impl::prepare_data_dir() {
  std::error_code error;
  data = fs::absolute(settings.data_dir, error);
  for (const fs::path& made : {data, data / "configs", data / "output"}) {
    fs::create_directories(made, error);
    if (error) return Error(Code::kUnavailable, fmt::format("{}: cannot be made: {}", made.string(), error.message()));
  }
  fs::permissions(data, fs::perms::owner_all, error);
  return {};
}

Status Node::Impl::prepare_token() {
  const fs::path path = data / "token";
  std::string token;
  std::getline(std::ifstream(path), token);
  if (token.empty()) {
    token = random_token();
    MW_CHECK(write_private_file(path, token + "\n"));
    std::cerr << "midwatch: the first token, shown only now and kept in " << path.string()
              << ":\n  first token: " << token << "\n";
  }
  return tokens.add({.digest = token_digest(token), .user = "admin", .expires_at = {}}, clock.now());
}

Status Node::Impl::load_packs() {
  const std::vector<std::string> paths = pack_paths();
  packs::Loaded loaded = packs::load_all(paths, load_options());
  for (const ContentDiagnostic& diagnostic : loaded.diagnostics.all()) {
    if (diagnostic.severity == ContentDiagnostic::Severity::kError) MW_LOG(kError, diagnostic.to_string());
    else MW_LOG(kWarning, diagnostic.to_string());
  }
  for (const std::string& refused : loaded.refused)
    MW_LOG(kError, "a pack with errors was left out", {{"pack", refused}});
  if (!loaded.content) return loaded.diagnostics.to_error().within("packs");
  content = loaded.content;
  return {};
}

Status Node::Impl::start_server() {
  httpd::ServerOptions options;
  options.listen = {listen_address(settings.listen)};
  options.limits.body_bytes_max = static_cast<std::size_t>(settings.body_bytes_max);
  options.connections_max = static_cast<std::size_t>(settings.connections_max);
  MW_TRY(server, httpd::Server::start(*runtime, gate, std::move(options)));
  return {};
}

Secret Node::Impl::issue_token(const ActionRequest& request) {
  const std::string token = random_token();
  const Instant now = clock.now();
  const TokenDigest digest = token_digest(token);
  const std::string user = request.context.get("user").text_or("stanley");
  if (Status added = tokens.add({.digest = digest, .user = user, .expires_at = now + kActionTokenLife}, now); !added) {
    MW_LOG(kWarning, "an action got no token",
           {{"execution", request.execution.hex()}, {"error", added.error().to_string()}});
    return Secret();
  }
  const std::lock_guard lock(action_tokens_mutex);
  action_tokens[request.execution] = digest;
  return Secret(token);
}

void Node::Impl::withdraw_token(ObjectId execution) {
  std::optional<TokenDigest> digest;
  {
    const std::lock_guard lock(action_tokens_mutex);
    const auto found = action_tokens.find(execution);
    if (found == action_tokens.end()) return;
    digest = found->second;
    action_tokens.erase(found);
  }
  tokens.remove(*digest);
}

void Node::Impl::start_runners() {
  EngineLoop::Options loop_options;
  loop_options.queue_max = static_cast<std::size_t>(settings.queue_max);
  loop = std::make_unique<EngineLoop>(*store, clock, loop_options);
  runners::RunnerOptions options;
  options.share_path = share;
  options.python = settings.python;
  options.spill_path = (data / "output").string();
  options.api_url = fmt::format("http://127.0.0.1:{}/api", server->ports().front());
  options.auth_token = [this](const ActionRequest& request) { return issue_token(request); };
  RunnerSink sink;
  sink.finished = [this](ActionOutcome outcome) {
    withdraw_token(outcome.execution);
    outputs.forget(outcome.execution);
    loop->finished(std::move(outcome));
  };
  sink.output = [this](OutputChunk chunk) { outputs.append(chunk); };
  runners = std::make_unique<runners::RunnerHost>(*runtime, std::move(options), std::move(sink));
  notifier = std::make_unique<notify::WebhookNotifier>(
      *runtime, notify::WebhookOptions{.url = settings.page_webhook, .attempts_max = 2}, [this](PageOutcome outcome) {
        if (!outcome.delivered) {
          MW_LOG(kError, "a page was not delivered", {{"incident", outcome.incident.hex()}, {"error", outcome.error}});
        }
        loop->paged(std::move(outcome));
      });
}

Status Node::Impl::start_loop() {
  Engine::Options options;
  options.running_max = static_cast<std::uint32_t>(settings.running_max);
  options.incident.verify_within = settings.verify_within;
  options.id_origin = random_number<std::uint16_t>();
  options.api_url = fmt::format("http://127.0.0.1:{}/api/v1", server->ports().front());
  MW_TRY(Engine engine, Engine::create(content, options));
  return loop->start(std::move(engine), *runners, *notifier);
}

void Node::Impl::start_telemetry() {
  Telemetry::Options options;
  options.checkpoint_path = (data / "samples.checkpoint").string();
  options.checkpoint_every = settings.checkpoint_every;
  options.samples_kept = settings.samples_kept;
  telemetry = std::make_unique<Telemetry>(*runtime, clock, options,
                                          [this](AnomalyReported anomaly) { loop->report(std::move(anomaly)); });
  telemetry->start(*content);
}

void Node::Impl::start_api() {
  ApiServices services;
  services.store = store.get();
  services.inbox = loop.get();
  services.tokens = &tokens;
  services.content = [this] { return loop->content(); };
  services.now = [this] { return clock.now(); };
  services.offload = [this](std::move_only_function<void()> work) { return runtime->run_blocking(std::move(work)); };
  services.reload = [this](const Value& body) { return reload(body); };
  services.metrics = [this] {
    return metrics_text({loop->statistics(), telemetry->statistics(), server->stats(), resident_bytes()});
  };
  services.ready = [this]() -> Status {
    if (!ready) return Error(Code::kUnavailable, "starting");
    if (draining) return Error(Code::kUnavailable, "stopping");
    if (std::string why = loop->degraded(); !why.empty()) return Error(Code::kUnavailable, why);
    return {};
  };
  services.draining = [this] { return draining.load(); };
  services.live_output = [this](ObjectId execution, std::string_view type) -> std::string {
    const auto output = outputs.find(execution);
    if (!output) return {};
    if (type == "stdout") return output->out;
    if (type == "stderr") return output->err;
    return output->out + output->err;
  };
  services.extra_routes = query_routes(*telemetry);
  ApiOptions options;
  options.metrics = settings.metrics_need_token ? ApiOptions::Metrics::kToken : ApiOptions::Metrics::kOpen;
  options.web_url = fmt::format("http://127.0.0.1:{}", server->ports().front());
  api = std::make_unique<Api>(std::move(services), std::move(options));
  gate.open(api.get());
}

// Moves the write-ahead log into the store's file while nobody waits for it.
void Node::Impl::maintain() {
  maintenance->start(seconds(1), [this] {
    const bool taken = runtime->run_blocking(
        [this] {
          if (Status done = store->maintain(); !done)
            MW_LOG(kWarning, "the store was not maintained", {{"error", done.error().to_string()}});
        },
        [this] {
          if (!draining) maintain();
        });
    if (!taken && !draining) maintain();
  });
}

Result<Value> Node::Impl::reload(const Value&) {
  const std::lock_guard lock(reload_mutex);
  const std::vector<std::string> paths = pack_paths();
  packs::Loaded loaded = packs::load_all(paths, load_options(), content.get());
  if (!loaded.content || loaded.diagnostics.has_errors()) return loaded.diagnostics.to_error();
  std::promise<Result<Value>> promise;
  auto answered = promise.get_future();
  const bool taken = loop->submit(ContentChanged{loaded.content, 0},
                                  [&promise](Result<Value> answer) { promise.set_value(std::move(answer)); });
  if (!taken) return Error(Code::kUnavailable, "the engine takes nothing at the moment");
  MW_TRY(const Value version, answered.get());
  content = loaded.content;
  telemetry->set_content(*content);
  MW_LOG(kInfo, "packs were loaded", {{"packs", content->packs().size()}, {"rules", content->rules().size()}});
  return Value::object({{"packs", content->packs().size()},
                        {"actions", content->actions().size()},
                        {"rules", content->rules().size()},
                        {"triggers", content->trigger_types().size()},
                        {"detectors", content->detectors().size()},
                        {"version", version.get("version")}});
}

void Node::Impl::stop() {
  if (!runtime) return;
  draining = true;
  if (server) server->stop(std::min<Duration>(settings.drain_within, seconds(5)));
  if (telemetry) telemetry->stop();
  if (runners) runners->stop(settings.drain_within);
  if (loop) loop->stop(settings.drain_within);
  if (maintenance) maintenance->cancel();
  notifier.reset();
  runtime->stop();
  std::error_code error;
  fs::remove(data / "api.addr", error);
  MW_LOG(kInfo, "stopped");
  runtime.reset();
}

Result<std::unique_ptr<Node>> Node::start(Settings settings, std::string share) {
  auto impl = std::make_unique<Impl>(std::move(settings), std::move(share));
  if (Status started = impl->start(); !started) {
    impl->stop();
    return std::move(started).error();
  }
  return std::unique_ptr<Node>(new Node(std::move(impl)));
}

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Node::~Node() { stop(); }
void Node::stop() { impl_->stop(); }
std::uint16_t Node::port() const { return impl_->server->ports().front(); }

Status Node::reload() {
  MW_TRY(const Value loaded, impl_->reload(Value()));
  return {};
}

}  // namespace midwatch::node
