// A server that answers 202 to everything, for a load generator:
//
//   build/release/bench/httpd_bench 9180 [later] &
//   wrk -t1 -c64 -d10s http://127.0.0.1:9180/
//
// With "later" the answers come in batches from another thread, as they do from an engine that commits
// many requests at once. Runs until stdin is closed.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <thread>

#include <unistd.h>

#include "base/bounded_queue.h"
#include "httpd/server.h"

namespace {

using namespace midwatch;

Response accepted() { return {.status = 202, .body = R"({"id": "1234"})"}; }

class AtOnce : public HttpHandler {
 public:
  void handle(Request, Reply reply) override { reply(accepted()); }
};

class Later : public HttpHandler {
 public:
  void handle(Request, Reply reply) override {
    if (!replies_.try_push(std::move(reply))) return;  // a full queue answers 503
  }
  ~Later() override {
    replies_.close();
    engine_.join();
  }

 private:
  void run() {
    std::vector<Reply> batch;
    while (replies_.drain(batch, 4096, std::chrono::seconds(1))) {
      for (Reply& reply : batch) reply(accepted());
    }
  }
  BoundedQueue<Reply> replies_{65536};
  std::thread engine_{[this] { run(); }};
};

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  if (argc > 1) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), port);
  std::unique_ptr<HttpHandler> handler;
  if (argc > 2 && std::strcmp(argv[2], "later") == 0) {
    handler = std::make_unique<Later>();
  } else {
    handler = std::make_unique<AtOnce>();
  }
  aio::Runtime runtime;
  auto server = httpd::Server::start(runtime, *handler, {.listen = {{"127.0.0.1", port}}});
  if (!server) {
    std::fprintf(stderr, "httpd_bench: %s\n", server.error().to_string().c_str());
    return 1;
  }
  std::printf("http://127.0.0.1:%u/\n", (*server)->ports().front());
  std::fflush(stdout);
  char byte;
  while (::read(0, &byte, 1) > 0) {}
  (*server)->stop(std::chrono::seconds(1));
}
