#include "cli/demo.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <csignal>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <ostream>
#include <sstream>
#include <thread>

#include <fmt/core.h>

#include "aio/child_process.h"
#include "aio/runtime.h"
#include "api/http.h"
#include "cli/api_client.h"
#include "cli/command.h"
#include "cli/share.h"
#include "codec/json.h"
#include "httpd/server.h"

namespace midwatch::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::atomic<bool> interrupted{false};

Instant wall_now() {
  return Instant(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
}

// The pager: a webhook receiver that keeps what it gets.
class Pager final : public HttpHandler {
 public:
  void handle(Request request, Reply reply) override {
    auto body = parse_json(request.body);
    if (request.method == "POST" && body) {
      const std::lock_guard lock(mutex_);
      pages_.push_back(std::move(*body));
    }
    reply({.status = body ? 202 : 400, .body = "{}"});
  }
  [[nodiscard]] std::vector<Value> pages() const {
    const std::lock_guard lock(mutex_);
    return pages_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Value> pages_;
};

Status write_file(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return Error(Code::kUnavailable, fmt::format("{}: cannot be written", path.string()));
  return {};
}

std::string read_first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string read_last_line(const fs::path& path) {
  std::ifstream file(path);
  std::string last;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) last = std::move(line);
  }
  return last;
}

class Demo {
 public:
  Demo(DemoOptions options, Call& call) : options_(std::move(options)), call_(call) {}
  ~Demo() { stop(); }

  Status run(DemoOutcome& outcome) {
    MW_CHECK(prepare());
    MW_CHECK(start_service());
    MW_CHECK(start_pager());
    MW_CHECK(start_engine());
    outcome.addresses = addresses();
    MW_CHECK(learn());
    MW_CHECK(first_outage(outcome));
    MW_CHECK(second_outage(outcome));
    return {};
  }

  void leave_running() {
    say("everything is left running; stop it with:  kill " + std::to_string(engine_->pid()) + " " +
        read_first_line(shop_ / "web.pid"));
    left_running_ = true;
  }

 private:
  void say(const std::string& text) {
    const double at = seconds_since(started_);
    call_.err << fmt::format("{:>5.1f} s  {}\n", at, text) << std::flush;
  }
  static double seconds_since(Instant start) { return midwatch::seconds(wall_now() - start); }

  // Asks until it holds, at most for `within`.
  Status wait_until(const std::string& what, Duration within, const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    while (!holds()) {
      if (interrupted) return Error(Code::kUnavailable, "interrupted");
      if (std::chrono::steady_clock::now() > deadline) {
        return Error(Code::kTimeout,
                     fmt::format("{}: not within {}; see {}", what, to_human(within), (dir_ / "engine.log").string()));
      }
      std::this_thread::sleep_for(milliseconds(100));
    }
    return {};
  }

  Status prepare() {
    if (options_.run_dir.empty()) {
      std::string pattern = (fs::temp_directory_path() / "midwatch-demo-XXXXXX").string();
      if (mkdtemp(pattern.data()) == nullptr) return Error(Code::kUnavailable, pattern + ": cannot be made");
      dir_ = pattern;
      remove_at_end_ = !options_.keep;
    } else {
      dir_ = fs::absolute(options_.run_dir);
    }
    shop_ = dir_ / "shop";
    data_ = dir_ / "data";
    std::error_code error;
    for (const fs::path& made : {shop_, data_ / "configs", dir_ / "packs"}) {
      fs::create_directories(made, error);
      if (error) return Error(Code::kUnavailable, fmt::format("{}: {}", made.string(), error.message()));
    }
    MW_TRY(const std::string shipped, packs_dir());
    const fs::path pack = dir_ / "packs" / "demo";
    fs::remove_all(pack, error);
    fs::copy(fs::path(shipped) / "demo", pack, fs::copy_options::recursive, error);
    if (error) return Error(Code::kUnavailable, fmt::format("{}: {}", pack.string(), error.message()));
    fs::create_directories(pack / "sd", error);
    MW_CHECK(write_file(data_ / "configs" / "demo.yaml", fmt::format("run_dir: {}\n", to_json(shop_.string()))));
    MW_CHECK(write_file(shop_ / "service.path", (pack / "service" / "web.py").string() + "\n"));
    return write_file(shop_ / "catalogue.json", R"({"offers": ["rope", "lamp oil", "hard tack"]})");
  }

  using Ended = std::shared_ptr<std::atomic<bool>>;

  // `ended`, when given, becomes true at the child's end.
  Result<std::shared_ptr<aio::ChildProcess>> spawn(std::vector<std::string> argv, const fs::path& log,
                                                   Ended ended = nullptr) {
    auto file = std::make_shared<std::ofstream>(log, std::ios::app);
    aio::ChildOptions child;
    child.argv = std::move(argv);
    child.cwd = dir_.string();
    child.timeout = std::chrono::hours(24 * 7);
    child.environment = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, {"LANG", "C.UTF-8"}};
    aio::ChildCallbacks callbacks;
    callbacks.on_output = [file](aio::ChildStream, std::string_view text) { *file << text << std::flush; };
    callbacks.on_end = [ended = std::move(ended)](aio::ChildResult) {
      if (ended) *ended = true;
    };
    return aio::ChildProcess::start(runtime_, std::move(child), std::move(callbacks));
  }

  Status start_service() {
    const fs::path service = dir_ / "packs" / "demo" / "service";
    MW_TRY(service_,
           spawn({"/usr/bin/python3", (service / "web.py").string(), "--run-dir", shop_.string()}, shop_ / "web.log"));
    MW_CHECK(wait_until("the service starts", seconds(10), [&] { return fs::exists(shop_ / "web.addr"); }));
    MW_TRY(load_, spawn({"/usr/bin/python3", (service / "load.py").string(), "--run-dir", shop_.string(), "--seconds",
                         options_.keep ? "86400" : "300"},
                        shop_ / "load.log"));
    const std::string address = read_first_line(shop_ / "web.addr");
    say(fmt::format("the shop serves at http://{} (pid {}), with 40 requests a second", address, service_->pid()));
    return write_file(dir_ / "packs" / "demo" / "sd" / "web.json",
                      fmt::format(R"([{{"targets": ["{}"], "labels": {{"service": "web"}}}}])", address));
  }

  Status start_pager() {
    MW_TRY(pager_server_, httpd::Server::start(runtime_, pager_, {}));
    return {};
  }

  Status start_engine() {
    std::error_code error;
    fs::remove(data_ / "api.addr", error);
    const auto ended = std::make_shared<std::atomic<bool>>(false);
    MW_TRY(engine_, spawn({self_path(), "serve", "--data-dir", data_.string(), "--packs", (dir_ / "packs").string(),
                           "--listen", "127.0.0.1:0", "--page-webhook",
                           fmt::format("http://127.0.0.1:{}/page", pager_server_->ports().front())},
                          dir_ / "engine.log", ended));
    MW_CHECK(wait_until("the engine starts", seconds(15),
                        [&] { return *ended || !read_first_line(data_ / "api.addr").empty(); }));
    if (*ended) {
      return Error(Code::kUnavailable,
                   fmt::format("the engine ended at once: {}", read_last_line(dir_ / "engine.log")));
    }
    client_ = std::make_unique<ApiClient>("http://" + read_first_line(data_ / "api.addr"),
                                          Secret(read_first_line(data_ / "token")));
    MW_CHECK(wait_until("the engine is ready", seconds(15), [&] { return client_->get_text("/readyz").has_value(); }));
    say(fmt::format("the engine watches at http://{} (pid {})", read_first_line(data_ / "api.addr"), engine_->pid()));
    return {};
  }

  Value addresses() const {
    return Value::object({{"engine", "http://" + read_first_line(data_ / "api.addr")},
                          {"service", "http://" + read_first_line(shop_ / "web.addr")},
                          {"token_file", (data_ / "token").string()},
                          {"run_dir", dir_.string()}});
  }

  Status learn() {
    say("learning what normal is");
    constexpr int kSamples = 30;
    return wait_until("the engine learns", seconds(60), [&] {
      const auto answer = client_->get("/query?query=" + percent_encode("count_over_time(up[2m])"));
      if (!answer) return false;
      const Value* value = at_path(*answer, "data.result.0.value.1");
      return value != nullptr && value->is_string() && std::atof(value->to_text().c_str()) >= kSamples;
    });
  }

  // The newest incident of a detector that was opened after `fault` and is in one of the states: what a busy
  // machine did to the service before is not what the demo did.
  Value incident_of(std::string_view detector, Instant fault, std::initializer_list<std::string_view> states) {
    const auto incidents = client_->get("/incidents?limit=50");
    if (!incidents) return {};
    for (const Value& incident : incidents->elements()) {
      if (incident.get("detector").text_or("") != detector) continue;
      const auto opened = parse_iso8601(incident.get("opened").text_or(""));
      if (!opened || *opened < fault) continue;
      for (const std::string_view state : states) {
        if (incident.get("state").text_or("") != state) continue;
        auto whole = client_->get("/incidents/" + incident.get("id").text_or(""));
        return whole ? *whole : Value();
      }
    }
    return {};
  }

  Status first_outage(DemoOutcome& outcome) {
    Outage outage{"first outage: a worker wedges", wall_now(), {}};
    say("fault 1: a worker wedges; latency climbs. The engine is not told");
    kill(std::stoi(read_first_line(shop_ / "web.pid")), SIGUSR1);
    if (options_.kill_engine_after >= Duration(0)) {
      std::this_thread::sleep_for(options_.kill_engine_after);
      say("killing the engine with SIGKILL, and starting it again on the same data directory");
      kill(engine_->pid(), SIGKILL);
      MW_CHECK(start_engine());
      outcome.addresses = addresses();
    }
    MW_CHECK(wait_until("the first incident is remediated", seconds(90), [&] {
      outage.incident = incident_of("demo.latency", outage.injected_at, {"remediated", "resolved", "escalated"});
      return outage.incident.is_object();
    }));
    const std::string state = outage.incident.get("state").text_or("");
    say(fmt::format("the incident is {}", state));
    if (state != "remediated")
      outcome.failures.push_back(fmt::format("the first incident ended as {}, not remediated", state));
    if (outage.incident.get("people_woken").int_or(-1) != 0)
      outcome.failures.emplace_back("someone was woken by the first outage");
    outcome.outages.push_back(std::move(outage));
    return {};
  }

  Status second_outage(DemoOutcome& outcome) {
    Outage outage{"second outage: it cannot start", wall_now(), {}};
    say("fault 2: the catalogue is torn and the process dies; a restart cannot help");
    MW_CHECK(write_file(shop_ / "catalogue.json", R"({"offers": ["rope", )"));
    kill(std::stoi(read_first_line(shop_ / "web.pid")), SIGKILL);
    MW_CHECK(wait_until("the second incident is escalated", seconds(90), [&] {
      outage.incident = incident_of("demo.down", outage.injected_at, {"remediated", "resolved", "escalated"});
      return outage.incident.is_object() && (outage.incident.get("state").text_or("") != "escalated" ||
                                             outage.incident.get("people_woken").int_or(0) > 0);
    }));
    const std::string state = outage.incident.get("state").text_or("");
    say(fmt::format("the incident is {}", state));
    if (state != "escalated")
      outcome.failures.push_back(fmt::format("the second incident ended as {}, not escalated", state));
    check_page(outage, outcome);
    outcome.outages.push_back(std::move(outage));
    return {};
  }

  void check_page(const Outage& outage, DemoOutcome& outcome) {
    const std::vector<Value> pages = pager_.pages();
    for (const Value& page : pages) {
      if (page.get("incident") == outage.incident.get("id")) outcome.page = page;
    }
    if (!outcome.page.is_object()) {
      outcome.failures.emplace_back("no page for the second incident arrived");
      return;
    }
    if (outcome.page.get("diagnostics").size() == 0) outcome.failures.emplace_back("the page carries no diagnostics");
    bool denied = false;
    for (const Value& entry : outage.incident.get("timeline").elements())
      denied |= entry.get("event") == Value("denied");
    if (!denied) outcome.failures.emplace_back("the guard did not stop a second restart");
    if (pages.size() != 1) outcome.failures.push_back(fmt::format("{} pages arrived, one was due", pages.size()));
  }

  void stop() {
    if (left_running_) {
      runtime_.stop();
      return;
    }
    if (engine_) kill(engine_->pid(), SIGTERM);
    if (load_) load_->cancel();
    const std::string pid = read_first_line(shop_ / "web.pid");
    const std::string command = read_first_line(fs::path("/proc") / pid / "cmdline");
    if (!pid.empty() && command.find("web.py") != std::string::npos) kill(std::stoi(pid), SIGKILL);
    if (engine_) {
      const auto gone = [&] { return ::kill(engine_->pid(), 0) != 0; };
      if (Status stopped = wait_until("the engine stops", seconds(10), gone); !stopped) engine_->cancel();
    }
    if (pager_server_) pager_server_->stop(seconds(1));
    runtime_.stop();
    std::error_code error;
    if (remove_at_end_ && !interrupted) fs::remove_all(dir_, error);
  }

  const DemoOptions options_;
  Call& call_;
  const Instant started_ = wall_now();
  fs::path dir_, shop_, data_;
  bool remove_at_end_ = false;
  bool left_running_ = false;
  aio::Runtime runtime_;
  Pager pager_;
  std::unique_ptr<httpd::Server> pager_server_;
  std::shared_ptr<aio::ChildProcess> service_, load_, engine_;
  std::unique_ptr<ApiClient> client_;
};

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 80) return size.ws_col;
  return 120;
}

Exit run_demo(Call& call) {
  DemoOptions options;
  options.run_dir = call.get("--run-dir");
  options.keep = call.has("--keep");
  options.json = call.has("--json");
  if (call.has("--kill-engine-after")) {
    const auto wait = parse_duration(call.get("--kill-engine-after"));
    if (!wait) {
      call.err << "midwatch demo: --kill-engine-after: " << wait.error().to_string() << "\n";
      return Exit::kUsage;
    }
    options.kill_engine_after = *wait;
  }
  std::signal(SIGINT, [](int) { interrupted = true; });
  std::signal(SIGTERM, [](int) { interrupted = true; });
  DemoOutcome outcome;
  Demo demo(options, call);
  if (Status done = demo.run(outcome); !done) outcome.failures.push_back(done.error().to_string());
  if (options.json) call.out << to_json_pretty(demo_report_json(outcome)) << "\n";
  else call.out << "\n" << demo_report(outcome, terminal_width()) << "\n";
  for (const std::string& failure : outcome.failures) call.err << "midwatch demo: " << failure << "\n";
  if (options.keep && !interrupted) {
    for (const Value::Member& address : outcome.addresses.members()) {
      call.err << fmt::format("{:<12} {}\n", address.name(), address.value.text_or(""));
    }
    demo.leave_running();
  }
  return outcome.failures.empty() ? Exit::kOk : Exit::kFailed;
}

}  // namespace

Command demo_command() {
  return {"demo",
          "",
          0,
          0,
          "Breaks a real service twice and shows what happens; takes about a minute.",
          {{"--keep", "", "Leaves the service and the engine running, and prints where."},
           {"--json", "", "Prints both timelines as JSON."},
           {"--run-dir", "DIR", "Works in DIR (default: a fresh temporary directory, removed at the end)."},
           {"--kill-engine-after", "DURATION",
            "Kills the engine with SIGKILL this long after the first fault, and starts it again."}},
          {"midwatch demo", "midwatch demo --keep", "midwatch demo --kill-engine-after 5s"},
          run_demo};
}

}  // namespace midwatch::cli
